"""The virus scanner: our own small client of clamd's INSTREAM command, with a deadline for everything.

Papers wait locked until the scanner has answered. A scanner that is away keeps them waiting and is
asked again; it never lets one through.
"""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import audit

from ..footage import store
from ..models import RequestAttachment

log = logging.getLogger(__name__)

ACTOR = "scanner"
DEADLINE_S = 60.0
_PIECE = 128 * 1024
_LONGEST_ANSWER = 4096


class ScannerAway(OSError):
    """The scanner did not give a usable answer in time."""


def scan(pieces: Iterable[bytes], address: str, deadline_s: float = DEADLINE_S) -> str:
    """Hands the content to clamd; "" when it is clean, otherwise the name of what was found.

    `address` is unix:/path/of/socket or tcp://host:port. Raises ScannerAway.
    """
    try:
        with _connected(address, deadline_s) as line:
            line.sendall(b"zINSTREAM\0")
            for piece in pieces:
                for start in range(0, len(piece), _PIECE):
                    part = piece[start : start + _PIECE]
                    line.sendall(struct.pack("!I", len(part)) + part)
            line.sendall(struct.pack("!I", 0))
            answer = _answer(line)
    except OSError as error:
        raise ScannerAway(f"The scanner at {address} did not answer: {error}") from error
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerAway(f"The scanner at {address} said {answer[:100]!r}.")


def _connected(address: str, deadline_s: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(deadline_s)
        try:
            line.connect(parts.path)
        except OSError:
            line.close()
            raise
        return line
    return socket.create_connection((parts.hostname or "", parts.port or 3310), timeout=deadline_s)


def _answer(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return said.rstrip(b"\0\n").decode("ascii", "replace")


def scan_waiting(most: int = 20) -> int:
    """Scans papers that wait, oldest first; how many got an answer. Two at once do no harm."""
    if not settings.SCANNER:
        return 0
    done = 0
    waiting = RequestAttachment.objects.filter(scan=RequestAttachment.Scan.WAITING)
    for row in waiting.select_related("file", "request").order_by("pk")[:most]:
        try:
            with store.open_file(row.file) as reader:
                found = scan(reader, settings.SCANNER)
        except ScannerAway as error:
            log.warning("%s", error)
            return done
        done += _judged(row, found)
    return done


def _judged(row: RequestAttachment, found: str) -> int:
    outcome = RequestAttachment.Scan.INFECTED if found else RequestAttachment.Scan.CLEAN
    mine = RequestAttachment.objects.filter(pk=row.pk, scan=RequestAttachment.Scan.WAITING)
    with transaction.atomic():
        if not mine.update(scan=outcome, scanned_at=timezone.now()):
            return 0
        audit.record(
            "footagerequest.scan_paper",
            actor=ACTOR,
            target=row.request,
            file=row.file_name,
            found=found[:200],
        )
    return 1

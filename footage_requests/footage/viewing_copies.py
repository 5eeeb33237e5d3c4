"""Viewing copies: a transcoded H.264 exhibit beside an H.265 original, for machines that cannot play it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import transaction

from ..models import Exhibit
from ..sealing.sources import StoredFile
from . import store
from .fetching import CONTENT_TYPE
from .index_first import index_first

_PIECE = 256 * 1024
_LONGEST_S = 6 * 3600


class TranscodingFailed(Exception):
    """The viewing copy could not be made; what was wrong is not the disk."""


def make_viewing_copy(original: Exhibit, beat: Callable[[], None]) -> Exhibit:
    """Decodes and encodes in a child process; plain bytes go through pipes and never touch the disk.

    `beat` is called all the time: it renews what its caller holds, and stops the work by raising.
    """
    with store.StoreWriter(CONTENT_TYPE) as writer:
        facts = _transcode(original, writer, beat)
        with transaction.atomic():
            file = writer.save()
            return Exhibit.objects.create(
                package=original.package,
                line=original.line,
                channel=original.channel,
                ident=f"{original.ident}-V",
                kind=Exhibit.Kind.VIEWING,
                parent=original,
                parent_sha256=original.file.sha256,
                file_name=original.file_name.replace(".mp4", "_viewing.mp4"),
                file=file,
                facts={
                    **{
                        name: original.facts[name]
                        for name in ("asked", "delivered", "gaps", "gap_count", "gap_ms", "clock")
                    },
                    **facts,
                    "processed": "transcoded to H.264 for viewing; the original is the evidence",
                },
            )


def _transcode(
    original: Exhibit, writer: store.StoreWriter, beat: Callable[[], None]
) -> dict[str, object]:
    child = subprocess.Popen(
        [sys.executable, "-m", "footage_requests.footage.viewing_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(settings.BASE_DIR),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    # Opened here: a thread of its own would open a database connection of its own.
    source = StoredFile(store.open_file(original.file))
    feeder = threading.Thread(target=_feed, args=(source, child), daemon=True)
    killer = threading.Timer(_LONGEST_S, child.kill)
    feeder.start()
    killer.start()
    try:
        if child.stdout is None or child.stderr is None:
            raise TranscodingFailed("no pipes")
        while piece := child.stdout.read(_PIECE):
            writer.write(piece)
            beat()
        told = child.stderr.read(100_000).decode(errors="replace")
        if child.wait(60) != 0:
            raise TranscodingFailed(f"{original.ident}: the viewing copy could not be made.")
        facts: dict[str, object] = json.loads(told)
        return facts
    except ValueError as error:
        raise TranscodingFailed(f"{original.ident}: the child said nothing readable.") from error
    finally:
        killer.cancel()
        child.kill()
        child.wait()
        feeder.join(10)


def _feed(source: StoredFile, child: subprocess.Popen[bytes]) -> None:
    """Gives the child the plain bytes. A child that ends early says so by its exit code."""
    with source, suppress(OSError, ValueError):
        if child.stdin is not None:
            with child.stdin as pipe:
                for piece in index_first(source):
                    pipe.write(piece)

"""What a technician types after `manage.py device`, checked: addresses, logins, days, instants, files.

Everything wrong here is a CommandError with exit code 2 and one sentence, before anything is sent.
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError
from django.utils import timezone

from cameras.protocols.base import Endpoint, Login
from core import tsi
from core.secret import Secret

PASSWORD_VARIABLE = "DEVICE_PASSWORD"  # noqa: S105  the name of a variable
LONGEST_CLIP = dt.timedelta(hours=24)
LONGEST_SECONDS = 600
_HIGHEST_CHANNEL = 10_000


def wrong(sentence: str) -> CommandError:
    """Wrong usage."""
    return CommandError(sentence, returncode=2)


def endpoint_of(options: dict[str, Any]) -> Endpoint:
    """The typed address, and only that, is dialled."""
    text = options["address"].strip()
    if text.count(":") > 1 and "[" not in text and "//" not in text:
        text = f"[{text}]"
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if not host or parts.username or parts.scheme not in {"", "http", "https"}:
        raise wrong(
            "That is not an address. Write 192.168.1.20 or 192.168.1.20:8080; the user goes"
            " into --user and the password never onto the command line."
        )
    tls = options["tls"] or parts.scheme == "https"
    typed = port if options["port"] is None else options["port"]
    port = (443 if tls else 80) if typed is None else typed
    for number in (port, 554 if options["rtsp_port"] is None else options["rtsp_port"]):
        if not 1 <= number <= 65535:
            raise wrong(f"{number} is not a port.")
    return Endpoint(host, port, options["rtsp_port"], tls)


def login_of(user: str) -> Login | None:
    """The password from the environment, else from a prompt."""
    if not user:
        return None
    plain = os.environ.get(PASSWORD_VARIABLE)
    if plain is None:
        if not sys.stdin.isatty():
            raise wrong(f"Set {PASSWORD_VARIABLE}, or run this in a terminal to be asked.")
        plain = getpass.getpass(f"Password of {user}: ")
    return Login(user, Secret(plain))


def seconds_of(options: dict[str, Any], usual: float) -> float:
    """A deadline that a person could wait for; `usual` where none was typed."""
    seconds = options["seconds"]
    if seconds is None:
        return usual
    # NaN is smaller than nothing and larger than nothing.
    if not 0 < seconds <= LONGEST_SECONDS:
        raise wrong(f"--seconds: more than 0 and at most {LONGEST_SECONDS}, please.")
    return float(seconds)


def channel_of(options: dict[str, Any]) -> int:
    if not 1 <= options["channel"] <= _HIGHEST_CHANNEL:
        raise wrong("Channels count from 1.")
    return int(options["channel"])


def day_of(text: str | None) -> dt.date:
    """A day in Türkiye time, today at the latest."""
    if not text:
        return tsi.today()
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise wrong(f"{text} is not a day. Write 2026-11-22.") from None
    if not dt.date(1971, 1, 1) <= day <= tsi.today():
        raise wrong(f"{text} is not a day that has begun.")
    return day


def span_of(options: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """--from and --to of a clip: true time, in the past, at most a day apart."""
    since, until = _instant(options["since"], "--from"), _instant(options["until"], "--to")
    if not since < until <= timezone.now():
        raise wrong("--from must lie before --to, and --to in the past.")
    if until - since > LONGEST_CLIP:
        raise wrong("A clip of at most 24 hours, please: split it.")
    return since, until


def _instant(text: str, name: str) -> dt.datetime:
    """ISO 8601; without a zone it is Türkiye time."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise wrong(f"{name} {text}: write 2026-11-22T10:00:00 (Türkiye time).") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=tsi.TSI)
    if not 1971 <= instant.year <= 9000:
        raise wrong(f"{name} {text} lies outside every calendar that devices know.")
    return instant


def new_file(text: str | None) -> Path | None:
    """A file that does not exist yet, in a folder that can be written to."""
    if not text:
        return None
    path = Path(text)
    if path.exists() or path.is_symlink():
        raise wrong(f"{path} is there already.")
    if not path.parent.is_dir():
        raise wrong(f"There is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise wrong(f"The folder {path.parent} cannot be written to.")
    return path

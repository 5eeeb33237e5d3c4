"""Why a move was refused, naming who holds what since when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from core.steps import InvalidTransition
from core.tsi import TSI

from .errors import Overlap
from .models import Address, ChannelAssignment, Installation, RecordingSchedule


def refusal_words(error: ValidationError | InvalidTransition, tried: Any = None) -> list[str]:
    """The sentences for the person whose move was refused."""
    if isinstance(error, InvalidTransition):
        return [str(error)]
    if isinstance(error, Overlap) and error.row is not None:
        return [overlap_words(error.row, tried)]
    return list(error.messages)


def overlap_words(row: models.Model, tried: Any = None) -> str:
    """The row that stands in the way, in a sentence."""
    if isinstance(row, Address):
        return _("%(ip)s (MAC %(mac)s) belongs to %(device)s since %(since)s.") % {
            "ip": row.ip,
            "mac": row.mac or "–",
            "device": row.device,
            "since": _span(row.starts_at, row.ends_at),
        }
    if isinstance(row, Installation):
        return _("%(device)s, lens %(lens)d, is fitted at %(position)s since %(since)s.") % {
            "device": row.device,
            "lens": row.lens_no,
            "position": row.position,
            "since": _span(row.starts_at, row.ends_at),
        }
    if isinstance(row, ChannelAssignment):
        return _("%(channel)s records %(position)s since %(since)s.") % {
            "channel": row.channel,
            "position": row.position,
            "since": _span(row.starts_at, row.ends_at),
        }
    if isinstance(row, RecordingSchedule):
        until = f" – {row.valid_to:%d.%m.%Y}" if row.valid_to else ""
        return _("Another schedule (%(kind)s) holds from %(since)s.") % {
            "kind": row.get_kind_display(),
            "since": f"{row.valid_from:%d.%m.%Y}{until}",
        }
    return str(row)


def _span(start: dt.datetime, end: dt.datetime | None) -> str:
    since = start.astimezone(TSI).strftime("%d.%m.%Y %H:%M")
    return f"{since} – {end.astimezone(TSI):%d.%m.%Y %H:%M}" if end else since

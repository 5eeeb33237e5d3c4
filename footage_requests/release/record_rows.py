"""Rows and words of printed records: exhibits, holds, answers of recorders, labels, times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from cameras.drawing.strips import offset_words
from core import tsi

from .. import said
from ..footage.clock_windows import doubt_sentences
from .handing_over import ON_A_MEDIUM

MOST_LABELS = 12


def labels(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """One label for each medium, to be cut out: what is on it, which copy it is, how it is told apart."""
    count = content["medium_count"] or 0
    if content["medium"] not in ON_A_MEDIUM or count > MOST_LABELS:
        return []
    return [
        {
            "copy": f"{number} / {count}",
            "request": content["request"],
            "hash": content["manifest_sha256"][:8],
            "serial": content["medium_serial"],
            "seal": content["seal_no"],
        }
        for number in range(1, count + 1)
    ]


def exhibit_row(one: Mapping[str, Any]) -> dict[str, Any]:
    clock = one["clock"] or {}
    offset = clock.get("offset_ms")
    start, end = one["delivered"] or (None, None)
    shown = "–"
    if offset is not None and start is not None and end is not None:
        shown = span(start + offset, end + offset, zone="")
    return {
        **one,
        "size": in_bytes(one["bytes"]),
        "true": span(start, end),
        "device": shown,
        "offset": offset_words(offset, clock.get("uncertainty_ms")),
        "clock_doubts": doubt_sentences(clock),
        "gaps": [span(a, b) for a, b in one["gaps"]],
        "asked_span": span(*one["asked"]) if one.get("asked") else "",
        "kind_words": kind_words(one),
    }


def kind_words(one: Mapping[str, Any]) -> str:
    """What file it is, and whether anything in it is masked."""
    if one["kind"] == "MASKED":
        return _("masked copy: what had to be masked is covered in the picture")
    if one["kind"] == "SOUND":
        return _("sound, as it was recorded")
    if one["kind"] == "VIEWING":
        return _("viewing copy, processed, not masked")
    return _("original, not re-encoded, not masked")


def player_words(exhibits: Sequence[Mapping[str, Any]]) -> str:
    """With what the receiver opens the films."""
    if any(one.get("codec") == "hevc" for one in exhibits):
        return _("VLC media player; the viewing copies open in every browser as well")
    return _("VLC media player, or any browser")


def hold_row(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        "position": one["position"],
        "channel": str(one["channel"]),
        "span": span(_ms(one["from"]), _ms(one["until"])),
        "protected": _protected(one),
        "held_at": stamp(one["held_at"]),
        "keep_until": day(one["keep_until"]),
    }


def _protected(one: Mapping[str, Any]) -> str:
    """The really protected span against the asked one (PRE-5); records made before say nothing of it."""
    if not one.get("protected_from"):
        return "–"
    told = (
        _("all that was asked for is inside") if one["covers"] else _("not all that was asked for")
    )
    return f"{span(_ms(one['protected_from']), _ms(one['protected_until']))} ({told})"


def proof_row(one: Mapping[str, Any]) -> dict[str, Any]:
    oldest = one.get("oldest_ms")
    return {
        "oldest": tsi.stamp(tsi.from_ms(oldest)) if oldest else "",
        "position": one["position"],
        "span": span(one["start_ms"], one["end_ms"]),
        "faults": said.read_all(one["faults"]),
        "night": said.read_all(one.get("night", ())),
        "clock": said.read(one["clock"]),
    }


def span(start: int | None, end: int | None, zone: str = " TSİ") -> str:
    """A stretch of time. `zone` is empty for a device's own clock, which need not show Türkiye time."""
    if start is None or end is None:
        return "–"
    first, last = tsi.from_ms(start), tsi.from_ms(end)
    same = tsi.day_of(first) == tsi.day_of(last)
    return f"{_moment(first)} – {tsi.clock_time(last) if same else _moment(last)}{zone}"


def _moment(instant: dt.datetime) -> str:
    return f"{tsi.day_text(tsi.day_of(instant))} {tsi.clock_time(instant)}"


def _ms(text: str) -> int | None:
    instant = parse_datetime(text) if text else None
    return tsi.to_ms(instant) if instant else None


def day(text: str) -> str:
    day = parse_date(text) if text else None
    return tsi.day_text(day) if day else "–"


def stamp(text: str) -> str:
    instant = parse_datetime(text) if text else None
    return tsi.stamp(instant) if instant else "–"


def in_bytes(size: int) -> str:
    return f"{size:,}".replace(",", ".")


def joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part) or "–"

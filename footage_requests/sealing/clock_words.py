"""The clock error of each source in words, in both languages (CLK-10): what a judge must know of a picture's time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from cameras.clock_history import Method, OffsetAt
from core import tsi
from core.tsi import from_ms

from ..clock_windows import picture_sentence
from .leaving import Leaving

LANGUAGES = ("tr", "en")
DAY_MS = 24 * 3_600_000


def statement(item: Leaving) -> list[dict[str, Any]]:
    """Each clock of one exhibit: the measured numbers, and its sentences in both languages."""
    middle = sum(item.delivered_ms) // 2
    told = []
    for clock in item.clocks:
        words = {}
        for language in LANGUAGES:
            with translation.override(language):
                words[language] = sentences(clock, middle)
        told.append({**clock, "words": words})
    return told


def sentences(clock: Mapping[str, Any], middle_ms: int) -> list[str]:
    """The sentences about one clock, in the active language."""
    part = _("Camera") if clock["part"] == "camera" else _("Recorder")
    offset = OffsetAt(
        clock["offset_ms"], clock["uncertainty_ms"] or 0, Method(clock.get("method", "UNKNOWN"))
    )
    told = [f"{part} {clock['device']}: {picture_sentence(offset, middle_ms)}"]
    before, after = clock.get("before"), clock.get("after")
    if before:
        told.append(_("Last measurement before the recording: %(reading)s.") % _reading(before))
    if after:
        told.append(_("First measurement after the recording: %(reading)s.") % _reading(after))
    if before and after and not clock.get("set_between"):
        told += _drift(before, after)
    if clock.get("set_between"):
        told.append(_("The clock was set between the two measurements."))
    if clock["offset_ms"] is not None:
        told.append(_("File times were not rewritten: they are the recorder's own."))
    return told


def _reading(reading: Mapping[str, Any]) -> dict[str, str]:
    reference = reading["reference"] or _("this system's own clock")
    if not reading["is_reference_proven"]:
        reference = _("%(reference)s, not verified") % {"reference": reference}
    words = _(
        "%(at)s, the device said %(shown)s, difference %(offset)s s, "
        "± %(uncertainty)s s, method %(method)s, against %(reference)s"
    ) % {
        "at": tsi.stamp(from_ms(reading["measured_at_ms"])),
        "shown": tsi.stamp(from_ms(reading["device_ms"])),
        "offset": _seconds(reading["offset_ms"], sign=True),
        "uncertainty": _seconds(reading["uncertainty_ms"]),
        "method": reading["method"],
        "reference": reference,
    }
    return {"reading": words}


def _drift(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    elapsed = after["measured_at_ms"] - before["measured_at_ms"]
    if elapsed < DAY_MS // 2:
        return []
    per_day = round((after["offset_ms"] - before["offset_ms"]) * DAY_MS / elapsed)
    return [
        _("Between them it drifted by %(drift)s s a day.") % {"drift": _seconds(per_day, sign=True)}
    ]


def _seconds(ms: int, *, sign: bool = False) -> str:
    text = f"{ms / 1000:{'+' if sign else ''}.1f}"
    return text if translation.get_language() == "en" else text.replace(".", ",")

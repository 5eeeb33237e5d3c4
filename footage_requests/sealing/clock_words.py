"""The clock error of each source in words, in both languages (CLK-10): what a judge must know of a picture's time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from cameras.drawing.strips import offset_words
from cameras.wording.reasons import word_for
from core import tsi
from core.tsi import from_ms

from ..footage.clock_windows import doubt_sentences
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


def first_words(clock: Mapping[str, Any], language: str) -> list[str]:
    """Of one clock of `statement` what stands on the first paper: the error, and what is in doubt."""
    words: list[str] = clock["words"][language]
    return words[: 1 + len(clock.get("doubts", ()))]


def sentences(clock: Mapping[str, Any], middle_ms: int) -> list[str]:
    """The sentences about one clock, in the active language. `middle_ms` is true time."""
    part = _("Camera") if clock["part"] == "camera" else _("Recorder")
    told = [f"{part} {clock['device']}: {_main_sentence(clock, middle_ms)}"]
    doubts = doubt_sentences(clock)
    told += doubts
    before, after = clock.get("before"), clock.get("after")
    if before:
        told.append(_("Last measurement before the recording: %(reading)s.") % _reading(before))
    if after:
        told.append(_("First measurement after the recording: %(reading)s.") % _reading(after))
    if clock.get("set_between") and not doubts:
        told.append(_("The clock was set between the two measurements."))
    elif before and after and not doubts:
        told += _drift(before, after)
    if abs(clock.get("display_ahead_ms") or 0) >= 1000:
        told.append(
            _("The time that it displays was %(length)s s off its own UTC: its time zone is wrong.")
            % {"length": _seconds(clock["display_ahead_ms"], sign=True)}
        )
    if clock["offset_ms"] is not None:
        told.append(_("File times were not rewritten: they are the recorder's own."))
    return told


def _main_sentence(clock: Mapping[str, Any], middle_ms: int) -> str:
    offset = clock["offset_ms"]
    if offset is None:
        return _("its clock was not measured; how its time differs from true time is not known.")
    shown = offset + (clock.get("display_ahead_ms") or 0)
    return _("its clock was %(offset)s: it showed %(shown)s when true time was %(true)s.") % {
        "offset": offset_words(shown, clock["uncertainty_ms"] or 0),
        "shown": tsi.stamp(from_ms(middle_ms + shown)),
        "true": tsi.stamp(from_ms(middle_ms)),
    }


def _reading(reading: Mapping[str, Any]) -> dict[str, str]:
    reference = reading["reference"] or _("this system's own clock")
    if not reading["is_reference_proven"]:
        reference = _("%(reference)s, not verified") % {"reference": reference}
    words = _(
        "%(at)s, the device said %(shown)s, difference %(offset)s s, "
        "± %(uncertainty)s s, read from: %(method)s, against %(reference)s"
    ) % {
        "at": tsi.stamp(from_ms(reading["measured_at_ms"])),
        "shown": tsi.stamp(from_ms(reading["device_ms"])),
        "offset": _seconds(reading["offset_ms"], sign=True),
        "uncertainty": _seconds(reading["uncertainty_ms"]),
        "method": word_for(reading["method"]),
        "reference": reference,
    }
    return {"reading": words}


def _drift(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    elapsed = after["measured_at_ms"] - before["measured_at_ms"]
    if elapsed < DAY_MS // 2:
        return []
    per_day = round((after["offset_ms"] - before["offset_ms"]) * DAY_MS / elapsed)
    if abs(per_day) < 100:
        return [_("Between them it drifted by less than 0.1 s a day.")]
    return [
        _("Between them it drifted by %(drift)s s a day.") % {"drift": _seconds(per_day, sign=True)}
    ]


def _seconds(ms: int, *, sign: bool = False) -> str:
    text = f"{ms / 1000:{'+' if sign else ''}.1f}"
    return text if translation.get_language() == "en" else text.replace(".", ",")

"""Findings as plain sentences a technician would say, and the page where one goes on from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.clocks.verdicts import Verdict
from cameras.drawing.strips import length, offset_words
from cameras.models import Finding
from cameras.night.findings import NOT_FOUND_ANY_MORE, NOT_IN_SERVICE_ANY_MORE
from cameras.wording.disk_words import all_troubles
from cameras.wording.reasons import word_for
from core import tsi

Kind = Finding.Kind
_OF_RECORDERS = {
    Kind.RECORDER_SILENT,
    Kind.RECORDER_STOPPED,
    Kind.RETENTION_SHORT,
    Kind.RETENTION_LONG,
    Kind.DISK,
    Kind.RECORDER_RESTARTS,
}


def sentence(row: Finding, name: str = "") -> str:
    """One finding in one sentence. `name` is the short name of what it is about (cameras.wording.names)."""
    words = {
        **{key: str(value) for key, value in row.detail.items()},
        "name": name or row.subject_name,
        "reason": word_for(row.reason) if row.reason else "",
        "count": row.count,
        "day": _day(row.detail.get("day")),
    }
    return _SENTENCES.get(row.kind, _other)(row, words)


def closed_words(row: Finding) -> str:
    """Why a finding was closed: our own words, or those of the person who closed it."""
    ours = {
        NOT_FOUND_ANY_MORE: _("no longer found"),
        NOT_IN_SERVICE_ANY_MORE: _("not in service any more"),
    }
    return ours.get(row.closed_because, row.closed_because)


def _day(text: object) -> str:
    try:
        return tsi.day_text(dt.date.fromisoformat(str(text)))
    except ValueError:
        return "?"


def links_of(row: Finding) -> list[tuple[str, str]]:
    """The one page to go to for this finding, as (label, url)."""
    kinds = Finding.Subject
    if row.subject_kind == kinds.POSITION:
        return [(_("Open camera"), reverse("cameras:position", args=[row.subject_id]))]
    if row.subject_kind == kinds.DEVICE:
        label = _("Open recorder") if row.kind in _OF_RECORDERS else _("Open device")
        return [(label, reverse("cameras:device", args=[row.subject_id]))]
    if row.subject_kind == kinds.CHANNEL and row.covers:
        return [(_("Open camera"), reverse("cameras:position", args=[row.covers[0]]))]
    return []


def _with_cameras(text: str, row: Finding) -> str:
    if row.count < 1 or not row.covers:
        return text
    cameras = ngettext("%(count)d camera", "%(count)d cameras", row.count) % {"count": row.count}
    return f"{text} ({cameras})"


def _recorder_silent(row: Finding, words: dict[str, Any]) -> str:
    return _with_cameras(_("Recorder %(name)s does not answer: %(reason)s") % words, row)


def _recorder_stopped(row: Finding, words: dict[str, Any]) -> str:
    return _with_cameras(
        _("Recorder %(name)s stopped recording on all channels for a time") % words, row
    )


def _network_silent(row: Finding, words: dict[str, Any]) -> str:
    text = ngettext(
        "%(count)d device of network %(name)s does not answer",
        "%(count)d devices of network %(name)s do not answer: look at the switch first",
        row.count,
    )
    return text % {**words, "count": row.count}


def _camera_silent(row: Finding, words: dict[str, Any]) -> str:
    return _("Camera %(name)s does not answer: %(reason)s") % words


def _not_recording(row: Finding, words: dict[str, Any]) -> str:
    if row.reason == "NOT_RECORDED":
        return _("%(name)s was not recorded at all on %(day)s") % words
    gap = length(int(row.detail.get("longest_gap_ms") or 0))
    return _("%(name)s was recorded with gaps on %(day)s, the longest %(gap)s") % {
        **words,
        "gap": gap,
    }


def _motion_silent(row: Finding, words: dict[str, Any]) -> str:
    days = int(row.detail.get("days") or 0)
    text = ngettext(
        "%(name)s records on motion and saw none for %(days)d day",
        "%(name)s records on motion and saw none for %(days)d days",
        days,
    )
    return text % {**words, "days": days}


def _retention(row: Finding, words: dict[str, Any]) -> str:
    held = float(row.detail.get("held_days") or 0)
    text = ngettext(
        "%(name)s: %(count)d channel keeps %(held)s days, the goal is %(goal)s",
        "%(name)s: %(count)d channels keep %(held)s days, the goal is %(goal)s",
        row.count,
    )
    goal = row.detail.get("goal_days", "?")
    return text % {**words, "held": number_format(held, 1), "goal": goal}


def _retention_long(row: Finding, words: dict[str, Any]) -> str:
    text = ngettext(
        "%(name)s: %(count)d channel still has recordings of %(oldest)s, the goal is %(goal)s days: "
        "shorten what it keeps, or hold what is needed",
        "%(name)s: %(count)d channels still have recordings of %(oldest)s, the goal is %(goal)s days: "
        "shorten what it keeps, or hold what is needed",
        row.count,
    )
    oldest = _day(row.detail.get("oldest_day"))
    return text % {**words, "oldest": oldest, "goal": row.detail.get("goal_days", "?")}


def _lost(row: Finding, words: dict[str, Any]) -> str:
    words = {**words, "length": length(int(row.detail.get("lost_ms") or 0))}
    return _("%(name)s: %(length)s of %(day)s, proven recorded, are gone before their time") % words


def _disagree(row: Finding, words: dict[str, Any]) -> str:
    return _("%(name)s: two sources of the recorder disagree about %(day)s") % words


def _proof(row: Finding, words: dict[str, Any]) -> str:
    return _("%(name)s: a minute that the index claims could not be played: %(reason)s") % words


def _clock(row: Finding, words: dict[str, Any]) -> str:
    offset = offset_words(row.detail.get("offset_ms"))
    verdict = word_for(row.reason)
    if row.reason == Verdict.OFF:
        return _("The clock of %(name)s is %(offset)s") % {**words, "offset": offset}
    if row.reason == Verdict.UNSTABLE:
        return _("The clock of %(name)s leaps: %(verdict)s") % {**words, "verdict": verdict}
    return _("The clock of %(name)s is %(offset)s: %(verdict)s") % {
        **words,
        "offset": offset,
        "verdict": verdict,
    }


def _masks_gone(row: Finding, words: dict[str, Any]) -> str:
    return _(
        "Areas that %(name)s masks: %(after)s, there were %(before)s. Look at its picture, set the masks "
        "again, and close this finding"
    ) % {"before": "?", "after": "?", **words}


def _masks_off(row: Finding, words: dict[str, Any]) -> str:
    return (
        _(
            "%(name)s masks nothing, and private areas are drawn for it: switch on the privacy mask of the "
            "camera, its recordings show them"
        )
        % words
    )


def _view(row: Finding, words: dict[str, Any]) -> str:
    nights = int(row.detail.get("nights") or 0)
    text = ngettext(
        "%(name)s has not looked like its reference picture since %(day)s: compare the two, then align the "
        "camera or choose the new view as the reference",
        "%(name)s has not looked like its reference picture since %(day)s, %(nights)d nights in a row: compare "
        "the two, then align the camera or choose the new view as the reference",
        nights,
    )
    return text % {**words, "nights": nights}


def _serial(row: Finding, words: dict[str, Any]) -> str:
    return _(
        "Another device answers as %(name)s: serial number %(after)s instead of %(before)s"
    ) % {
        "before": "?",
        "after": "?",
        **words,
    }


def _firmware(row: Finding, words: dict[str, Any]) -> str:
    return _("Firmware of %(name)s changed from %(before)s to %(after)s") % {
        "before": "?",
        "after": "?",
        **words,
    }


def _moved(row: Finding, words: dict[str, Any]) -> str:
    return _("%(name)s now answers at %(now_at)s") % {"now_at": "?", **words}


def _duplicate(row: Finding, words: dict[str, Any]) -> str:
    at = ", ".join(row.detail.get("at") or [])
    return _("%(name)s and the device at %(at)s give the same identity (%(same)s)") % {
        "same": "?",
        **words,
        "at": at,
    }


def _credential(row: Finding, words: dict[str, Any]) -> str:
    return (
        _("%(name)s refuses its password; it is not tried again until somebody changes it") % words
    )


def _disk(row: Finding, words: dict[str, Any]) -> str:
    told = all_troubles(row.detail.get("troubles") or [])
    if told:
        return f"{words['name']}: {told}"
    slots = ", ".join(str(slot) for slot in row.detail.get("slots") or [])
    return _("%(name)s reports a faulty disk: %(slots)s") % {**words, "slots": slots}


def _restarts(row: Finding, words: dict[str, Any]) -> str:
    count = int(row.detail.get("starts") or 0)
    text = ngettext(
        "%(name)s was started again in the last 24 hours, on %(last)s: look at its power supply, its "
        "ventilation and its disks",
        "%(name)s was started at least %(count)d times in 24 hours, last on %(last)s: look at its power "
        "supply, its ventilation and its disks",
        count,
    )
    return text % {**words, "count": count, "last": _moment(row.detail.get("last"))}


def _moment(text: object) -> str:
    try:
        return tsi.stamp(dt.datetime.fromisoformat(str(text)))
    except ValueError:
        return "?"


def _evidence(row: Finding, words: dict[str, Any]) -> str:
    return (
        _("%(name)s: a stored evidence file no longer matches its hash; nothing of it leaves")
        % words
    )


def _skipped(row: Finding, words: dict[str, Any]) -> str:
    return _("Nightly checks take longer than a night: the next one was skipped")


def _other(row: Finding, words: dict[str, Any]) -> str:
    return f"{row.get_kind_display()}: {row.subject_name}"


_SENTENCES: dict[str, Callable[[Finding, dict[str, Any]], str]] = {
    "RECORDER_SILENT": _recorder_silent,
    "RECORDER_STOPPED": _recorder_stopped,
    "NETWORK_SILENT": _network_silent,
    "CAMERA_SILENT": _camera_silent,
    "NOT_RECORDING": _not_recording,
    "MOTION_SILENT": _motion_silent,
    "RETENTION_SHORT": _retention,
    "RETENTION_LONG": _retention_long,
    "RECORDING_LOST": _lost,
    "SOURCES_DISAGREE": _disagree,
    "PROOF_FAILED": _proof,
    "CLOCK": _clock,
    "MASKS_GONE": _masks_gone,
    "MASKS_OFF": _masks_off,
    "VIEW_CHANGED": _view,
    "SERIAL_CHANGED": _serial,
    "FIRMWARE_CHANGED": _firmware,
    "DEVICE_MOVED": _moved,
    "DUPLICATE_IDENTITY": _duplicate,
    "CREDENTIAL_REFUSED": _credential,
    "DISK": _disk,
    "RECORDER_RESTARTS": _restarts,
    "EVIDENCE_CHANGED": _evidence,
    "SWEEP_SKIPPED": _skipped,
}

"""Open findings as the lines of Bugün: few of a kind are named, many of a kind become one line with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.finding_words import links_of, sentence
from cameras.models import Finding
from cameras.models.coverage import Result
from cameras.names import finding_names
from core.panels import TodayLine

MOST_READ = 2_000
"""Findings read for one page; beyond that the numbers of the list count, not those of Bugün."""
MOST_NAMED = 4
"""More than this many of a kind become one line."""

LAST = 60
# Most urgent first by what is lost first: footage that is not being made, footage that is being
# overwritten, then what makes footage unusable, then what has merely changed.
URGENCY = {
    "RECORDER_SILENT": 10,
    "NETWORK_SILENT": 11,
    "DISK": 12,
    "RECORDER_STOPPED": 14,
    "NOT_RECORDING": 15,
    "CAMERA_SILENT": 16,
    "CREDENTIAL_REFUSED": 17,
    "RECORDING_LOST": 18,
    "PROOF_FAILED": 24,
    "SERIAL_CHANGED": 26,
    "CLOCK": 30,
    "RETENTION_SHORT": 35,
    "DUPLICATE_IDENTITY": 40,
    "DEVICE_MOVED": 42,
    "MOTION_SILENT": 45,
    "SOURCES_DISAGREE": 50,
    "SWEEP_SKIPPED": 55,
    "FIRMWARE_CHANGED": 70,
}
PARTLY_URGENCY = 22


def urgency_of(row: Finding) -> int:
    """0 is worst. A camera with gaps comes after those that recorded nothing."""
    if row.kind == Finding.Kind.NOT_RECORDING and row.reason == Result.PARTLY:
        return PARTLY_URGENCY
    return URGENCY.get(row.kind, LAST)


def finding_lines(person: Any) -> Iterator[TodayLine]:
    """All lines about open findings that this person may see."""
    rows = list(Finding.objects.visible_to(person).open().order_by("opened_at")[:MOST_READ])
    groups = [list(group) for _key, group in groupby(sorted(rows, key=_group), key=_group)]
    named = [row for group in groups if not _is_many(group) for row in group]
    names = finding_names(named)
    for row in named:
        yield _line(row, names[row.pk])
    for group in groups:
        if _is_many(group):
            yield _many_line(group)


def _group(row: Finding) -> tuple[str, str]:
    return row.kind, row.reason if row.kind == Finding.Kind.NOT_RECORDING else ""


def _is_many(group: list[Finding]) -> bool:
    few = 1 if group[0].kind == Finding.Kind.FIRMWARE_CHANGED else MOST_NAMED
    return len(group) > few


def _line(row: Finding, name: str) -> TodayLine:
    links = links_of(row) or [(_("Open findings"), reverse("cameras:findings"))]
    return TodayLine(
        urgency=urgency_of(row),
        sentence=sentence(row, name),
        url=links[0][1],
        action_label=links[0][0],
        age_instant=row.opened_at,
        kind=row.kind,
        key=f"{row.subject_kind}:{row.subject_id}",
    )


def _many_line(group: list[Finding]) -> TodayLine:
    row = group[0]
    words = {"count": len(group)}
    told = _MANY.get(_group(row))
    text = told(words) if told else _other(row, words)
    return TodayLine(
        urgency=urgency_of(row),
        sentence=text,
        url=f"{reverse('cameras:findings')}?{urlencode({'kind': row.kind})}",
        action_label=_("Open list"),
        age_instant=row.opened_at,
        kind=row.kind,
        key=f"many:{row.reason}",
    )


def _other(row: Finding, words: dict[str, int]) -> str:
    return f"{words['count']} × {row.get_kind_display()}"


def _not_recorded(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d camera recorded nothing",
            "%(count)d cameras recorded nothing",
            words["count"],
        )
        % words
    )


def _partly(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d camera was recorded with gaps",
            "%(count)d cameras were recorded with gaps",
            words["count"],
        )
        % words
    )


def _cameras_silent(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d camera does not answer", "%(count)d cameras do not answer", words["count"]
        )
        % words
    )


def _recorders_silent(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d recorder does not answer",
            "%(count)d recorders do not answer",
            words["count"],
        )
        % words
    )


def _passwords(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d device refuses its password",
            "%(count)d devices refuse their passwords",
            words["count"],
        )
        % words
    )


def _clocks(words: dict[str, int]) -> str:
    return (
        ngettext(
            "The clock of %(count)d device is wrong",
            "The clocks of %(count)d devices are wrong",
            words["count"],
        )
        % words
    )


def _firmware(words: dict[str, int]) -> str:
    return (
        ngettext(
            "The firmware of %(count)d device changed",
            "The firmware of %(count)d devices changed",
            words["count"],
        )
        % words
    )


def _disks(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d recorder reports a faulty disk",
            "%(count)d recorders report a faulty disk",
            words["count"],
        )
        % words
    )


def _retention(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d recorder keeps fewer days than the goal",
            "%(count)d recorders keep fewer days than the goal",
            words["count"],
        )
        % words
    )


_MANY: dict[tuple[str, str], Callable[[dict[str, int]], str]] = {
    ("NOT_RECORDING", "NOT_RECORDED"): _not_recorded,
    ("NOT_RECORDING", "PARTLY"): _partly,
    ("CAMERA_SILENT", ""): _cameras_silent,
    ("RECORDER_SILENT", ""): _recorders_silent,
    ("CREDENTIAL_REFUSED", ""): _passwords,
    ("CLOCK", ""): _clocks,
    ("FIRMWARE_CHANGED", ""): _firmware,
    ("DISK", ""): _disks,
    ("RETENTION_SHORT", ""): _retention,
}

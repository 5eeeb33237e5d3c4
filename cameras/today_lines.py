"""Open findings as the lines of Bugün: few of a kind are named, many of a kind become one line with a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.finding_words import links_of, sentence
from cameras.models import Finding
from cameras.models.coverage import Result
from cameras.names import finding_names
from core.panels import TodayLine

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


@dataclass(frozen=True)
class Group:
    """Open findings of one kind; cameras that recorded nothing are another group than those with gaps."""

    kind: str
    reason: str
    count: int
    since: dt.datetime

    @property
    def is_many(self) -> bool:
        few = 1 if self.kind == Finding.Kind.FIRMWARE_CHANGED else MOST_NAMED
        return self.count > few

    @property
    def condition(self) -> Q:
        return Q(kind=self.kind, reason=self.reason) if self.reason else Q(kind=self.kind)


def urgency_of(row: Finding | Group) -> int:
    """0 is worst. A camera with gaps comes after those that recorded nothing."""
    if row.kind == Finding.Kind.NOT_RECORDING and row.reason == Result.PARTLY:
        return PARTLY_URGENCY
    return URGENCY.get(row.kind, LAST)


def finding_lines(person: Any) -> Iterator[TodayLine]:
    """All lines about open findings that this person may see: three queries, however many there are."""
    rows = Finding.objects.visible_to(person).open()
    groups = [Group(*values) for values in _groups(rows)]
    few = [group.condition for group in groups if not group.is_many]
    named = list(rows.filter(reduce(or_, few))) if few else []
    names = finding_names(named)
    for row in named:
        yield _line(row, names[row.pk])
    for group in groups:
        if group.is_many:
            yield _many_line(group)


def _groups(rows: QuerySet[Finding]) -> QuerySet[Finding, tuple[Any, ...]]:
    split = When(kind=Finding.Kind.NOT_RECORDING, then=F("reason"))
    counted = rows.order_by().annotate(split=Case(split, default=Value("")))
    return counted.values_list("kind", "split").annotate(Count("pk"), Min("opened_at"))


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


def _many_line(group: Group) -> TodayLine:
    words = {"count": group.count}
    told = _MANY.get((group.kind, group.reason))
    text = told(words) if told else f"{group.count} × {Finding.Kind(group.kind).label}"
    return TodayLine(
        urgency=urgency_of(group),
        sentence=text,
        url=f"{reverse('cameras:findings')}?{urlencode({'kind': group.kind})}",
        action_label=_("Open list"),
        age_instant=group.since,
        kind=group.kind,
        key=f"many:{group.reason}",
    )


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

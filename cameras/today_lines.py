"""Open findings as the lines of Bugün: few of a kind are named, many of a kind become one line with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.models import Finding
from cameras.models.coverage import Result
from cameras.wording.finding_words import links_of, sentence
from cameras.wording.names import finding_names
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
    "RECORDER_RESTARTS": 13,
    "RECORDER_STOPPED": 14,
    "NOT_RECORDING": 15,
    "CAMERA_SILENT": 16,
    "CREDENTIAL_REFUSED": 17,
    "RECORDING_LOST": 18,
    "PROOF_FAILED": 24,
    "VIEW_CHANGED": 25,
    "SERIAL_CHANGED": 26,
    "MASKS_GONE": 27,
    "MASKS_OFF": 28,
    "CLOCK": 30,
    "RETENTION_SHORT": 35,
    "RETENTION_LONG": 36,
    "DUPLICATE_IDENTITY": 40,
    "DEVICE_MOVED": 42,
    "MOTION_SILENT": 45,
    "SOURCES_DISAGREE": 50,
    "SWEEP_SKIPPED": 55,
    "FIRMWARE_CHANGED": 70,
}
PARTLY_URGENCY = 22
# The store tells of its files itself, to those who watch it.
OF_THE_STORE = Finding.Kind.EVIDENCE_CHANGED


def urgency_of(row: Finding) -> int:
    """0 is worst. A camera with gaps comes after those that recorded nothing."""
    if row.kind == Finding.Kind.NOT_RECORDING and row.reason == Result.PARTLY:
        return PARTLY_URGENCY
    return URGENCY.get(row.kind, LAST)


def finding_lines(person: Any) -> Iterator[TodayLine]:
    """All lines about open findings that this person may see: two queries, however many there are."""
    rows = list(
        _first_of_each_group(Finding.objects.visible_to(person).open().exclude(kind=OF_THE_STORE))
    )
    many = {_group(row): row for row in reversed(rows) if row.number > _most_named(row)}
    named = [row for row in rows if _group(row) not in many]
    names = finding_names(named)
    for row in named:
        yield _line(row, names[row.pk])
    for row in many.values():
        yield _many_line(row)


def _group(row: Finding) -> tuple[str, str]:
    """Cameras that recorded nothing are another group than those with gaps."""
    return row.kind, row.reason if row.kind == Finding.Kind.NOT_RECORDING else ""


def _most_named(row: Finding) -> int:
    return 1 if row.kind == Finding.Kind.FIRMWARE_CHANGED else MOST_NAMED


def _first_of_each_group(rows: QuerySet[Finding]) -> QuerySet[Any]:
    """The oldest findings of each group, no more than are named, each with the `number` of its group."""
    split = When(kind=Finding.Kind.NOT_RECORDING, then=F("reason"))
    group: list[Any] = [F("kind"), Case(split, default=Value(""))]
    oldest_first = ["opened_at", "pk"]
    return (
        rows.annotate(
            number=Window(Count("pk"), partition_by=group),
            place=Window(RowNumber(), partition_by=group, order_by=oldest_first),
        )
        .filter(place__lte=MOST_NAMED)
        .order_by(*oldest_first)
    )


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


def _many_line(row: Any) -> TodayLine:
    """One line for a group, whose oldest finding is `row`."""
    words: dict[str, int] = {"count": row.number}
    kind, reason = _group(row)
    told = _MANY.get((kind, reason))
    return TodayLine(
        urgency=urgency_of(row),
        sentence=told(words) if told else f"{words['count']} × {row.get_kind_display()}",
        url=f"{reverse('cameras:findings')}?{urlencode({'kind': kind})}",
        action_label=_("Open list"),
        age_instant=row.opened_at,
        kind=kind,
        key=f"many:{reason}",
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


def _restarts(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d recorder is started again and again",
            "%(count)d recorders are started again and again",
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


def _retention_long(words: dict[str, int]) -> str:
    return (
        ngettext(
            "%(count)d recorder keeps recordings longer than the goal",
            "%(count)d recorders keep recordings longer than the goal",
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
    ("RECORDER_RESTARTS", ""): _restarts,
    ("RETENTION_SHORT", ""): _retention,
    ("RETENTION_LONG", ""): _retention_long,
}

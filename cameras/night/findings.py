"""Opens and closes findings: one open row per kind and subject, written in bulk.

Callers say what they found and what they looked for without finding it; `settle` does the rest. Running
it twice with the same words changes nothing but `seen_at`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Greatest

from cameras.models import Finding, StateChange

MOST_COVERED = 500
NOT_FOUND_ANY_MORE = "no longer found"
NOT_IN_SERVICE_ANY_MORE = "not in service any more"


@dataclass(frozen=True)
class Subject:
    """What a finding is about."""

    kind: str
    pk: int
    name: str = ""


@dataclass(frozen=True)
class Found:
    """Something that is wrong now. `count` is the number of positions that it explains."""

    kind: str
    subject: Subject
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)
    covers: tuple[int, ...] = ()
    count: int = 1

    @property
    def key(self) -> tuple[str, str, int]:
        return self.kind, self.subject.kind, self.subject.pk


def settle(
    found: Iterable[Found], looked_for: Collection[tuple[str, Subject]], now: datetime
) -> None:
    """Opens what was found, and closes what was looked for and not found.

    What happened once (another serial, new firmware) never closes by itself: a person does that.
    """
    wanted = {item.key: item for item in found}
    looked = {(kind, subject.kind, subject.pk) for kind, subject in looked_for} | set(wanted)
    if not looked:
        return
    by_subject: dict[str, set[int]] = {}
    for _kind, subject_kind, pk in looked:
        by_subject.setdefault(subject_kind, set()).add(pk)
    subjects = Q()
    for subject_kind, pks in by_subject.items():
        subjects |= Q(subject_kind=subject_kind, subject_id__in=pks)
    kinds = {kind for kind, _subject_kind, _pk in looked}
    is_open = {
        (row.kind, row.subject_kind, row.subject_id): row
        for row in Finding.objects.open().filter(subjects, kind__in=kinds)
    }
    _refresh([(is_open[key], item) for key, item in wanted.items() if key in is_open], now)
    Finding.objects.bulk_create(
        [_row(item, now) for key, item in wanted.items() if key not in is_open],
        ignore_conflicts=True,
    )
    over = [
        row.pk
        for key, row in is_open.items()
        if key in looked and key not in wanted and row.kind not in Finding.HAPPENED_ONCE
    ]
    if over:
        Finding.objects.filter(pk__in=over, closed_at__isnull=True).update(
            closed_at=not_before_opening(now), closed_because=NOT_FOUND_ANY_MORE
        )


def not_before_opening(now: datetime) -> Greatest:
    """`now` for `closed_at`, also where this server's clock was set back since the finding was opened."""
    return Greatest(Value(now, DateTimeField()), F("opened_at"))


def open_finding(
    kind: str,
    subject: Subject,
    now: datetime,
    *,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    count: int = 1,
) -> None:
    """Opens one finding, or refreshes the one that is open."""
    settle([Found(kind, subject, reason, detail or {}, count=count)], (), now)


def _row(item: Found, now: datetime) -> Finding:
    return Finding(
        kind=item.kind,
        subject_kind=item.subject.kind,
        subject_id=item.subject.pk,
        subject_name=item.subject.name[:200],
        opened_at=now,
        seen_at=now,
        reason=item.reason,
        detail=item.detail,
        covers=list(item.covers[:MOST_COVERED]),
        count=item.count,
    )


def _refresh(pairs: list[tuple[Finding, Found]], now: datetime) -> None:
    for row, item in pairs:
        row.seen_at, row.reason, row.detail = now, item.reason, item.detail
        row.covers, row.count = list(item.covers[:MOST_COVERED]), item.count
    Finding.objects.bulk_update(
        [row for row, _item in pairs],
        ["seen_at", "reason", "detail", "covers", "count"],
        batch_size=200,
    )


def note_changes(changes: Iterable[tuple[Subject, str, str, str]], now: datetime) -> None:
    """Writes one row per change of state: (subject, what, before, after). Equal values write nothing."""
    StateChange.objects.bulk_create(
        [
            StateChange(
                subject_kind=subject.kind,
                subject_id=subject.pk,
                what=what,
                before=before[:200],
                after=after[:200],
                changed_at=now,
            )
            for subject, what, before, after in changes
            if before != after
        ]
    )

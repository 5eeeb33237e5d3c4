"""The evidence store is measured again, file by file, so that a changed byte is known within 24 hours (B13).

A sweep of a few minutes an hour takes the files that were measured longest ago: the work is spread evenly over day and
night, and no file waits for another's turn. What no longer matches its hash is an audit entry, a line of Bugün, a
letter to those responsible and a finding that stays until a person has handled it.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import audit
from cameras.models import Finding
from core import panels

from ..models import EvidenceFile
from ..permissions import can_watch_store
from . import store, store_alarm, store_marks
from .owners import OWNERS, case_of

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

AGAIN_AFTER = dt.timedelta(hours=20)
LATE_AFTER = dt.timedelta(hours=30)
BUDGET_S = 120.0
MOST_NAMED = 5
URGENCY = 3


def due(now: dt.datetime) -> QuerySet[EvidenceFile]:
    """Files to be measured now, those that waited longest first. A piece is measured with its exhibit."""
    waiting = Q(checked_at=None) | Q(checked_at__lt=now - AGAIN_AFTER)
    kept = EvidenceFile.objects.filter(waiting, destroyed_at=None, is_piece=False)
    kept = kept.exclude(wrapped_key="")
    return kept.order_by(F("checked_at").asc(nulls_first=True), "pk")


def recheck_store(budget_s: float = BUDGET_S) -> int:
    """Measures due files until the time is up, at least one; returns how many."""
    until = time.monotonic() + budget_s
    count = 0
    while True:
        file = due(timezone.now()).first()
        if file is None:
            return count
        was_sound = file.is_sound
        is_sound = store.measure_again(file)
        if is_sound != was_sound:
            _tell(file, is_sound=is_sound)
        count += 1
        if time.monotonic() >= until:
            return count


def _tell(file: EvidenceFile, *, is_sound: bool) -> None:
    """Writes what was found, once when it changes."""
    file.refresh_from_db()
    if file.destroyed_at is not None or not file.wrapped_key:
        return  # it was destroyed on purpose while it was being read
    case = case_of(file)
    with transaction.atomic():
        audit.record(
            "evidencefile.found_sound_again" if is_sound else "evidencefile.found_changed",
            actor="store check",
            target=file,
            sha256=file.sha256,
            bytes=file.bytes,
            request=case.number if case else None,
        )
        if not is_sound:
            store_alarm.raise_alarm(file, timezone.now())
    if not is_sound:
        log.error("An evidence file no longer matches its hash: %s", file.uuid)


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _TROUBLE, _UNHANDLED)


def _trouble(person: Person) -> QuerySet[Any] | None:
    """Damaged files and those that wait too long, damaged ones first; how many wait stands in each row."""
    if not can_watch_store(person):
        return None
    then = timezone.now() - LATE_AFTER
    late = Q(created_at__lt=then) & (Q(checked_at=None) | Q(checked_at__lt=then))
    return (
        EvidenceFile.objects.filter(late | Q(is_sound=False), destroyed_at=None, is_piece=False)
        .order_by("is_sound", "checked_at")
        .values_list(
            *("is_sound", Window(Count("pk", filter=late)), "pk", "uuid", "checked_at"),
            *(_of_case("pk"), _of_case("number")),
        )[:MOST_NAMED]
    )


def _of_case(field: str) -> Coalesce:
    """That field of the case to which a stored file belongs, or NULL."""
    ways: list[Any] = [
        Subquery(
            model._default_manager.filter(**{name: OuterRef("pk")}).values(f"{way}__{field}")[:1]
        )
        for model, name, way in OWNERS
    ]
    return Coalesce(*ways)


def _unhandled(person: Person) -> QuerySet[Any] | None:
    """Alarms whose file is sound again or destroyed, and which nobody has handled yet."""
    if not can_watch_store(person):
        return None
    damaged = EvidenceFile.objects.filter(is_sound=False, destroyed_at=None)
    rows = Finding.objects.open().filter(kind=store_alarm.KIND)
    rest = rows.exclude(subject_id__in=damaged.values("pk")).order_by("opened_at")
    return rest.values_list("pk", "subject_name", "opened_at")[:MOST_NAMED]


_TROUBLE, _UNHANDLED = panels.Question(_trouble), panels.Question(_unhandled)


def lines(person: Person) -> Iterator[panels.TodayLine]:
    """Damaged files one by one, and whether the measuring keeps up."""
    rows = _TROUBLE(person)
    count = rows[0][1] if rows else 0
    for is_sound, _late, *file in rows:
        if not is_sound:
            yield _damaged(*file)
    for pk, name, opened_at in _UNHANDLED(person):
        yield panels.TodayLine(
            urgency=URGENCY + 10,
            sentence=_("%(name)s: a stored evidence file was found changed; say what was done")
            % {"name": name},
            url=reverse("cameras:findings"),
            action_label=_("Open findings"),
            age_instant=opened_at,
            kind="store-unhandled",
            key=str(pk),
        )
    kept = store_marks.kept_because() if can_watch_store(person) else ""
    if kept:
        yield panels.TodayLine(
            urgency=URGENCY,
            sentence=_(
                "The evidence store is not tidied up: %(why)s. See manage.py evidence_sweep."
            )
            % {"why": kept},
            kind="store-kept",
        )
    if count:
        yield panels.TodayLine(
            urgency=URGENCY + 20,
            sentence=ngettext(
                "%(count)d stored evidence file was not measured again for over a day",
                "%(count)d stored evidence files were not measured again for over a day",
                count,
            )
            % {"count": count},
            kind="store-late",
        )


def _damaged(
    pk: int, uuid: object, checked_at: dt.datetime | None, case: int | None, number: str | None
) -> panels.TodayLine:
    return panels.TodayLine(
        urgency=URGENCY,
        sentence=_("%(name)s: a stored evidence file was changed or cannot be read")
        % {"name": number or str(uuid)[:8]},
        url=reverse("footage_requests:case", args=[case]) if case else "",
        action_label=_("Open case") if case else "",
        age_instant=checked_at,
        kind="store-damaged",
        key=str(pk),
    )

"""Who opened a case, and why: written down once a day, and asked of those who do not work on it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

import audit
from core.tsi import today

from .. import permissions
from ..models import CaseVisit, FootageRequest
from . import interests

if TYPE_CHECKING:
    from accounts.models import Person


def works_on(person: Person, row: FootageRequest) -> bool:
    """Whether opening this case is the person's daily work: no reason is asked.

    Whoever is out of the case works on it no longer.
    """
    if interests.is_out(person, row):
        return False
    asked = (
        permissions.can_assess,
        permissions.can_decide,
        permissions.can_verify,
        permissions.can_deliver,
    )
    is_asked = row.status == row.Status.OPINION and permissions.can_give_opinion(person, row)
    return is_asked or row.filer_id == person.pk or any(may(person, row) for may in asked)


def needs_reason(person: Person, row: FootageRequest) -> bool:
    """Whether a reason must be given before the case is shown today."""
    if works_on(person, row):
        return False
    return not _has_opened(person, row, today())


def _has_opened(person: Person, row: FootageRequest, day: dt.date) -> bool:
    return CaseVisit.objects.filter(request=row, person=person, day=day).exists()


def record(person: Person, row: FootageRequest, reason: str = "") -> None:
    """Writes down the first opening of the day; the others add nothing."""
    day = today()
    if _has_opened(person, row, day):
        return
    with transaction.atomic():
        _visit, is_first = CaseVisit.objects.get_or_create(
            request=row, person=person, day=day, defaults={"reason": reason[:200]}
        )
        if is_first:
            audit.record("footagerequest.open", actor=person, target=row, because=reason[:200])

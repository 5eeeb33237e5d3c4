"""The writing that must follow a call or an oral, urgent request: it comes, or its missing is stated.

A call lapses with the days of its kind. An oral request on which footage has been watched already cannot
lapse: that nobody wrote is then stated on the case, and told to the superior.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

import audit
from core.steps import InvalidTransition
from core.tsi import day_text, today

from .. import said
from ..errors import Refused
from ..models import FootageRequest, Package, RequesterKind
from . import arriving, deadlines

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

ACTOR = "deadlines"
S = FootageRequest.Status
WITHDRAWN_BY_LAPSE = (*FootageRequest.BEFORE_DECISION, S.APPROVED)


def is_awaited(request: FootageRequest) -> bool:
    """Whether nothing has come in writing yet, and it may still come."""
    return (
        request.is_open
        and request.kind.lapses_after_working_days is not None
        and request.writing_came_on is None
        and request.writing_lapsed_at is None
    )


def kinds() -> QuerySet[RequesterKind]:
    """As what the writing may come."""
    rows: QuerySet[RequesterKind] = RequesterKind.objects.usable().filter(
        lapses_after_working_days=None, starts_preservation_only=False
    )
    return rows


def is_watched(request: FootageRequest) -> bool:
    """Whether footage has left or was watched on the oral request: what was decided then stays."""
    undone = (*Package.BEFORE_SEALING, Package.Status.CANCELLED)
    return request.packages.exclude(status__in=undone).exists()


def came(
    request: FootageRequest,
    *,
    kind: RequesterKind,
    reference_no: str,
    ebys_number: str,
    ebys_date: dt.date | None,
    by: Person,
) -> None:
    """The letter has come. The case goes on as one of the letter's kind; where footage was watched already
    it keeps what was decided, and a copy needs a request of its own.

    Raises Refused, or ValidationError by field.
    """
    if not ebys_number.strip():
        raise Refused(_("Enter the number as EBYS gave it."))
    with transaction.atomic():
        row = arriving.locked(request)
        if not is_awaited(row):
            raise Refused(_("No writing is awaited for this request."))
        facts: dict[str, Any] = {"ebys_number": ebys_number.strip(), "ebys_date": ebys_date}
        if is_watched(row):
            for name, value in facts.items():
                setattr(row, name, value)
        else:
            wants = FootageRequest.Wants
            if row.wants == wants.PRESERVATION:
                facts["wants"] = wants.COPY
            bases = list(kind.bases.usable()[:2])
            facts |= {"kind": kind, "reference_no": reference_no.strip()}
            facts["basis"] = bases[0] if len(bases) == 1 else None
            arriving.edit(row, facts, by=by, because=said.because("LETTER_CAME"))
            row = arriving.locked(row)
        row.writing_came_on = today()
        row.save()
        audit.record(
            "footagerequest.writing_came",
            actor=by,
            target=row,
            because=facts["ebys_number"],
            kind=row.kind.code,
        )


def lapse_calls(now: dt.datetime) -> int:
    """Ends calls and oral requests that no letter followed; how many. What was watched is stated."""
    rows = FootageRequest.objects.filter(
        status__in=FootageRequest.OPEN,
        kind__lapses_after_working_days__isnull=False,
        writing_came_on=None,
        writing_lapsed_at=None,
    ).exclude(status=S.DRAFT)
    done = 0
    for row in rows.select_related("kind"):
        last = deadlines.lapses_on(row)
        if last is not None and now >= deadlines.end_of(last):
            with translation.override(settings.LANGUAGE_CODE):
                done += _lapse(row, last)
    return done


def _lapse(row: FootageRequest, last: dt.date) -> bool:
    try:
        if row.status in WITHDRAWN_BY_LAPSE:
            arriving.withdraw(row, by=ACTOR, because=said.because("NO_LETTER"))
            return True
    except Refused:
        log.info("%s was watched already: that no letter came is stated.", row.number)
    except InvalidTransition:
        log.info("A person was quicker with %s.", row.number)
        return False
    return _state(row, last)


def _state(row: FootageRequest, last: dt.date) -> bool:
    """Writes on the case that no writing came; the second time does nothing."""
    if row.kind.writing_within_working_days is None:
        return False
    with transaction.atomic():
        mine = FootageRequest.objects.filter(
            pk=row.pk, writing_lapsed_at=None, writing_came_on=None
        )
        if not mine.update(writing_lapsed_at=timezone.now()):
            return False
        audit.record(
            "footagerequest.writing_lapsed",
            actor=ACTOR,
            target=row,
            because=said.because("NO_LETTER_BY", day=day_text(last)),
        )
    return True

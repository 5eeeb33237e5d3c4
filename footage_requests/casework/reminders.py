"""What time does to requests without people: calls lapse, deadlines are told of, each letter once.

`sweep` runs every minute in the background and may run twice at once: each step is guarded.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import smtplib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, F, OuterRef
from django.utils import timezone, translation

from accounts.models import Person, Role, RoleGrant
from cameras.daily_sheets.sheet_sweep import sender, sends_mail
from core import tsi

from ..holds.availability import HoursLeft, hours_left
from ..models import Decision, FootageRequest, RequestReminder
from ..permissions import places_of_case
from ..secrecy import interests
from . import deadlines, fees
from .clocks import KEEPING, exported
from .kept_reminders import kept_occasions
from .reminder_letters import Occasion, hourly_letter, letter
from .writing import ACTOR, lapse_calls

log = logging.getLogger(__name__)

__all__ = ["Occasion", "lapse_calls", "letter", "occasions", "readers", "remind", "sweep"]

MOST_TRIES = 5
_ON_CASES = (Role.OPERATOR, Role.UNIT_HEAD)
# Hours before the footage is overwritten at which somebody is told, and who; 0: it may be gone by now.
LOSS_HOURS: dict[int, tuple[Role, ...]] = {
    168: _ON_CASES,
    72: _ON_CASES,
    24: (*_ON_CASES, Role.SUPERIOR),
    # Who works on the case hears of it every hour by then.
    6: (Role.SUPERIOR,),
    0: (*_ON_CASES, Role.SUPERIOR),
}
HOURLY_FROM_H = 23
"""From here on there is a letter every hour: one a person with all cases, never one a case."""


def sweep(now: dt.datetime | None = None) -> None:
    """Everything that is due. Doing it twice changes nothing."""
    now = now or timezone.now()
    lapse_calls(now)
    with translation.override(settings.LANGUAGE_CODE):
        fees.lapse_due(now, by=ACTOR)
    remind(now)


def occasions(row: FootageRequest, left: HoursLeft | None, now: dt.datetime) -> Iterator[Occasion]:
    """The letters that are due for one open case now."""
    hours = _hours_left(row, left)
    reached = [] if hours is None else [mark for mark in LOSS_HOURS if hours <= mark]
    if reached:
        loss = min(reached)
        yield Occasion(f"LOSS_{loss}", LOSS_HOURS[loss], loss)
    yield from _of_people(row)
    yield from _of_writing(row, now)
    if row.stopped_until is not None:
        yield from _of_fee(row, row.stopped_until, now)
    if row.deadline_at is None:
        return
    if now >= row.deadline_at:
        yield Occasion("OVERDUE", (Role.UNIT_HEAD, Role.SUPERIOR))
        return
    days = deadlines.warn_dates(row.kind, row.arrived_at, row.deadline_at)
    passed = [day for day in days if day <= tsi.day_of(now)]
    if passed:
        # Only the latest: after a standstill nobody gets three letters at once.
        is_last = passed[-1] == days[-1]
        roles = [Role.UNIT_HEAD.value, row.kind.escalates_to] if is_last else [Role.UNIT_HEAD.value]
        yield Occasion(f"WARN_{passed[-1]:%Y%m%d}", tuple(dict.fromkeys(roles)))
    if not days and row.kind.days <= 1:
        yield from _of_hours(row, now)


def _of_hours(row: FootageRequest, now: dt.datetime) -> Iterator[Occasion]:
    """What is to be answered on the same or the next working day knows no days on which to warn."""
    if now >= row.arrived_at + dt.timedelta(hours=settings.URGENT_WARN_HOURS):
        roles = (Role.UNIT_HEAD.value, row.kind.escalates_to)
        yield Occasion("WARN_HOURS", tuple(dict.fromkeys(roles)))


def _of_people(row: FootageRequest) -> Iterator[Occasion]:
    """Somebody stepped out: who may go on is asked. A decision of the one on duty is told to the superior."""
    decides = row.status == FootageRequest.Status.AWAITING_DECISION
    roles = (Role.SUPERIOR, Role.UNIT_HEAD) if decides else (Role.OPERATOR, Role.UNIT_HEAD)
    for out in interests.outs(row):
        yield Occasion(f"STEPPED_OUT_{out.pk}", roles)
    if getattr(row, "was_decided_on_duty", False):
        yield Occasion("ON_DUTY", (Role.SUPERIOR,))


def _of_writing(row: FootageRequest, now: dt.datetime) -> Iterator[Occasion]:
    """The writing that must follow an oral request: demanded on its day, escalated after it, stated at last."""
    due = deadlines.writing_due(row)
    if due is None or row.writing_came_on is not None:
        return
    if row.writing_lapsed_at is not None:
        yield Occasion("WRITING_LAPSED", (Role.UNIT_HEAD, Role.SUPERIOR))
    elif now >= deadlines.end_of(due):
        yield Occasion("WRITING_LATE", (Role.UNIT_HEAD, Role.SUPERIOR))
    elif tsi.day_of(now) == due:
        yield Occasion("WRITING_DUE", (Role.OPERATOR, Role.UNIT_HEAD))


def _of_fee(row: FootageRequest, due: dt.date, now: dt.datetime) -> Iterator[Occasion]:
    """A fee is about to lapse, and the request with it."""
    if tsi.day_of(now) >= fees.warn_from(due, row.kind.fee_warn_working_days):
        yield Occasion(f"FEE_{due:%Y%m%d}", (Role.REGISTRY_CLERK, Role.UNIT_HEAD))


def _hours_left(row: FootageRequest, left: HoursLeft | None) -> float | None:
    """Until what nobody holds is overwritten; None when it is held or exported, over or not known."""
    if row.status not in KEEPING or getattr(row, "is_fetched", False):
        return None
    if left is None or left.is_held:
        return None
    return left.hours


def remind(now: dt.datetime) -> None:
    """Writes the letters that are due, where letters go anywhere."""
    if not sends_mail():
        return
    on_duty = Decision.objects.filter(request=OuterRef("pk"), voided_at=None, is_on_duty=True)
    fetched = exported().filter(request=OuterRef("pk"))
    rows = list(
        FootageRequest.objects.filter(status__in=(*FootageRequest.BEFORE_DECISION, "APPROVED"))
        .annotate(was_decided_on_duty=Exists(on_duty), is_fetched=Exists(fetched))
        .select_related("kind", "building")
        .prefetch_related("interests")
    )
    left = hours_left([row.pk for row in rows])
    for row in rows:
        for occasion in occasions(row, left.get(row.pk), now):
            for person in readers(row, occasion.roles):
                _write(row, person, occasion)
    _remind_hourly(rows, left, now)
    for row, occasion in kept_occasions():
        for person in readers(row, occasion.roles):
            _write(row, person, occasion)


def _remind_hourly(
    rows: Iterable[FootageRequest], left: Mapping[int, HoursLeft], now: dt.datetime
) -> None:
    """In the last day one letter a clock hour to each person who can still do something about it."""
    kind = f"HOUR_{now.astimezone(tsi.TSI):%Y%m%d%H}"
    told = set(
        RequestReminder.objects.filter(kind=kind, sent_at__isnull=False).values_list(
            "person", flat=True
        )
    )
    cases: dict[Person, list[tuple[FootageRequest, int]]] = {}
    for row in rows:
        hours = _hours_left(row, left.get(row.pk))
        if hours is None or not 0 < hours <= HOURLY_FROM_H:
            continue
        for person in readers(row, _ON_CASES):
            if person.pk not in told:
                cases.setdefault(person, []).append((row, math.ceil(hours)))
    for person, own in cases.items():
        own.sort(key=lambda each: (each[1], each[0].pk))
        first = min((row for row, _hours in own), key=lambda row: row.pk)
        _send(first, person, kind, partial(hourly_letter, person, own))


def readers(row: FootageRequest, roles: Iterable[str]) -> list[Person]:
    """People with an e-mail address who hold one of the roles for the case's place, and are not out of it."""
    places = places_of_case(row)
    grants = RoleGrant.objects.on(tsi.today()).filter(role__in=roles, person__is_active=True)
    out = {each.person_id for each in interests.outs(row)}
    found = {
        grant.person
        for grant in grants.exclude(person__email="").select_related("person")
        if grant.covers(places) and grant.person_id not in out
    }
    return sorted(found, key=lambda person: person.pk)


def _write(row: FootageRequest, person: Person, occasion: Occasion) -> None:
    _send(row, person, occasion.kind, partial(letter, row, person, occasion))


def _send(
    row: FootageRequest, person: Person, kind: str, letter: Callable[[], tuple[str, str]]
) -> None:
    """Sends what was not sent yet to this person about this case and moment."""
    reminder, _made = RequestReminder.objects.get_or_create(request=row, person=person, kind=kind)
    if reminder.sent_at is not None or reminder.tried >= MOST_TRIES:
        return
    # Of two sweeps at once only one counts this try up, and only that one sends.
    mine = RequestReminder.objects.filter(pk=reminder.pk, tried=reminder.tried, sent_at=None)
    if not mine.update(tried=F("tried") + 1):
        return
    subject, text = letter()
    try:
        send_mail(subject, text, sender(), [person.email])
    except (smtplib.SMTPException, OSError):
        log.warning("The letter about %s could not be sent.", row.number)
        return
    RequestReminder.objects.filter(pk=reminder.pk).update(sent_at=timezone.now())

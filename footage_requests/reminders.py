"""What time does to requests without people: calls lapse, deadlines are told of, each letter once.

`sweep` runs every minute in the background and may run twice at once: each step is guarded.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Person, Role, RoleGrant
from cameras.sheet_sweep import sender, sends_mail
from core import tsi
from core.steps import InvalidTransition

from . import arriving, deadlines
from .availability import HoursLeft, hours_left
from .clocks import KEEPING
from .errors import Refused
from .models import FootageRequest, RequestReminder
from .permissions import places_of_case

log = logging.getLogger(__name__)

ACTOR = "deadlines"
MOST_TRIES = 5
# Hours before the footage is overwritten at which somebody is told; from 24 on the superior as well.
LOSS_HOURS = (168, 72, 24, 6)
SUPERIOR_FROM_H = 24


@dataclass(frozen=True)
class Occasion:
    """Why a letter is due: `kind` names it once per case, `roles` get it."""

    kind: str
    roles: tuple[str, ...]
    hours: int | None = None


def sweep(now: dt.datetime | None = None) -> None:
    """Everything that is due. Doing it twice changes nothing."""
    now = now or timezone.now()
    lapse_calls(now)
    remind(now)


def lapse_calls(now: dt.datetime) -> int:
    """Ends calls and oral requests that no letter followed; how many."""
    rows = FootageRequest.objects.filter(
        status__in=FootageRequest.BEFORE_DECISION, kind__lapses_after_working_days__isnull=False
    ).select_related("kind")
    done = 0
    for row in rows:
        last = deadlines.lapses_on(row)
        if last is None or now < deadlines.end_of(last):
            continue
        try:
            with translation.override(settings.LANGUAGE_CODE):
                arriving.withdraw(row, by=ACTOR, because=_("No letter came in time."))
            done += 1
        except (InvalidTransition, Refused):
            log.info("A person was quicker with %s.", row.number)
    return done


def occasions(row: FootageRequest, left: HoursLeft | None, now: dt.datetime) -> Iterator[Occasion]:
    """The letters that are due for one open case now."""
    loss = _loss(left) if row.status in KEEPING else None
    if loss is not None:
        told = (Role.OPERATOR, Role.UNIT_HEAD)
        urgent = loss <= SUPERIOR_FROM_H
        yield Occasion(f"LOSS_{loss}", (*told, Role.SUPERIOR) if urgent else told, loss)
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


def _loss(left: HoursLeft | None) -> int | None:
    """The smallest of LOSS_HOURS that has been reached; None when it is held, far off or not known."""
    hours = None if left is None or left.is_held else left.hours
    if hours is None:
        return None
    return min((mark for mark in LOSS_HOURS if hours <= mark), default=None)


def remind(now: dt.datetime) -> None:
    """Writes the letters that are due, where letters go anywhere."""
    if not sends_mail():
        return
    rows = list(
        FootageRequest.objects.filter(
            status__in=(*FootageRequest.BEFORE_DECISION, "APPROVED")
        ).select_related("kind", "building")
    )
    left = hours_left([row.pk for row in rows])
    for row in rows:
        for occasion in occasions(row, left.get(row.pk), now):
            for person in readers(row, occasion.roles):
                _write(row, person, occasion)


def readers(row: FootageRequest, roles: Iterable[str]) -> list[Person]:
    """People with an e-mail address who hold one of the roles for the case's place."""
    places = places_of_case(row)
    grants = RoleGrant.objects.on(tsi.today()).filter(role__in=roles, person__is_active=True)
    found = {
        grant.person
        for grant in grants.exclude(person__email="").select_related("person")
        if grant.covers(places)
    }
    return sorted(found, key=lambda person: person.pk)


def _write(row: FootageRequest, person: Person, occasion: Occasion) -> None:
    reminder, _made = RequestReminder.objects.get_or_create(
        request=row, person=person, kind=occasion.kind
    )
    if reminder.sent_at is not None or reminder.tried >= MOST_TRIES:
        return
    # Of two sweeps at once only one counts this try up, and only that one sends.
    mine = RequestReminder.objects.filter(pk=reminder.pk, tried=reminder.tried, sent_at=None)
    if not mine.update(tried=F("tried") + 1):
        return
    subject, text = letter(row, person, occasion)
    try:
        send_mail(subject, text, sender(), [person.email])
    except (smtplib.SMTPException, OSError):
        log.warning("The letter about %s could not be sent.", row.number)
        return
    RequestReminder.objects.filter(pk=reminder.pk).update(sent_at=timezone.now())


def letter(row: FootageRequest, person: Person, occasion: Occasion) -> tuple[str, str]:
    """Subject and text in the reader's language. No names and no places: mail is not ours to keep."""
    with translation.override(person.language):
        last = deadlines.last_day_of(row)
        words = {
            "number": row.number,
            "last": tsi.day_text(last) if last else "",
            "hours": occasion.hours,
        }
        if occasion.hours is not None:
            subject = _("%(number)s: footage is lost in %(hours)s hours or less") % words
            text = _(
                "The footage of request %(number)s is not held yet and will be overwritten in "
                "%(hours)s hours or less. Please sign in and see to it."
            )
        elif occasion.kind == "OVERDUE":
            subject = _("%(number)s: the legal deadline has passed") % words
            text = _("Request %(number)s should have been answered by %(last)s. Please sign in.")
        else:
            subject = _("%(number)s: to be answered by %(last)s") % words
            text = _("Request %(number)s must be answered by %(last)s. Please sign in.")
        return subject, text % words

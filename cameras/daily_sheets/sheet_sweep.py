"""The life of daily sheets without people: made, opened, warned about, escalated, missed, filed.

`sweep` runs every few minutes in the background and may run twice at once: each step is guarded.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

import audit
from accounts.models import Person, Role, RoleGrant
from cameras.daily_sheets.sheet_filing import file_sheets
from cameras.models import DailySheet, Run, SheetReminder
from cameras.night.nights import SWEEPS
from core import paper_jobs, tsi
from core.holidays import working_day_from
from core.steps import InvalidTransition
from inventory.models import Position

logger = logging.getLogger(__name__)

ACTOR = "sheets"
DUE_HOUR = 10
# After a longer standstill the days before are for the list, not for a pile of overdue sheets.
CATCH_UP_DAYS = 14
WARN_BEFORE = dt.timedelta(hours=1)
REMIND_FOR = dt.timedelta(days=3)
MOST_TRIES = 5


def due_at(day: dt.date) -> dt.datetime:
    """10:00 of the morning after, or of the next working day: until there are shifts, those are them."""
    return tsi.at(working_day_from(day + dt.timedelta(days=1)), DUE_HOUR)


def sweep(now: dt.datetime | None = None) -> None:
    """Everything that is due. Doing it twice changes nothing."""
    now = now or timezone.now()
    make_sheets(now)
    open_sheets(now)
    miss_sheets(now)
    warn(now)
    escalate(now)
    file_sheets()
    paper_jobs.prune(now)


def make_sheets(now: dt.datetime) -> list[DailySheet]:
    """The sheet of yesterday, and of days missed since the last sheet; the first one is yesterday's."""
    yesterday = tsi.day_of(now) - dt.timedelta(days=1)
    if not Position.objects.filter(status=Position.Status.ACTIVE).exists():
        return []
    latest = DailySheet.objects.order_by("-day").first()
    first = yesterday
    if latest is not None:
        first = max(
            latest.day + dt.timedelta(days=1), yesterday - dt.timedelta(days=CATCH_UP_DAYS - 1)
        )
    days = [first + dt.timedelta(days=n) for n in range((yesterday - first).days + 1)]
    return [sheet for day in days if (sheet := _make(day))]


@transaction.atomic
def _make(day: dt.date) -> DailySheet | None:
    sheet, made = DailySheet.objects.get_or_create(day=day, defaults={"due_at": due_at(day)})
    if not made:
        return None
    audit.record("dailysheet.plan", actor=ACTOR, target=sheet, day=day, due_at=sheet.due_at)
    return sheet


def open_sheets(now: dt.datetime) -> None:
    """Opens a planned sheet when its night has finished, or has not by the hour of the watch."""
    for sheet in DailySheet.objects.filter(status=DailySheet.Status.PLANNED):
        watched = tsi.at(sheet.day + dt.timedelta(days=1), *settings.WATCH_AT)
        finished = Run.objects.filter(
            day=sheet.day, kind__in=[*SWEEPS, Run.Kind.BACKFILL], status=Run.Status.FINISHED
        )
        if now >= watched or finished.exists():
            _try(sheet.open)


def miss_sheets(now: dt.datetime) -> None:
    """Not done: the day on which it was due is over. It can still be signed, as a late entry."""
    open_ones = DailySheet.objects.filter(
        status__in=[DailySheet.Status.PLANNED, DailySheet.Status.OPEN], due_at__lt=now
    )
    for sheet in open_ones:
        if now >= tsi.day_bounds(tsi.day_of(sheet.due_at))[1]:
            _try(sheet.miss)


def _try(step: object) -> None:
    try:
        step(by=ACTOR)  # type: ignore[operator]
    except InvalidTransition:
        logger.info("Another sweep was quicker.")


def closers() -> QuerySet[Person]:
    """Who must close the sheet until there are shifts: the heads of the unit."""
    return _holders(Role.UNIT_HEAD)


def _holders(*roles: Role) -> QuerySet[Person]:
    """People who hold one of these roles for the whole campus today, as a sheet is about all of it."""
    grants = RoleGrant.objects.on(tsi.today()).filter(
        role__in=roles, scope_kind=RoleGrant.ScopeKind.ALL, person__is_active=True
    )
    return Person.objects.filter(pk__in=grants.order_by().values("person"))


def sends_mail() -> bool:
    """Whether letters go anywhere (EMAIL_URL is set)."""
    return "dummy" not in settings.EMAIL_BACKEND


def warn(now: dt.datetime) -> None:
    """In the last hour before it is due: writes to everybody who may sign a sheet that waits, once."""
    if not sends_mail():
        return
    waiting = DailySheet.objects.filter(
        status=DailySheet.Status.OPEN, due_at__gt=now, due_at__lte=now + WARN_BEFORE
    )
    for sheet in waiting:
        _remind_all(sheet, _holders(Role.OPERATOR, Role.UNIT_HEAD), SheetReminder.Kind.DUE_SOON)


def escalate(now: dt.datetime) -> None:
    """Writes to the heads of the unit about each sheet that was not closed in time, once per person."""
    if not sends_mail():
        return
    overdue = DailySheet.objects.filter(due_at__lte=now, due_at__gt=now - REMIND_FOR).filter(
        status__in=[DailySheet.Status.PLANNED, *DailySheet.WRITABLE]
    )
    for sheet in overdue:
        _remind_all(sheet, closers(), SheetReminder.Kind.OVERDUE)


def _remind_all(sheet: DailySheet, people: Iterable[Person], kind: SheetReminder.Kind) -> None:
    for person in people:
        if person.email:
            _remind(sheet, person, kind)


def _remind(sheet: DailySheet, person: Person, kind: SheetReminder.Kind) -> None:
    row, _made = SheetReminder.objects.get_or_create(sheet=sheet, person=person, kind=kind)
    if row.sent_at is not None or row.tried >= MOST_TRIES:
        return
    # Of two sweeps at once only one counts this try up, and only that one sends.
    mine = SheetReminder.objects.filter(pk=row.pk, tried=row.tried, sent_at=None)
    if not mine.update(tried=F("tried") + 1):
        return
    subject, text = letter(sheet, person, kind)
    try:
        send_mail(subject, text, sender(), [person.email])
    except (smtplib.SMTPException, OSError):
        logger.warning("The letter about sheet %s could not be sent.", sheet.pk)
        return
    SheetReminder.objects.filter(pk=row.pk).update(sent_at=timezone.now())


def sender() -> str:
    """Whose name letters carry."""
    user = str(getattr(settings, "EMAIL_HOST_USER", ""))
    return user if "@" in user else str(settings.DEFAULT_FROM_EMAIL)


def letter(
    sheet: DailySheet, person: Person, kind: SheetReminder.Kind = SheetReminder.Kind.OVERDUE
) -> tuple[str, str]:
    """Subject and text, in the reader's language. No names of cameras: mail is not ours to keep."""
    with translation.override(person.language):
        words = {"day": tsi.day_text(sheet.day), "due": tsi.stamp(sheet.due_at)}
        if kind == SheetReminder.Kind.DUE_SOON:
            subject = _("The daily recording sheet of %(day)s is to be signed by %(due)s") % words
            text = _(
                "The daily recording check sheet of %(day)s is still open; it is due on %(due)s. "
                "Please sign in, explain what was not recorded, and sign it."
            )
        else:
            subject = _("The daily recording sheet of %(day)s is not signed") % words
            text = _(
                "The daily recording check sheet of %(day)s should have been closed by %(due)s. "
                "Please sign in, explain what was not recorded, and sign it."
            )
        return subject, text % words

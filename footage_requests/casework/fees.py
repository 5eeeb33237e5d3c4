"""The access fee that stops the clock: notify, pay, waive, lapse.

From the day on which the fee is notified the legal period stands still. Paid or waived, the days that
were left then count on from that day; not paid by its last day, the request counts as withdrawn. Who
paid in time and was entered late gets the case back. A superior may decide meanwhile, but nothing is given
out before the fee is paid or waived (4982, 10).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from core.holidays import working_days_after, working_days_between
from core.tsi import day_text, today

from .. import said
from ..errors import Refused
from ..models import Fee, FootageRequest
from . import arriving, deadlines, following
from .changes import fee_changed

if TYPE_CHECKING:
    from accounts.models import Person

S = FootageRequest.Status


def may_be_asked(request: FootageRequest) -> bool:
    """Whether a fee can be notified now: the kind knows one, nothing is decided, none is open."""
    return (
        bool(request.kind.fee_pay_working_days)
        and request.status in FootageRequest.BEFORE_DECISION
        and request.stopped_until is None
    )


def open_fee(request: FootageRequest) -> Fee | None:
    """The fee for which the clock stands still."""
    found: Fee | None = request.fees.open().first()
    return found


def notify(
    request: FootageRequest,
    *,
    amount: Decimal,
    basis: str,
    pay_to: str,
    notified_on: dt.date,
    by: Person,
) -> Fee:
    """Stores that a fee was notified and stops the clock on that day. Raises Refused."""
    with transaction.atomic():
        row = arriving.locked(request)
        if not may_be_asked(row):
            raise Refused(_("No fee can be notified for this request now."))
        if not deadlines.arrived_on(row) <= notified_on <= today():
            raise Refused(_("The day of the notice lies before the arrival, or in the future."))
        if amount <= 0 or not basis.strip() or not pay_to.strip():
            raise Refused(_("Enter the amount, its basis and how it is paid."))
        due_on = working_days_after(notified_on, int(row.kind.fee_pay_working_days or 0))
        fee = Fee.objects.create(
            request=row,
            amount=amount,
            basis=basis.strip(),
            pay_to=pay_to.strip(),
            notified_on=notified_on,
            due_on=due_on,
            made_by=by,
        )
        _follow(row, fee, "footagerequest.notify_fee", by=by, because=basis.strip())
    return fee


def pay(request: FootageRequest, *, paid_on: dt.date, document: str, by: Person) -> None:
    """The fee was paid: the clock goes on from that day, and a case that had lapsed comes back.

    Raises Refused for a payment after the last day: that one is paid back.
    """
    _end(request, Fee.Outcome.PAID, on=paid_on, document=document, by=by)


def waive(request: FootageRequest, *, because: str, by: Person) -> None:
    """The unit does without the fee: the clock goes on from today."""
    _end(request, Fee.Outcome.WAIVED, on=today(), document=because, by=by)


def is_awaited(request: FootageRequest) -> bool:
    """Whether a payment can still be entered, for cases of kinds that know a fee."""
    return request.stopped_until is not None or (
        bool(request.kind.fee_pay_working_days) and request.fees.owed() is not None
    )


def lapse_due(now: dt.datetime, *, by: str) -> int:
    """Requests whose fee was not paid by its last day count as withdrawn; how many.

    Also those that are approved, as long as nothing of them is sealed. One that was refused, or in which there is
    nothing to give, has its answer: there the fee ends and nothing else.
    """
    done = 0
    for fee in Fee.objects.open().select_related("request__kind"):
        if now < deadlines.end_of(fee.due_on):
            continue
        with transaction.atomic():
            row = arriving.locked(fee.request)
            last = day_text(fee.due_on)
            ended = Fee.objects.filter(pk=fee.pk, outcome="").update(
                outcome=Fee.Outcome.LAPSED,
                ended_on=fee.due_on,
                document=said.because("FEE_NOT_PAID", day=last),
            )
            if not ended:
                continue
            row.stopped_until, row.deadline_at = None, arriving.deadline_of(row)
            row.save(update_fields=["stopped_until", "deadline_at"])
            done += _withdraw(row, by=by, because=said.because("FEE_LAPSED", day=last))
    return done


def _withdraw(row: FootageRequest, *, by: str, because: str) -> bool:
    if not row.allows("withdraw"):
        return False
    try:
        with transaction.atomic():
            following.content_changed(row, by=by, because=because)
            row.take("withdraw", by=by, because=because, closed_at=timezone.now())
    except Refused:
        # A sealed package is not undone: it stays here, and nobody may give it out while the fee is owed.
        row.refresh_from_db()
        return False
    return True


def _end(
    request: FootageRequest, outcome: Fee.Outcome, *, on: dt.date, document: str, by: Person
) -> None:
    if not document.strip():
        raise Refused(_("Write the receipt, or why the fee is waived."))
    with transaction.atomic():
        row = arriving.locked(request)
        fee = row.fees.owed()
        if fee is None:
            raise Refused(_("No fee of this request waits for its payment."))
        if not fee.notified_on <= on <= today():
            raise Refused(_("The day lies before the notice, or in the future."))
        if outcome == Fee.Outcome.PAID and on > fee.due_on:
            raise Refused(
                _("%(day)s was the last day to pay: a later payment is paid back.")
                % {"day": day_text(fee.due_on)}
            )
        if outcome == Fee.Outcome.WAIVED and fee.outcome:
            raise Refused(_("The request has ended already: it is filed anew."))
        fee.outcome, fee.ended_on, fee.document = outcome, on, document.strip()[:200]
        fee.save(update_fields=["outcome", "ended_on", "document"])
        if row.status == S.WITHDRAWN:
            row.take("reinstate", by=by, because=document.strip(), closed_at=None)
            following.reinstated(row, by=by, because=document.strip())
        _follow(row, fee, f"footagerequest.{outcome.lower()}_fee", by=by, because=fee.document)
        following.cameras_named(row, by=by)


def _follow(row: FootageRequest, fee: Fee, action: str, *, by: Person, because: str) -> None:
    """The clock of the case after its fee changed, and the entry of it."""
    before, owed = row.deadline_at, row.stopped_until is not None
    row.stopped_until = None if fee.outcome else fee.due_on
    row.deadline_at = arriving.deadline_of(row)
    row.save(update_fields=["stopped_until", "deadline_at"])
    audit.record(
        action,
        actor=by,
        target=row,
        because=because,
        amount=str(fee.amount),
        due_on=fee.due_on.isoformat(),
        before={"deadline_at": before},
        after={"deadline_at": row.deadline_at},
    )
    fee_changed.send(FootageRequest, request=row, owed=owed)


def warn_from(fee_due: dt.date, warn_days: int) -> dt.date:
    """The first day on which the unit is told that a fee is about to lapse."""
    day = fee_due
    while working_days_between(day, fee_due) < warn_days:
        day -= dt.timedelta(days=1)
    return day

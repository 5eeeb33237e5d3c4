"""What a case waits for from outside: the writing after an oral request, and the payment of a fee."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core.tsi import day_text, today

from .. import permissions
from ..casework import deadlines, fees, writing
from ..forms import acting as forms
from .acting import asked, door
from .shared import allow, case_or_404, for_people


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def writing_came(request: PersonRequest, pk: int) -> HttpResponse:
    """The letter that had to follow has come."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    due, lapses = deadlines.writing_due(row), deadlines.lapses_on(row)
    points = [_("To come by %(day)s.") % {"day": day_text(due)}] if due else []
    if lapses:
        points.append(_("Lapses at the end of %(day)s.") % {"day": day_text(lapses)})
    if writing.is_watched(row):
        points.append(
            _(
                "Footage was watched already: what was decided stays, a copy needs a request of its own."
            )
        )
    return door(
        request,
        row,
        forms.WritingForm(**asked(request)),
        lambda data: writing.came(row, by=request.user, **data),
        step="writing",
        title=_("The writing has come"),
        done=_("Noted. The case goes on as a written request."),
        lead=_("Enter what the letter says; add its scan as a paper afterwards."),
        points=points,
        points_title=_("The writing:"),
        button=_("Enter the letter"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def fee(request: PersonRequest, pk: int) -> HttpResponse:
    """A fee was notified: the legal clock stands still until it is paid."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    form = forms.FeeForm(
        **asked(request), initial={"basis": row.kind.fee_basis, "notified_on": today()}
    )
    return door(
        request,
        row,
        form,
        lambda data: fees.notify(row, by=request.user, **data),
        step="fee",
        title=_("Notify a fee"),
        done=_("The clock stands still. The letter is among the letters of the case."),
        lead=_(
            "The legal period stands still from the day of the notice. Who does not pay within %(days)d "
            "working days counts as having withdrawn the request."
        )
        % {"days": row.kind.fee_pay_working_days or 0},
        button=_("The fee was notified"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def fee_paid(request: PersonRequest, pk: int) -> HttpResponse:
    """The fee was paid: the clock goes on, and a case that lapsed meanwhile comes back."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    owed = row.fees.owed()
    return door(
        request,
        row,
        forms.PaidForm(**asked(request), initial={"paid_on": today()}),
        lambda data: fees.pay(row, by=request.user, **data),
        step="fee_paid",
        title=_("The fee was paid"),
        done=_("Noted. The legal clock goes on."),
        lead=_("%(amount)s TL, notified on %(day)s, to be paid by %(due)s.")
        % {
            "amount": owed.amount_words,
            "day": day_text(owed.notified_on),
            "due": day_text(owed.due_on),
        }
        if owed
        else "",
        button=_("Enter the payment"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def fee_waive(request: PersonRequest, pk: int) -> HttpResponse:
    """The unit does without the fee."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    return door(
        request,
        row,
        forms.ReasonForm(**asked(request)),
        lambda data: fees.waive(row, because=data["because"], by=request.user),
        step="fee_waive",
        title=_("Waive the fee"),
        done=_("Noted. The legal clock goes on."),
        lead=_("The clock goes on from today with the days that were left."),
        button=_("Waive the fee"),
    )

"""The end of a case: closing, archiving, destruction of our copy, and the stock of media. Doors only."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core import tsi
from core.steps import not_now
from inventory.forms.dress import ConfirmForm

from .. import permissions
from ..forms.acting import ReasonForm
from ..forms.release import CloseForm, DestructionForm, StockForm
from ..models import Destruction, MediumKind, MediumMovement
from ..release import closing, destroying, handing_over
from .acting import asked, door
from .exhibits import package_or_404
from .shared import allow, case_or_404, for_people, tried

_OF_A_MEDIUM = {
    "verify": (
        gettext_lazy("Verify the destruction"),
        gettext_lazy(
            "You confirm that this medium may go and that no order to keep it stands. Our own copy stays."
        ),
        gettext_lazy("Verified. A superior approves it next."),
    ),
    "approve": (
        gettext_lazy("Approve the destruction"),
        gettext_lazy("After your approval the medium can be destroyed. Nothing is destroyed yet."),
        gettext_lazy("Approved. The unit can destroy the medium now."),
    ),
    "carry-out": (
        gettext_lazy("The medium has been destroyed"),
        gettext_lazy(
            "You confirm that the medium was destroyed physically. Our own copy and this record stay."
        ),
        gettext_lazy("Destroyed. Print the record and have it signed."),
    ),
    "cancel": (
        gettext_lazy("Call the destruction off"),
        gettext_lazy("The destruction is called off; the medium stays here."),
        gettext_lazy("Called off. Nothing is destroyed."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """Closes a complete case, with the date by which our copy goes."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    lacking = closing.missing(row)
    last = tsi.today() + dt.timedelta(days=settings.COPY_KEPT_DAYS)
    return door(
        request,
        row,
        CloseForm(**asked(request), initial={"delete_by": last}),
        lambda data: closing.close(row, by=request.user, delete_by=data["delete_by"]),
        why_not=[] if row.allows("close") else [not_now(row, _("Close the case"))],
        title=_("Close the case"),
        done=_("The case is closed."),
        points=lacking,
        points_title=_("This is still missing:"),
        is_blocked=bool(lacking),
        button=_("Close"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def archive(request: PersonRequest, pk: int) -> HttpResponse:
    """Files a closed case whose footage is gone."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    return door(
        request,
        row,
        ConfirmForm(**asked(request)),
        lambda data: closing.archive(row, by=request.user),
        why_not=[] if row.allows("archive") else [not_now(row, _("Archive the case"))],
        title=_("Archive the case"),
        done=_("The case is in the archive."),
        lead=_("The case leaves the board and can only be read from then on."),
        button=_("Archive"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def destruction_new(request: PersonRequest, pk: int) -> HttpResponse:
    """The first of three steps that destroy our copy."""
    package = package_or_404(request, pk)
    allow(destroying.may(request.user, package.request, destroying.PREPARING))
    return door(
        request,
        package.request,
        DestructionForm(**asked(request)),
        lambda data: destroying.prepare(
            package, by=request.user, reason=data["reason"], trigger=data["trigger"]
        ),
        why_not=[]
        if package.allows("destroy")
        else [not_now(package, _("Prepare the destruction"))],
        title=_("Prepare the destruction of %(number)s") % {"number": package.number},
        done=_("Prepared. Another person verifies it, a superior approves it."),
        lead=_(
            "Every file of this package on our side is listed with its hash. Nothing is destroyed yet."
        ),
        button=_("Prepare"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def destruction_step(request: PersonRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """One further step of a destruction: verify, approve, carry-out or cancel."""
    rows = Destruction.objects.visible_to(request.user).select_related("package", "request__kind")
    row = get_object_or_404(rows, uuid=uid)
    person = request.user
    allow(destroying.may(person, row.request, destroying.ROLES[step]))
    acts = {
        "verify": lambda data: destroying.verify(row, by=person),
        "approve": lambda data: destroying.approve(row, by=person),
        "carry-out": lambda data: destroying.carry_out(row, by=person),
        "cancel": lambda data: destroying.cancel(row, by=person, because=data["because"]),
    }
    title, what_happens, done = _destruction_words(step, is_medium=row.package is None)
    form = (ReasonForm if step == "cancel" else ConfirmForm)(**asked(request))
    return door(
        request,
        row.request,
        form,
        acts[step],
        why_not=[] if row.allows(step.replace("-", "_")) else [not_now(row, title)],
        title=f"{title} · {row.number}",
        done=done,
        lead=what_happens,
        points=[_what_goes(row), _("Reason: %(reason)s") % {"reason": row.reason}],
        button=title,
        danger=step == "carry-out",
    )


def _what_goes(row: Destruction) -> str:
    """The files of a package, or the medium that came back."""
    if row.package is not None:
        return ngettext(
            "%(count)d file of %(number)s", "%(count)d files of %(number)s", len(row.evidence)
        ) % {"count": len(row.evidence), "number": row.package.number}
    medium = row.evidence[0] if row.evidence else {}
    return _("%(medium)s, serial no. %(serial)s, seal no. %(seal)s") % {
        "medium": medium.get("medium") or "–",
        "serial": medium.get("serial") or "–",
        "seal": medium.get("seal_no") or "–",
    }


def _destruction_words(step: str, *, is_medium: bool) -> tuple[str, str, str]:
    """Title, what pressing the button does, and what is told afterwards."""
    if is_medium and step in _OF_A_MEDIUM:
        title, what_happens, done = _OF_A_MEDIUM[step]
        return str(title), str(what_happens), str(done)
    return {
        "verify": (
            _("Verify the destruction"),
            _("You confirm that these files may go and that no order to keep them stands."),
            _("Verified. A superior approves it next."),
        ),
        "approve": (
            _("Approve the destruction"),
            _("After your approval the files can be destroyed. Nothing is destroyed yet."),
            _("Approved. The unit can destroy the files now."),
        ),
        "carry-out": (
            _("Destroy now"),
            _("The files are destroyed for good; their hashes and this record stay."),
            _("Destroyed. Print the record and have it signed."),
        ),
        "cancel": (
            _("Call the destruction off"),
            _("The destruction is called off; the files stay."),
            _("Called off. Nothing is destroyed."),
        ),
    }[step]


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def stock(request: PersonRequest) -> HttpResponse:
    """Media in stock, what came in and what left with which record."""
    form = StockForm(**asked(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if tried(
            request,
            lambda: handing_over.add_stock(
                data["kind"], data["change"], data["document"], by=request.user
            ),
            _("The stock is changed."),
        ):
            form = StockForm()
    rows = MediumMovement.objects.visible_to(request.user).select_related("by", "record__request")
    context = {
        "form": form,
        "left": [(MediumKind(kind).label, count) for kind, count in handing_over.stock().items()],
        "movements": rows[:200],
    }
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, "requests/stock.html", context, status=status)

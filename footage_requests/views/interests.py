"""Stepping out of a case that is one's own, and a superior's taking that back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest

from .. import permissions
from ..forms.acting import InterestForm, ReasonForm
from ..models import InterestDeclaration
from ..secrecy import declaring, interests
from .acting import asked, door
from .shared import allow, case_or_404, for_people


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def interest(request: PersonRequest, pk: int) -> HttpResponse:
    """ "I am in it": for everybody who sees the case; those to whom it points are asked."""
    row = case_or_404(request, pk)
    seen = interests.must_answer(request.user, row)
    is_blocked = interests.is_out(request.user, row)

    def act(data: dict[str, Any]) -> None:
        if data["why"] == InterestDeclaration.Why.NONE:
            declaring.deny(row, by=request.user, note=data["note"])
        else:
            declaring.step_out(row, data["why"], by=request.user, note=data["note"])

    lead = _(
        "Nobody acts on a case of his own. Whoever steps out decides, exports, verifies and hands over "
        "nothing here any more; what he did before and nobody has received becomes void."
    )
    if is_blocked:
        lead = _("You are out of this case already. A unit head or superior may take that back.")
    return door(
        request,
        row,
        InterestForm(**asked(request), is_asked=bool(seen)),
        act,
        title=_("Is this case your own?"),
        done=_("Noted on the case."),
        lead=lead,
        points=seen,
        points_title=_("You are asked because:"),
        button=_("Give the answer") if seen else _("Step out of the case"),
        is_blocked=is_blocked,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def let_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Takes back that somebody is out of a case, with the reason."""
    rows = InterestDeclaration.objects.visible_to(request.user).standing()
    declaration: InterestDeclaration = get_object_or_404(
        rows.select_related("request__kind", "request__building", "person"), pk=pk
    )
    allow(declaring.may_take_back(declaration, request.user))
    return door(
        request,
        declaration.request,
        ReasonForm(**asked(request)),
        lambda data: declaring.take_back(declaration, by=request.user, because=data["because"]),
        title=_("Let back into the case"),
        done=_("Noted: the person may act on the case again."),
        lead=_("%(person)s stepped out: %(why)s.")
        % {"person": declaration.person.full_name, "why": declaration.as_words()},
        button=_("Let back"),
    )

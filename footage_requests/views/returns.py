"""Media that come back: the record of the return, and the first step of destroying one. Doors only."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest

from .. import permissions
from ..forms.acting import ReasonForm
from ..forms.release import RecordForm
from ..models import HandOverRecord
from ..release import destroying, returning
from .acting import asked, door
from .records import record_or_404
from .shared import allow, for_people


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def record_return(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """The medium of a record came back: how it looks, what it holds, and what happens next."""
    row = record_or_404(request, uid)
    allow(permissions.can_deliver(request.user, row.request))
    form = RecordForm(
        HandOverRecord.Kind.RETURNED.value,
        request.user,
        **asked(request),
        initial={"seal_no": row.seal_no},
        instance=HandOverRecord(),
    )
    return door(
        request,
        row.request,
        form,
        lambda data: returning.take_back(row, data, by=request.user),
        why_not=[]
        if returning.may_come_back(row)
        else [_("No medium of %(number)s is out: none can come back.") % {"number": row.number}],
        title=_("The medium of %(number)s came back") % {"number": row.number},
        done=_("The return is recorded. Print the record, have it signed and scan it in."),
        lead=_("Look at the seal, then measure what is on the medium before you decide."),
        button=_("Make the record"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def record_again(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """What was kept sealed after its return is to be handed over again."""
    row = record_or_404(request, uid)
    allow(permissions.can_deliver(request.user, row.request))
    return door(
        request,
        row.request,
        ReasonForm(**asked(request)),
        lambda data: returning.hand_over_again(row, because=data["because"], by=request.user),
        why_not=[]
        if returning.may_go_again(row)
        else [_("Only what came back and is kept here sealed can be handed over again.")],
        title=_("Hand over again what %(number)s kept here") % {"number": row.number},
        done=_("Its state is “sealed” again: hand it over with a new record."),
        button=_("Hand over again"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def medium_destruction(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """The first of three steps that destroy a medium that came back."""
    row = record_or_404(request, uid)
    allow(destroying.may(request.user, row.request, destroying.PREPARING))
    return door(
        request,
        row.request,
        ReasonForm(**asked(request)),
        lambda data: destroying.prepare_medium(row, by=request.user, reason=data["because"]),
        why_not=[]
        if returning.is_still_here(row)
        else [_("Only a returned medium that is still here is destroyed.")],
        title=_("Prepare the destruction of the medium of %(number)s") % {"number": row.number},
        done=_("Prepared. Another person verifies it, a superior approves it."),
        button=_("Prepare"),
    )

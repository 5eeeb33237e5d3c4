"""The page of one case: its life, the question, what was found, files, people, history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from core import panels, tsi
from inventory.floorplan_marks import sheets_with

from .. import permissions
from ..casework import asked_window, case_view, clocks, deadlines, identity, questions, writing
from ..casework.duplicates import likely_duplicates
from ..casework.gathering import gather
from ..casework.life import life_of
from ..footage import pace
from ..models import Decision, FootageRequest, Hold
from ..release.answer_letters import missing_letter
from ..secrecy import declaring, interests, visits
from .shared import allow, case_or_404, for_people, to_case

S = FootageRequest.Status
DECIDED = frozenset({S.APPROVED, S.REFUSED, S.NO_RECORDING, S.CLOSED, S.ARCHIVED})


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def case(request: PersonRequest, pk: int) -> HttpResponse:
    """One case. Whoever does not work on it says why he opens it, once a day (POST `reason`)."""
    row = case_or_404(request, pk)
    reason = " ".join(request.POST.get("reason", "").split())[:200]
    if request.method == "POST" and reason:
        visits.record(request.user, row, reason)
        return redirect("footage_requests:case", row.pk)
    gather(row)
    if visits.needs_reason(request.user, row):
        status = 422 if request.method == "POST" else 200
        return render(request, "requests/open.html", {"row": row}, status=status)
    visits.record(request.user, row)
    return render(request, "requests/case.html", _context(request, row))


def _context(request: PersonRequest, row: FootageRequest) -> dict[str, Any]:
    holds, decisions = list(row.holds.all()), list(row.decisions.all())
    package = next((one for one in row.packages.all() if one.status != "CANCELLED"), None)
    latest = next((each for each in decisions if each.kind != Decision.Kind.RETURN), None)
    clocks.wind([row])
    return {
        "row": row,
        "life": life_of(row, holds, decisions, package, list(row.fees.all())),
        **_clocks(row),
        **_question(request, row),
        **_found(request, row, holds),
        **_people(request, row),
        "people": case_view.people_of(row, latest, package),
        "decisions": decisions,
        "is_decided": row.status in DECIDED,
        "opinions": list(row.opinions.select_related("asked_by", "given_by")),
        "attachments": list(row.attachments.select_related("file", "added_by")),
        "history": case_view.history_of(row, holds),
        **_next(request, row),
        "panels": list(panels.shown("request", request, row)),
        "side_panels": list(panels.shown("request-side", request, row)),
        "back": reverse("footage_requests:board"),
    }


def _clocks(row: FootageRequest) -> dict[str, Any]:
    """Until when it must be answered, and until when its writing must have come."""
    is_awaited = writing.is_awaited(row)
    return {
        "answer": deadlines.remaining(row) if row.is_open else None,
        "working_days": deadlines.working_days_left(row) if row.is_open else None,
        "last_day": deadlines.last_day_of(row),
        "lapses_on": deadlines.lapses_on(row) if is_awaited else None,
        "writing_due": deadlines.writing_due(row) if is_awaited else None,
    }


def _question(request: PersonRequest, row: FootageRequest) -> dict[str, Any]:
    """Who asks, and for what."""
    return {
        "window": asked_window.in_words(row.starts_at, row.ends_at),
        "length": tsi.duration(int((row.ends_at - row.starts_at).total_seconds())),
        "identity": identity.masked(row),
        "may_reveal": permissions.can_file(request.user, row),
        "answers": questions.answered(row),
    }


def _found(request: PersonRequest, row: FootageRequest, holds: list[Hold]) -> dict[str, Any]:
    """The cameras with what their recorders said."""
    items = list(row.items.all())
    cameras = case_view.cameras_of(items, holds)
    near = [item.position for item in items if item.is_included is not False]
    is_to_be_fetched = row.status in clocks.KEEPING and not clocks.is_fetched(row)
    return {
        "cameras": cameras,
        "left_out": [each for each in cameras if each["row"].is_included is False],
        "plans": sheets_with(near, request.user),
        "export_time": pace.estimate(row).words if is_to_be_fetched else "",
    }


def _people(request: PersonRequest, row: FootageRequest) -> dict[str, Any]:
    """Who is out of the case, and whose turn it is."""
    person = request.user
    is_out = interests.is_out(person, row)
    return {
        "outs": [
            {"row": each, "may_take_back": declaring.may_take_back(each, person)}
            for each in interests.outs(row)
        ],
        "is_out": is_out,
        "asked_about": interests.must_answer(person, row) if case_view.may_act(person) else [],
        "whose_turn": declaring.whose_turn(row),
        "may_step_out": row.is_open and not is_out,
    }


def _next(request: PersonRequest, row: FootageRequest) -> dict[str, Any]:
    """What this person can do with the case now, and what is in the way."""
    obstacles = case_view.obstacles_for(request.user, row)
    actions = case_view.actions_for(request.user, row, is_ready=not obstacles)
    # What comes next stands in the release panel; a change would void the approval.
    keeps_hands_off = row.status in {S.APPROVED, S.CLOSED, S.ARCHIVED}
    may_be_double = row.is_open and row.status not in DECIDED
    return {
        "main": None if keeps_hands_off or not actions else actions[0],
        "others": actions if keeps_hands_off else actions[1:],
        "obstacles": obstacles,
        "why_ended": case_view.why_ended(row),
        "duplicates": likely_duplicates(row, request.user) if may_be_double else [],
        "letter": missing_letter(row) if row.status == S.INFO_MISSING else "",
        "may_merge": row.allows("merge") and permissions.can_assess(request.user, row),
    }


@require_POST
@for_people(permissions.can_file)
def reveal(request: PersonRequest, pk: int) -> HttpResponse:
    """Shows the whole identity number once, on this answer only; the look at it is audited."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    because = " ".join(request.POST.get("because", "").split())[:200]
    if not because or not row.identity_sealed:
        messages.error(request, _("Write why you need the whole number."))
        return to_case(row)
    context = {"row": row, "number": identity.reveal(row, by=request.user, because=because)}
    response = render(request, "requests/identity.html", context)
    response["Cache-Control"] = "no-store"
    return response

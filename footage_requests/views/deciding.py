"""The decision screen: exactly what would leave, minute by minute, what would not, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.confirming import NotConfirmed, confirm_identity
from accounts.requests import PersonRequest
from core import tsi
from core.steps import InvalidTransition

from .. import permissions
from ..casework import asked_window, case_view, clocks, deadlines
from ..decisions import deciding
from ..decisions.decision_view import Summary, SummaryLine
from ..decisions.ruled_out import ruled_out
from ..footage import pace
from ..forms.deciding import DecisionForm, local_text
from ..models import Decision, FootageRequest
from ..secrecy import interests, visits
from .acting import door
from .shared import allow, case_or_404, for_people

BIG_CHOICES = (Decision.Kind.COPY, Decision.Kind.VIEWING, Decision.Kind.PART)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_open_decision)
def decide(request: PersonRequest, pk: int) -> HttpResponse:
    """Shows what would leave and asks for the decision, the password once more included."""
    row = case_or_404(request, pk)
    if interests.must_answer(request.user, row):
        return redirect("footage_requests:interest", row.pk)
    allow(permissions.can_open_decision(request.user, row))
    visits.record(request.user, row)
    why_not = case_view.why_not("decide", row)
    if why_not and request.method != "POST":
        nothing = forms.Form()
        return door(
            request, row, nothing, lambda data: None, title=_("Decide"), done="", why_not=why_not
        )
    summary = deciding.summary(row)
    form = DecisionForm(summary, request.POST if request.method == "POST" else None)
    error = ""
    if request.method == "POST" and form.is_valid():
        error = _decide(request, row, form)
        if not error:
            messages.success(request, _("The decision is recorded."))
            return redirect("footage_requests:case", row.pk)
    status = 422 if request.method == "POST" else 200
    context = _context(row, summary, form, error)
    if not permissions.can_decide(request.user, row):
        # The most senior person on duty lets it be watched, or sends it back; the rest waits.
        context["choices"] = [_choice(row, Decision.Kind.VIEWING)]
        context["others"] = [Decision.Kind.RETURN]
        context["is_on_duty"] = True
        context["ruled_out"] = []
    return render(request, "requests/decide.html", context, status=status)


def _decide(request: PersonRequest, row: FootageRequest, form: DecisionForm) -> str:
    """Decides, or says why not."""
    try:
        how = confirm_identity(request)
        deciding.decide(row, form.choice(how), by=request.user)
    except (NotConfirmed, InvalidTransition, PermissionDenied) as refused:
        return str(refused)
    except ValidationError as refused:
        return " ".join(dict.fromkeys(refused.messages))
    return ""


def _context(
    row: FootageRequest, summary: Summary, form: DecisionForm, error: str
) -> dict[str, Any]:
    clocks.wind([row])
    items = {item.pk: item for item in row.items.select_related("position__floor__building")}
    closed = ruled_out(row)
    chosen = form.data.get("kind", "") if form.is_bound else ""
    return {
        "row": row,
        "summary": summary,
        "form": form,
        "error": error,
        "chosen": chosen,
        "choices": [_choice(row, kind) for kind in BIG_CHOICES if kind not in closed],
        "ruled_out": [
            (why, [kind.label for kind in BIG_CHOICES if closed.get(kind) == why])
            for why in dict.fromkeys(closed.values())
        ],
        "others": [kind for kind in Decision.Kind if kind not in BIG_CHOICES],
        "lines": [
            _line(line, items[line.item_id], form)
            for line in summary.lines
            if line.item_id in items
        ],
        "export_time": pace.estimate(row).words,
        "window": asked_window.in_words(row.starts_at, row.ends_at),
        "answer": deadlines.remaining(row),
        "last_day": deadlines.last_day_of(row),
        "opinions": list(row.opinions.exclude(given_at=None).select_related("given_by")),
        "is_open": row.status == FootageRequest.Status.AWAITING_DECISION,
    }


def _choice(row: FootageRequest, kind: Decision.Kind) -> dict[str, Any]:
    """One of the big choices: what it means, and whether this kind of requester normally gets it."""
    words = {
        Decision.Kind.COPY: _("Everything listed leaves as a sealed copy."),
        Decision.Kind.VIEWING: _("The requester watches under supervision and takes nothing."),
        Decision.Kind.PART: _("Only the cameras and minutes that you choose."),
    }
    usual = {"COPY": Decision.Kind.COPY, "VIEWING": Decision.Kind.VIEWING}.get(row.kind.gives)
    return {
        "value": kind.value,
        "label": kind.label,
        "words": words[kind],
        "is_usual": kind == usual,
    }


def _line(line: SummaryLine, item: Any, form: DecisionForm) -> dict[str, Any]:
    """A camera of the screen with its strip, and the fields of a part as they were sent."""
    number = line.item_id
    sent = form.data if form.is_bound else {}
    return {
        "line": line,
        "item": item,
        "strip": case_view.strip_of(item) if line.answer in {"YES", "PARTLY", "NO"} else None,
        "gaps": case_view.gap_words(item),
        "unsure": case_view.unsure_words(item),
        "oldest": case_view.oldest_words(item),
        "windows": case_view.windows_of(item),
        "asked": tsi.duration(line.asked_ms // 1000),
        "recorded": tsi.duration(line.recorded_ms // 1000),
        "from": sent.get(f"from-{number}") or local_text(line.start_ms),
        "until": sent.get(f"until-{number}") or local_text(line.end_ms),
        "least": local_text(line.start_ms),
        "most": local_text(line.end_ms),
        "is_chosen": f"line-{number}" in sent if form.is_bound else True,
        "is_masked": line.must_be_masked or f"mask-{number}" in sent,
        "note": sent.get(f"note-{number}", ""),
        "is_heard": f"sound-{number}" in sent,
    }

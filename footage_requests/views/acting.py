"""Single acts on a case, each a small form with a reason: register, submit, ask, extend, merge, withdraw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core.steps import InvalidTransition
from inventory.forms.dress import ConfirmForm

from .. import permissions
from ..casework import arriving, case_view, choosing, opinions
from ..casework.facts import missing_facts
from ..forms import acting
from ..models import FootageRequest
from .shared import allow, case_or_404, for_people

Act = Callable[[dict[str, Any]], Any]


def door(
    request: PersonRequest,
    row: FootageRequest,
    form: forms.BaseForm,
    act: Act,
    *,
    title: str,
    done: str,
    step: str = "",
    why_not: Iterable[str] = (),
    **more: Any,
) -> HttpResponse:
    """Shows the form, or does the act and goes back to the case; a refusal stays with what was typed.

    Where the act is impossible now, its page says so instead, with what this person can do: `step` is its
    name among the actions of a case, `why_not` what its door found out.
    """
    back = reverse("footage_requests:case", args=[row.pk])
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except ValidationError as error:
            refusals = list(dict.fromkeys(error.messages))
        except InvalidTransition as late:
            refusals = [str(late)]
        else:
            messages.success(request, done)
            return redirect(back)
    context = {"row": row, "form": form, "title": title, "back": back, "refusals": refusals, **more}
    reasons = list(why_not) or (case_view.why_not(step, row) if step else [])
    if reasons and request.method != "POST":
        context |= {"why_not": reasons, "instead": instead(request, row)}
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/act.html", context, status=status)


def instead(request: PersonRequest, row: FootageRequest) -> list[dict[str, Any]]:
    """What this person can do with the case in its state; of a merged one, the case that it ended in."""
    into = FootageRequest.objects.visible_to(request.user).filter(pk=row.merged_into_id).first()
    if into is None:
        return case_view.actions_for(request.user, row)
    title = _("It was merged into %(number)s: go on there") % {"number": into.number}
    return [{"title": title, "url": reverse("footage_requests:case", args=[into.pk])}]


def refused_by(check: Callable[[], object]) -> list[str]:
    """The sentences with which a check refuses; nothing when it lets pass. For `why_not`."""
    try:
        check()
    except ValidationError as error:
        return list(dict.fromkeys(error.messages))
    return []


def asked(request: PersonRequest) -> dict[str, Any]:
    """The form's arguments: what was sent, or nothing."""
    return {"data": request.POST if request.method == "POST" else None}


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def register(request: PersonRequest, pk: int) -> HttpResponse:
    """A draft becomes a request: its deadline runs and its footage is held."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    missing = list(missing_facts(row).values())
    return door(
        request,
        row,
        ConfirmForm(**asked(request)),
        lambda data: arriving.register(row, by=request.user, accept_missing=True),
        step="register",
        title=_("Register"),
        done=_("Registered as %(number)s") % {"number": row.number},
        lead=_("The request is registered and its footage is held from now on."),
        points=missing,
        points_title=_("Still missing; it can be asked for afterwards:"),
        button=_("Register"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def submit(request: PersonRequest, pk: int) -> HttpResponse:
    """Hands the case to the superior, when nothing is in the way."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    told = choosing.obstacles(row)
    return door(
        request,
        row,
        ConfirmForm(**asked(request)),
        lambda data: choosing.submit(row, by=request.user),
        step="submit",
        title=_("Submit for decision"),
        done=_("The request waits for the superior's decision."),
        lead="" if told else _("The superior will see which cameras and minutes would leave."),
        points=told,
        points_title=_("This is still in the way:"),
        button="" if told else _("Submit"),
        is_blocked=bool(told),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def ask_missing(request: PersonRequest, pk: int) -> HttpResponse:
    """Asks the requester once for what is missing; the text of the letter is ready to paste."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    form = acting.MissingForm(
        **asked(request), initial={"what": "\n".join(missing_facts(row).values())}
    )
    return door(
        request,
        row,
        form,
        lambda data: arriving.ask_missing(
            row, what=data["what"], until=data["until"], by=request.user
        ),
        step="ask_missing",
        title=_("Ask for what is missing"),
        done=_("Noted. The text for the letter stands on the page of the case."),
        lead=_(
            "The requester is asked once; the legal deadline runs on. The text of the letter then stands "
            "on the page of the case."
        ),
        button=_("Ask"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def complete(request: PersonRequest, pk: int) -> HttpResponse:
    """What was missing has come, or will not come."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    return door(
        request,
        row,
        acting.CompleteForm(**asked(request)),
        lambda data: arriving.complete(row, by=request.user, because=data["because"]),
        step="complete",
        title=_("It has come"),
        done=_("The case goes on."),
        lead=_("Missing: %(what)s. What came is entered with “Edit”.")
        % {"what": row.missing_info.rstrip(".")},
        button=_("Go on"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def ask_opinion(request: PersonRequest, pk: int) -> HttpResponse:
    """Asks the legal office or the data protection contact."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    form = acting.AskOpinionForm(**asked(request), initial={"offices": opinions.wanted_by(row)})
    return door(
        request,
        row,
        form,
        lambda data: opinions.ask(row, data["offices"], question=data["question"], by=request.user),
        step="ask_opinion",
        title=_("Ask for an opinion"),
        done=_("Asked. The case waits for the opinion."),
        button=_("Ask"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_give_opinion)
def give_opinion(request: PersonRequest, pk: int) -> HttpResponse:
    """The opinion of one's office."""
    row = case_or_404(request, pk)
    allow(permissions.can_give_opinion(request.user, row))
    questions = [each.question for each in row.opinions.filter(given_at=None)]
    return door(
        request,
        row,
        acting.GiveOpinionForm(**asked(request)),
        lambda data: opinions.give(row, by=request.user, **data),
        step="give_opinion",
        title=_("Give the opinion"),
        done=_("The opinion is on the case."),
        points=questions,
        points_title=_("The question:"),
        button=_("Give the opinion"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def extend_deadline(request: PersonRequest, pk: int) -> HttpResponse:
    """Extends the period once, as its law allows."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    return door(
        request,
        row,
        acting.ReasonForm(**asked(request)),
        lambda data: arriving.extend_deadline(row, by=request.user, because=data["because"]),
        step="extend_deadline",
        title=_("Extend the deadline"),
        done=_("The deadline is extended. Tell the requester."),
        lead=_("%(kind)s: the period can be extended once to %(days)d days from the arrival.")
        % {"kind": row.kind.name, "days": row.kind.extended_days or 0},
        button=_("Extend the deadline"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def merge(request: PersonRequest, pk: int) -> HttpResponse:
    """The same matter was asked twice: this case ends in the other."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    form = acting.MergeForm(
        request.user, **asked(request), initial={"number": request.GET.get("into", "")[:20]}
    )

    def act(data: dict[str, Any]) -> None:
        allow(permissions.can_assess(request.user, data["number"]))
        arriving.merge(row, data["number"], by=request.user, because=data["because"])

    return door(
        request,
        row,
        form,
        act,
        step="merge",
        title=_("Merge into another request"),
        done=_("Merged. The other request has its cameras, held footage and papers."),
        lead=_("%(number)s ends; its cameras and papers go to the other request.")
        % {"number": row.number},
        button=_("Merge"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """The requester does not want it any more."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    return door(
        request,
        row,
        acting.ReasonForm(**asked(request)),
        lambda data: arriving.withdraw(row, by=request.user, because=data["because"]),
        step="withdraw",
        title=_("Withdraw"),
        done=_("Withdrawn. What was held for it is released."),
        lead=_("%(number)s ends without an answer; its held footage is released.")
        % {"number": row.number},
        button=_("Withdraw"),
        danger=True,
    )

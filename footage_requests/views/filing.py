"""Entering a request, and editing one that is not over."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core import tsi

from .. import permissions
from ..casework import arriving, attachments, case_view, deadlines, questions
from ..footage.store import NoSpace
from ..forms.acting import EbysForm
from ..forms.filing import RequestForm
from ..models import FootageRequest, RequestAttachment, RequesterKind
from .acting import asked, door
from .shared import allow, case_or_404, for_people


@sensitive_post_parameters("national_id")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file, is_unsworn=True)
def new(request: PersonRequest) -> HttpResponse:
    """The form of a new request. A link may bring a camera and a window along (`?position=&from=&to=`)."""
    form = RequestForm(
        request.user,
        request.POST or None,
        request.FILES or None,
        initial=_brought_along(request),
    )
    if request.method == "POST" and form.is_valid():
        row = _file(request, form)
        if row is not None:
            return redirect("footage_requests:case", row.pk)
    title = _("New request")
    if request.GET.get("door") == FootageRequest.Door.PHONE:
        title = _("Phone call: hold the footage")
    return _page(request, form, title=title, back=reverse("footage_requests:board"))


def _file(request: PersonRequest, form: RequestForm) -> FootageRequest | None:
    data = form.cleaned_data
    is_draft = "draft" in request.POST
    building = data.get("building")
    allow(
        permissions.can_file(request.user, FootageRequest(building=building) if building else None)
    )
    try:
        with transaction.atomic():
            row = arriving.file_request(
                by=request.user,
                door=data["door"],
                facts=form.facts(),
                national_id=data["national_id"],
                positions=list(data["positions"]),
                as_draft=is_draft,
                accept_missing=data["incomplete"],
            )
            if data.get("paper"):
                name, content = data["paper"]
                kind = RequestAttachment.Kind.LETTER
                attachments.add(row, name, content, kind=kind, title="", by=request.user)
    except ValidationError as error:
        form.take_errors(error)
        return None
    except NoSpace:
        form.add_error("paper", _("The evidence store is full. Tell the head of the unit."))
        return None
    text = _("Kept as a draft: %(number)s") if is_draft else _("Registered as %(number)s")
    messages.success(request, text % {"number": row.number})
    return row


@sensitive_post_parameters("national_id")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Edits a request. Who saves second is told what the first one changed."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    if request.method != "POST":
        form = RequestForm(request.user, instance=row)
        why_not = case_view.why_not("edit", row)
        return _not_now(request, form, row, why_not) if why_not else _edit_page(request, form, row)
    with transaction.atomic():
        stored = arriving.locked(row)
        form = RequestForm(request.user, request.POST, instance=stored)
        conflicts = form.conflicts()
        if conflicts:
            form.show_again()
            return _edit_page(request, form, row, conflicts)
        if form.is_valid() and _save(request, form, row):
            messages.success(request, _("Saved."))
            return redirect("footage_requests:case", row.pk)
    return _edit_page(request, form, row)


def _not_now(
    request: PersonRequest, form: RequestForm, row: FootageRequest, why_not: list[str]
) -> HttpResponse:
    return door(
        request,
        row,
        form,
        lambda data: None,
        title=_("Edit %(number)s") % {"number": row.number},
        done="",
        why_not=why_not,
    )


def _save(request: PersonRequest, form: RequestForm, row: FootageRequest) -> bool:
    # An empty field leaves the sealed number as it is: it is never sent to the page.
    national_id = form.cleaned_data["national_id"] or None
    try:
        with transaction.atomic():
            arriving.edit(row, form.facts(), by=request.user, national_id=national_id)
    except ValidationError as error:
        form.take_errors(error)
        return False
    return True


def _edit_page(
    request: PersonRequest, form: RequestForm, row: FootageRequest, conflicts: Any = ()
) -> HttpResponse:
    return _page(
        request,
        form,
        title=_("Edit %(number)s") % {"number": row.number},
        back=reverse("footage_requests:case", args=[row.pk]),
        row=row,
        conflicts=conflicts,
        voids=row.decisions.filter(voided_at=None).exists(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def ebys(request: PersonRequest, pk: int) -> HttpResponse:
    """The number that EBYS gave, entered whenever it comes."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    known = {"ebys_number": row.ebys_number, "ebys_date": row.ebys_date}
    return door(
        request,
        row,
        EbysForm(**asked(request), initial=known),
        lambda data: arriving.enter_ebys(
            row, data["ebys_number"], data["ebys_date"], by=request.user
        ),
        step="ebys",
        title=_("Enter the EBYS number"),
        done=_("Saved."),
    )


def _page(
    request: PersonRequest, form: RequestForm, *, title: str, back: str, **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "back": back, "kinds": _kinds(form), **more}
    status = 200 if request.method != "POST" else 409 if more.get("conflicts") else 422
    return render(request, "requests/form.html", context, status=status)


def _kinds(form: RequestForm) -> dict[str, dict[str, Any]]:
    """What each kind requires, for the hints that change with the choice."""
    rows = RequesterKind.objects.usable().prefetch_related("bases", "questions")
    return {str(row.pk): _requires(row) for row in rows}


def _requires(kind: RequesterKind) -> dict[str, Any]:
    words = [deadlines.in_words(kind)]
    if kind.gives == RequesterKind.Gives.NOTHING:
        words.append(_("gets no footage"))
    else:
        words.append(_("normally gets: %(gives)s") % {"gives": kind.get_gives_display()})
    if kind.masking == RequesterKind.Masking.MANDATORY:
        words.append(_("others must be masked"))
    if kind.lapses_after_working_days:
        words.append(
            _("lapses without a letter after %(days)d working days")
            % {"days": kind.lapses_after_working_days}
        )
    return {
        "reference": kind.reference_name,
        "referenceRequired": kind.reference_required,
        "identityRequired": kind.identity_required,
        "bases": [basis.pk for basis in kind.bases.all()],
        "requiredFacts": kind.required_facts,
        "questions": {questions.field_of(row): row.is_required for row in questions.of_kind(kind)},
        "words": " · ".join(words),
    }


def _brought_along(request: PersonRequest) -> dict[str, Any]:
    """Camera and window of a link; what cannot be read is left out."""
    initial: dict[str, Any] = {}
    position = request.GET.get("position", "")
    if position.isdecimal():
        initial["positions"] = [position]
    times = [_instant(request.GET.get(name, "")) for name in ("from", "to")]
    if times[0] and times[1]:
        first, last = (instant.astimezone(tsi.TSI) for instant in times if instant)
        initial |= {"first_day": first.date(), "first_time": first.time().replace(microsecond=0)}
        initial["last_time"] = last.time().replace(microsecond=0)
        if last.date() != first.date():
            initial["last_day"] = last.date()
    door = request.GET.get("door", "")
    if door in FootageRequest.Door.values:
        initial["door"] = door
    return initial


def _instant(text: str) -> dt.datetime | None:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None

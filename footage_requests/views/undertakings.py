"""The confidentiality undertaking: reading and signing it, who lacks one, filing paper, changing the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.confirming import NotConfirmed, confirm_identity
from accounts.models import Person
from accounts.requests import PersonRequest
from core.papers import pdf_response
from vault.errors import VaultError
from vault.sealed_files import SealedReader

from .. import permissions
from ..footage.store import NoSpace
from ..forms.undertakings import PaperForm, TextForm
from ..models import Undertaking
from ..secrecy import undertakings
from ..secrecy.undertaking_paper import blank_paper, signed_paper
from ..secrecy.undertakings import Standing
from .board import tabs
from .shared import for_people, told


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests, is_unsworn=True)
def undertaking(request: PersonRequest) -> HttpResponse:
    """One's own: the text, how one stands, and the signature by repeating the password."""
    back = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = reverse("footage_requests:board")
    error = ""
    if request.method == "POST":
        try:
            confirm_identity(request)
            undertakings.sign(request.user, seen_sha256=request.POST.get("seen", ""))
        except (NotConfirmed, PermissionDenied) as refused:
            error = str(refused)
        except ValidationError as refused:
            error = told(refused)
        else:
            messages.success(request, _("Your undertaking is on file."))
            return redirect(back)
    text = undertakings.current_text()
    context = {
        "text": text,
        "state": undertakings.state_of(request.user, text),
        "next": back,
        "error": error,
        "may_watch": permissions.can_watch_undertakings(request.user),
        "tabs": tabs("undertaking"),
    }
    return render(
        request,
        "requests/undertaking.html",
        context,
        status=422 if request.method == "POST" else 200,
    )


@require_safe
@for_people(permissions.can_see_requests, is_unsworn=True)
def undertaking_paper(request: PersonRequest) -> HttpResponse:
    """One's own as a paper: as signed, or to be signed by hand."""
    return _paper_of(request, request.user)


def _paper_of(request: PersonRequest, person: Person) -> HttpResponse:
    state = undertakings.state_of(person)
    is_signed = state.holds and state.signature is not None
    paper = (
        signed_paper(state.signature)
        if is_signed and state.signature is not None
        else blank_paper(person, undertakings.current_text())
    )
    return pdf_response(paper, f"{_('Confidentiality undertaking')} {person.full_name}")


@require_safe
@for_people(permissions.can_watch_undertakings, is_unsworn=True)
def undertaking_list(request: PersonRequest) -> HttpResponse:
    """Everybody who needs one, those without it first."""
    people = undertakings.those_who_need_one()
    states = undertakings.states_of(people)
    order = [Standing.NEVER, Standing.OLD_TEXT, Standing.ENDED, Standing.ENDS_SOON, Standing.HOLDS]
    lines = [{"person": person, "state": states[person.pk]} for person in people]
    lines.sort(key=lambda line: order.index(line["state"].standing))  # type: ignore[attr-defined]
    context = {
        "lines": lines,
        "lacking": sum(1 for state in states.values() if not state.holds),
        "text": undertakings.current_text(),
        "may_file": permissions.can_file_undertakings(request.user),
        "may_change": permissions.can_edit_rules(request.user),
        "tabs": tabs("undertaking"),
    }
    return render(request, "requests/undertakings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file_undertakings, is_unsworn=True)
def undertaking_file(request: PersonRequest, pk: int) -> HttpResponse:
    """Files the scan of what another person signed by hand."""
    person = _needing_one(pk)
    form = PaperForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            undertakings.file_paper(
                person,
                form.cleaned_data["file"].name,
                form.content(),
                signed_on=form.cleaned_data["signed_on"],
                by=request.user,
            )
        except PermissionDenied as refused:
            form.add_error(None, str(refused))
        except ValidationError as refused:
            form.add_error(None, refused)
        except NoSpace:
            form.add_error(None, _("The evidence store is full. Tell the head of the unit."))
        else:
            messages.success(request, _("The undertaking is on file."))
            return redirect("footage_requests:undertakings")
    context = {
        "form": form,
        "title": _("Undertaking of %(person)s, signed on paper") % {"person": person.full_name},
        "lead": _("Print the undertaking, have it signed by hand, scan it and file it here."),
        "back": reverse("footage_requests:undertakings"),
        "pretitle": _("Undertakings"),
        "button": _("Put on file"),
    }
    return _form_page(request, context)


@require_safe
@for_people(permissions.can_watch_undertakings, is_unsworn=True)
def undertaking_print(request: PersonRequest, pk: int) -> HttpResponse:
    """The paper of one person, for the unit head."""
    return _paper_of(request, _needing_one(pk))


@require_safe
@for_people(permissions.can_watch_undertakings, is_unsworn=True)
def undertaking_scan(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The scan of a signed paper, as a download that no browser runs."""
    rows = Undertaking.objects.visible_to(request.user).select_related("scan", "person")
    row: Undertaking = get_object_or_404(rows, pk=pk)
    try:
        reader = undertakings.open_scan(row, by=request.user)
    except ValidationError as refused:
        messages.error(request, told(refused))
        return redirect("footage_requests:undertakings")
    except (VaultError, FileNotFoundError):
        raise Http404 from None
    scan = row.scan
    response = StreamingHttpResponse(
        _pieces(reader), content_type=scan.content_type if scan else "application/octet-stream"
    )
    response.headers["Content-Disposition"] = str(content_disposition_header(True, row.scan_name))
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _pieces(reader: SealedReader) -> Iterator[bytes]:
    with reader:
        yield from reader


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_edit_rules, is_unsworn=True)
def undertaking_text(request: PersonRequest) -> HttpResponse:
    """A new version of the text; everybody signs again when the Turkish text changed."""
    text = undertakings.current_text()
    form = TextForm(request.POST or None, instance=text)
    if request.method == "POST" and form.is_valid():
        undertakings.change_text(**form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
        return redirect("footage_requests:undertakings")
    context = {
        "form": form,
        "title": _("Text of the undertaking"),
        "lead": _(
            "Saving makes a new version. When the Turkish text changed, everybody signs again before "
            "the next case is opened."
        ),
        "back": reverse("footage_requests:undertakings"),
        "pretitle": _("Undertakings"),
        "button": _("Save"),
    }
    return _form_page(request, context)


def _form_page(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/undertaking_form.html", context, status=status)


def _needing_one(pk: int) -> Person:
    found = next((each for each in undertakings.those_who_need_one() if each.pk == pk), None)
    if found is None:
        raise Http404
    return found

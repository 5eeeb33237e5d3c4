"""What the pages of requests share: the asked case, refusals in words, and who opened it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from accounts.requests import PersonRequest
from core.steps import InvalidTransition
from inventory.views.common import View, allow, in_words, page_of
from inventory.views.common import for_people as for_roles

from .. import refusals
from ..models import FootageRequest
from ..secrecy import undertakings

__all__ = ["allow", "case_or_404", "for_people", "in_words", "page_of", "tabs_of", "told", "tried"]


def for_people(may: Callable[[Any], bool], *, is_unsworn: bool = False) -> Callable[[View], View]:
    """Signed-in people for whom `may(person)` holds, with a confidentiality undertaking on file.

    Who has none is led to the page where it is signed, and back from there. `is_unsworn`: the page shows
    nothing of a case.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def sworn(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not (is_unsworn or undertakings.state_of(request.user).holds):
                return _to_be_signed(request)
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied as refused:
                # Who holds a role for such pages has tried where it does not reach.
                if request.method == "POST":
                    refusals.note_at_door(request, refused)
                raise

        return for_roles(may)(sworn)

    return decorate


def _to_be_signed(request: HttpRequest) -> HttpResponse:
    """A page leads on to the signature; a fragment or a program is told in its own way."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    url = f"{reverse('footage_requests:undertaking')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def case_or_404(request: PersonRequest, pk: int) -> FootageRequest:
    """The case, when this person may see it at all."""
    rows = FootageRequest.objects.visible_to(request.user)
    row: FootageRequest = get_object_or_404(
        rows.select_related("kind", "basis", "building", "filer", "merged_into"), pk=pk
    )
    return row


def told(error: ValidationError) -> str:
    """All sentences of a refusal as one."""
    return " ".join(dict.fromkeys(error.messages))


def tried(request: HttpRequest, act: Callable[[], Any], done: str) -> bool:
    """Does something that the rules may refuse, and says what came of it."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, told(error))
    except InvalidTransition as late:
        messages.error(request, str(late))
    else:
        if done:
            messages.success(request, done)
        return True
    return False


def to_case(row: FootageRequest, part: str = "") -> HttpResponse:
    """Back to the case page, at one of its parts."""
    url = reverse("footage_requests:case", args=[row.pk])
    return redirect(f"{url}#{part}" if part else url)


def tabs_of(current: str, pages: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Parts of one area, as the head of its pages shows them."""
    return [
        {"title": title, "url": reverse(f"footage_requests:{name}"), "is_current": name == current}
        for name, title in pages
    ]

"""Error pages: what happened and what to do, never a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from core import tsi


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    names = {"title": title, "advice": advice, "code": status}
    return render(request, "error.html", names, status=status)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        403,
        _("You may not do this"),
        _("Your role does not include it. Ask the head of the unit if it should."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        404,
        _("There is no such page"),
        _("It may have moved, or it is not yours to see. Go back to Today."),
    )


def malformed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Too much at once, or what no browser sends by itself."""
    if isinstance(exception, RequestDataTooBig):
        return _page(
            request,
            413,
            _("This is too large"),
            _(
                "Nothing was stored. A paper may have at most 20 MB: scan it with fewer dots, or in parts."
            ),
        )
    return _page(
        request,
        400,
        _("This could not be read"),
        _("Nothing was changed. Go back, load the page again and repeat it."),
    )


def outdated(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is no longer that of the session: somebody signed in again in another window."""
    return _page(
        request,
        403,
        _("This page was out of date"),
        _(
            "Nothing was saved. Perhaps you signed in again in another window. Go back, copy what you "
            "wrote, load the page again and send it."
        ),
    )


def with_words(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: an address that only takes forms, opened as a page, is not a blank one."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method != "GET":
            return response
        page = _page(
            request,
            405,
            _("This is not a page"),
            _("Only a form is sent here. Nothing was changed; go back to where you came from."),
        )
        page["Allow"] = response["Allow"]
        return page

    return answer


def broken(request: HttpRequest, *args: Any) -> HttpResponse:
    # Without the request: what every page needs from the database may be what is broken.
    names = {
        "title": _("Something went wrong here"),
        "advice": _(
            "Nothing that you had saved is lost. Try again; if it happens again, tell the system "
            "administrator that it was %(time)s."
        )
        % {"time": tsi.stamp(timezone.now())},
        "code": 500,
        "unit_name": settings.UNIT_NAME,
    }
    return HttpResponse(render_to_string("error.html", names), status=500)

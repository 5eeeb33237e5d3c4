"""Error pages: what happened and what to do, never a trace."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
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

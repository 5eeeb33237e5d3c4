"""Error pages: what happened and what to do, never a trace."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "advice": advice}, status=status)


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
    return _page(
        request,
        500,
        _("Something went wrong here"),
        _(
            "Nothing that you had saved is lost. Try again; if it happens again, tell the administrator the time."
        ),
    )

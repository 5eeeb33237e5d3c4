"""The recipient's door: link, code, encrypted file. The only pages of this app without a sign-in."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from audit.middleware import client_address

from ..footage import store
from ..models import EvidenceFile
from ..release import links
from .ranges import asked_range

COOKIE = "ticket"


@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: HttpRequest, token: str) -> HttpResponse:
    """Asks for the code; the right one gives a ticket for one download. Opening the page counts nothing."""
    is_wrong = False
    if request.method == "POST":
        address = client_address(request)
        ticket = links.enter_code(token, request.POST.get("code", "")[:20], address=address)
        if ticket:
            answer = _page(request, token, ready=True)
            answer.set_cookie(
                COOKIE,
                ticket,
                max_age=int(links.TICKET.total_seconds()),
                path=reverse("footage_requests:collect", args=[token]),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Strict",
            )
            return answer
        is_wrong = True
    # A token that never was looks like one whose link has ended.
    return _page(request, token, is_wrong=is_wrong)


def _page(
    request: HttpRequest, token: str, *, ready: bool = False, is_wrong: bool = False
) -> HttpResponse:
    context = {"token": token, "ready": ready, "is_wrong": is_wrong}
    response = render(request, "requests/collect.html", context, status=403 if is_wrong else 200)
    response["Cache-Control"] = "no-store"
    # The address is half of the secret and goes to nobody. Without any referrer a browser would send the
    # code with "Origin: null", which is refused as forged.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_safe
def collect_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """The encrypted file for a ticket; by ranges, so that a broken download goes on."""
    ticket = request.COOKIES.get(COOKIE, "")
    file = links.file_for(token, ticket)
    if file is None:
        if links.is_foreign(token, ticket, address=client_address(request)):
            return _page(request, token, is_wrong=True)
        raise Http404
    asked = asked_range(request.headers.get("Range", ""), file.bytes)
    if asked is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.bytes}"})
    start, end = asked
    response = StreamingHttpResponse(
        _pieces(file, token, ticket, start, end),
        status=206 if "Range" in request.headers else 200,
        content_type="application/octet-stream",
    )
    if "Range" in request.headers:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = str(content_disposition_header(True, "package.zip"))
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _pieces(file: EvidenceFile, token: str, ticket: str, start: int, end: int) -> Iterator[bytes]:
    """The bytes; a link that is revoked meanwhile ends within the next few megabytes."""
    step = 8 * 1024 * 1024
    with store.open_file(file) as reader:
        for place in range(start, end, step):
            if place > start and links.file_for(token, ticket) is None:
                return
            yield from reader.read_range(place, min(place + step, end))

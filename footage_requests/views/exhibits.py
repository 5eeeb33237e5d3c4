"""Looking at exhibits: opening one with a purpose, the player, its bytes, masks and verification."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core import tsi
from core.steps import InvalidTransition

from .. import permissions
from ..errors import Refused
from ..exhibits import masking, verifying, watching
from ..exhibits.exhibit_time import time_of
from ..footage import right_channel, sound_told, store
from ..footage.clock_windows import doubt_sentences
from ..models import Exhibit, MaskPlan, Package, Viewing
from .ranges import asked_range
from .shared import for_people, told, tried

# A range that a player asks for is answered in pieces, so that one look holds a worker only briefly.
PIECE = 4 * 1024 * 1024
MOST_JSON = 512 * 1024
CHECK_TEXTS = {
    "plays": gettext_lazy("It opens and plays to its end."),
    "right_camera": gettext_lazy("It shows the camera that was approved, and no other."),
    "right_time": gettext_lazy(
        "The time in the picture fits the stated true time and clock error."
    ),
    "masks": gettext_lazy(
        "Everything that had to be masked is masked, from the first picture to the last."
    ),
    "nobody_else": gettext_lazy("It shows nothing beyond what was approved."),
}
SOUND_TEXTS = {
    "listened": gettext_lazy("It opens and plays to its end, and I have listened to it."),
    "fits_pictures": gettext_lazy("It fits the pictures of the camera that was approved."),
    "right_time": gettext_lazy("As far as it can be heard, it fits the stated true time."),
    "nobody_else": gettext_lazy("Nothing is heard in it beyond what was approved."),
}


def exhibit_or_404(request: PersonRequest, pk: int) -> Exhibit:
    rows = Exhibit.objects.visible_to(request.user).select_related(
        "package__request__kind",
        "package__decision",
        "file",
        "parent__file",
        "line__item__position",
    )
    row: Exhibit = get_object_or_404(rows, pk=pk)
    return row


def viewing_or_404(request: PersonRequest, uid: uuid.UUID) -> Viewing:
    """One's own viewing; another's looks as if it were not there."""
    rows = Viewing.objects.select_related(
        "person",
        "exhibit__file",
        "exhibit__parent__file",
        "exhibit__package__request__kind",
        "exhibit__line__item__position",
        "exhibit__channel__recorder",
    )
    row: Viewing = get_object_or_404(rows, uuid=uid, person=request.user)
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def exhibit_open(request: PersonRequest, pk: int) -> HttpResponse:
    """Asks why, then opens the player. The viewing is recorded before the first picture."""
    exhibit = exhibit_or_404(request, pk)
    purposes = purposes_of(exhibit.package, request)
    if not purposes:
        raise PermissionDenied
    if request.method == "POST":
        purpose = request.POST.get("purpose", "")
        if purpose and purpose not in dict(purposes):
            raise PermissionDenied
        try:
            if not purpose:
                raise Refused(_("Choose why you open the footage."))
            viewing = verifying.open_for_viewing(
                exhibit, purpose, by=request.user, note=request.POST.get("note", "")
            )
        except ValidationError as error:
            messages.error(request, told(error))
        else:
            return redirect("footage_requests:viewing", viewing.uuid)
    context = {
        "exhibit": exhibit,
        "package": exhibit.package,
        "purposes": purposes,
        "note": request.POST.get("note", ""),
        "earlier": exhibit.viewings.select_related("person")[:50],
    }
    return render(
        request, "requests/exhibit.html", context, status=422 if request.method == "POST" else 200
    )


def purposes_of(package: Package, request: PersonRequest) -> list[tuple[str, str]]:
    """Why this person may open an exhibit of this package now."""
    state, person, case = package.status, request.user, package.request
    is_waiting = state == Package.Status.VERIFYING
    allowed = {
        Viewing.Purpose.VERIFY: is_waiting
        and permissions.can_verify(person, case)
        and person.pk not in {package.exporter_id, package.approver_id},
        Viewing.Purpose.MASK: masking.may_mask(package, person),
        Viewing.Purpose.SHOW: state == Package.Status.SEALED
        and permissions.can_deliver(person, case)
        and person.pk != package.approver_id,
    }
    return [(purpose.value, str(purpose.label)) for purpose, may in allowed.items() if may]


@require_safe
@for_people(permissions.can_see_requests)
def viewing(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """The player: picture, true time, device time, gaps; the viewer's name over the picture."""
    row = viewing_or_404(request, uid)
    if not verifying.may_stream(row, request.user, timezone.now()):
        messages.info(request, _("This viewing has ended. Open the exhibit again to go on."))
        return redirect("footage_requests:exhibit", row.exhibit_id)
    exhibit = row.exhibit
    original = exhibit.parent or exhibit
    plan = MaskPlan.objects.filter(exhibit=original).select_related("job").first()
    may_draw = row.purpose == Viewing.Purpose.MASK and exhibit.kind == Exhibit.Kind.ORIGINAL
    is_verifying = row.purpose == Viewing.Purpose.VERIFY
    context = {
        "viewing": row,
        "watch": watching.watch_of(exhibit, request.user).as_data() if is_verifying else None,
        "exhibit": exhibit,
        "package": exhibit.package,
        "times": time_of(exhibit).as_data(),
        "watermark": f"{request.user.full_name} · {request.user.staff_number}",
        "may_draw": may_draw,
        "plan": plan,
        "shapes": _shapes(exhibit, plan) if may_draw else [],
    }
    response = render(request, "requests/player.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _shapes(exhibit: Exhibit, plan: MaskPlan | None) -> list[dict[str, Any]]:
    """What the editor starts with: the last version drawn, and the fixed masks of today's rows."""
    drawn = [shape for shape in plan.shapes if not shape["fixed"]] if plan else []
    return drawn + [shape.as_data() for shape in masking.fixed_shapes(exhibit)]


@require_safe
@for_people(permissions.can_see_requests)
def video(request: PersonRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The bytes of an open viewing, by ranges. Nothing of it stays in the browser's cache."""
    row = viewing_or_404(request, uid)
    if not verifying.may_stream(row, request.user, timezone.now()):
        raise PermissionDenied
    file = row.exhibit.file
    asked = asked_range(request.headers.get("Range", ""), file.bytes)
    if asked is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.bytes}"})
    start, end = asked
    response: HttpResponseBase
    if "Range" in request.headers:
        end = min(end, start + PIECE)
        with store.open_file(file) as reader:
            body = b"".join(reader.read_range(start, end))
        response = HttpResponse(body, status=206, content_type=file.content_type)
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    else:
        response = StreamingHttpResponse(_whole(row), content_type=file.content_type)
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _whole(row: Viewing) -> Iterator[bytes]:
    with store.open_file(row.exhibit.file) as reader:
        yield from reader


@require_POST
@for_people(permissions.can_see_requests)
def beat(request: PersonRequest, uid: uuid.UUID) -> JsonResponse:
    """What the player has shown since its last report: {"watched": [[from_ms, to_ms], ...]}."""
    row = viewing_or_404(request, uid)
    data = _json(request)
    spans = data.get("watched") if isinstance(data, dict) else None
    if not isinstance(spans, list) or len(spans) > 200 or not all(map(_is_span, spans)):
        return JsonResponse({"error": "watched"}, status=400)
    verifying.note_watched(row, [(a, b) for a, b in spans])
    return JsonResponse({"open": verifying.may_stream(row, request.user, timezone.now())})


def _is_span(span: Any) -> bool:
    return (
        isinstance(span, list)
        and len(span) == 2
        and all(isinstance(v, int) and 0 <= v < 2**40 for v in span)
    )


def _json(request: PersonRequest) -> Any:
    if len(request.body) > MOST_JSON:
        return None
    try:
        return json.loads(request.body)
    except ValueError:
        return None


@require_POST
@for_people(permissions.can_see_requests)
def viewing_close(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """Ends the viewing and goes back to the case."""
    row = viewing_or_404(request, uid)
    verifying.close(row)
    return redirect("footage_requests:case", row.exhibit.package.request_id)


@require_POST
@for_people(permissions.can_export)
def masks(request: PersonRequest, uid: uuid.UUID) -> JsonResponse:
    """Stores the drawn masks and starts the masked copy: {"shapes", "style", "inverse"}."""
    row = viewing_or_404(request, uid)
    data = _json(request)
    if not isinstance(data, dict) or row.purpose != Viewing.Purpose.MASK:
        return JsonResponse({"error": _("The masks could not be read.")}, status=400)
    try:
        plan = masking.draw(
            row.exhibit,
            data.get("shapes"),
            by=request.user,
            style=str(data.get("style", "BLUR")),
            is_inverse=data.get("inverse") is True,
        )
    except ValidationError as error:
        return JsonResponse({"error": told(error)}, status=422)
    except InvalidTransition as late:
        return JsonResponse({"error": str(late)}, status=409)
    return JsonResponse({"version": plan.version, "job": str(plan.job.uuid) if plan.job else ""})


@require_safe
@for_people(permissions.can_see_requests)
def mask_progress(request: PersonRequest, pk: int) -> HttpResponse:
    """The newest masked copy of an exhibit: a fragment that renews itself while it is being made."""
    exhibit = exhibit_or_404(request, pk)
    plan = exhibit.mask_plans.select_related("job", "result").first()
    return render(request, "requests/_mask_progress.html", {"plan": plan, "exhibit": exhibit})


def package_or_404(request: PersonRequest, pk: int) -> Package:
    rows = Package.objects.visible_to(request.user).select_related(
        "request__kind", "decision", "filer", "approver", "exporter", "verifier"
    )
    row: Package = get_object_or_404(rows, pk=pk)
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_verify)
def package_verify(request: PersonRequest, pk: int) -> HttpResponse:
    """Every exhibit with what the system measured, what this person watched, and the checks to confirm."""
    package = package_or_404(request, pk)
    if not permissions.can_verify(request.user, package.request):
        raise PermissionDenied
    checks = {
        exhibit.ident: request.POST.getlist(f"check-{exhibit.ident}")
        for exhibit in verifying.current_exhibits(package)
    }
    if request.method == "POST":
        done = _("%(number)s is verified.") % {"number": package.number}
        because = request.POST.get("unwatched_because", "")
        if tried(
            request,
            lambda: verifying.verify(package, checks, by=request.user, unwatched_because=because),
            done,
        ):
            return redirect("footage_requests:case", package.request_id)
    measured = verifying.measure(package, request.user)
    context = {
        "package": package,
        "measured": [_shown(one, checks) for one in measured],
        "may_except": watching.may_be_excepted([one.watch for one in measured])
        and not all(one.watch.is_enough for one in measured),
        "unwatched_because": request.POST.get("unwatched_because", ""),
        "sounds": [*sound_told.words_of(package), *sound_told.notes_of(package)],
        "missing": masking.missing_masks(package),
        "is_waiting": package.status == Package.Status.VERIFYING,
        "is_other_person": request.user.pk not in {package.exporter_id, package.approver_id},
    }
    return render(
        request, "requests/verify.html", context, status=422 if request.method == "POST" else 200
    )


def _shown(one: verifying.Measured, checks: dict[str, list[str]]) -> dict[str, Any]:
    """One exhibit as the page of the checks shows it."""
    return {
        "row": one,
        "times": time_of(one.exhibit),
        "clock_doubts": doubt_sentences(
            (one.exhibit.parent or one.exhibit).facts.get("clock") or {}
        ),
        "is_unrecognised": one.exhibit.kind != Exhibit.Kind.SOUND
        and not right_channel.recognised_by(one.exhibit),
        "checked": checks.get(one.exhibit.ident, []),
        "check_texts": SOUND_TEXTS if one.exhibit.kind == Exhibit.Kind.SOUND else CHECK_TEXTS,
        "unseen": [exhibit_moment(one.watch, mark) for mark in one.watch.unseen_marks],
    }


def exhibit_moment(watch: watching.Watch, mark: tuple[int, int]) -> str:
    """A place of an exhibit as its true time of day, as the player shows it."""
    return tsi.clock_time(tsi.from_ms(watch.times.true_of(mark[0])))


@require_POST
@for_people(permissions.can_verify)
def package_reject(request: PersonRequest, pk: int) -> HttpResponse:
    """Sends the package back with what is wrong."""
    package = package_or_404(request, pk)
    because = request.POST.get("because", "")
    tried(
        request,
        lambda: verifying.reject(package, by=request.user, because=because),
        _("%(number)s goes back to its exporter.") % {"number": package.number},
    )
    return redirect("footage_requests:case", package.request_id)


@require_POST
@for_people(permissions.can_export)
def package_offer(request: PersonRequest, pk: int) -> HttpResponse:
    """Hands the masked package on to verification."""
    package = package_or_404(request, pk)
    tried(
        request,
        lambda: masking.offer(package, by=request.user),
        _("%(number)s waits for another person to verify it.") % {"number": package.number},
    )
    return redirect("footage_requests:case", package.request_id)

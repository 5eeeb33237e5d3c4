"""Cameras: the list of positions with last night's answer, and one position's page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

import audit
from accounts.requests import PersonRequest
from cameras import permissions
from cameras.evidence_words import evidence_words
from cameras.models import ClockMeasurement, DeviceCondition, Finding, LastPicture, PositionDay
from cameras.models.coverage import CoverageDay, Result
from cameras.reasons import word_for
from cameras.saving import picture_place
from cameras.strips import day_strip, heat_strip, length, offset_words
from core import tsi
from core.text import fold, sort_key
from inventory.models import Building, Installation, Position, RecordingSchedule
from inventory.schedules import expected
from vault.crypto import open_bytes

from .shared import asked_day, days_around, for_people, on_motion_only, page_of, told

HEAT_DAYS = 30
SHOWN_GAPS = 200


@require_safe
@for_people(permissions.can_see_cameras)
def positions(request: PersonRequest) -> HttpResponse:
    """Every position that this person may see, with the answer of one day; filters and search."""
    day = asked_day(request)
    answer = PositionDay.objects.filter(position=OuterRef("pk"), day=day)
    rows = (
        Position.objects.visible_to(request.user)
        .annotate(
            result=Subquery(answer.values("result")[:1]),
            reason=Subquery(answer.values("reason")[:1]),
            recorded_ms=Subquery(answer.values("recorded_ms")[:1]),
            expected_ms=Subquery(answer.values("expected_ms")[:1]),
            longest_gap_ms=Subquery(answer.values("longest_gap_ms")[:1]),
            evidence_at=Subquery(answer.values("evidence_at")[:1]),
        )
        .select_related("floor__building", "group")
        # By codes: databases do not sort Turkish names as people do.
        .order_by("floor__building__code", "code")
    )
    result = request.GET.get("result", "")
    if result in Result.values:
        rows = rows.filter(result=result)
    elif result == "none":
        rows = rows.filter(result=None)
    building = request.GET.get("building", "")
    if building.isdecimal():
        rows = rows.filter(floor__building=int(building))
    query = request.GET.get("find", "")[:100]
    for word in fold(query).split():
        rows = rows.filter(search_text__contains=word)
    page = page_of(request, rows)
    quiet = on_motion_only(page, day)
    for row in page:
        row.reason_word = word_for(row.reason) if row.reason else ""
        row.is_motion = row.pk in quiet
        row.percent = (
            100 * row.recorded_ms / row.expected_ms
            if row.expected_ms and row.result not in {Result.UNKNOWN, Result.EXEMPT}
            else None
        )
        row.longest = length(row.longest_gap_ms) if row.longest_gap_ms else ""
    context = {
        "page": page,
        "day": day,
        "today": tsi.today(),
        "results": Result.choices,
        "result": result,
        "buildings": sorted(
            Building.objects.visible_to(request.user), key=lambda row: sort_key(row.name)
        ),
        "building": building,
        "query": query,
        "filtered": bool(query or result or building),
    }
    return render(request, "cameras/positions.html", context)


@require_safe
@for_people(permissions.can_see_cameras)
def position(request: PersonRequest, pk: int) -> HttpResponse:
    """One position: its day as a strip per channel, gaps, clock, picture, installations."""
    row = get_object_or_404(
        Position.objects.visible_to(request.user).select_related("floor__building__site", "group"),
        pk=pk,
    )
    day = asked_day(request)
    last = max(day, tsi.today())
    month = PositionDay.objects.filter(
        position=row, day__gt=last - dt.timedelta(days=HEAT_DAYS), day__lte=last
    )
    answer = PositionDay.objects.filter(position=row, day=day).first()
    fitted = (
        Installation.objects.filter(position=row).select_related("device").order_by("-starts_at")
    )
    device = row.device_at(timezone.now())
    context = {
        "position": row,
        **days_around(day),
        "answer": answer,
        "answer_reason": word_for(answer.reason) if answer and answer.reason else "",
        "expected": expected(row, day),
        "channels": _channels(row, day),
        "heat": heat_strip(last, HEAT_DAYS, dict(month.values_list("day", "result"))),
        "installations": list(fitted),
        "findings": told(_findings(request, row, device)),
        "may_check": permissions.can_check_now(request.user),
        "may_see_picture": permissions.can_see_picture(request.user, row),
        **_device(device),
    }
    return render(request, "cameras/position.html", context)


def _channels(row: Position, day: dt.date) -> list[dict[str, Any]]:
    """A strip, gaps and evidence per channel on which the position was recorded that day."""
    wanted = expected(row, day)
    spans = list(wanted.spans_ms)
    motion_only = wanted.kind == RecordingSchedule.Kind.MOTION
    shown = []
    for channel in row.channels_on(day).select_related("recorder"):
        proof = CoverageDay.objects.filter(channel=channel, day=day).first()
        # Without motion there is nothing to record: such times are not listed as gaps.
        is_quiet = motion_only and proof is not None and proof.recorded_ms > 0
        gaps = [] if proof is None or is_quiet else proof.gaps
        shown.append(
            {
                "channel": channel,
                "proof": proof,
                "strip": day_strip(day, proof, spans, motion_only=motion_only),
                "evidence": evidence_words(proof),
                "gaps": [
                    {
                        "from": tsi.from_ms(start),
                        "to": tsi.from_ms(end),
                        "length": length(end - start),
                        "cause": word_for(cause),
                    }
                    for start, end, cause in gaps[:SHOWN_GAPS]
                ],
                "more_gaps": max(0, proof.gap_count - SHOWN_GAPS) if proof and gaps else 0,
                "is_quiet": is_quiet,
                "recorded": length(proof.recorded_ms) if proof else "",
                "lost": length(proof.lost_ms) if proof else "",
                "longest": length(proof.longest_gap_ms) if proof else "",
                "clock_unknown": bool(proof and proof.source and proof.offset_ms is None),
                "offset": offset_words(proof.offset_ms) if proof else "",
            }
        )
    return shown


def _device(device: Any) -> dict[str, Any]:
    if device is None:
        return {"device": None}
    return {
        "device": device,
        "condition": DeviceCondition.objects.filter(device=device).first(),
        "clock": ClockMeasurement.objects.filter(device=device).first(),
        "picture": LastPicture.objects.filter(device=device).defer("sealed").first(),
    }


def _findings(request: PersonRequest, row: Position, device: Any) -> list[Finding]:
    kinds = Finding.Subject
    about = Q(subject_kind=kinds.POSITION, subject_id=row.pk)
    about |= Q(subject_kind=kinds.CHANNEL, subject_id__in=row.channels_on(tsi.today()).values("pk"))
    if device is not None:
        about |= Q(subject_kind=kinds.DEVICE, subject_id=device.pk)
    return list(Finding.objects.visible_to(request.user).open().filter(about))


@require_safe
@for_people(permissions.can_see_picture)
def picture(request: PersonRequest, pk: int) -> HttpResponse:
    """The last picture of the camera at a position. Each viewing is audited before the bytes leave."""
    row = get_object_or_404(
        Position.objects.visible_to(request.user).select_related("floor__building"), pk=pk
    )
    if not permissions.can_see_picture(request.user, row):
        raise PermissionDenied
    device = row.device_at(timezone.now())
    last = get_object_or_404(LastPicture, device=device)
    data = open_bytes(bytes(last.sealed), picture_place(last.pk))
    with transaction.atomic():
        audit.record(
            "picture.view", actor=request.user, target=row, taken_at=tsi.stamp(last.taken_at)
        )
    response = HttpResponse(data, content_type=last.content_type)
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    return response

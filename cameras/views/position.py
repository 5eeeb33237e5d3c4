"""One position: its day as strips, a window of it, the month and the year, its camera's clock and picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing import windows
from cameras.drawing.calendars import asked_year, bounds, year_calendar
from cameras.drawing.strips import day_strip, heat_strip, length, offset_words, source_strips
from cameras.models import Finding, PlaybackProof, PositionDay, ReferencePicture, ViewCheck
from cameras.models.coverage import CoverageDay
from cameras.wording.evidence_words import evidence_words, source_word
from cameras.wording.names import name_of
from cameras.wording.reasons import word_for
from cameras.wording.view_words import has_changed
from core import panels, tsi
from inventory.models import Device, Installation, Position, RecordingSchedule
from inventory.schedules import ExpectedDay, expected

from .clocks import clock_facts
from .shared import asked_day, days_around, for_people, told

HEAT_DAYS = 30
SHOWN_GAPS = 200


@require_safe
@for_people(permissions.can_see_cameras)
def position(request: PersonRequest, pk: int) -> HttpResponse:
    """One position: its day as a strip per channel, gaps, clock, picture, installations."""
    row = get_object_or_404(_with_reference(Position.objects.visible_to(request.user)), pk=pk)
    day = asked_day(request)
    fitted = list(_fitted(row))
    here = next((one for one in fitted if one.is_current), None)
    device = here.device if here else None
    wanted = expected(row, day)
    answers = _answers(request, row, day)
    answer = answers.get(day)
    channels = _channels(row, day, wanted)
    reference: ReferencePicture | None = getattr(row, "reference_picture", None)
    compared: ViewCheck | None = getattr(reference, "view_check", None)
    context = {
        "position": row,
        **days_around(day),
        "answer": answer,
        "answer_reason": word_for(answer.reason) if answer and answer.reason else "",
        "expected": wanted,
        "channels": channels,
        **_days(request, row, day, answers),
        **_chosen(request, row, day, channels),
        "installations": fitted,
        "findings": told(_findings(request, row, device), name_of(row)),
        "may_check": permissions.can_check_now(request.user),
        "may_see_picture": permissions.can_see_picture(request.user, row),
        "reference": reference,
        "view_changed": compared is not None and has_changed(compared),
        **_device(request, device),
        "lens_no": here.lens_no if here else 1,
        "panels": list(panels.shown("cameras-position", request, row)),
    }
    return render(request, "cameras/position.html", context)


def _with_reference(rows: QuerySet[Position]) -> QuerySet[Position]:
    """Positions with their place, their reference picture without its bytes, and the first answered day."""
    first = PositionDay.objects.filter(position=OuterRef("pk")).order_by("day").values("day")[:1]
    return (
        rows.select_related(
            "floor__building__site",
            "group",
            "reference_picture__compared_by",
            "reference_picture__view_check",
        )
        .defer("reference_picture__sealed")
        .annotate(earliest_day=Subquery(first))
    )


def _fitted(row: Position) -> QuerySet[Installation]:
    """What was and is fitted here, newest first, with what is known of the devices."""
    return (
        Installation.objects.filter(position=row)
        .select_related("device__condition", "device__last_picture")
        .defer("device__last_picture__sealed")
        .order_by("-starts_at")
    )


def _answers(request: HttpRequest, row: Position, day: dt.date) -> dict[dt.date, PositionDay]:
    """The answers of the shown day, of the last 30 days and of a year, out of one read."""
    last = max(day, tsi.today())
    shown = Q(day__gt=last - dt.timedelta(days=HEAT_DAYS), day__lte=last) | Q(day=day)
    year = Q(day__range=bounds(asked_year(request.GET.get("year", ""), day)))
    return {one.day: one for one in PositionDay.objects.filter(shown | year, position=row)}


def _days(
    request: HttpRequest, row: Position, day: dt.date, answers: Mapping[dt.date, PositionDay]
) -> dict[str, Any]:
    """The last 30 days as a strip and a year as a calendar."""
    results = {one: answer.result for one, answer in answers.items()}
    year = asked_year(request.GET.get("year", ""), day)
    earliest: dt.date | None = vars(row)["earliest_day"]
    return {
        "heat": heat_strip(max(day, tsi.today()), HEAT_DAYS, results),
        "year": year_calendar(year, results, earliest),
    }


def _channels(row: Position, day: dt.date, wanted: ExpectedDay) -> list[dict[str, Any]]:
    """A strip, gaps and evidence per channel on which the position was recorded that day."""
    spans = list(wanted.spans_ms)
    motion_only = wanted.kind == RecordingSchedule.Kind.MOTION
    channels = list(row.channels_on(day).select_related("recorder"))
    proofs = {
        proof.channel_id: proof
        for proof in CoverageDay.objects.filter(channel__in=channels, day=day)
    }
    shown = []
    for channel in channels:
        proof = proofs.get(channel.pk)
        # Without motion there is nothing to record: such times are not listed as gaps.
        is_quiet = motion_only and proof is not None and proof.recorded_ms > 0
        shown.append(
            {
                "channel": channel,
                "proof": proof,
                "strip": day_strip(day, proof, spans, motion_only=motion_only),
                "sources": [
                    {"name": source_word(code), "strip": strip}
                    for code, strip in source_strips(day, proof, spans)
                ],
                "evidence": evidence_words(proof),
                "is_quiet": is_quiet,
                **_gaps(proof, is_quiet),
                **_clock_then(proof),
            }
        )
    return shown


def _gaps(proof: CoverageDay | None, is_quiet: bool) -> dict[str, Any]:
    if proof is None:
        return {"gaps": [], "more_gaps": 0}
    gaps = [] if is_quiet else proof.gaps
    return {
        "gaps": [
            {
                "from": tsi.from_ms(start),
                "to": tsi.from_ms(end),
                "length": length(end - start),
                "cause": word_for(cause),
            }
            for start, end, cause in gaps[:SHOWN_GAPS]
        ],
        "doubted": length(proof.disputed_ms) if proof.disputed_ms else "",
        "more_gaps": max(0, proof.gap_count - SHOWN_GAPS) if gaps else 0,
        "recorded": length(proof.recorded_ms),
        "lost": length(proof.lost_ms),
        "longest": length(proof.longest_gap_ms),
    }


def _clock_then(proof: CoverageDay | None) -> dict[str, Any]:
    """The recorder's clock on that day: what its own times of a window are reckoned with."""
    offset_ms = proof.offset_ms if proof else None
    return {
        "clock_unknown": bool(proof and proof.source and offset_ms is None),
        "clock_offset_ms": offset_ms,
        "clock_offset_words": offset_words(offset_ms, proof.offset_uncertainty_ms)
        if proof and offset_ms is not None
        else "",
    }


def _chosen(
    request: PersonRequest, row: Position, day: dt.date, channels: list[dict[str, Any]]
) -> dict[str, Any]:
    """The window that somebody chose on the strips, in true time and in each recorder's own."""
    window, error = None, ""
    try:
        window = windows.asked_window(request.GET, day)
    except windows.WrongWindow as wrong:
        error = str(wrong)
    clocks = [(str(line["channel"].recorder), line["clock_offset_ms"]) for line in channels]
    if window is not None:
        for line in channels:
            if line["clock_offset_ms"] is not None:
                line["window_text"] = window.device_text(line["clock_offset_ms"])
    start_ms, end_ms = tsi.day_bounds_ms(day)
    played = PlaybackProof.objects.filter(
        channel__in=[line["channel"] for line in channels], day=day, minute_at__isnull=False
    )
    return {
        "window": window,
        "window_error": error,
        "window_from": request.GET.get("from", "")[:12],
        "window_to": request.GET.get("to", "")[:12],
        "window_text": windows.request_text(window, row, clocks) if window else "",
        "new_request_url": windows.new_request_url(request.user, row, window),
        "day_start_ms": start_ms,
        # What lies in the future cannot be chosen.
        "day_limit_s": (min(tsi.to_ms(timezone.now()), end_ms) - start_ms) // 1000,
        "proofs": list(played.order_by("minute_at")[:8]) if channels else [],
    }


def _device(request: HttpRequest, device: Device | None) -> dict[str, Any]:
    if device is None:
        return {"device": None}
    return {
        "device": device,
        "condition": getattr(device, "condition", None),
        "picture": getattr(device, "last_picture", None),
        **clock_facts(request, device),
    }


def _findings(request: PersonRequest, row: Position, device: Device | None) -> list[Finding]:
    kinds = Finding.Subject
    about = Q(subject_kind=kinds.POSITION, subject_id=row.pk)
    about |= Q(subject_kind=kinds.CHANNEL, subject_id__in=row.channels_on(tsi.today()).values("pk"))
    if device is not None:
        about |= Q(subject_kind=kinds.DEVICE, subject_id=device.pk)
    return list(Finding.objects.visible_to(request.user).open().filter(about))

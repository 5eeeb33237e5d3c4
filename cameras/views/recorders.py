"""Recorders: the list, and one recorder with all its channels as strips under each other."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cameras import permissions
from cameras.models import ClockMeasurement, DeviceCondition, Finding
from cameras.models.conditions import ChannelCondition
from cameras.models.coverage import CoverageDay, Result
from cameras.models.runs import CheckResult
from cameras.reasons import word_for
from cameras.strips import day_strip, length
from core import tsi
from inventory.models import ChannelAssignment, Device
from inventory.schedules import expected_many

from .shared import asked_day, for_people, page_of


@require_safe
@for_people(permissions.can_see_cameras)
def recorders(request: HttpRequest) -> HttpResponse:
    """Every recorder with its last sign of life, its clock, and yesterday's channels."""
    day = asked_day(request)
    rows = (
        Device.objects.visible_to(request.user)
        .recorders()
        .select_related("condition")
        .annotate(
            channel_count=Count("channels", distinct=True),
            recorded=_count(day, Result.RECORDED),
            partly=_count(day, Result.PARTLY),
            missing=_count(day, Result.NOT_RECORDED),
            unknown=_count(day, Result.UNKNOWN),
        )
        .order_by("maker", "model", "pk")
    )
    page = page_of(request, rows)
    for row in page:
        row.where = row.address_at(timezone.now())
    return render(request, "cameras/recorders.html", {"page": page, "day": day})


def _count(day: dt.date, result: str) -> Count:
    return Count(
        "channels__coverage_days",
        filter=Q(channels__coverage_days__day=day, channels__coverage_days__result=result),
        distinct=True,
    )


@require_safe
@for_people(permissions.can_see_cameras)
def recorder(request: HttpRequest, pk: int) -> HttpResponse:
    """One recorder: strips of all channels, disks, retention, clock, last conversation."""
    row = get_object_or_404(Device.objects.visible_to(request.user).recorders(), pk=pk)
    day = asked_day(request)
    context = {
        "recorder": row,
        "day": day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < tsi.today() else None,
        "channels": _channels(row, day),
        "may_check": permissions.can_check_now(request.user),
        **device_facts(request, row),
    }
    return render(request, "cameras/recorder.html", context)


def device_facts(request: HttpRequest, row: Device) -> dict[str, Any]:
    """What the pages of any device show: last values with their age, clock history, findings."""
    readings = list(ClockMeasurement.objects.filter(device=row)[:30])
    return {
        "condition": DeviceCondition.objects.filter(device=row).first(),
        "address": row.address_at(timezone.now()),
        "clock": readings[0] if readings else None,
        "readings": readings,
        "answers": CheckResult.of_device(row).select_related("device_check__run")[:12],
        "findings": Finding.objects.visible_to(request.user)
        .open()
        .filter(subject_kind=Finding.Subject.DEVICE, subject_id=row.pk),
    }


def _channels(row: Device, day: dt.date) -> list[dict[str, Any]]:
    channels = list(row.channels.order_by("number"))
    proofs = {
        proof.channel_id: proof
        for proof in CoverageDay.objects.filter(channel__in=channels, day=day)
    }
    conditions = ChannelCondition.objects.in_bulk([channel.pk for channel in channels])
    held = {
        assignment.channel_id: assignment.position
        for assignment in ChannelAssignment.objects.on(day)
        .filter(channel__in=channels)
        .select_related("position__floor__building", "position__group")
    }
    spans = expected_many(held.values(), day)
    shown = []
    for channel in channels:
        position = held.get(channel.pk)
        proof = proofs.get(channel.pk)
        expected = list(spans[position.pk].spans_ms) if position else []
        shown.append(
            {
                "channel": channel,
                "position": position,
                "proof": proof,
                "reason": word_for(proof.reason) if proof and proof.reason else "",
                "strip": day_strip(day, proof, expected),
                "longest": length(proof.longest_gap_ms) if proof and proof.gap_count else "",
                "condition": conditions.get(channel.pk),
            }
        )
    return shown


@require_safe
@for_people(permissions.can_see_cameras)
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One device; a recorder has its own page."""
    row = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
    if row.kind == Device.Kind.RECORDER:
        return redirect("cameras:recorder", pk=row.pk)
    context = {
        "device": row,
        "addresses": row.addresses.select_related("network"),
        "installations": row.installations.select_related("position"),
        "steps": row.steps.select_related("by").order_by("-on_date", "-pk"),
        "may_check": permissions.can_check_now(request.user),
        **device_facts(request, row),
    }
    return render(request, "cameras/device.html", context)

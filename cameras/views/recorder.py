"""One recorder with all its channels as strips under each other, and any other device by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.retention_plot import HeldChannel, retention_plot
from cameras.drawing.strips import day_strip, length
from cameras.models import DeviceCondition, Finding, Run
from cameras.models.conditions import ChannelCondition
from cameras.models.coverage import CoverageDay, Result
from cameras.models.runs import CheckResult
from cameras.night.correlation import SLACK_DAYS
from cameras.wording.disk_words import disk_facts
from cameras.wording.evidence_words import answer_words
from cameras.wording.names import model_of
from cameras.wording.reasons import word_for
from cameras.wording.restart_words import restart_facts
from core import panels, tsi
from inventory.models import Address, ChannelAssignment, Device, RecordingSchedule
from inventory.schedules import expected_many

from .clocks import clock_facts
from .shared import asked_day, days_around, for_people, told


@require_safe
@for_people(permissions.can_see_cameras)
def recorder(request: PersonRequest, pk: int) -> HttpResponse:
    """One recorder: strips of all channels, disks, retention, clock, last conversation."""
    row = get_object_or_404(_with_condition(request).recorders(), pk=pk)
    day = asked_day(request)
    channels = _channels(row, day)
    context = {
        "recorder": row,
        **days_around(day),
        "channels": channels,
        "retention": retention_plot(
            HeldChannel(line["condition"].recent, line["goal"])
            for line in channels
            if line["condition"]
        ),
        "disks": disk_facts(getattr(row, "condition", None)),
        "restarts": restart_facts(getattr(row, "condition", None)),
        "may_check": permissions.can_check_now(request.user),
        **device_facts(request, row, day, [line["proof"] for line in channels if line["proof"]]),
    }
    return render(request, "cameras/recorder.html", context)


def _with_condition(request: PersonRequest) -> Any:
    """Visible devices with their last values and their present `ip`."""
    present = Address.objects.current().filter(device=OuterRef("pk")).order_by("-starts_at")
    rows = Device.objects.visible_to(request.user).select_related("condition")
    return rows.annotate(ip=Subquery(present.values("ip")[:1]))


def device_facts(
    request: PersonRequest,
    row: Device,
    day: dt.date | None = None,
    proofs: Iterable[CoverageDay] = (),
) -> dict[str, Any]:
    """What the pages of any device show: last values with their age, clock history, findings.

    `proofs` are what is known already of the recordings of `day`, so that they are not read twice.
    """
    condition: DeviceCondition | None = getattr(row, "condition", None)
    return {
        "condition": condition,
        "ip": vars(row)["ip"],
        **clock_facts(request, row),
        "spoken": _conversation(row, day, proofs),
        "panels": list(panels.shown("cameras-device", request, row)),
        "findings": told(
            Finding.objects.visible_to(request.user)
            .open()
            .filter(subject_kind=Finding.Subject.DEVICE, subject_id=row.pk),
            model_of(row),
        ),
    }


def _conversation(
    row: Device, day: dt.date | None, proofs: Iterable[CoverageDay]
) -> list[dict[str, Any]]:
    """The last conversation with the device: what was asked when, and what came of it."""
    answers = list(CheckResult.of_device(row).select_related("device_check__run")[:12])
    last = [answer for answer in answers if answer.device_check_id == answers[0].device_check_id]
    spoken = [
        {
            "at": answer.evidence_at or answer.device_check.done_at,
            "text": answer_words(answer),
            "answer": answer.answer,
        }
        for answer in last
    ]
    if last and row.kind == Device.Kind.RECORDER:
        run = last[0].device_check.run
        if run.day != day:
            proofs = CoverageDay.objects.filter(channel__recorder=row, day=run.day, run=run)
            proofs = proofs.select_related("channel").order_by("channel__number")
        spoken += _silent_channels(proofs, run)
    return sorted(spoken, key=lambda line: tsi.to_ms(line["at"]) if line["at"] else 0)


def _silent_channels(proofs: Iterable[CoverageDay], run: Run) -> list[dict[str, Any]]:
    """The channels of whose day that conversation got no answer."""
    return [
        {
            "at": proof.asked_at,
            "text": _("channel %(number)d: %(reason)s")
            % {"number": proof.channel.number, "reason": word_for(proof.reason)},
            "answer": "UNKNOWN",
        }
        for proof in proofs
        if proof.run_id == run.pk and proof.result == Result.UNKNOWN
    ]


def _channels(row: Device, day: dt.date) -> list[dict[str, Any]]:
    channels = list(row.channels.select_related("condition").order_by("number"))
    numbered = {channel.pk: channel for channel in channels}
    proofs = {
        proof.channel_id: proof
        for proof in CoverageDay.objects.filter(channel__in=channels, day=day)
    }
    for proof in proofs.values():
        proof.channel = numbered[proof.channel_id]
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
        wanted = spans[position.pk] if position else None
        condition = getattr(channel, "condition", None)
        motion_only = wanted is not None and wanted.kind == RecordingSchedule.Kind.MOTION
        expected = list(wanted.spans_ms) if wanted else []
        shown.append(
            {
                "channel": channel,
                "position": position,
                "proof": proof,
                "reason": word_for(proof.reason) if proof and proof.reason else "",
                "strip": day_strip(day, proof, expected, motion_only=motion_only),
                "longest": length(proof.longest_gap_ms)
                if proof and proof.gap_count and not motion_only
                else "",
                "condition": condition,
                "goal": position.group.retention_goal_days if position else None,
                "kept": _kept(condition, position),
            }
        )
    return shown


def _kept(condition: ChannelCondition | None, position: Any) -> dict[str, Any] | None:
    """Days measured to be kept on a channel, against the goal of its position."""
    if condition is None or condition.held_days is None:
        return None
    goal = position.group.retention_goal_days if position else None
    return {
        "days": condition.held_days,
        "goal": goal,
        "is_short": goal is not None and condition.held_days < goal - SLACK_DAYS,
    }


@require_safe
@for_people(permissions.can_see_cameras)
def device(request: PersonRequest, pk: int) -> HttpResponse:
    """One device; a recorder has its own page."""
    row = get_object_or_404(_with_condition(request), pk=pk)
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

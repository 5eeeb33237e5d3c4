"""Checks: the runs, one run's progress, asking for one now, and cancelling it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.requests import PersonRequest
from cameras import permissions
from cameras.filters import RunFilters
from cameras.models import CheckResult, DeviceCheck, Run
from cameras.night import nights
from cameras.wording.names import device_names, model_of, name_of
from cameras.wording.reasons import word_for
from core.steps import InvalidTransition
from core.text import sort_key
from inventory.models import Channel, Device, Position

from .shared import for_people, page_of

MOST_UNANSWERED = 400
MOST_BEING_ASKED = 8
FIRST_YEAR = 2000
NOT_BEFORE_WRITTEN = dt.timedelta(minutes=5)
"""The newest minutes are not in a recorder's index yet."""


@require_safe
@for_people(permissions.can_see_cameras)
def runs(request: PersonRequest) -> HttpResponse:
    """All runs, newest first; filters as in the API."""
    rows = Run.objects.visible_to(request.user).select_related("asked_by")
    asked = RunFilters(request.GET, queryset=rows)
    context = {
        "page": page_of(request, asked.qs),
        "kinds": Run.Kind.choices,
        "kind": request.GET.get("kind", ""),
        "filtered": any(request.GET.get(name) for name in asked.filters),
        "may_check": permissions.can_check_now(request.user),
    }
    return render(request, "cameras/runs.html", context)


@require_safe
@for_people(permissions.can_see_cameras)
def run(request: PersonRequest, pk: int) -> HttpResponse:
    """One run. While it goes on, its progress refreshes itself and can be cancelled."""
    row = get_object_or_404(Run.objects.visible_to(request.user).select_related("asked_by"), pk=pk)
    done, total = row.progress
    results = CheckResult.objects.filter(device_check__run=row)
    tally = results.values("kind", "answer").annotate(count=Count("pk")).order_by("kind", "answer")
    unknown = (
        results.filter(answer="UNKNOWN")
        .filter(device_check__device__in=Device.objects.visible_to(request.user))
        .select_related("device_check")
        .order_by("device_check__device", "kind")[:MOST_UNANSWERED]
    )
    context = {
        "run": row,
        "done": done,
        "total": total,
        "tally": _table(tally),
        "unknown": _unanswered(unknown),
        "asking": _being_asked(request, row),
        "may_cancel": permissions.can_cancel(request.user, row) and not row.is_over,
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(
        request, "cameras/_run_progress.html" if fragment else "cameras/run.html", context
    )


def _unanswered(unknown: Iterable[CheckResult]) -> list[dict[str, Any]]:
    """One line per device and reason: a dead device fails every kind for the same reason."""
    rows = list(unknown)
    names = device_names({row.device_check.device_id for row in rows})
    lines: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        pk = row.device_check.device_id
        line = lines.setdefault(
            (pk, row.reason),
            {"pk": pk, "name": names.get(pk, ""), "reason": word_for(row.reason), "kinds": []},
        )
        line["kinds"].append(row.get_kind_display())
    return list(lines.values())


def _being_asked(request: PersonRequest, row: Run) -> list[str]:
    """The devices that workers are talking to at this moment."""
    if row.is_over:
        return []
    claimed = row.checks.filter(
        status=DeviceCheck.Status.CLAIMED, device__in=Device.objects.visible_to(request.user)
    )
    names = device_names(claimed.values_list("device_id", flat=True)[:MOST_BEING_ASKED])
    return sorted(names.values(), key=sort_key)


def _table(tally: object) -> list[dict[str, object]]:
    """Answers per kind of check, one row per kind."""
    labels = dict(CheckResult._meta.get_field("kind").flatchoices)
    table: dict[str, dict[str, object]] = {}
    for row in tally:  # type: ignore[attr-defined]
        line = table.setdefault(
            row["kind"], {"label": labels[row["kind"]], "YES": 0, "NO": 0, "UNKNOWN": 0}
        )
        line[row["answer"]] = row["count"]
    return list(table.values())


@require_POST
@for_people(permissions.can_check_now)
def check_now(request: PersonRequest) -> HttpResponse:
    """Asks for a check of one camera (`position`), one device (`device`), or everything (`all`)."""
    person = request.user
    devices = Device.objects.visible_to(person)
    if "position" in request.POST:
        position = get_object_or_404(
            Position.objects.visible_to(person), pk=_number(request.POST["position"])
        )
        device = position.device_at(timezone.now())
        if device is None:
            messages.error(request, _("No camera is fitted at %(name)s.") % {"name": position.name})
            return redirect("cameras:position", pk=position.pk)
        _refuse_unless_may_check(person, device)
        made = nights.check_now(by=person, devices=[device], subject=name_of(position))
    elif "device" in request.POST:
        device = get_object_or_404(devices, pk=_number(request.POST["device"]))
        _refuse_unless_may_check(person, device)
        made = nights.check_now(by=person, devices=[device], subject=model_of(device))
    elif request.POST.get("all") == "1":
        # Who may check only some buildings checks only those.
        everything = permissions.checks_everything(person)
        chosen = None if everything else list(devices.within(person.scope(permissions.CHECKING)))
        made = nights.check_now(by=person, devices=chosen)
    else:
        raise BadRequest("Say what is to be checked.")
    return redirect("cameras:run", pk=made.pk)


@require_POST
@for_people(permissions.can_check_now)
def play_minute(request: PersonRequest) -> HttpResponse:
    """Plays the minute that begins at `at` on one channel, as a proof that it is really there."""
    channel = get_object_or_404(
        Channel.objects.visible_to(request.user).select_related("recorder"),
        pk=_number(request.POST.get("channel", "")),
    )
    _refuse_unless_may_check(request.user, channel.recorder)
    try:
        at = dt.datetime.fromisoformat(request.POST.get("at", ""))
    except ValueError:
        raise BadRequest("Not an instant.") from None
    if at.tzinfo is None or at.year < FIRST_YEAR or at > timezone.now() - NOT_BEFORE_WRITTEN:
        messages.error(request, _("Choose a minute of the past: it is not recorded yet."))
        return redirect("cameras:recorder", pk=channel.recorder_id)
    return redirect("cameras:run", pk=nights.play_minute(channel, at, by=request.user).pk)


def _refuse_unless_may_check(person: Person, device: Device) -> None:
    if not permissions.can_check_now(person, device):
        raise PermissionDenied


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise BadRequest("Not an id.")
    return int(text)


@require_POST
@for_people(permissions.can_cancel)
def cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Stops asking; what was already answered stays."""
    row = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if not permissions.can_cancel(request.user, row):
        raise PermissionDenied
    try:
        row.cancel(by=request.user)
    except InvalidTransition:
        messages.info(request, _("It had already ended."))
    else:
        messages.success(request, _("Cancelled. What was already answered stays."))
    return redirect("cameras:run", pk=row.pk)

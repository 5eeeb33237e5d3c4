"""One position: what is fitted, what records it, when it is expected to be recorded."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from core import panels

from .. import editing, floorplan_marks, moves, permissions, words
from ..forms import moves as forms
from ..models import Position, RecordingSchedule
from .common import for_people
from .devices import moved

SHOWN_HISTORY = 50
SCHEDULE_FIELDS = ("kind", "hours", "reason", "valid_from", "valid_to")


def visible_position(request: PersonRequest, pk: int) -> Position:
    """The position, or 404 when it is not this person's to see."""
    rows = Position.objects.visible_to(request.user)
    row: Position = get_object_or_404(rows.select_related("floor__building__site", "group"), pk=pk)
    return row


@require_safe
@for_people()
def position(request: PersonRequest, pk: int) -> HttpResponse:
    """Everything the inventory knows about one position."""
    row = visible_position(request, pk)
    now = timezone.now()
    may_change = permissions.can_change_positions(request.user, row)
    context = {
        "position": row,
        "fitted": row.installation_at(now),
        "installations": row.installations.select_related("device"),
        "assignments": row.assignments.select_related("channel__recorder"),
        "schedules": row.schedules.order_by("-valid_from"),
        "steps": row.steps.order_by("-on_date", "-pk"),
        "next_steps": words.next_steps(row) if may_change else [],
        "may_change": may_change,
        "may_schedule": permissions.can_change_schedules(request.user, row),
        "may_attach": permissions.can_attach(request.user, row),
        "attachments": row.attachments.filter(removed_at=None),
        "history": words.history_of(row, SHOWN_HISTORY),
        "panels": list(panels.shown("inventory-position", request, row)),
        "on_plan": floorplan_marks.card(row, request.user),
        "may_place": permissions.can_change_plans(request.user, row.floor),
        "today": timezone.localdate(now),
    }
    return render(request, "inventory/position.html", context)


def _mine_to_change(request: PersonRequest, pk: int) -> Position:
    row = visible_position(request, pk)
    if not permissions.can_change_positions(request.user, row):
        raise PermissionDenied
    return row


def _answer(request: PersonRequest, row: Position, form: Any, act: Any, **context: Any) -> Any:
    return moved(
        request,
        form,
        act,
        title=str(row),
        back=reverse("inventory:position", args=[row.pk]),
        **context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def step(request: PersonRequest, pk: int, verb: str) -> HttpResponse:
    """Activates or closes a position, with date and document."""
    row = _mine_to_change(request, pk)
    if verb not in Position.STEPS:
        raise Http404
    return _answer(
        request,
        row,
        forms.StepForm(request.POST or None),
        lambda data: getattr(row, verb)(by=request.user, **data),
        pretitle=words.step_name(verb),
        lead=words.step_lead(row, verb),
        button=words.step_name(verb),
        danger=verb == "close",
        **words.blocked(row, verb, "inventory:position_step"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def install(request: PersonRequest, pk: int) -> HttpResponse:
    """Fits a camera."""
    row = _mine_to_change(request, pk)
    return _answer(
        request,
        row,
        forms.InstallForm(request.user, request.POST or None),
        lambda d: moves.install(
            d["device"], row, d["at"], request.user, lens_no=d["lens_no"], document=d["document"]
        ),
        pretitle=_("Fit a camera"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def replace(request: PersonRequest, pk: int) -> HttpResponse:
    """Fits another camera; the history stays with the position (INV-13)."""
    row = _mine_to_change(request, pk)
    old = row.device_at(timezone.now())
    lead = _("History, channels and schedule stay with the position.")
    if old is not None:
        lead = _("%(old)s is taken out of service. %(rest)s") % {"old": old, "rest": lead}
    return _answer(
        request,
        row,
        forms.ReplaceForm(request.user, request.POST or None),
        lambda d: moves.replace_device(row, d["device"], d["at"], request.user, d["document"]),
        pretitle=_("Replace the camera"),
        lead=lead,
        button=_("Replace"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def uninstall(request: PersonRequest, pk: int) -> HttpResponse:
    """Takes the camera down; its status is a step of its own."""
    row = _mine_to_change(request, pk)
    return _answer(
        request,
        row,
        forms.UninstallForm(request.POST or None),
        lambda d: moves.uninstall(row, d["at"], request.user, document=d["document"]),
        pretitle=_("Take the camera down"),
        why_not=""
        if row.installations.exclude(ends_at__lte=timezone.now()).exists()
        else _("No camera is fitted at %(position)s.") % {"position": row},
        instead=[{"title": _("Fit a camera"), "url": reverse("inventory:install", args=[row.pk])}],
        lead=_(
            "Fitted now: %(device)s. It is no longer expected to answer here; the position stays and waits for another camera."
        )
        % {"device": row.device_at(timezone.now()) or "–"},
        danger=True,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def assign(request: PersonRequest, pk: int) -> HttpResponse:
    """Lets a free channel record the position."""
    row = _mine_to_change(request, pk)
    return _answer(
        request,
        row,
        forms.AssignForm(request.user, request.POST or None),
        lambda d: moves.assign_channel(
            d["channel"], row, d["at"], request.user, stream=d["stream"]
        ),
        pretitle=_("Assign a channel"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def schedule(request: PersonRequest, pk: int) -> HttpResponse:
    """Sets when the position is expected to be recorded."""
    row = visible_position(request, pk)
    if not permissions.can_change_schedules(request.user, row):
        raise PermissionDenied
    form = forms.ScheduleForm(request.POST or None, instance=RecordingSchedule(position=row))

    def keep(data: dict[str, Any]) -> None:
        new = form.save()
        after = editing.state_of(new, SCHEDULE_FIELDS)
        editing.record(
            "schedule.create", row, by=request.user, before={}, after=after, because=new.reason
        )

    return _answer(
        request,
        row,
        form,
        keep,
        pretitle=_("Recording schedule"),
        lead=_("Without a schedule, recording is expected all day."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def schedule_end(request: PersonRequest, pk: int) -> HttpResponse:
    """Ends a schedule; from that day on recording is expected all day again."""
    rows = RecordingSchedule.objects.visible_to(request.user).select_related("position")
    row: RecordingSchedule = get_object_or_404(rows, pk=pk)
    if not permissions.can_change_schedules(request.user, row.position):
        raise PermissionDenied

    def end(data: dict[str, Any]) -> None:
        before = editing.state_of(row, SCHEDULE_FIELDS)
        if data["valid_to"] <= row.valid_from:
            row.delete()
            after = dict.fromkeys(before)
        else:
            row.valid_to = data["valid_to"]
            row.save(update_fields=["valid_to"])
            after = editing.state_of(row, SCHEDULE_FIELDS)
        editing.record(
            "schedule.end",
            row.position,
            by=request.user,
            before=before,
            after=after,
            because=data["because"],
        )

    return _answer(
        request,
        row.position,
        forms.ScheduleEndForm(request.POST or None),
        end,
        pretitle=_("End the schedule"),
        lead=_("%(schedule)s. From that day on, recording is expected all day again.")
        % {"schedule": row},
        danger=True,
    )

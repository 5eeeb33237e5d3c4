"""One device: what it is, where it is, its steps, address, channels and disks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

import audit
from accounts.requests import PersonRequest
from core import panels
from core.steps import InvalidTransition

from .. import moves, permissions, words
from ..forms import moves as forms
from ..models import Channel, ChannelAssignment, Device, Disk
from ..refusals import refusal_words
from ..text import normal_mac
from .common import allow, for_people

Act = Callable[[dict[str, Any]], object]
SHOWN_HISTORY = 50


def visible_device(request: PersonRequest, pk: int) -> Device:
    """The device, or 404 when it is not this person's to see."""
    device: Device = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
    return device


def changeable(request: PersonRequest, row: Device) -> Device:
    """The same device, or 403 when this person may change devices only elsewhere."""
    allow(permissions.can_change_devices(request.user, row))
    return row


@require_safe
@for_people()
def device(request: PersonRequest, pk: int) -> HttpResponse:
    """Everything the inventory knows about one device."""
    row = visible_device(request, pk)
    now = timezone.now()
    may_change = permissions.can_change_devices(request.user, row)
    context = {
        "device": row,
        "facts": words.device_facts(row),
        "address": row.address_at(now),
        "addresses": row.addresses.select_related("network"),
        "installations": row.installations.select_related("position__floor__building"),
        "steps": row.steps.order_by("-on_date", "-pk"),
        "next_steps": words.next_steps(row) if may_change else [],
        "may_change": may_change,
        "may_attach": permissions.can_attach(request.user, row),
        "attachments": row.attachments.filter(removed_at=None),
        "history": words.history_of(row, SHOWN_HISTORY),
        "panels": list(panels.shown("inventory-device", request, row)),
        **(_recorder(row) if row.kind == Device.Kind.RECORDER else {}),
    }
    return render(request, "inventory/device.html", context)


def _recorder(row: Device) -> dict[str, Any]:
    held = {
        assignment.channel_id: assignment
        for assignment in ChannelAssignment.objects.current()
        .filter(channel__recorder=row)
        .select_related("position")
    }
    channels = [
        {"channel": channel, "assignment": held.get(channel.pk)}
        for channel in row.channels.order_by("number")
    ]
    return {"channels": channels, "disks": row.disks.order_by("removed_on", "slot")}


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def step(request: PersonRequest, pk: int, verb: str) -> HttpResponse:
    """One step of a device, with its date and document."""
    row = changeable(request, visible_device(request, pk))
    if verb not in Device.STEPS:
        raise Http404
    form = forms.StepForm(request.POST or None)
    return moved(
        request,
        form,
        lambda data: getattr(row, verb)(by=request.user, **data),
        title=str(row),
        pretitle=words.step_name(verb),
        lead=words.step_lead(row, verb),
        button=words.step_name(verb),
        danger=verb in {"scrap", "remove"},
        back=reverse("inventory:device", args=[pk]),
        **words.blocked(row, verb, "inventory:device_step"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def address(request: PersonRequest, pk: int) -> HttpResponse:
    """Gives a device an address; the one it had in that network stays as history."""
    row = changeable(request, visible_device(request, pk))
    form = forms.AddressForm(request.user, row, request.POST or None)

    def give(data: dict[str, Any]) -> None:
        network, at, mac = data["network"], data["at"], _mac(data["mac"])
        if data["ip"]:
            moves.move_address(row, network, data["ip"], at, request.user, mac=mac)
        else:
            moves.give_free_address(row, network, at, request.user, mac=mac)

    return moved(
        request,
        form,
        give,
        title=str(row),
        pretitle=_("Give or move the address"),
        back=reverse("inventory:device", args=[pk]),
    )


def _mac(text: str) -> str:
    try:
        return normal_mac(text)
    except ValueError:
        raise ValidationError(_("This is not a MAC address.")) from None


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def channels(request: PersonRequest, pk: int) -> HttpResponse:
    """Adds channels to a recorder; numbers that exist already stay as they are."""
    row = changeable(request, visible_device(request, pk))
    if row.kind != Device.Kind.RECORDER:
        raise Http404
    form = forms.ChannelsForm(request.POST or None)

    def add(data: dict[str, Any]) -> None:
        have = set(row.channels.values_list("number", flat=True))
        new = [n for n in range(data["first"], data["last"] + 1) if n not in have]
        for number in new:
            Channel.objects.create(recorder=row, number=number)
        audit.record("device.add_channels", actor=request.user, target=row, channels=new)

    return moved(
        request,
        form,
        add,
        title=str(row),
        pretitle=_("Add channels"),
        back=reverse("inventory:device", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def assign_to(request: PersonRequest, pk: int) -> HttpResponse:
    """Lets a channel record a position."""
    row = _channel(request, pk)
    form = forms.AssignToForm(request.user, request.POST or None)

    def assign(data: dict[str, Any]) -> None:
        allow(permissions.can_change_positions(request.user, data["position"]))
        moves.assign_channel(row, data["position"], data["at"], request.user, stream=data["stream"])

    return moved(
        request,
        form,
        assign,
        title=str(row),
        pretitle=_("Assign a position"),
        back=reverse("inventory:device", args=[row.recorder_id]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def release(request: PersonRequest, pk: int) -> HttpResponse:
    """The channel records nothing any more."""
    row = _channel(request, pk)
    form = forms.ReleaseForm(request.POST or None)
    return moved(
        request,
        form,
        lambda data: moves.release_channel(row, data["at"], request.user),
        title=str(row),
        why_not=""
        if row.assignments.exclude(ends_at__lte=timezone.now()).exists()
        else _("%(channel)s records nothing now: there is no assignment to end.")
        % {"channel": row},
        pretitle=_("End the assignment"),
        lead=_(
            "From that moment on this channel records nothing for its position: days before stay as they are."
        ),
        danger=True,
        back=reverse("inventory:device", args=[row.recorder_id]),
    )


def _channel(request: PersonRequest, pk: int) -> Channel:
    rows = Channel.objects.visible_to(request.user).select_related("recorder")
    channel: Channel = get_object_or_404(rows, pk=pk)
    changeable(request, channel.recorder)
    return channel


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_devices)
def disk_out(request: PersonRequest, pk: int) -> HttpResponse:
    """Takes a disk out of its slot; the row stays."""
    row: Disk = get_object_or_404(
        Disk.objects.visible_to(request.user).select_related("recorder"), pk=pk, removed_on=None
    )
    changeable(request, row.recorder)
    form = forms.DiskOutForm(request.POST or None)

    def take_out(data: dict[str, Any]) -> None:
        if data["removed_on"] < row.fitted_on:
            raise ValidationError(_("The disk was fitted later than that."))
        row.removed_on = data["removed_on"]
        row.save(update_fields=["removed_on"])
        audit.record(
            "disk.remove", actor=request.user, target=row, removed_on=row.removed_on.isoformat()
        )

    return moved(
        request,
        form,
        take_out,
        title=str(row),
        pretitle=_("Take the disk out"),
        lead=_(
            "From that day on the recorder is no longer expected to have this disk. Its row stays in the history."
        ),
        danger=True,
        back=reverse("inventory:device", args=[row.recorder_id]),
    )


def moved(
    request: PersonRequest,
    form: django_forms.BaseForm,
    act: Act,
    *,
    back: str,
    why_not: str = "",
    instead: Iterable[Mapping[str, Any]] = (),
    **context: Any,
) -> HttpResponse:
    """Shows the form of one move and makes it; what was refused is said, and the typing stays.

    `why_not`: what makes the move impossible now, told without a form, with what is possible `instead`.
    """
    refusals: list[str] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    act(form.cleaned_data)
            except InvalidTransition as error:
                refusals, status = refusal_words(error), 409
            except ValidationError as error:
                refusals = refusal_words(error)
                status = 409 if getattr(error, "code", "") == "overlap" else 422
            except IntegrityError:
                refusals, status = [_("This contradicts another row. Look at the dates.")], 409
            else:
                messages.success(request, _("Saved."))
                return redirect(back)
    context |= {"form": form, "back": back, "refusals": refusals, "instead": instead}
    if why_not and request.method != "POST":
        context["why_not"] = [why_not]
    return render(request, "inventory/form.html", context, status=status)

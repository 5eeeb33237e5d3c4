"""Adding a recorder by its address and login, and looking what is on the network."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from cameras import adding_tasks
from cameras.drawing.strips import offset_words
from cameras.permissions import can_add_recorders
from cameras.surveys import accepting
from cameras.surveys.accepting import Accepted
from cameras.wording.reasons import word_for
from core.secret import Secret
from inventory.forms.dress import DressedForm
from inventory.models import Address, Device, Floor, Network, Position, PositionGroup, Survey
from inventory.permissions import can_change_positions
from inventory.refusals import refusal_words
from vault import VaultError, store

from .shared import for_people

MOST_CHANNELS = 256


class RecorderForm(DressedForm):
    """Where the recorder is and as whom to ask it. The password is never shown again."""

    network = forms.ModelChoiceField(label=gettext_lazy("Network"), queryset=Network.objects.none())
    ip = forms.CharField(label=gettext_lazy("IP address"), max_length=45)
    http_port = forms.IntegerField(
        label=gettext_lazy("HTTP port"), min_value=1, max_value=65535, initial=80
    )
    tls = forms.BooleanField(label="TLS", required=False)
    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"), choices=Device.Protocol.choices, initial="auto"
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )

    def __init__(self, person: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        networks = Network.objects.visible_to(person).filter(via=None)
        self.fields["network"].queryset = networks  # type: ignore[attr-defined]
        if len(networks) == 1:
            self.fields["network"].initial = networks[0]

    def clean_password(self) -> Secret:
        return Secret(self.cleaned_data["password"])


class PlaceForm(DressedForm):
    """Where the accepted positions lie, and which limits hold for them: asked where a position is made."""

    floor = forms.ModelChoiceField(label=gettext_lazy("Floor"), queryset=Floor.objects.none())
    group = forms.ModelChoiceField(
        label=gettext_lazy("Group"), queryset=PositionGroup.objects.none()
    )

    def __init__(self, person: Any, *args: Any, is_needed: bool = True) -> None:
        super().__init__(*args)
        for field in self.fields.values():
            field.required = is_needed
        floors = Floor.objects.visible_to(person).select_related("building")
        self.fields["floor"].queryset = floors.order_by("building", "level")  # type: ignore[attr-defined]
        self.fields["group"].queryset = PositionGroup.objects.visible_to(person)  # type: ignore[attr-defined]


@sensitive_post_parameters("password")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(can_add_recorders)
def add(request: PersonRequest) -> HttpResponse:
    """Address and login of a recorder; then it is asked what it is."""
    initial = {
        name: request.GET[name] for name in ("ip", "http_port", "network") if name in request.GET
    }
    form = RecorderForm(request.user, request.POST or None, initial=initial)
    refusals: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("cameras:survey", _begin(request, form.cleaned_data).token)
        except ValidationError as error:
            refusals = refusal_words(error)
        except VaultError as error:
            refusals = [str(error)]
    context = {"form": form, "refusals": refusals}
    status = 422 if request.method == "POST" else 200
    return render(request, "cameras/add_recorder.html", context, status=status)


@sensitive_variables()
@transaction.atomic
def _begin(request: PersonRequest, data: dict[str, Any]) -> Survey:
    device = accepting.begin(
        data["network"],
        data["ip"],
        data["http_port"],
        tls=data["tls"],
        protocol=data["protocol"],
        by=request.user,
    )
    because = _("Adding a recorder")
    store(device, data["username"], data["password"], by=request.user, because=because)
    return _survey(request, Survey.Kind.RECORDER, device)


def _survey(request: PersonRequest, kind: str, device: Device | None = None) -> Survey:
    row = Survey.objects.create(kind=kind, device=device, asked_by=request.user)
    audit.record("survey.start", actor=request.user, target=device or row, kind=str(kind))
    adding_tasks.wake()
    return row


@require_POST
@for_people(can_add_recorders)
def discover(request: PersonRequest) -> HttpResponse:
    """Looks what answers on the networks of the inventory."""
    with transaction.atomic():
        row = _survey(request, Survey.Kind.NETWORKS)
    return redirect("cameras:survey", row.token)


@require_POST
@for_people(can_add_recorders)
def again(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Asks the same once more, for instance after the login was changed."""
    old = _mine(request, token)
    with transaction.atomic():
        row = _survey(request, old.kind, old.device)
    return redirect("cameras:survey", row.token)


def _mine(request: PersonRequest, token: uuid.UUID) -> Survey:
    rows = Survey.objects.visible_to(request.user).select_related("device")
    row: Survey = get_object_or_404(rows, token=token)
    return row


@require_safe
@for_people(can_add_recorders)
def survey(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Progress step by step; then the proposals, or what was found on the network."""
    return _page(request, _mine(request, token), PlaceForm(request.user))


def _page(
    request: PersonRequest,
    row: Survey,
    form: PlaceForm,
    refusals: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    is_over = row.finished_at is not None
    told = _proposals(request, row) if is_over else []
    context = {
        "survey": row,
        "steps": [_step(*step) for step in row.steps],
        "is_over": is_over,
        "proposals": told,
        "any_new": any(not each["line"].is_done for each in told),
        "any_place": any(each["line"].needs_position for each in told),
        "found": _found(request, row) if is_over else [],
        "form": form,
        "refusals": refusals or [],
    }
    return render(request, "cameras/survey.html", context, status=status)


STEPS = {
    "open": gettext_lazy("Connection and login"),
    "identity": gettext_lazy("Identity"),
    "clock": gettext_lazy("Clock"),
    "channels": gettext_lazy("Channels"),
    "oldest": gettext_lazy("Oldest recording"),
    "multicast": gettext_lazy("Answers to the call on the network"),
    "addresses": gettext_lazy("Addresses asked one by one"),
}


def _step(name: str, answer: str, detail: str) -> dict[str, Any]:
    """A step in words."""
    text = detail
    if answer != "yes":
        text = word_for(detail) if detail.isupper() else detail
    elif name == "clock":
        text = offset_words(int(detail))
    elif name == "oldest":
        text = _("%(days)s days back") % {"days": detail}
    return {"title": STEPS.get(name, name), "is_good": answer == "yes", "text": text}


def _proposals(request: PersonRequest, row: Survey) -> list[dict[str, Any]]:
    """Lines of the form, with what was typed before. What hangs in other buildings is not named."""
    told = accepting.proposals(row)
    devices = Device.objects.visible_to(request.user).in_bulk(
        [line.camera.pk for line in told if line.camera]
    )
    places = [place for line in told for place in (line.position, line.fitted_at) if place]
    positions = Position.objects.visible_to(request.user).in_bulk([place.pk for place in places])
    lines = []
    for line in told:
        number = line.number
        name = line.name or _("Channel %(number)d") % {"number": number}
        code = f"{row.device_id}-{number:02d}"
        posted = request.method == "POST"
        lines.append(
            {
                "line": line,
                "camera": line.camera and devices.get(line.camera.pk),
                "position": line.position and positions.get(line.position.pk),
                "fitted_at": line.fitted_at and positions.get(line.fitted_at.pk),
                "checked": f"take-{number}" in request.POST if posted else line.online is not False,
                "code": request.POST.get(f"code-{number}", code),
                "name": request.POST.get(f"name-{number}", name),
            }
        )
    return lines


def _found(request: PersonRequest, row: Survey) -> list[dict[str, Any]]:
    """What answered on the network, and which of it the inventory knows.

    A device of a building that the person may not see is known, and not named.
    """
    told = row.found.get("devices", [])
    held = Address.objects.at(timezone.now()).filter(ip__in=[one["address"] for one in told])
    known = dict(held.values_list("ip", "device"))
    named = Device.objects.visible_to(request.user).in_bulk(set(known.values()))
    lines = [
        {
            **one,
            "is_known": one["address"] in known,
            "device": named.get(known.get(one["address"])),
        }
        for one in told
    ]
    return sorted(lines, key=lambda line: line["is_known"])


@require_POST
@for_people(can_add_recorders)
def accept(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Makes the rows of the chosen channels, all or none."""
    row = _mine(request, token)
    refusals: list[str] = []
    chosen = _chosen(request, row)
    is_needed = any(wish.needs_position for wish in chosen)
    form = PlaceForm(request.user, request.POST, is_needed=is_needed)
    if not chosen:
        refusals = [_("Choose at least one channel.")]
    elif any(not wish.is_named for wish in chosen):
        refusals = [_("Every chosen channel needs a code and a name.")]
    elif _elsewhere(request, row):
        refusals = [
            _("The camera of channel %(number)d hangs in a building for which you have no role.")
            % {"number": number}
            for number in _elsewhere(request, row)
        ]
    elif form.is_valid():
        place = (form.cleaned_data["floor"], form.cleaned_data["group"]) if is_needed else None
        if place and not can_change_positions(request.user, _on(place[0])):
            raise PermissionDenied
        try:
            made = accepting.accept(row, chosen, place, by=request.user)
        except ValidationError as error:
            refusals = refusal_words(error)
        except IntegrityError:
            refusals = [_("Somebody has just entered the same. Look at the list again.")]
        else:
            text = ngettext(
                "%(count)d channel was taken over.", "%(count)d channels were taken over.", made
            )
            messages.success(request, text % {"count": made})
            return redirect("inventory:device", row.device_id)
    return _page(request, row, form, refusals, status=422)


def _elsewhere(request: PersonRequest, row: Survey) -> list[int]:
    """Chosen channels whose camera hangs where the person may change nothing: they would get that position."""
    return [
        line.number
        for line in accepting.proposals(row)
        if f"take-{line.number}" in request.POST
        and line.fitted_at is not None
        and not can_change_positions(request.user, line.fitted_at)
    ]


def _on(floor: Floor) -> Any:
    """A position on that floor, for the question whether it may be made there."""
    return Position(floor=floor)


def _chosen(request: PersonRequest, row: Survey) -> list[Accepted]:
    return [
        Accepted(
            line.number,
            request.POST.get(f"code-{line.number}", "").strip()[:40],
            request.POST.get(f"name-{line.number}", "").strip()[:150],
            needs_position=line.needs_position,
        )
        for line in accepting.proposals(row)[:MOST_CHANNELS]
        if f"take-{line.number}" in request.POST and not line.is_done
    ]

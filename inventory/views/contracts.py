"""Contractors, contracts and warranties, what ends soon, and the life of models."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

import audit
from accounts.requests import PersonRequest
from core.tsi import today

from .. import permissions, words
from ..contracts import callable_among, life_of
from ..forms.contracts import DevicesForm
from ..forms.dress import ConfirmForm
from ..models import Contract, Contractor, Device, ModelLife
from .common import for_people, page_of
from .devices import moved
from .lists import tabs

WITHIN = ("30", "60", "90", "180")
SHOWN_HISTORY = 20


@require_safe
@for_people()
def contracts(request: PersonRequest) -> HttpResponse:
    """Contracts and warranties: active, future, expired; by what ends within so many days."""
    wanted = request.GET.get("ends", "")
    rows = Contract.objects.visible_to(request.user).select_related("contractor")
    rows = _ending(rows, "last_day", wanted).annotate(device_count=Count("devices"))
    devices = Device.objects.visible_to(request.user).exclude(status=Device.Status.SCRAPPED)
    context = {
        "page": page_of(request, rows.in_order()),
        "ends": wanted,
        "choices": _choices(),
        "sums": {choice: _ending(devices, "warranty_ends_on", choice).count() for choice in [*WITHIN, "expired"]},
        "may_change": permissions.can_change_contracts(request.user),
        "tabs": tabs("contracts"),
    }  # fmt: skip
    return render(request, "inventory/contracts.html", context)


def _ending(rows: QuerySet[Any], field: str, wanted: str) -> Any:
    day = today()
    if wanted == "expired":
        return rows.filter(**{f"{field}__lt": day})
    if wanted in WITHIN:
        until = day + dt.timedelta(days=int(wanted))
        return rows.filter(**{f"{field}__gte": day, f"{field}__lte": until})
    return rows


def _choices() -> list[tuple[str, str]]:
    within = [(n, _("within %(days)s days") % {"days": n}) for n in WITHIN]
    return [("", _("all")), *within, ("expired", _("expired"))]


@require_safe
@for_people()
def contract(request: PersonRequest, pk: int) -> HttpResponse:
    """One contract with its devices."""
    rows = Contract.objects.visible_to(request.user).select_related("contractor")
    row: Contract = get_object_or_404(rows, pk=pk)
    devices = Device.objects.visible_to(request.user).filter(contracts=row)
    context = {
        "contract": row,
        "page": page_of(request, devices.order_by("kind", "maker", "model", "pk")),
        "may_change": permissions.can_change_contracts(request.user),
        "history": words.history_of(row, SHOWN_HISTORY),
    }
    return render(request, "inventory/contract.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_contracts)
def contract_devices(request: PersonRequest, pk: int) -> HttpResponse:
    """Adds devices to a contract."""
    row: Contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=pk)

    def add(data: dict[str, Any]) -> None:
        have = set(row.devices.values_list("pk", flat=True))
        new = sorted({device.pk for device in data["devices"]} - have)
        row.devices.add(*new)
        audit.record("contract.add_devices", actor=request.user, target=row, devices=new)

    return moved(
        request,
        DevicesForm(request.user, request.POST or None),
        add,
        title=str(row),
        pretitle=_("Add devices"),
        back=reverse("inventory:contract", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_contracts)
def contract_drop(request: PersonRequest, pk: int, device_pk: int) -> HttpResponse:
    """Takes a device out of a contract."""
    row: Contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=pk)
    device = get_object_or_404(
        Device.objects.visible_to(request.user).filter(contracts=row), pk=device_pk
    )

    def drop(data: dict[str, Any]) -> None:
        row.devices.remove(device)
        audit.record("contract.remove_device", actor=request.user, target=row, device=device.pk)

    return moved(
        request,
        ConfirmForm(request.POST if request.method == "POST" else None),
        drop,
        title=str(row),
        pretitle=_("Take a device out"),
        lead=_("%(device)s will no longer belong to %(contract)s.")
        % {"device": device, "contract": row},
        button=_("Take it out"),
        danger=True,
        back=reverse("inventory:contract", args=[pk]),
    )


@require_safe
@for_people()
def contractors(request: PersonRequest) -> HttpResponse:
    """Everybody who can be called."""
    day = today()
    active = Q(contracts__starts_on__lte=day, contracts__last_day__gte=day)
    context = {
        "contractors": Contractor.objects.visible_to(request.user).annotate(
            active_count=Count("contracts", filter=active, distinct=True)
        ),
        "may_change": permissions.can_change_contracts(request.user),
        "tabs": tabs("contractors"),
    }
    return render(request, "inventory/contractors.html", context)


@require_safe
@for_people()
def contractor(request: PersonRequest, pk: int) -> HttpResponse:
    """One contractor with the contracts."""
    row: Contractor = get_object_or_404(Contractor.objects.visible_to(request.user), pk=pk)
    context = {
        "contractor": row,
        "contracts": row.contracts.in_order(),
        "may_change": permissions.can_change_contracts(request.user),
        "history": words.history_of(row, SHOWN_HISTORY),
    }
    return render(request, "inventory/contractor.html", context)


@require_safe
@for_people()
def models(request: PersonRequest) -> HttpResponse:
    """Models with the end of their sale and support, those that end first on top."""
    same = Device.objects.filter(maker=OuterRef("maker"), model=OuterRef("model"))
    per_model = same.exclude(status=Device.Status.SCRAPPED).order_by().values("maker")
    rows = ModelLife.objects.visible_to(request.user).annotate(
        device_count=Coalesce(Subquery(per_model.annotate(n=Count("pk")).values("n")[:1]), 0)
    )
    known = {(row.maker, row.model) for row in rows}
    devices = Device.objects.visible_to(request.user).exclude(model="")
    used = devices.order_by("maker", "model").values_list("maker", "model").distinct()
    day = today()
    context = {
        "models": sorted(rows, key=lambda row: (row.end_of_support_on or dt.date.max, str(row))),
        "unknown": [pair for pair in used if pair not in known],
        "today": day,
        "soon": day + dt.timedelta(days=182),
        "may_change": permissions.can_change_contracts(request.user),
        "tabs": tabs("contracts"),
    }
    return render(request, "inventory/models.html", context)


def who_to_call(request: PersonRequest, device: Device) -> dict[str, Any]:
    """For pages about a device: whom its contracts name, and how long its model is supported."""
    contracts = list(device.contracts.select_related("contractor").in_order())
    return {
        "callable": callable_among(contracts),
        "contracts": contracts,
        "life": life_of(device),
    }

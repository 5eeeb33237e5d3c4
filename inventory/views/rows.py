"""One door for entering and editing any row: locked, compared with what the reader saw, audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest

from .. import editing, permissions
from ..forms import rows as forms
from ..models import Building, Contractor, Device, Floor, Site
from .common import allow, for_people


@dataclass(frozen=True)
class Editable:
    """What can be entered and edited: `home(row)` is the page that shows it afterwards.

    `parents` maps a field to the model of the row that a new one belongs to (`?building=3`).
    """

    form: type[forms.RowForm]
    may: Callable[..., bool]
    new_title: Promise
    home: Callable[[Any], str]
    back: str
    parents: dict[str, type[models.Model]] = field(default_factory=dict)
    place: Callable[[Any], Any] = lambda row: None

    @property
    def model(self) -> Any:
        """The model of the rows."""
        return self.form._meta.model

    @property
    def fields(self) -> list[str]:
        """The model fields of the form."""
        return list(self.form._meta.fields or ())


def _page(name: str, attribute: str = "pk") -> Callable[[Any], str]:
    return lambda row: reverse(name, args=[getattr(row, attribute)])


EDITABLES = {
    "device": Editable(
        forms.DeviceForm,
        permissions.can_change_devices,
        gettext_lazy("New device"),
        _page("inventory:device"),
        "inventory:devices",
        place=lambda row: row,
    ),
    "position": Editable(
        forms.PositionForm,
        permissions.can_change_positions,
        gettext_lazy("New position"),
        _page("inventory:position"),
        "inventory:positions",
        {"floor": Floor},
        lambda row: row,
    ),
    "site": Editable(
        forms.SiteForm,
        permissions.can_change_places,
        gettext_lazy("New site"),
        lambda row: reverse("inventory:buildings"),
        "inventory:buildings",
    ),
    "building": Editable(
        forms.BuildingForm,
        permissions.can_change_places,
        gettext_lazy("New building"),
        _page("inventory:building"),
        "inventory:buildings",
        {"site": Site},
    ),
    "floor": Editable(
        forms.FloorForm,
        permissions.can_change_places,
        gettext_lazy("New floor"),
        _page("inventory:building", "building_id"),
        "inventory:buildings",
        {"building": Building},
    ),
    "group": Editable(
        forms.GroupForm,
        permissions.can_change_groups,
        gettext_lazy("New group of positions"),
        lambda row: reverse("inventory:groups"),
        "inventory:groups",
    ),
    "network": Editable(
        forms.NetworkForm,
        permissions.can_change_networks,
        gettext_lazy("New network"),
        _page("inventory:network"),
        "inventory:networks",
    ),
    "channel": Editable(
        forms.ChannelForm,
        permissions.can_change_devices,
        gettext_lazy("New channel"),
        _page("inventory:device", "recorder_id"),
        "inventory:devices",
        {"recorder": Device},
        lambda row: row.recorder,
    ),
    "disk": Editable(
        forms.DiskForm,
        permissions.can_change_devices,
        gettext_lazy("New disk"),
        _page("inventory:device", "recorder_id"),
        "inventory:devices",
        {"recorder": Device},
        lambda row: row.recorder,
    ),
    "contractor": Editable(
        forms.ContractorForm,
        permissions.can_change_contracts,
        gettext_lazy("New contractor"),
        _page("inventory:contractor"),
        "inventory:contractors",
    ),
    "contract": Editable(
        forms.ContractForm,
        permissions.can_change_contracts,
        gettext_lazy("New contract or warranty"),
        _page("inventory:contract"),
        "inventory:contracts",
        {"contractor": Contractor},
    ),
    "model": Editable(
        forms.ModelLifeForm,
        permissions.can_change_contracts,
        gettext_lazy("Dates of a model"),
        lambda row: reverse("inventory:models"),
        "inventory:models",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def edit(request: PersonRequest, what: str, pk: int | None = None) -> HttpResponse:
    """The form of a new row, or of a stored one. A refused form keeps what was typed."""
    if request.method == "POST":
        with transaction.atomic():
            return _edit(request, what, pk)
    return _edit(request, what, pk)


def _edit(request: PersonRequest, what: str, pk: int | None) -> HttpResponse:
    editable = EDITABLES[what]
    row = _row(request, editable, pk)
    allow(editable.may(request.user, editable.place(row) if pk else None))
    form = editable.form(
        request.user, request.POST or None, instance=row, initial=_initial(request, editable)
    )
    if request.method == "POST":
        before = form.stored
        conflicts = form.conflicts()
        if form.is_valid() and not conflicts and _may_keep(request, editable, form):
            if _save(request, what, form, before):
                return redirect(editable.home(form.instance))
        elif conflicts:
            return _conflict(request, editable, form, conflicts)
    status = 422 if request.method == "POST" else 200
    return _answer(request, editable, form, status=status)


def _row(request: PersonRequest, editable: Editable, pk: int | None) -> Any:
    """A new row with its parent, or the stored one, locked while it is being saved."""
    if pk is not None:
        visible = editable.model._default_manager.visible_to(request.user)
        get_object_or_404(visible, pk=pk)
        rows = editable.model._base_manager.all()
        return (rows.select_for_update() if request.method == "POST" else rows).get(pk=pk)
    row = editable.model()
    for name, parent in editable.parents.items():
        number = request.GET.get(name, "")
        if name not in editable.fields:
            visible = parent._default_manager.visible_to(request.user)  # type: ignore[attr-defined]
            wanted = int(number) if number.isdecimal() and len(number) < 19 else 0
            setattr(row, name, get_object_or_404(visible, pk=wanted))
    return row


def _initial(request: PersonRequest, editable: Editable) -> dict[str, Any]:
    """Values that a link brings along: the parent, and which model is meant."""
    return {
        name: request.GET[name]
        for name in (*editable.parents, "kind", "maker", "model")
        if name in request.GET and name in editable.fields
    }


def _may_keep(request: PersonRequest, editable: Editable, form: forms.RowForm) -> bool:
    """A position may not be moved to where the person has no say."""
    if editable.may(request.user, editable.place(form.instance)):
        return True
    form.add_error(None, _("Your role does not reach to that place."))
    return False


def _save(request: PersonRequest, what: str, form: forms.RowForm, before: editing.State) -> bool:
    is_new = form.instance.pk is None
    try:
        with transaction.atomic():
            row = form.save()
            after = editing.state_of(row, form.watched)
            action = f"{row._meta.model_name}.{'create' if is_new else 'change'}"
            editing.record(action, row, by=request.user, before=before, after=after)
    except IntegrityError:
        form.add_error(None, _("Somebody has just entered the same. Look at the list again."))
        return False
    messages.success(request, _("Saved."))
    return True


def _conflict(
    request: PersonRequest,
    editable: Editable,
    form: forms.RowForm,
    conflicts: list[editing.Difference],
) -> HttpResponse:
    """409: the second of two people is told what changed, and keeps what he typed."""
    # The form has written into its copy; names of the page come from the stored row.
    row = editable.model._base_manager.get(pk=form.instance.pk)
    form.show_again()
    return _answer(
        request, editable, form, status=409, conflicts=conflicts, editor=editing.last_editor(row)
    )


def _answer(
    request: PersonRequest, editable: Editable, form: forms.RowForm, *, status: int, **more: Any
) -> HttpResponse:
    row = form.instance
    stored = row.pk and editable.model._base_manager.get(pk=row.pk)
    context = {
        "form": form,
        "title": str(stored) if stored else editable.new_title,
        "pretitle": _("Edit") if stored else _("Inventory"),
        "back": editable.home(stored) if stored else reverse(editable.back),
        **more,
    }
    return render(request, "inventory/form.html", context, status=status)

"""The list of all requests: which columns, what they sort by, how they are searched and narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.forms.dress import DateField
from inventory.forms.filters import ANY, ListFilter
from inventory.models import Building
from inventory.tables import Column, Table

from ..models import FootageRequest, RequesterKind
from . import clocks
from .asked_window import in_words
from .board import with_package
from .deadlines import last_day_of

if TYPE_CHECKING:
    from accounts.models import Person

S = FootageRequest.Status


def _rows(person: Person) -> QuerySet[Any]:
    rows = FootageRequest.objects.visible_to(person).select_related("kind", "building", "filer")
    return with_package(clocks.with_cameras(rows))


def _find(rows: QuerySet[Any], word: str) -> QuerySet[Any]:
    return rows.filter(search_text__contains=word)


def _clock(row: Any) -> str:
    """The page's rows have been wound before they are shown."""
    clock = getattr(row, "footage", None)
    return clock.words if clock else ""


REQUESTS = Table(
    name="requests",
    title=_("Requests"),
    rows=_rows,
    search=_find,
    order="number",
    detail="footage_requests:case",
    second=lambda r: " · ".join(word for word in (r.requester_name, r.organisation) if word),
    columns=(
        Column("number", _("Request no."), lambda r: r.number, "pk"),
        Column("kind", _("Requester"), lambda r: r.kind.name, "kind__order", "md"),
        Column("requester", _("Name"), lambda r: r.requester_name, "requester_name", "never"),
        Column("organisation", _("Organisation"), lambda r: r.organisation, "organisation", "never"),
        Column("status", _("State"), lambda r: r.get_status_display(), "status"),
        Column("place", _("Place"), lambda r: r.place or (r.building.name if r.building else ""),
               "place", "xl"),
        Column("window", _("Window (TSİ)"), lambda r: in_words(r.starts_at, r.ends_at),
               "starts_at", "xxl"),
        Column("footage", _("Footage"), _clock, "lost_at", "md"),
        Column("deadline", _("Legal deadline"), last_day_of, "deadline_at", "sm",
               wraps=False),
        Column("arrived", _("Arrived"), lambda r: r.arrived_at, "arrived_at", "xl", wraps=False),
        Column("ebys", _("EBYS number"), lambda r: r.ebys_number, "ebys_number", "never"),
        Column("reference", _("Reference no."), lambda r: r.reference_no, "reference_no", "never"),
        Column("door", _("Arrived by"), lambda r: r.get_door_display(), "door", "never"),
        Column("filer", _("Entered by"), lambda r: r.filer.full_name, "", "never"),
        Column("closed", _("Ended"), lambda r: r.closed_at, "closed_at", "never"),
    ),
)  # fmt: skip


def _by_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    if state == "open":
        return rows.filter(status__in=FootageRequest.OPEN)
    if state == "late":
        return rows.filter(status__in=FootageRequest.OPEN, deadline_at__lt=timezone.now())
    return rows.filter(status=state)


def _of_building(rows: QuerySet[Any], building: Building) -> QuerySet[Any]:
    touching = FootageRequest.objects.filter(
        Q(building=building) | Q(items__position__floor__building=building)
    )
    return rows.filter(pk__in=touching.values("pk"))


class RequestFilter(ListFilter):
    """What narrows the list of requests."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[ANY, ("open", _("open")), ("late", _("past the deadline")), *S.choices],
    )
    kind = forms.ModelChoiceField(
        label=_("Requester"),
        required=False,
        queryset=RequesterKind.objects.none(),
        empty_label=_("all"),
    )
    building = forms.ModelChoiceField(
        label=_("Building"), required=False, queryset=Building.objects.none(), empty_label=_("all")
    )
    footage = forms.ChoiceField(
        label=_("Footage"),
        required=False,
        choices=[
            ANY,
            ("unknown", _("not known how long it lasts")),
            ("bad", _("lost within a day, or no camera chosen")),
            ("soon", _("overwritten within a week")),
            ("good", _("held")),
        ],
    )
    since = DateField(label=_("Arrived since"), required=False)
    NARROWS = {
        "state": _by_state,
        "kind": lambda rows, value: rows.filter(kind=value),
        "building": _of_building,
        "footage": clocks.with_footage,
        "since": lambda rows, value: rows.filter(arrived_at__date__gte=value),
    }

    def fill(self) -> None:
        self.fields["kind"].queryset = RequesterKind.objects.order_by("order")  # type: ignore[attr-defined]
        seen = FootageRequest.objects.visible_to(self.person)
        self.fields["building"].queryset = Building.objects.filter(  # type: ignore[attr-defined]
            Q(pk__in=seen.values("building"))
            | Q(pk__in=seen.values("items__position__floor__building"))
        ).order_by("name")

"""Questions to the inventory: what a person may see, and what held on a day.

A day is a calendar day of Türkiye time. A status holds from the `on_date` of the step that brought it:
on the day of a removal the device no longer counts, on the day of being put in service it does.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Person
from core.scoping import Scope, ScopedQuerySet
from core.tsi import day_bounds

from .dated import DatedQuerySet
from .permissions import SEEING

M = TypeVar("M", bound=models.Model)

# A fault never takes a device out of the sum.
COUNTED = ("IN_SERVICE", "FAULTY")


def scope_of(person: Person) -> Scope:
    """The part of the campus whose inventory that person may see."""
    return person.scope(SEEING)


class PlacedQuerySet(ScopedQuerySet[M]):
    """Rows that lie in a building; SITE and BUILDING are the lookups that lead to the ids."""

    SITE = ""
    BUILDING = ""

    def visible_to(self, person: Person) -> Self:
        return self.within(scope_of(person))

    def within(self, scope: Scope) -> Self:
        """Rows of that part of the campus."""
        if not scope:
            return self.none()
        return self.filter(scope.condition(site=self.SITE, building=self.BUILDING))


class SiteQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """A site is also seen by those who may see one of its buildings."""
        scope = scope_of(person)
        if scope.everything:
            return self
        inside = self.model._base_manager.filter(buildings__in=scope.building_ids)
        return self.filter(Q(pk__in=scope.site_ids) | Q(pk__in=inside.values("pk")))


class BuildingQuerySet(PlacedQuerySet[Any]):
    SITE, BUILDING = "site_id", "pk"


class FloorQuerySet(PlacedQuerySet[Any]):
    SITE, BUILDING = "building__site_id", "building_id"


class GroupQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Groups are the unit's rules; whoever sees any position sees them."""
        return self if scope_of(person) else self.none()


class CampusQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """What belongs to no place (contracts, contractors, models): whoever sees any position sees it."""
        return self if scope_of(person) else self.none()


class OfBuildingQuerySet(PlacedQuerySet[Any]):
    """Rows with a column `building`."""

    SITE, BUILDING = "building__site_id", "building_id"


class OfCountQuerySet(PlacedQuerySet[Any]):
    """Rows with a column `count`."""

    SITE, BUILDING = "count__building__site_id", "count__building_id"


class OfPositionQuerySet(PlacedQuerySet[Any]):
    """Rows with a column `position`."""

    SITE, BUILDING = "position__floor__building__site_id", "position__floor__building_id"


class PositionQuerySet(PlacedQuerySet[Any]):
    SITE, BUILDING = "floor__building__site_id", "floor__building_id"

    def with_status_on(self, day: dt.date) -> Self:
        """Adds `status_on_day`: the status at the end of that day."""
        return self.annotate(status_on_day=_status_on(self.model, day, F("status"), "pk"))

    def in_service_on(self, day: dt.date) -> Self:
        """Positions that the sum of that day must account for.

        Active, with a device installed that is in service or faulty; and those whose latest device is
        out for repair without a substitute: nothing records there, and the sum must say so.
        """
        start, end = day_bounds(day)
        installations = self.model._meta.get_field("installations").related_model
        device = installations._meta.get_field("device").related_model
        here = installations._base_manager.filter(position=OuterRef("pk"), starts_at__lt=end)
        here = here.annotate(
            device_status=_status_on(device, day, F("device__status"), "device_id")
        )
        fitted = here.filter(Q(ends_at=None) | Q(ends_at__gt=start), device_status__in=COUNTED)
        latest = here.order_by("-starts_at").values("device_status")[:1]
        return (
            self.with_status_on(day)
            .filter(status_on_day="ACTIVE")
            .alias(latest_device=Subquery(latest))
            .filter(Q(Exists(fitted)) | Q(latest_device="OUT_FOR_REPAIR"))
        )


class DeviceQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Devices fitted at a visible place, and recorders that record one.

        Devices that hang nowhere, such as stock, are seen by those who may see everything.
        """
        return self.within(scope_of(person))

    def within(self, scope: Scope) -> Self:
        """Devices fitted in that part of the campus, and recorders that record a place in it."""
        if not scope:
            return self.none()
        if scope.everything:
            return self
        return self.filter(
            Q(pk__in=self._through("installations__position", scope))
            | Q(pk__in=self._through("channels__assignments__position", scope))
        )

    def _through(self, path: str, scope: Scope) -> models.QuerySet[Any, Any]:
        building = f"{path}__floor__building"
        condition = scope.condition(site=f"{building}__site_id", building=f"{building}_id")
        return self.model._base_manager.filter(condition).values("pk")

    def cameras(self) -> Self:
        return self.filter(kind="CAMERA")

    def recorders(self) -> Self:
        return self.filter(kind="RECORDER")

    def with_status_on(self, day: dt.date) -> Self:
        """Adds `status_on_day`: the status at the end of that day."""
        return self.annotate(status_on_day=_status_on(self.model, day, F("status"), "pk"))

    def in_service_on(self, day: dt.date) -> Self:
        """Devices in service or faulty on that day, cameras and recorders."""
        return self.with_status_on(day).filter(status_on_day__in=COUNTED)

    def with_address(self, ip: str, instant: dt.datetime) -> Self:
        """Devices that had that address at that instant; none for a text that is no address."""
        try:
            ipaddress.ip_address(ip)
        except ValueError:
            # PostgreSQL's type for addresses refuses such a text with an error.
            return self.none()
        rows = self.model._meta.get_field("addresses").related_model._default_manager
        return self.filter(pk__in=rows.at(instant).filter(ip=ip).values("device"))

    def cameras_without_channel(self, instant: dt.datetime) -> Self:
        """Cameras in service or faulty that no recorder channel records at that instant (INV-14)."""
        wired = _now_at(self.model, "installations", instant).filter(
            Q(position__assignments__ends_at=None) | Q(position__assignments__ends_at__gt=instant),
            position__assignments__starts_at__lte=instant,
        )
        return self.cameras().filter(status__in=COUNTED).exclude(pk__in=wired.values("device"))


class ChannelQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Channels of the recorders that the person may see."""
        recorders = self.model._meta.get_field("recorder").related_model
        return self.filter(recorder__in=recorders._default_manager.visible_to(person))

    def without_camera(self, instant: dt.datetime) -> Self:
        """Channels that record no position, or one where no device hangs, at that instant (INV-14)."""
        used = _now_at(self.model, "assignments", instant).filter(
            Q(position__installations__ends_at=None)
            | Q(position__installations__ends_at__gt=instant),
            position__installations__starts_at__lte=instant,
        )
        return self.exclude(pk__in=used.values("channel"))


class DiskQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Disks of the recorders that the person may see."""
        recorders = self.model._meta.get_field("recorder").related_model
        return self.filter(recorder__in=recorders._default_manager.visible_to(person))


class NetworkQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Networks reach over the whole campus: whoever sees any position sees their names."""
        return self if scope_of(person) else self.none()


class AddressQuerySet(DatedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Addresses of the devices that the person may see."""
        devices = self.model._meta.get_field("device").related_model
        return self.filter(device__in=devices._default_manager.visible_to(person))


class AttachmentQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Files of the devices and positions that the person may see."""
        devices = self.model._meta.get_field("device").related_model
        positions = self.model._meta.get_field("position").related_model
        return self.filter(
            Q(device__in=devices._default_manager.visible_to(person))
            | Q(position__in=positions._default_manager.visible_to(person))
        )


class AtPositionQuerySet(DatedQuerySet[Any]):
    """Dated rows with a column `position`: installations and channel assignments."""

    def visible_to(self, person: Person) -> Self:
        """Rows of the positions that the person may see."""
        positions = self.model._meta.get_field("position").related_model
        return self.filter(position__in=positions._default_manager.visible_to(person))

    def on(self, day: dt.date) -> Self:
        """Rows that held at some instant of that day."""
        return self.during(*day_bounds(day))


def _now_at(model: type[models.Model], relation: str, instant: dt.datetime) -> Any:
    related: Any = model._meta.get_field(relation).related_model
    return related._default_manager.at(instant)


def _status_on(model: type[models.Model], day: dt.date, current: F, outer: str) -> Coalesce:
    """The status of `model`'s row (its pk is `outer`) at the end of that day, out of its steps.

    Before the first step held what that step came from; a row without steps has always been as it is.
    """
    relation: Any = model._meta.get_field("steps")
    steps = relation.related_model._base_manager.filter(
        **{relation.remote_field.attname: OuterRef(outer)}
    )
    until = steps.filter(on_date__lte=day).order_by("-on_date", "-pk").values("to_status")[:1]
    after = steps.filter(on_date__gt=day).order_by("on_date", "pk").values("from_status")[:1]
    return Coalesce(Subquery(until), Subquery(after), current)

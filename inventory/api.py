"""The inventory in the REST API: places, devices and wiring, for reading.

Rows are those of the pages (`visible_to`). Logins of devices and channels' tokens are never part of it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import caller
from core.api import READ, Access, Listing
from core.quick import Row
from core.sorting import Turkish

from . import filters, nearby, permissions
from .models import (
    Address,
    Building,
    Channel,
    ChannelAssignment,
    Device,
    Floor,
    Installation,
    Position,
    PositionGroup,
    Site,
)
from .nearby import Neighbour

# Names and codes are in the order of the Turkish alphabet, as on the pages.
WORDS = dict.fromkeys(("name", "code", "maker", "model"), Turkish)
READING = {READ: Access("inventory:read", permissions.can_see_inventory)}


class SiteSerializer(Row[Site]):
    class Meta:
        model = Site
        fields = ["id", "name", "code"]


class BuildingSerializer(Row[Building]):
    site = SiteSerializer()

    class Meta:
        model = Building
        fields = ["id", "name", "code", "site"]


class FloorSerializer(Row[Floor]):
    building = BuildingSerializer()

    class Meta:
        model = Floor
        fields = ["id", "name", "level", "building"]


class GroupSerializer(Row[PositionGroup]):
    class Meta:
        model = PositionGroup
        fields = ["id", "name", "retention_goal_days"]


class DeviceName(Row[Device]):
    """A device where another row speaks of it."""

    class Meta:
        model = Device
        fields = ["id", "kind", "maker", "model", "serial", "status"]


class PositionName(Row[Position]):
    """A position where another row speaks of it."""

    class Meta:
        model = Position
        fields = ["id", "code", "name", "status"]


class ChannelName(Row[Channel]):
    """A channel where another row speaks of it."""

    class Meta:
        model = Channel
        fields = ["id", "recorder", "number", "name"]


class FittedDevice(Row[Installation]):
    device = DeviceName()

    class Meta:
        model = Installation
        fields = ["id", "lens_no", "starts_at", "device"]


class RecordingChannel(Row[ChannelAssignment]):
    channel = ChannelName()

    class Meta:
        model = ChannelAssignment
        fields = ["id", "stream", "starts_at", "channel"]


class NeighbourSerializer(serializers.Serializer[Neighbour]):
    """A position nearby. `distance_m`: metres across the plan, null where no scale or place is known.

    `sees_point`: whether its drawn view covers the asked position (walls are not known), null where
    nothing can be said. `reason`: the same as a sentence.
    """

    position = PositionName()
    distance_m = serializers.FloatField(allow_null=True)
    sees_point = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField()


class PositionSerializer(Row[Position]):
    """`installations` and `channels` are those of now."""

    floor = FloorSerializer()
    group = GroupSerializer()
    installations = FittedDevice(many=True, source="now_installations")
    channels = RecordingChannel(many=True, source="now_assignments")

    class Meta:
        model = Position
        fields = [
            "id",
            "code",
            "name",
            "purpose",
            "status",
            "floor",
            "group",
            "installations",
            "channels",
        ]


class AddressSerializer(Row[Address]):
    network = serializers.CharField(source="network.name")
    cidr = serializers.CharField(source="network.cidr")

    class Meta:
        model = Address
        fields = ["ip", "mac", "network", "cidr", "starts_at"]


class FittedAt(Row[Installation]):
    position = PositionName()

    class Meta:
        model = Installation
        fields = ["id", "lens_no", "starts_at", "position"]


class DeviceSerializer(Row[Device]):
    """`addresses` and `installations` are those of now."""

    addresses = AddressSerializer(many=True, source="now_addresses")
    installations = FittedAt(many=True, source="now_installations")

    class Meta:
        model = Device
        fields = [
            "id",
            "kind",
            "maker",
            "model",
            "serial",
            "mac",
            "firmware",
            "status",
            "asset_register_no",
            "purchased_on",
            "warranty_ends_on",
            "purpose",
            "audio_off",
            "protocol",
            "http_port",
            "rtsp_port",
            "tls",
            "addresses",
            "installations",
        ]


class RecordedPosition(Row[ChannelAssignment]):
    position = PositionName()

    class Meta:
        model = ChannelAssignment
        fields = ["id", "stream", "starts_at", "position"]


class ChannelSerializer(Row[Channel]):
    """`assignments` are those of now; a channel records at most one position at a time."""

    recorder = DeviceName()
    assignments = RecordedPosition(many=True, source="now_assignments")

    class Meta:
        model = Channel
        fields = ["id", "number", "name", "recorder", "assignments"]


class InstallationSerializer(Row[Installation]):
    """Held in [starts_at, ends_at); without an end it still holds."""

    device = DeviceName()
    position = PositionName()

    class Meta:
        model = Installation
        fields = ["id", "lens_no", "starts_at", "ends_at", "device", "position"]


class AssignmentSerializer(Row[ChannelAssignment]):
    """Held in [starts_at, ends_at); without an end it still holds."""

    channel = ChannelName()
    position = PositionName()

    class Meta:
        model = ChannelAssignment
        fields = ["id", "stream", "starts_at", "ends_at", "channel", "position"]


def _now(rows: QuerySet[Any], relation: str, joined: str, *order: str) -> Prefetch[Any]:
    """The rows of a relation that hold now, as `now_<relation>`, each with the row it leads to."""
    held = rows.select_related(joined).order_by(*order, "pk")
    return Prefetch(relation, held, to_attr=f"now_{relation}")


class Sites(Listing):
    """Campuses."""

    model = Site
    access = READING
    serializer_class = SiteSerializer
    filterset_class = filters.SiteFilters
    ordering_fields = ("name", "code")
    ordering_by = WORDS


class Buildings(Listing):
    """Buildings and outdoor areas."""

    model = Building
    access = READING
    serializer_class = BuildingSerializer
    filterset_class = filters.BuildingFilters
    ordering_fields = ("name", "code")
    ordering_by = WORDS

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("site")


class Floors(Listing):
    """Floors of buildings; level 0 is the entrance."""

    model = Floor
    access = READING
    serializer_class = FloorSerializer
    filterset_class = filters.FloorFilters
    ordering_fields = ("building", "level", "name")
    ordering_by = WORDS

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("building__site")


class Positions(Listing):
    """Places with a view, with the device that hangs there and the channels that record it now."""

    model = Position
    access = READING
    serializer_class = PositionSerializer
    filterset_class = filters.PositionFilters
    ordering_fields = ("code", "name", "status")
    ordering_by = WORDS

    def rows(self, person: Any) -> QuerySet[Any]:
        now = timezone.now()
        return (
            super()
            .rows(person)
            .select_related("floor__building__site", "group")
            .defer("search_text")
            .prefetch_related(
                _now(Installation.objects.at(now), "installations", "device"),
                _now(ChannelAssignment.objects.at(now), "assignments", "channel"),
            )
        )

    @extend_schema(responses=NeighbourSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def neighbours(self, request: Request, pk: str) -> Response:
        """The eight positions that most likely saw what happened there, likeliest first."""
        found: Any = nearby.neighbours(self.get_object(), person=caller(request))
        return Response(NeighbourSerializer(found, many=True).data)


class Devices(Listing):
    """Cameras and recorders, with their addresses and places now."""

    model = Device
    access = READING
    serializer_class = DeviceSerializer
    filterset_class = filters.DeviceFilters
    ordering_fields = ("id", "maker", "model", "serial", "status", "warranty_ends_on")
    ordering_by = WORDS

    def rows(self, person: Any) -> QuerySet[Any]:
        now = timezone.now()
        fitted = Installation.objects.visible_to(person).at(now)
        return (
            super()
            .rows(person)
            .defer("search_text", "serial_key")
            .prefetch_related(
                _now(Address.objects.at(now), "addresses", "network"),
                _now(fitted, "installations", "position", "lens_no"),
            )
        )


class Channels(Listing):
    """Channels of recorders, with the position that each records now."""

    model = Channel
    access = READING
    serializer_class = ChannelSerializer
    filterset_class = filters.ChannelFilters
    ordering_fields = ("recorder", "number")

    def rows(self, person: Any) -> QuerySet[Any]:
        assigned = ChannelAssignment.objects.visible_to(person).current()
        return (
            super()
            .rows(person)
            .select_related("recorder")
            .prefetch_related(_now(assigned, "assignments", "position"))
        )


class Dated(Listing):
    """Rows that held for a time; `joined` are the rows that each connects."""

    access = READING
    ordering_fields = ("-starts_at", "ends_at")
    joined: ClassVar[tuple[str, ...]] = ()

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related(*self.joined)


class Installations(Dated):
    """Which lens hung where, for how long."""

    model = Installation
    serializer_class = InstallationSerializer
    filterset_class = filters.InstallationFilters
    joined = ("device", "position")


class ChannelAssignments(Dated):
    """Which channel recorded which position, for how long."""

    model = ChannelAssignment
    serializer_class = AssignmentSerializer
    filterset_class = filters.AssignmentFilters
    joined = ("channel", "position")

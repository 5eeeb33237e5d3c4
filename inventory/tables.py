"""The lists of the inventory: which rows, which columns, what they sort by and how they are searched.

A page, its export and the import read the same columns from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.sorting import ByAddress, Turkish
from core.text import fold

from .models import (
    Address,
    Building,
    ChannelAssignment,
    Device,
    Installation,
    Network,
    Position,
)
from .sheets.cells import Cell

if TYPE_CHECKING:
    from accounts.models import Person

LONGEST_QUERY = 100


@dataclass(frozen=True)
class Column:
    """One column. `sort` is the field that it sorts by, "" when it does not; `by` says in which order.

    `key` is the header that the import understands in every language. `from_width` is the narrowest
    screen that shows it ("md", "lg"; "never": only in files). The first one shown links to the row.
    `wraps` is False for words that must not be broken, such as dates and addresses.
    """

    key: str
    title: Promise
    value: Callable[[Any], Cell]
    sort: str = ""
    from_width: str = ""
    in_files: bool = True
    wraps: bool = True
    by: Callable[[str], Any] = F


@dataclass(frozen=True)
class Table:
    """A list. `rows(person)` starts at `visible_to`.

    `search(rows, word)` narrows by one folded word where the list's filter does not search itself.
    """

    name: str
    title: Promise
    rows: Callable[[Person], QuerySet[Any]]
    columns: Sequence[Column]
    order: str
    detail: str
    second: Callable[[Any], str] = lambda row: ""
    search: Callable[[QuerySet[Any], str], QuerySet[Any]] = lambda rows, word: rows

    @property
    def shown(self) -> list[Column]:
        """The columns of the page."""
        return [column for column in self.columns if column.from_width != "never"]

    @property
    def filed(self) -> list[Column]:
        """The columns of exports and imports."""
        return [column for column in self.columns if column.in_files]

    def searched(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Rows in which every word of the text occurs, by Turkish rules of small and capital letters."""
        for word in fold(text[:LONGEST_QUERY]).split():
            rows = self.search(rows, word)
        return rows

    def sorted(self, rows: QuerySet[Any], wanted: str) -> tuple[QuerySet[Any], str]:
        """Rows in the wanted order ("key" or "-key") and that order; anything else is the usual one."""
        by_key = {column.key: column for column in self.columns if column.sort}
        key = wanted.removeprefix("-")
        if key not in by_key:
            wanted = key = self.order
        field = by_key[key].by(by_key[key].sort)
        order = (
            field.desc(nulls_last=True) if wanted.startswith("-") else field.asc(nulls_last=True)
        )
        return rows.order_by(order, "pk"), wanted


def with_place(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Devices with what holds now: address and network, position, building, recorder's channel."""
    now = timezone.now()
    addresses = Address.objects.at(now).filter(device=OuterRef("pk")).order_by("-starts_at")
    fitted = Installation.objects.at(now).filter(device=OuterRef("pk")).order_by("lens_no")
    return rows.annotate(
        now_ip=Subquery(addresses.values("ip")[:1]),
        now_network=Subquery(addresses.values("network__name")[:1]),
        now_position=Subquery(fitted.values("position__name")[:1]),
        now_position_code=Subquery(fitted.values("position__code")[:1]),
        now_building=Subquery(fitted.values("position__floor__building__name")[:1]),
    )


def _devices(person: Person) -> QuerySet[Any]:
    return with_place(Device.objects.visible_to(person))


def _positions(person: Person) -> QuerySet[Any]:
    now = timezone.now()
    fitted = Installation.objects.at(now).filter(position=OuterRef("pk"))
    wired = ChannelAssignment.objects.at(now).filter(position=OuterRef("pk")).order_by("pk")
    return (
        Position.objects.visible_to(person)
        .select_related("floor__building__site", "group")
        .annotate(
            now_maker=Subquery(fitted.values("device__maker")[:1]),
            now_model=Subquery(fitted.values("device__model")[:1]),
            now_serial=Subquery(fitted.values("device__serial")[:1]),
            now_recorder=Subquery(wired.values("channel__recorder__model")[:1]),
            now_channel=Subquery(wired.values("channel__number")[:1]),
        )
    )


def _buildings(person: Person) -> QuerySet[Any]:
    return (
        Building.objects.visible_to(person)
        .select_related("site")
        .annotate(
            floor_count=Count("floors", distinct=True),
            position_count=Count("floors__positions", distinct=True),
        )
    )


def _networks(person: Person) -> QuerySet[Any]:
    now = timezone.now()
    held = Q(addresses__starts_at__lte=now)
    held &= Q(addresses__ends_at=None) | Q(addresses__ends_at__gt=now)
    rows = Network.objects.visible_to(person).select_related("via")
    return rows.annotate(address_count=Count("addresses", filter=held))


DEVICES = Table(
    name="devices",
    title=_("Devices"),
    rows=_devices,
    order="device",
    detail="inventory:device",
    second=lambda d: d.serial,
    columns=(
        Column("device", _("Device"), lambda d: _words(d.maker, d.model), "maker", in_files=False,
               by=Turkish),
        Column("no", _("No."), lambda d: d.pk, "pk", "never"),
        Column("kind", _("Kind"), lambda d: d.get_kind_display(), "kind", "lg"),
        Column("maker", _("Maker"), lambda d: d.maker, "maker", "never", by=Turkish),
        Column("model", _("Model"), lambda d: d.model, "model", "never", by=Turkish),
        Column("serial", _("Serial number"), lambda d: d.serial, "serial", "never"),
        Column("mac", _("MAC"), lambda d: d.mac, "mac", "never"),
        Column("firmware", _("Firmware"), lambda d: d.firmware, "firmware", "never"),
        Column("status", _("Status"), lambda d: d.get_status_display(), "status", wraps=False),
        Column("network", _("Network"), lambda d: d.now_network, "now_network", "never",
               by=Turkish),
        Column("ip", _("IP address"), lambda d: d.now_ip, "now_ip", "md", wraps=False,
               by=ByAddress),
        Column("position_code", _("Position code"), lambda d: d.now_position_code, "", "never"),
        Column("position", _("Position"), lambda d: d.now_position, "now_position", "lg",
               by=Turkish),
        Column("building", _("Building"), lambda d: d.now_building, "now_building", "lg",
               by=Turkish),
        Column("asset_register_no", _("Asset register no."), lambda d: d.asset_register_no,
               "asset_register_no", "never"),
        Column("purchased_on", _("Purchased on"), lambda d: d.purchased_on, "purchased_on", "never"),
        Column("warranty_ends_on", _("Warranty ends on"), lambda d: d.warranty_ends_on,
               "warranty_ends_on", "xl", wraps=False),
        Column("purpose", _("Purpose"), lambda d: d.purpose, "", "never"),
        Column("audio_off", _("Audio is off"), lambda d: d.audio_off, "", "never"),
        Column("protocol", _("Protocol"), lambda d: d.protocol, "protocol", "never"),
        Column("http_port", _("HTTP port"), lambda d: d.http_port, "", "never"),
        Column("rtsp_port", _("RTSP port"), lambda d: d.rtsp_port, "", "never"),
        Column("tls", _("TLS"), lambda d: d.tls, "", "never"),
    ),
)  # fmt: skip

POSITIONS = Table(
    name="positions",
    title=_("Positions"),
    rows=_positions,
    order="code",
    detail="inventory:position",
    second=lambda p: p.code,
    columns=(
        Column("no", _("No."), lambda p: p.pk, "pk", "never"),
        Column("name", _("Name"), lambda p: p.name, "name", by=Turkish),
        Column("code", _("Code"), lambda p: p.code, "code", "never", by=Turkish),
        Column("site", _("Site"), lambda p: p.floor.building.site.name,
               "floor__building__site__name", "never", by=Turkish),
        Column("building", _("Building"), lambda p: p.floor.building.name,
               "floor__building__name", "md", by=Turkish),
        Column("floor", _("Floor"), lambda p: p.floor.name, "floor__level", "lg"),
        Column("group", _("Group"), lambda p: p.group.name, "group__name", "xl", by=Turkish),
        Column("status", _("Status"), lambda p: p.get_status_display(), "status", wraps=False),
        Column("device", _("Fitted device"), lambda p: _words(p.now_maker, p.now_model),
               "now_model", "md", by=Turkish),
        Column("serial", _("Serial number"), lambda p: p.now_serial, "now_serial", "never"),
        Column("channel", _("Channel"), lambda p: p.now_channel, "", "never"),
        Column("recorder", _("Recorder"), lambda p: p.now_recorder, "", "never"),
        Column("purpose", _("Purpose"), lambda p: p.purpose, "", "never"),
    ),
)  # fmt: skip

BUILDINGS = Table(
    name="buildings",
    title=_("Buildings"),
    rows=_buildings,
    order="name",
    detail="inventory:building",
    columns=(
        Column("code", _("Code"), lambda b: b.code, "code", by=Turkish),
        Column("name", _("Name"), lambda b: b.name, "name", by=Turkish),
        Column("site", _("Site"), lambda b: b.site.name, "site__name", "sm", by=Turkish),
        Column("floors", _("Floors"), lambda b: b.floor_count, "floor_count", "sm"),
        Column("positions", _("Positions"), lambda b: b.position_count, "position_count"),
    ),
)

NETWORKS = Table(
    name="networks",
    title=_("Networks"),
    rows=_networks,
    order="name",
    detail="inventory:network",
    columns=(
        Column("name", _("Name"), lambda n: n.name, "name", by=Turkish),
        Column("cidr", _("Range"), lambda n: n.cidr, "cidr", wraps=False, by=ByAddress),
        Column("via", _("Reached through"), lambda n: str(n.via) if n.via else "", "", "md"),
        Column("addresses", _("Addresses in use"), lambda n: n.address_count, "address_count"),
    ),
)


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)

"""Devices out of a file: new ones, changed ones, their addresses and positions."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import fold
from core.tsi import today

from ..addresses import check_in_network
from ..models import Address, Building, Device, Installation, Network, Position
from ..text import normal_mac, serial_key
from . import faults
from .faults import Line, RowReader

if TYPE_CHECKING:
    from accounts.models import Person

REQUIRED = ("kind", "maker")
_TEXTS = {
    "maker": 80,
    "model": 120,
    "serial": 120,
    "firmware": 120,
    "asset_register_no": 60,
    "purpose": 300,
}


@dataclass
class DevicePlan:
    """What one row asks for. `values` are the columns of the device that the file has."""

    line: Line
    row: Device
    values: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    address: tuple[Network, str] | None = None
    position: Position | None = None
    before_pk: int | None = None


class DeviceReader(RowReader):
    """Judges the rows of a file against each other and against the inventory, with a handful of queries."""

    model = Device
    no_such_number = gettext_lazy(
        "There is no device with this number. Leave it empty for a new one."
    )

    def __init__(self, person: Person) -> None:
        super().__init__({row.pk: row for row in Device.objects.visible_to(person)})
        now = timezone.now()
        keys = Device.objects.exclude(serial_key="").values_list("serial_key", "pk")
        self.serials: dict[str, int] = dict(keys)
        self.networks = list(Network.objects.visible_to(person).select_related("via"))
        self.network_names = {fold(row.name): row for row in self.networks}
        held = Address.objects.at(now).select_related("device", "network")
        self.by_ip = {(row.network_id, row.ip): row for row in held}
        self.by_mac = {(row.network_id, row.mac): row for row in held if row.mac}
        self.by_device: dict[int, list[Address]] = {}
        for row in held:
            self.by_device.setdefault(row.device_id, []).append(row)
        places = Position.objects.visible_to(person).select_related("floor__building")
        self.positions = {fold(row.code): row for row in places}
        fitted = Installation.objects.at(now).select_related("device", "position")
        self.fitted_at = {row.position_id: row for row in fitted}
        self.fitted: dict[int, set[int]] = {}
        for fit in fitted:
            self.fitted.setdefault(fit.device_id, set()).add(fit.position_id)
        buildings = Building.objects.visible_to(person)
        self.buildings = {fold(name): row.pk for row in buildings for name in (row.name, row.code)}
        self.kind = faults.choice(Device.Kind.choices)
        self.status = faults.choice(Device.Status.choices)
        self.protocol = faults.choice(Device.Protocol.choices)

    def plan(self, line: Line) -> DevicePlan:
        """What the line asks for; what is wrong stands in the line."""
        row: Device = self.row_of(line)
        values = self._values(line, row)
        plan = DevicePlan(line, row, values)
        if row.pk:
            plan.before = {
                name: getattr(row, name) for name in values if getattr(row, name) != values[name]
            }
        for name, value in values.items():
            setattr(row, name, value)
        self._serial(line, row)
        self._status(line, row)
        plan.address = self._address(line, row)
        plan.position = self._position(line, row)
        return plan

    def _values(self, line: Line, row: Device) -> dict[str, Any]:
        values: dict[str, Any] = {}
        kind = self._kind(line, row)
        if kind:
            values["kind"] = kind
        for key, longest in _TEXTS.items():
            if line.has(key):
                values[key] = line.get(key, faults.text(longest), "")
        if not values.get("maker") and not _blamed(line, "maker"):
            line.blame("maker", _("The maker is missing."))
        if line.has("mac"):
            values["mac"] = line.get("mac", _mac, "")
        for key in ("purchased_on", "warranty_ends_on"):
            if line.has(key):
                values[key] = line.get(key, faults.day)
        if (values.get("purchased_on") or today()) > today():
            line.blame("purchased_on", _("This day lies in the future."))
        self._technical(line, values)
        values |= {
            name: " ".join(values[name].split()) for name in ("maker", "model") if name in values
        }
        return values

    def _kind(self, line: Line, row: Device) -> str:
        kind: str | None = line.get("kind", self.kind)
        if kind is None and not _blamed(line, "kind"):
            line.blame("kind", _("Write what it is: camera or recorder."))
        elif row.pk and kind and kind != row.kind:
            line.blame("kind", _("A camera does not become a recorder, nor the other way round."))
            kind = None
        return kind or ""

    def _technical(self, line: Line, values: dict[str, Any]) -> None:
        if line.has("audio_off"):
            values["audio_off"] = line.get("audio_off", faults.yes_no, True)
        if line.has("tls"):
            values["tls"] = line.get("tls", faults.yes_no, False)
        if line.has("protocol"):
            values["protocol"] = line.get("protocol", self.protocol, Device.Protocol.AUTO)
        if line.has("http_port"):
            values["http_port"] = line.get("http_port", faults.whole(1, 65535), 80)
        if line.has("rtsp_port"):
            values["rtsp_port"] = line.get("rtsp_port", faults.whole(1, 65535))

    def _serial(self, line: Line, row: Device) -> None:
        key = serial_key(row.maker, row.serial)
        if not key:
            return
        self.once(line, "serial", key)
        owner = self.serials.get(key)
        if owner is not None and owner != row.pk:
            line.blame(
                "serial", _("Device no. %(number)d has this serial number.") % {"number": owner}
            )

    def _status(self, line: Line, row: Device) -> None:
        status = line.get("status", self.status)
        if status is not None and status != row.status:
            line.blame(
                "status",
                _("A status changes by a step on the device's page. New devices begin in stock."),
            )

    def _address(self, line: Line, row: Device) -> tuple[Network, str] | None:
        ip = line.get("ip", faults.text(45))
        name = line.get("network", faults.text(100))
        if ip is None:
            return None
        network = self._network(line, name, ip)
        if network is None:
            return None
        try:
            ip = check_in_network(ip, network)
        except ValidationError as error:
            line.blame("ip", error.messages[0])
            return None
        self.once(line, "ip", (network.pk, ip))
        for held, key in ((self.by_ip.get((network.pk, ip)), "ip"),
                          (self.by_mac.get((network.pk, row.mac)), "mac")):  # fmt: skip
            if held is not None and held.device_id != row.pk:
                line.blame(
                    key, _("%(ip)s belongs to %(device)s.") % {"ip": held.ip, "device": held.device}
                )
                return None
        if row.mac:
            self.once(line, "mac", (network.pk, row.mac))
        own = self.by_device.get(row.pk, []) if row.pk else []
        return (
            None if any(a.network_id == network.pk and a.ip == ip for a in own) else (network, ip)
        )

    def _network(self, line: Line, name: str | None, ip: str) -> Network | None:
        if name is not None:
            network = self.network_names.get(fold(name))
            if network is None:
                line.blame("network", _("There is no network with this name."))
            return network
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            line.blame("ip", _("%(text)s is not an IP address.") % {"text": ip})
            return None
        inside = [n for n in self.networks if address in ipaddress.ip_network(n.cidr)]
        if len(inside) == 1:
            return inside[0]
        line.blame("ip", _("Write the name of its network in the column “network”."))
        return None

    def _position(self, line: Line, row: Device) -> Position | None:
        code = line.get("position_code", faults.text(40))
        name = line.get("building", faults.text(150))
        building = None if name is None else self.buildings.get(fold(name))
        if name is not None and building is None:
            line.blame("building", _("There is no building with this name."))
        if code is None:
            return None
        place = self.positions.get(fold(code))
        if place is None:
            line.blame("position_code", _("There is no position with this code."))
            return None
        if building is not None and place.floor.building_id != building:
            line.blame("building", _("The position lies in another building."))
        fault = self._why_not_there(line, row, place)
        if fault:
            line.blame("position_code", fault)
        here = self.fitted.get(row.pk, set()) if row.pk else set()
        return None if fault or place.pk in here else place

    def _why_not_there(self, line: Line, row: Device, place: Position) -> str:
        here = self.fitted.get(row.pk, set()) if row.pk else set()
        if row.kind == Device.Kind.RECORDER:
            return _("Only cameras are fitted at positions.")
        if place.pk in here:
            return ""
        held = self.fitted_at.get(place.pk)
        if held is not None:
            return _("%(device)s is fitted there. Replacing is a move of its own.") % {
                "device": held.device
            }
        if here:
            return _("It is fitted elsewhere. Moving is done on the page of the position.")
        self.once(line, "position_code", place.pk)
        return ""


def _mac(cell: Any) -> str | None:
    text = faults.text(30)(cell)
    if text is None:
        return None
    try:
        return normal_mac(text)
    except ValueError:
        raise faults.Blamed(_("This is not a MAC address.")) from None


def _blamed(line: Line, key: str) -> bool:
    return any(fault.column == line.titles.get(key) for fault in line.faults)

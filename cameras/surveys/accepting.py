"""What a survey of a recorder found becomes rows, as far as a person accepts it.

Per channel: the channel itself, a position on the chosen floor, the camera behind it (found by serial number,
MAC or address, else a new one), and the assignment. One transaction for what was accepted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from inventory import editing, moves
from inventory.addresses import check_in_network, normal_ip
from inventory.models import (
    Address,
    Channel,
    Device,
    Floor,
    Network,
    Position,
    PositionGroup,
    Survey,
)
from inventory.text import normal_mac, serial_key

if TYPE_CHECKING:
    from accounts.models import Person

_IDENTITY = ("maker", "model", "serial", "firmware", "mac")


@dataclass(frozen=True)
class Proposal:
    """One channel and what would be made of it. `position` is set when it records one already.

    `fitted_at` is where its camera hangs already: then no position is made, the channel gets that one.
    """

    number: int
    token: str
    name: str
    online: bool | None
    address: str
    serial: str
    camera: Device | None
    position: Position | None
    fitted_at: Position | None

    @property
    def is_done(self) -> bool:
        return self.position is not None

    @property
    def needs_position(self) -> bool:
        """Whether a position would be made of it."""
        return not self.is_done and self.fitted_at is None


@dataclass(frozen=True)
class Accepted:
    """What a person accepted for one channel."""

    number: int
    code: str
    name: str
    needs_position: bool = True

    @property
    def is_named(self) -> bool:
        """Whether a position could be made of it, where one is needed."""
        return not self.needs_position or bool(self.code and self.name)


@transaction.atomic
def begin(
    network: Network,
    ip: str,
    port: int,
    *,
    tls: bool,
    protocol: str,
    by: Person,
) -> Device:
    """Enters a recorder that nothing is known of but its address. Raises Overlap or AddressRefused."""
    device = Device(
        kind=Device.Kind.RECORDER,
        maker="",
        model=ip,
        http_port=port,
        tls=tls,
        protocol=protocol,
    )
    device.save()
    audit.record("device.create", actor=by, target=device, after={"ip": ip, "http_port": port})
    moves.move_address(device, network, ip, timezone.now(), by)
    return device


def proposals(survey: Survey) -> list[Proposal]:
    """A line per channel that the recorder told."""
    device = survey.device
    if device is None:
        return []
    now = timezone.now()
    held = {
        row.channel.number: row.position
        for channel in device.channels.all()
        for row in channel.assignments.at(now).select_related("position", "channel")
    }
    maker = survey.found.get("identity", {}).get("maker") or device.maker
    lines = []
    for told in survey.found.get("channels", []):
        camera = _known(told, maker, now)
        lines.append(
            Proposal(
                number=told["number"],
                token=told["token"],
                name=told["name"],
                online=told["online"],
                address=told["address"],
                serial=told["serial"],
                camera=camera,
                position=held.get(told["number"]),
                fitted_at=_where(camera, now),
            )
        )
    return lines


def _where(camera: Device | None, now: dt.datetime) -> Position | None:
    if camera is None:
        return None
    row = camera.installations.at(now).select_related("position").order_by("lens_no").first()
    return row.position if row else None


def _known(told: dict[str, Any], maker: str, now: dt.datetime) -> Device | None:
    """The camera of the inventory behind a channel, by its serial number or its address."""
    key = serial_key(maker, told["serial"])
    cameras = Device.objects.filter(kind=Device.Kind.CAMERA)
    if key:
        known = cameras.filter(serial_key=key).first()
        if known is not None:
            return known
    if not told["address"]:
        return None
    rows = Address.objects.at(now).filter(ip=told["address"], device__kind=Device.Kind.CAMERA)
    found = list(rows.select_related("device")[:2])
    return found[0].device if len(found) == 1 else None


@transaction.atomic
def take_identity(survey: Survey, *, by: Person) -> None:
    """Writes what the recorder said about itself into its row. Raises ValidationError for a double serial."""
    told, device = survey.found.get("identity", {}), survey.device
    if device is None or not told:
        return
    row = Device.objects.select_for_update().get(pk=device.pk)
    before = editing.state_of(row, [*_IDENTITY, "protocol"])
    for name in _IDENTITY:
        if told.get(name):
            setattr(row, name, told[name])
    try:
        row.mac = normal_mac(row.mac)
    except ValueError:
        row.mac = str(before["mac"])
    key = serial_key(row.maker, row.serial)
    other = Device.objects.filter(serial_key=key).exclude(pk=row.pk).first() if key else None
    if other is not None:
        raise ValidationError(
            _("This recorder stands in the inventory already: %(device)s, no. %(number)d.")
            % {"device": other, "number": other.pk}
        )
    if survey.found.get("protocol") in Device.Protocol.values:
        row.protocol = survey.found["protocol"]
    row.save()
    after = editing.state_of(row, [*_IDENTITY, "protocol"])
    editing.record("device.change", row, by=by, before=before, after=after)


@transaction.atomic
def accept(
    survey: Survey,
    accepted: list[Accepted],
    place: tuple[Floor, PositionGroup] | None,
    *,
    by: Person,
) -> int:
    """Makes the rows of the accepted channels, all or none; returns how many channels were taken over.

    `place` is where new positions lie and which limits hold for them; None where none is to be made.
    Raises ValidationError (with `Overlap`) naming what stands in the way.
    """
    recorder = survey.device
    if recorder is None:
        raise ValidationError(_("This survey is not of a recorder."))
    take_identity(survey, by=by)
    recorder.refresh_from_db()
    lines = {line.number: line for line in proposals(survey)}
    now = timezone.now()
    made = 0
    for wish in accepted:
        line = lines.get(wish.number)
        if line is None or line.is_done:
            continue
        position = line.fitted_at
        if position is None:
            position = _position(wish, place, by)
            camera = line.camera or _camera(line, recorder, by)
            moves.install(camera, position, now, by, document=str(survey))
            _address(line, camera, now, by)
        channel, _is_new = Channel.objects.get_or_create(
            recorder=recorder,
            number=line.number,
            defaults={"name": line.name, "token": line.token},
        )
        moves.assign_channel(channel, position, now, by)
        made += 1
    audit.record("survey.accept", actor=by, target=recorder, channels=made)
    return made


def _position(wish: Accepted, place: tuple[Floor, PositionGroup] | None, by: Person) -> Position:
    if place is None:
        raise ValidationError(_("A new position needs a floor and a group."))
    floor, group = place
    if Position.objects.filter(code__iexact=wish.code).exists():
        raise ValidationError(_("The code %(code)s is taken.") % {"code": wish.code})
    row = Position.objects.create(code=wish.code, name=wish.name, floor=floor, group=group)
    after = editing.state_of(row, ["code", "name", "floor", "group"])
    editing.record("position.create", row, by=by, before={}, after=after)
    return row


def _camera(line: Proposal, recorder: Device, by: Person) -> Device:
    """A camera of which only the recorder has told; its own facts come with its first visit."""
    row = Device(
        kind=Device.Kind.CAMERA,
        maker=recorder.maker,
        serial=line.serial,
        purpose=line.name,
    )
    row.save()
    after = editing.state_of(row, ["kind", "maker", "serial"])
    editing.record("device.create", row, by=by, before={}, after=after)
    return row


def _address(line: Proposal, camera: Device, now: dt.datetime, by: Person) -> None:
    """Gives a new camera the told address when exactly one network takes it; else it is left out."""
    if not line.address or line.camera is not None:
        return
    fitting = []
    for network in Network.objects.filter(via=None):
        try:
            check_in_network(line.address, network)
        except ValidationError:
            continue
        fitting.append(network)
    if len(fitting) == 1:
        moves.move_address(camera, fitting[0], normal_ip(line.address), now, by)

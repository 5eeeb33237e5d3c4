"""Fitting, replacing and rewiring: every move closes one dated row and opens the next.

Each move is one transaction with its audit entry, and leaves a row of field history. An overlap is refused
by the database and raised as `inventory.errors.Overlap`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

import audit
from core.tsi import day_of

from .addresses import check_in_network, normal_ip
from .errors import AddressRefused, Overlap
from .models import (
    Address,
    Channel,
    ChannelAssignment,
    Device,
    Installation,
    Network,
    Position,
)
from .steps import person_or_none
from .text import normal_mac

if TYPE_CHECKING:
    from accounts.models import Person

    Actor = Person | str


MOST_TRIES = 64
# So many addresses that may not be dialled are passed over in search of a free one.
MOST_REFUSED = 4096


@dataclass(frozen=True)
class Move:
    """What `move_address` did: the row that holds now, and the one that was closed for it."""

    address: Address
    previous: Address | None
    is_new: bool


@transaction.atomic
def install(
    device: Device,
    position: Position,
    at: dt.datetime,
    by: Actor,
    *,
    lens_no: int = 1,
    document: str = "",
) -> Installation:
    """Fits a lens of a device at a position from `at` on. Raises Overlap when either is taken."""
    if device.kind != Device.Kind.CAMERA:
        raise ValidationError(_("Only cameras are fitted at positions."), code="kind")
    row = Installation(device=device, position=position, lens_no=lens_no, starts_at=at)
    _keep(row, by)
    audit.record(
        "installation.start",
        actor=by,
        target=position,
        because=document,
        device=device.pk,
        serial=device.serial,
        lens=lens_no,
        at=at.isoformat(),
    )
    return row


@transaction.atomic
def uninstall(position: Position, at: dt.datetime, by: Actor, *, document: str = "") -> None:
    """Ends what is fitted at a position. The device keeps its status: that is a step of its own."""
    row = position.installation_at(at)
    if row is None:
        raise ValidationError(_("Nothing is fitted at this position."), code="empty")
    _end(row, at, by)
    audit.record(
        "installation.end",
        actor=by,
        target=position,
        because=document,
        device=row.device_id,
        serial=row.device.serial,
        lens=row.lens_no,
        at=at.isoformat(),
    )


@transaction.atomic
def replace_device(
    position: Position, new_device: Device, at: dt.datetime, by: Actor, document: str
) -> Installation:
    """Fits another device at the position; its history, its channels and its schedule stay (INV-13).

    The old device takes the step `remove` unless it is out for repair or still looks from another
    position. Recordings stay attributable: which serial was fitted when is a dated row.
    """
    old = position.installation_at(at)
    if old is not None:
        _end(old, at, by)
        device = old.device
        if device.allows("remove") and device.status != Device.Status.OUT_FOR_REPAIR:
            still_fitted = device.installations.at(at).exists()
            if not still_fitted:
                device.remove(on_date=day_of(at), by=by, document=document)
    return install(new_device, position, at, by, document=document)


@transaction.atomic
def assign_channel(
    channel: Channel,
    position: Position,
    at: dt.datetime,
    by: Actor,
    *,
    stream: str = ChannelAssignment.Stream.MAIN,
) -> ChannelAssignment:
    """Lets a channel record a position from `at` on; ends what it recorded before."""
    before = channel.assignments.at(at).select_related("position").first()
    if before is not None:
        if before.position_id == position.pk and before.stream == stream:
            return before
        _end(before, at, by)
    row = ChannelAssignment(channel=channel, position=position, stream=stream, starts_at=at)
    _keep(row, by)
    audit.record(
        "channel.assign",
        actor=by,
        target=channel,
        before={"position": before.position.code if before else None},
        after={"position": position.code, "stream": stream},
        at=at.isoformat(),
    )
    return row


@transaction.atomic
def release_channel(channel: Channel, at: dt.datetime, by: Actor) -> None:
    """The channel records nothing from `at` on."""
    row = channel.assignments.at(at).select_related("position").first()
    if row is None:
        raise ValidationError(_("This channel records nothing."), code="empty")
    _end(row, at, by)
    audit.record(
        "channel.release",
        actor=by,
        target=channel,
        before={"position": row.position.code},
        at=at.isoformat(),
    )


@transaction.atomic
def move_address(
    device: Device, network: Network, ip: str, at: dt.datetime, by: Actor, *, mac: str = ""
) -> Move:
    """Gives a device an address from `at` on. The same MAC on another IP is the same device (INV-10).

    The address that the device had in that network is closed and stays as history. Asking for the address
    that it has already changes nothing.
    """
    ip, mac = normal_ip(ip), normal_mac(mac) or device.mac
    before = _address_before(device, network, mac, at)
    if before is not None and before.ip == ip and before.mac == mac:
        return Move(before, None, is_new=False)
    if before is not None:
        _end(before, at, by)
    row = Address(device=device, network=network, ip=ip, mac=mac, starts_at=at)
    _keep(row, by)
    audit.record(
        "address.move" if before else "address.give",
        actor=by,
        target=device,
        before={"ip": before.ip} if before else None,
        after={"ip": ip, "mac": mac, "network": network.name},
        at=at.isoformat(),
    )
    return Move(row, before, is_new=True)


def give_free_address(
    device: Device, network: Network, at: dt.datetime, by: Actor, *, mac: str = ""
) -> Move:
    """Gives a device the lowest address of the network that is free from `at` on (INV-9).

    Of several who ask at once each gets another one: the database refuses the double, and the loser takes
    the next. Raises ValidationError when the network is full.
    """
    for _attempt in range(MOST_TRIES):
        ip = _free_address(network, at)
        try:
            with transaction.atomic():
                return move_address(device, network, ip, at, by, mac=mac)
        except Overlap as taken:
            if not isinstance(taken.row, Address | None) or _is_same_mac(taken.row, ip):
                raise
    raise ValidationError(_("Too many people take addresses at this moment. Try again."))


def _is_same_mac(row: Address | None, ip: str) -> bool:
    """The MAC stands in the way, not the address: another address would not help."""
    return row is not None and row.ip != ip


def _free_address(network: Network, at: dt.datetime) -> str:
    """The lowest address that nobody holds at `at` or has been promised for later."""
    held = network.addresses.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    taken = set(held.values_list("ip", flat=True))
    for host in islice(ipaddress.ip_network(network.cidr).hosts(), len(taken) + MOST_REFUSED):
        if str(host) in taken:
            continue
        try:
            return check_in_network(str(host), network)
        except AddressRefused:
            continue
    raise ValidationError(_("No address is free in %(network)s.") % {"network": network})


def _address_before(device: Device, network: Network, mac: str, at: dt.datetime) -> Address | None:
    """The address that the new one takes the place of: of the same interface, where MACs are known."""
    held = list(device.addresses.at(at).filter(network=network))
    same = [row for row in held if row.mac == mac or not row.mac or not mac]
    return same[0] if same else None


def _keep(row: models.Model, by: Actor) -> None:
    row._history_user = person_or_none(by)  # type: ignore[attr-defined]
    row.save()


def _end(row: Address | Installation | ChannelAssignment, at: dt.datetime, by: Actor) -> None:
    """Closes a row at `at`; one that began at that very instant never held, and goes."""
    row._history_user = person_or_none(by)  # type: ignore[union-attr]
    if row.starts_at >= at:
        row.delete()
    else:
        row.end(at)

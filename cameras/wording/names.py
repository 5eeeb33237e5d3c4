"""Short names of devices and channels for people: where a camera hangs, which model a recorder is.

A serial number of 40 characters tells nobody which camera is meant; it stays on the device's own page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from cameras.models import Finding
from inventory.models import Address, Channel, ChannelAssignment, Device, Installation, Position


def model_of(device: Device) -> str:
    """ "Dahua IPC-HFW2431S-S"."""
    return " ".join(word for word in (device.maker, device.model) if word)


def name_of(position: Position) -> str:
    """ "Danışma (REK-02)": names repeat between buildings, codes do not."""
    return f"{position.name} ({position.code})"


def device_names(ids: Iterable[int]) -> dict[int, str]:
    """The short name of each device, with one query.

    That is the position of a camera, the model of a recorder, and its address where it has a twin.
    """
    rows = _devices(ids).values_list("pk", "maker", "model", "place", "place_code", "ip")
    return {pk: _device_name(*texts) for pk, *texts in rows}


def _devices(ids: Iterable[int]) -> Any:
    """Devices with `place` and `place_code` of where they hang, and `ip` of recorders of the same model."""
    fitted = Installation.objects.current().filter(device=OuterRef("pk")).order_by("lens_no")
    address = Address.objects.current().filter(device=OuterRef("pk")).order_by("-starts_at")
    twins = Device.objects.recorders().filter(maker=OuterRef("maker"), model=OuterRef("model"))
    told_apart = Q(kind=Device.Kind.RECORDER) & Exists(twins.exclude(pk=OuterRef("pk")))
    return (
        Device.objects.filter(pk__in=list(ids))
        .order_by()
        .annotate(
            place=Subquery(fitted.values("position__name")[:1]),
            place_code=Subquery(fitted.values("position__code")[:1]),
            ip=Case(
                When(told_apart, then=Cast(Subquery(address.values("ip")[:1]), CharField())),
                default=Value(""),
            ),
        )
    )


def _device_name(maker: str, model: str, place: str | None, code: str | None, ip: str) -> str:
    if place is not None:
        return f"{place} ({code})"
    name = " ".join(word for word in (maker, model) if word)
    # PostgreSQL writes an address as text with its mask.
    return f"{name} · {ip.partition('/')[0]}" if ip else name


def addresses_of(ids: Iterable[int]) -> dict[int, str]:
    """The present IP address of each device that has one, with one query."""
    rows = Address.objects.current().filter(device__in=list(ids)).order_by("device", "starts_at")
    return dict(rows.values_list("device_id", "ip"))


def finding_names(findings: Iterable[Finding]) -> dict[int, str]:
    """What each finding is about, by the finding's key, with one query."""
    rows = list(findings)
    ids: dict[str, set[int]] = {}
    for row in rows:
        ids.setdefault(row.subject_kind, set()).add(row.subject_id)
    parts = [_NAMED[kind](kind, some) for kind, some in ids.items() if kind in _NAMED]
    names: dict[tuple[str, int], str] = {}
    for kind, pk, *texts in parts[0].union(*parts[1:], all=True) if parts else ():
        names[kind, pk] = (
            _channel_name(*texts) if kind == Finding.Subject.CHANNEL else _device_name(*texts)
        )
    return {
        row.pk: names.get((row.subject_kind, row.subject_id)) or row.subject_name for row in rows
    }


def _named_devices(kind: str, ids: Iterable[int]) -> Any:
    return _devices(ids).values_list(
        Value(kind), "pk", "maker", "model", "place", "place_code", "ip"
    )


def _named_positions(kind: str, ids: Iterable[int]) -> Any:
    rows = Position.objects.filter(pk__in=ids).order_by()
    return rows.values_list(Value(kind), "pk", Value(""), Value(""), "name", "code", Value(""))


def _named_channels(kind: str, ids: Iterable[int]) -> Any:
    """With the position that each records now, and the number of the channel."""
    assigned = ChannelAssignment.objects.current().filter(channel=OuterRef("pk"))
    return (
        Channel.objects.filter(pk__in=ids)
        .order_by()
        .values_list(
            Value(kind),
            "pk",
            "recorder__maker",
            "recorder__model",
            Subquery(assigned.values("position__name")[:1]),
            Subquery(assigned.values("position__code")[:1]),
            Cast("number", CharField()),
        )
    )


def _channel_name(maker: str, model: str, place: str | None, code: str | None, number: str) -> str:
    """The position recorded on a channel now, or "recorder, channel 3" where there is none."""
    if place is not None:
        return _device_name(maker, model, place, code, "")
    recorder = _device_name(maker, model, None, None, "")
    return _("%(recorder)s, channel %(number)d") % {"recorder": recorder, "number": int(number)}


_NAMED: dict[str, Callable[[str, Iterable[int]], Any]] = {
    Finding.Subject.DEVICE: _named_devices,
    Finding.Subject.POSITION: _named_positions,
    Finding.Subject.CHANNEL: _named_channels,
}

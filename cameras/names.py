"""Short names of devices and channels for people: where a camera hangs, which model a recorder is.

A serial number of 40 characters tells nobody which camera is meant; it stays on the device's own page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Count
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
    """The short name of each device: the position of a camera, model (and IP among equals) of a recorder."""
    devices = Device.objects.in_bulk(list(ids))
    names = {pk: model_of(device) for pk, device in devices.items()}
    recorders = [pk for pk, device in devices.items() if device.kind == Device.Kind.RECORDER]
    names.update(_with_address(recorders, names))
    fitted = Installation.objects.current().filter(device__in=devices).select_related("position")
    for row in fitted.order_by("device", "-lens_no"):
        names[row.device_id] = name_of(row.position)
    return names


def _with_address(recorders: Collection[int], names: dict[int, str]) -> dict[int, str]:
    """Recorders whose model occurs more than once are told apart by their address."""
    twice = (
        Device.objects.recorders()
        .values_list("maker", "model")
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
    )
    common = {" ".join(word for word in (maker, model) if word) for maker, model, _n in twice}
    wanted = [pk for pk in recorders if names[pk] in common]
    return {pk: f"{names[pk]} · {ip}" for pk, ip in addresses_of(wanted).items()}


def addresses_of(ids: Iterable[int]) -> dict[int, str]:
    """The present IP address of each device that has one, with one query."""
    rows = Address.objects.current().filter(device__in=list(ids)).order_by("device", "starts_at")
    return dict(rows.values_list("device_id", "ip"))


def finding_names(findings: Iterable[Finding]) -> dict[int, str]:
    """What each finding is about, by the finding's key. Four queries, however many findings."""
    rows = list(findings)
    kinds = Finding.Subject
    devices = device_names({row.subject_id for row in rows if row.subject_kind == kinds.DEVICE})
    positions = Position.objects.in_bulk(
        {row.subject_id for row in rows if row.subject_kind == kinds.POSITION}
    )
    channels = channel_names({row.subject_id for row in rows if row.subject_kind == kinds.CHANNEL})
    names = {}
    for row in rows:
        name = ""
        if row.subject_kind == kinds.DEVICE:
            name = devices.get(row.subject_id, "")
        elif row.subject_kind == kinds.POSITION and row.subject_id in positions:
            name = name_of(positions[row.subject_id])
        elif row.subject_kind == kinds.CHANNEL:
            name = channels.get(row.subject_id, "")
        names[row.pk] = name or row.subject_name
    return names


def channel_names(ids: Collection[int]) -> dict[int, str]:
    """The position recorded on each channel now, or "recorder, channel 3" where there is none."""
    if not ids:
        return {}
    rows = Channel.objects.filter(pk__in=ids).select_related("recorder")
    names = {
        row.pk: _("%(recorder)s, channel %(number)d")
        % {"recorder": model_of(row.recorder), "number": row.number}
        for row in rows
    }
    assigned = ChannelAssignment.objects.current().filter(channel__in=ids)
    for assignment in assigned.select_related("position"):
        names[assignment.channel_id] = name_of(assignment.position)
    return names

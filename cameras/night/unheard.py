"""Recorders of which nothing was heard for a day, whatever the reason: their own alarm (REC-9).

A visit that finds a recorder silent tells so itself; this finds those that are asked and never come to an
answer, because their login is parked or their address is gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cameras.models import DeviceCondition, Finding
from cameras.night.device_findings import device_subject
from cameras.night.findings import Found, settle
from inventory.models import ChannelAssignment, Device

UNHEARD = timedelta(hours=24)
UNHEARD_FOR_A_DAY = "UNHEARD_FOR_A_DAY"


def tell(now: datetime) -> int:
    """Opens a finding for each recorder in service that has been asked and not heard of for a day."""
    silent = Finding.objects.open().filter(
        kind=Finding.Kind.RECORDER_SILENT, subject_kind=Finding.Subject.DEVICE
    )
    rows = (
        DeviceCondition.objects.filter(
            device__kind=Device.Kind.RECORDER,
            device__status__in=[Device.Status.IN_SERVICE, Device.Status.FAULTY],
            answered_at__lt=now - UNHEARD,
            asked_at__gte=now - UNHEARD,
        )
        .exclude(device__in=silent.values("subject_id"))
        .select_related("device")
    )
    covers: dict[int, set[int]] = {}
    assigned = ChannelAssignment.objects.at(now).filter(
        channel__recorder__in=[row.device_id for row in rows]
    )
    for recorder, position in assigned.values_list("channel__recorder", "position"):
        covers.setdefault(recorder, set()).add(position)
    found = [
        Found(
            Finding.Kind.RECORDER_SILENT,
            device_subject(row.device),
            UNHEARD_FOR_A_DAY,
            covers=tuple(sorted(covers.get(row.device_id, ()))),
            count=len(covers.get(row.device_id, ())),
        )
        for row in rows
    ]
    settle(found, (), now)
    return len(found)

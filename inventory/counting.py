"""Counting the stock of a building: what should be there, what was seen, and what differs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from core.steps import InvalidTransition

from .models import Building, ChannelAssignment, CountLine, Device, Installation, StockCount
from .text import serial_key

if TYPE_CHECKING:
    from accounts.models import Person

YEAR = dt.timedelta(days=365)


@transaction.atomic
def start(building: Building, *, by: Person, note: str = "") -> StockCount:
    """Opens a count with a line per device that the inventory expects in the building now.

    Cameras are expected where they are fitted, recorders where they record. Raises IntegrityError when
    the building is being counted already.
    """
    count = StockCount.objects.create(
        building=building,
        started_on=timezone.localdate(),
        started_by=by,
        started_by_name=by.full_name,
        note=note,
    )
    lines = [
        CountLine(count=count, device_id=row.device_id, position_id=row.position_id)
        for row in _fitted(building)
    ]
    lines += [CountLine(count=count, device_id=pk) for pk in _recorders(building)]
    seen: set[int] = set()
    once = [line for line in lines if line.device_id not in seen and not seen.add(line.device_id)]  # type: ignore[func-returns-value, arg-type]
    CountLine.objects.bulk_create(once)
    audit.record("stockcount.start", actor=by, target=count, because=note, lines=len(once))
    return count


def _fitted(building: Building) -> Any:
    return Installation.objects.current().filter(position__floor__building=building)


def _recorders(building: Building) -> list[int]:
    """Recorders most of whose channels record positions of this building."""
    here = ChannelAssignment.objects.current().filter(position__floor__building=building)
    rows = here.order_by().values_list("channel__recorder", flat=True).distinct()
    return list(rows)


@transaction.atomic
def check(line: CountLine, values: dict[str, Any], *, by: Person) -> None:
    """Writes what was seen of one expected device. A closed count is no longer written."""
    _lock_open(line.count)
    names = ("outcome", "serial_matches", "label_readable", "is_sound", "note")
    before = {name: getattr(line, name) for name in names}
    for name in names:
        setattr(line, name, values[name])
    after = {name: getattr(line, name) for name in names}
    if before == after:
        return
    line.checked_by_name, line.checked_at = by.full_name, timezone.now()
    line.save()
    audit.record(
        "stockcount.check",
        actor=by,
        target=line.count,
        before=before,
        after=after,
        line=line.pk,
        device=line.device_id,
    )


@transaction.atomic
def add_surplus(count: StockCount, serial: str, note: str, *, by: Person) -> CountLine:
    """Something was found that is not expected here; when its serial is known, it is that device."""
    _lock_open(count)
    serial = serial.strip()
    known = [
        row
        for row in Device.objects.filter(serial__iexact=serial)[:2]
        if serial_key(row.maker, row.serial)
    ]
    device = known[0] if len(known) == 1 else None
    if device is not None:
        line = count.lines.filter(device=device).first()
        if line is not None:
            line.outcome = CountLine.Outcome.FOUND
            line.checked_by_name, line.checked_at = by.full_name, timezone.now()
            line.save(update_fields=["outcome", "checked_by_name", "checked_at"])
            return line
    line = CountLine.objects.create(
        count=count,
        device=device,
        seen_serial=serial,
        is_expected=False,
        outcome=CountLine.Outcome.FOUND,
        note=note,
        checked_by_name=by.full_name,
        checked_at=timezone.now(),
    )
    audit.record("stockcount.add", actor=by, target=count, serial=serial, line=line.pk)
    return line


def where_is(device: Device) -> str:
    """Where the inventory says that a device is, for lines of what was found elsewhere."""
    row = device.installations.current().select_related("position__floor__building").first()
    if row is None:
        return _("fitted nowhere, %(status)s") % {"status": device.get_status_display()}
    return f"{row.position} ({row.position.floor})"


def due(person: Person, until: dt.date) -> list[tuple[Building, dt.date | None]]:
    """Buildings whose next count falls due by that day, and those never counted; soonest first (INV-12)."""
    buildings = Building.objects.visible_to(person).filter(floors__positions__status="ACTIVE")
    rows = []
    counts: dict[int, StockCount] = {}
    for count in StockCount.objects.filter(status="CLOSED").order_by("closed_on", "pk"):
        counts[count.building_id] = count
    open_ones = set(StockCount.objects.filter(status="OPEN").values_list("building", flat=True))
    for building in buildings.distinct():
        latest = counts.get(building.pk)
        day = latest.next_due_on if latest else None
        if building.pk not in open_ones and (latest is None or (day and day <= until)):
            rows.append((building, day))
    return sorted(rows, key=lambda pair: (pair[1] or dt.date.min, pair[0].name))


def _lock_open(count: StockCount) -> None:
    locked = StockCount.objects.select_for_update().get(pk=count.pk)
    if locked.status != StockCount.Status.OPEN:
        raise InvalidTransition("check", locked)

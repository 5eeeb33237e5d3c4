"""Daily status history: per day one row for every camera and recorder, with its place, address and status."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from cameras.daily_sheets.sheet_words import recording_word
from cameras.models import CoverageDay, PositionDay, Result
from cameras.reports.reports import Column, Period, Report, Section, Value
from cameras.wording.reasons import word_for
from core.text import sort_key
from core.tsi import day_bounds
from inventory.models import Address, ChannelAssignment, Device, Installation

LONGEST_DAYS = 31
Span = tuple[dt.datetime, dt.datetime | None, Any]


def history_report(person: Any, period: Period) -> Report:
    """Date, kind, device, place, address and status (REC-16), with what held on each of those days."""
    rows = [*_recorders(person, period), *_cameras(person, period)]
    # Newest day first; recorders before the cameras that they record.
    rows.sort(key=lambda pair: pair[0])
    return Report(
        form="STATUS_HISTORY",
        title=_("Daily status history"),
        period=period.words,
        about=period.last,
        is_landscape=True,
        facts=[(_("Days"), period.days), (_("Rows"), len(rows))],
        sections=[
            Section(
                title=_("Devices by day"),
                columns=[
                    Column(_("Day")),
                    Column(_("Kind")),
                    Column(_("Device")),
                    Column(_("Building")),
                    Column(_("Place")),
                    Column("IP"),
                    Column(_("Status")),
                    Column(_("Asked (TSİ)")),
                ],
                rows=[row for _order, row in rows],
                remark=_(
                    "Device, place and address are those that held at the end of that day. "
                    "The status is the answer about the recordings of that day."
                ),
                empty=_("No day of this period was checked."),
            )
        ],
    )


def _cameras(person: Any, period: Period) -> Iterable[tuple[Any, list[Value]]]:
    """One row per position and day."""
    answers = (
        PositionDay.objects.visible_to(person)
        .filter(day__range=(period.first, period.last))
        .values_list(
            *("day", "result", "reason", "evidence_at", "position"),
            *("position__name", "position__code", "position__floor__building__name"),
        )
    )
    fitted = _spans(
        Installation.objects.during(*period.bounds).select_related("device"), "position_id"
    )
    addresses = _addresses(period)
    kind = str(Device.Kind.CAMERA.label)
    for day, result, reason, asked_at, pk, name, code, building in answers:
        row = _held(fitted[pk], day)
        device = row.device if row else None
        address = _held(addresses[device.pk], day) if device else None
        yield (
            (-day.toordinal(), 1, sort_key(building), code),
            [
                day,
                kind,
                _named(device),
                building,
                f"{name} ({code})",
                address.ip if address else None,
                _status(result, reason),
                asked_at,
            ],
        )


def _recorders(person: Any, period: Period) -> Iterable[tuple[Any, list[Value]]]:
    """One row per recorder and day on which any of its channels was asked about."""
    asked = (
        CoverageDay.objects.visible_to(person)
        .filter(day__range=(period.first, period.last))
        .order_by()
        .values_list("channel__recorder", "day")
        .annotate(
            channels=Count("pk"),
            unknown=Count("pk", filter=Q(result=Result.UNKNOWN)),
            last=Max("asked_at"),
        )
    )
    answers = list(asked)
    devices = Device.objects.in_bulk({pk for pk, *_rest in answers})
    buildings = _buildings(devices)
    addresses = _addresses(period)
    kind = str(Device.Kind.RECORDER.label)
    for pk, day, channels, unknown, asked_at in answers:
        address = _held(addresses[pk], day)
        yield (
            (-day.toordinal(), 0, sort_key(buildings[pk]), str(pk)),
            [
                day,
                kind,
                _named(devices.get(pk)),
                buildings[pk] or None,
                None,
                address.ip if address else None,
                _answered(channels, unknown),
                asked_at,
            ],
        )


def _answered(channels: int, unknown: int) -> str:
    if unknown == channels:
        return recording_word(Result.UNKNOWN)
    return _("answered about %(told)d of %(all)d channels") % {
        "told": channels - unknown,
        "all": channels,
    }


def _status(result: str, reason: str) -> str:
    word = recording_word(result)
    return f"{word}: {word_for(reason)}" if reason else word


def _named(device: Device | None) -> str | None:
    return str(device) if device else None


def _buildings(recorders: Iterable[int]) -> dict[int, str]:
    """The buildings in which each recorder records now."""
    places = (
        ChannelAssignment.objects.current()
        .filter(channel__recorder__in=list(recorders))
        .order_by()
        .values_list("channel__recorder", "position__floor__building__name")
        .distinct()
    )
    found: dict[int, set[str]] = defaultdict(set)
    for pk, name in places:
        found[pk].add(name)
    names = {pk: ", ".join(sorted(some, key=sort_key)) for pk, some in found.items()}
    return defaultdict(str, names)


def _addresses(period: Period) -> dict[int, list[Span]]:
    return _spans(Address.objects.during(*period.bounds), "device_id")


def _spans(rows: Iterable[Any], owner: str) -> dict[int, list[Span]]:
    """Dated rows by what they belong to."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in rows:
        spans[getattr(row, owner)].append((row.starts_at, row.ends_at, row))
    return spans


def _held(spans: list[Span], day: dt.date) -> Any:
    """The row that held last on that day, or None."""
    start, end = day_bounds(day)
    held = [span for span in spans if span[0] < end and (span[1] is None or span[1] > start)]
    return max(held, key=lambda span: span[0])[2] if held else None

"""Saat Senkron Raporu: every device's clock over a period, wrong stretches with their correction."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.clocks.verdicts import CRITICAL_MS
from cameras.daily_sheets.sheet_words import clock_grade, clock_grade_word, clock_word
from cameras.drawing.strips import length
from cameras.models import ClockMeasurement
from cameras.reports.reports import Column, Period, Report, Section, Value, text_of
from cameras.wording.names import device_names
from cameras.wording.zone_words import zone_words
from core.text import sort_key
from inventory.models import Device

WRONG = frozenset({"WARNING", "CRITICAL", "HOUR"})
COUNTED = [Device.Status.IN_SERVICE, Device.Status.FAULTY]


def clock_report(person: Any, period: Period) -> Report:
    """One row per device with its last measurement, and one per stretch of a wrong clock (CLK-7, CLK-8)."""
    devices = list(Device.objects.visible_to(person).filter(status__in=COUNTED).order_by("pk"))
    names = device_names(device.pk for device in devices)
    measured = _measured(devices, period)
    rows: list[list[Value]] = []
    grades: dict[str, int] = defaultdict(int)
    for device in sorted(devices, key=lambda device: _order(device, names[device.pk])):
        history = measured.get(device.pk, [])
        if not history:
            grades["UNKNOWN"] += 1
            rows.append([names[device.pk], *[None] * 6, clock_grade_word("UNKNOWN"), None, None])
            continue
        grades[grade_of(history[-1])] += 1
        rows += [_row(names[device.pk], one, mended) for one, mended in _told(history)]
    return Report(
        form="CLOCK_REPORT",
        title=_("Clock synchronisation report"),
        period=period.words,
        about=period.last,
        is_landscape=True,
        is_signed_by_hand=True,
        facts=[
            (_("Devices"), len(devices)),
            *((clock_grade_word(grade), grades[grade]) for grade in ("OK", *sorted(WRONG))),
            (clock_grade_word("UNKNOWN"), grades["UNKNOWN"]),
            (_("Reference"), _references(measured.values())),
        ],
        sections=[
            Section(
                title=_("Measurements"),
                columns=[
                    Column(_("Device")),
                    Column("NTP"),
                    Column(_("Time zone")),
                    Column(_("Summer time")),
                    Column(_("Measured (TSİ)")),
                    Column(_("Device's time")),
                    Column(_("Difference"), is_number=True),
                    Column(_("Result")),
                    Column(_("Found right again")),
                    Column(_("Corrected by")),
                ],
                rows=rows,
                remark=_(
                    "Conforms up to 5 s; critical above 60 s. A stretch of a wrong clock stands with its "
                    "largest difference and with the first measurement that was right again."
                ),
                empty=_("There is no device in service."),
            )
        ],
        sentence=_sentence(_references(measured.values()), sum(grades[grade] for grade in WRONG)),
    )


def _order(device: Device, name: str) -> tuple[bool, Any]:
    """Recorders first, then by name in Turkish order."""
    return device.kind != Device.Kind.RECORDER, sort_key(name)


def _sentence(reference: str, still_wrong: int) -> str:
    """The sentence of the form; what was not corrected is said, because people sign it."""
    text = _(
        "The devices' clocks were compared with %(reference)s; where a difference was found it was "
        "corrected, and the difference before the correction was recorded. Türkiye time is UTC+3; "
        "summer time must be off on the devices."
    ) % {"reference": reference}
    if still_wrong:
        text += " " + ngettext(
            "At the end of the period the clock of %(count)d device was still not corrected.",
            "At the end of the period the clocks of %(count)d devices were still not corrected.",
            still_wrong,
        ) % {"count": still_wrong}
    return text


def _measured(devices: list[Device], period: Period) -> dict[int, list[ClockMeasurement]]:
    start, end = period.bounds
    rows = ClockMeasurement.objects.filter(
        device__in=[device.pk for device in devices], measured_at__gte=start, measured_at__lt=end
    ).order_by("measured_at")
    by_device: dict[int, list[ClockMeasurement]] = defaultdict(list)
    for row in rows:
        by_device[row.device_id].append(row)
    return by_device


def offset_of(row: ClockMeasurement) -> int | None:
    """The offset that people mean: of the wall clock where it is known."""
    return row.utc_offset_ms if row.offset_ms is None else row.offset_ms


def grade_of(row: ClockMeasurement) -> str:
    return clock_grade(row.verdict, offset_of(row))


def _told(
    history: list[ClockMeasurement],
) -> Iterable[tuple[ClockMeasurement, ClockMeasurement | None]]:
    """The worst measurement of each wrong stretch with the one that ended it, and the last one."""
    wrong: list[ClockMeasurement] = []
    for row in history:
        if grade_of(row) in WRONG:
            wrong.append(row)
        elif wrong:
            yield max(wrong, key=lambda one: abs(offset_of(one) or 0)), row
            wrong = []
    if wrong:
        yield max(wrong, key=lambda one: abs(offset_of(one) or 0)), None
    else:
        yield history[-1], None


def _row(name: str, row: ClockMeasurement, mended: ClockMeasurement | None) -> list[Value]:
    offset = offset_of(row)
    shown = None if offset is None else row.measured_at + dt.timedelta(milliseconds=offset)
    return [
        name,
        _switch(row.uses_ntp),
        zone_words(row.zone) or None,
        _switch(row.daylight_saving),
        row.measured_at,
        shown,
        _difference(offset),
        clock_grade_word(grade_of(row)),
        mended.measured_at if mended else None,
        # Who set the clock is known only for those that this system set itself.
        None,
    ]


def _difference(offset_ms: int | None) -> str:
    """ "+3,600.0 s (1 h 00 min)": the seconds as on the daily sheet, beside them what people say."""
    text = clock_word(offset_ms)
    is_long = offset_ms is not None and abs(offset_ms) > CRITICAL_MS
    return f"{text} ({length(abs(offset_ms or 0))})" if is_long else text


def _switch(value: bool | None) -> str | None:
    if value is None:
        return None
    return _("on") if value else _("off")


def _references(histories: Iterable[list[ClockMeasurement]]) -> str:
    found = {row.reference for history in histories for row in history if row.reference}
    proven = all(row.is_reference_proven for history in histories for row in history)
    words = ", ".join(sorted(found)[:4]) or text_of(None)
    return words if proven and found else _("this server's clock, unverified")

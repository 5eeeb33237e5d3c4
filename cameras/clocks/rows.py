"""Stores clock measurements when they say something new, otherwise at most one a day."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from cameras.clocks.history import KnownOffset
from cameras.clocks.measuring import Measurement
from cameras.clocks.verdicts import Verdict, classify
from cameras.models import ClockMeasurement, DeviceCondition
from cameras.protocols.ntp import ServerClock
from core.tsi import from_ms, to_ms

SAME_MS = 1_000
HISTORY = 60
ONE_A_DAY = timedelta(hours=20)


def store_clock(
    condition: DeviceCondition,
    measured: Measurement,
    uses_ntp: bool | None,
    reference: ServerClock | None,
) -> str:
    """Stores the measurement if it is worth a row; returns the verdict on the clock."""
    if measured.offset_ms is None:
        return str(Verdict.UNKNOWN)
    earlier = list(
        ClockMeasurement.objects.filter(device_id=condition.pk).order_by("-measured_at")[:HISTORY]
    )
    column = "offset_ms" if measured.local_offset_ms is not None else "utc_offset_ms"
    history = [
        KnownOffset(to_ms(row.measured_at), value, row.uncertainty_ms)
        for row in earlier
        if (value := getattr(row, column)) is not None
    ]
    judged = classify(measured, history)
    last = earlier[0] if earlier else None
    if last is None or _is_news(last, measured, str(judged.verdict), column):
        # Two readings within one millisecond are one reading.
        ClockMeasurement.objects.get_or_create(
            device_id=condition.pk,
            measured_at=from_ms(measured.at_ms),
            defaults={
                "offset_ms": measured.local_offset_ms,
                "utc_offset_ms": measured.utc_offset_ms,
                "uncertainty_ms": measured.uncertainty_ms,
                "method": str(measured.method),
                "round_trip_ms": measured.round_trip_ms,
                "verdict": str(judged.verdict),
                "drift_ms_per_day": judged.drift_per_day_ms,
                "zone": measured.zone.replace("\0", "")[:64],
                "daylight_saving": measured.daylight_saving,
                "uses_ntp": uses_ntp,
                **_reference(reference),
            },
        )
    return str(judged.verdict)


def _reference(clock: ServerClock | None) -> dict[str, Any]:
    """Against which clock it was measured, and how far that was from true time.

    Unproven measurements may not be pushed to devices.
    """
    if clock is None or not clock.verified:
        return {"reference": clock.word[:120] if clock else "", "is_reference_proven": False}
    return {
        "reference": ", ".join(clock.servers)[:120],
        "reference_offset_ms": round(clock.offset_ms or 0),
        "is_reference_proven": True,
        "reference_uncertainty_ms": math.ceil(clock.uncertainty_ms or 0),
    }


def _is_news(last: ClockMeasurement, measured: Measurement, verdict: str, column: str) -> bool:
    before = getattr(last, column)
    now = measured.local_offset_ms if column == "offset_ms" else measured.utc_offset_ms
    if before is None or now is None or last.verdict != verdict:
        return True
    if from_ms(measured.at_ms) - last.measured_at >= ONE_A_DAY:
        return True
    unsure = last.uncertainty_ms + measured.uncertainty_ms
    return abs(now - before) > SAME_MS + unsure

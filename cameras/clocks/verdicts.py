"""Names what is wrong with a clock: zone, summer time, wrong date, jump, drift (CLK-9, CLK-13). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cameras.clocks.history import DAY_MS, LARGEST_ZONE_MS, RESET_MS, KnownOffset, Method, is_jump
from cameras.clocks.measuring import Measurement

WARN_MS = 5_000
CRITICAL_MS = 60_000
HALF_HOUR_MS = 30 * 60_000
ZONE_SLACK_MS = 60_000


class Verdict(StrEnum):
    """What is wrong with a clock (CLK-13)."""

    OK = "OK"
    OFF = "OFF"
    DRIFT = "DRIFT"
    SUMMER_TIME = "SUMMER_TIME"
    ZONE = "ZONE"
    RESET = "RESET"
    JUMP = "JUMP"
    UNSTABLE = "UNSTABLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Classified:
    """What is wrong with a clock, and how bad. `drift_per_day_ms` where two measurements tell it."""

    verdict: Verdict
    is_critical: bool = False
    drift_per_day_ms: int | None = None


def classify(latest: Measurement, history: Sequence[KnownOffset] = ()) -> Classified:
    """Names the fault of a clock from its latest measurement and the earlier ones of the same time base."""
    offset = latest.offset_ms
    if latest.method is Method.UNKNOWN:
        return Classified(
            Verdict.UNKNOWN if offset is None else Verdict.UNSTABLE, offset is not None
        )
    if offset is None:
        return Classified(Verdict.UNKNOWN)
    size = abs(offset)
    named = _named_by_size(size, latest)
    if named is not None:
        return Classified(named, is_critical=True)
    drift, jumped = _trend(latest.at_ms, offset, latest.uncertainty_ms, history)
    if jumped:
        return Classified(Verdict.JUMP, size > CRITICAL_MS, drift)
    if size <= WARN_MS:
        return Classified(Verdict.OK, False, drift)
    steady = drift is not None and abs(drift) * 30 >= WARN_MS
    return Classified(Verdict.DRIFT if steady else Verdict.OFF, size > CRITICAL_MS, drift)


def _named_by_size(size: int, latest: Measurement) -> Verdict | None:
    """The faults that the size alone gives away: a wrong date, or whole half-hours."""
    if size > RESET_MS:
        return Verdict.RESET
    steps = round(size / HALF_HOUR_MS)
    if steps and abs(size - steps * HALF_HOUR_MS) <= ZONE_SLACK_MS and size <= LARGEST_ZONE_MS:
        return Verdict.SUMMER_TIME if steps == 2 else Verdict.ZONE
    if size > LARGEST_ZONE_MS:
        return Verdict.RESET
    return None


def _trend(
    at_ms: int, offset_ms: int, uncertainty_ms: int, history: Sequence[KnownOffset]
) -> tuple[int | None, bool]:
    """Drift per day since the last jump (None when the span is too short to tell), and whether it jumped now."""
    earlier = sorted((point for point in history if point.at_ms < at_ms), key=lambda p: p.at_ms)
    if not earlier:
        return None, False
    now = KnownOffset(at_ms, offset_ms, uncertainty_ms)
    if is_jump(earlier[-1], now):
        return None, True
    oldest = now
    for point in reversed(earlier):
        if is_jump(point, oldest):
            break
        oldest = point
    elapsed = now.at_ms - oldest.at_ms
    if elapsed < DAY_MS // 2:
        return None, False
    return round((now.offset_ms - oldest.offset_ms) * DAY_MS / elapsed), False

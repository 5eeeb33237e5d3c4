"""Made-up rows in every state, for the sheet of components that developers compose pages from.

Nothing is read or stored: the rows are never saved.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.drawing.calendars import year_calendar
from cameras.drawing.offset_plot import offset_plot
from cameras.drawing.retention_plot import HeldChannel, retention_plot
from cameras.drawing.strips import day_strip, heat_strip, source_strips
from cameras.models import ClockMeasurement, CoverageDay, DeviceCondition, Finding
from cameras.models.coverage import Result
from cameras.protocols.disk_states import DiskTrouble
from cameras.wording.disk_words import disk_facts
from cameras.wording.restart_words import restart_facts
from core import tsi

HOUR_MS = 3_600_000
KINDS = [*Result.values, ""]
NOTICES = [
    ("", "info-circle"),
    ("notice-good", "check"),
    ("notice-warn", "alert-triangle"),
    ("notice-bad", "alert-triangle"),
    ("notice-unsure", "zoom-question"),
]


def sheet() -> dict[str, Any]:
    """What the sheet's template shows, in the language that is active."""
    day = tsi.today() - dt.timedelta(days=1)
    results = {day - dt.timedelta(days=n): KINDS[n % 6] for n in range(400) if KINDS[n % 6]}
    return {
        "day": day,
        "results": KINDS,
        "strips": _strips(day),
        "sources": _sources(day),
        "heat": heat_strip(day, 30, results),
        "year": year_calendar(day.year, results, dt.date(day.year - 2, 1, 1)),
        "plots": _plots(),
        "clocks": [{"clock": clock, "condition": DeviceCondition()} for clock in _clocks()],
        "retentions": _retentions(),
        "notices": NOTICES,
        "findings": [
            {"sentence": _("clock read, it is wrong"), "row": Finding(opened_at=timezone.now())}
        ],
        "spoken": _conversation(),
        "disks": disk_facts(_with_disks()),
        "restarts": restart_facts(_with_disks()),
        "pages": Paginator(range(120), 50).page(2),
    }


def _with_disks() -> DeviceCondition:
    """A recorder with a disk in each state, started twice today."""
    now = timezone.now()
    disks: list[dict[str, Any]] = [
        {"slot": "hdd 1", "healthy": True, "word": "ok", "capacity_mb": 6_000_000},
        {"slot": "hdd 2", "healthy": None, "word": "formating", "capacity_mb": 6_000_000},
    ]
    disks += [
        {"slot": f"hdd {number}", "healthy": False, "trouble": trouble, "capacity_mb": 6_000_000}
        for number, trouble in enumerate(DiskTrouble, start=3)
    ]
    starts = [(now - dt.timedelta(hours=hours)).isoformat() for hours in (100, 9, 2)]
    return DeviceCondition(disks=disks, disks_at=now, starts=starts, starts_at=now)


def _conversation() -> list[dict[str, Any]]:
    """One line of each answer."""
    words = {
        "YES": _("identity read"),
        "NO": _("index searched, recordings are missing"),
        "UNKNOWN": _("picture could not be taken"),
    }
    now = timezone.now()
    return [{"at": now, "text": text, "answer": answer} for answer, text in words.items()]


def _proof(day: dt.date, *gaps: tuple[float, float], **facts: Any) -> CoverageDay:
    start, end = tsi.day_bounds_ms(day)
    spans = [(start + round(a * HOUR_MS), start + round(b * HOUR_MS)) for a, b in gaps]
    told: dict[str, Any] = {
        "result": Result.PARTLY if gaps else Result.RECORDED,
        "recorded_ms": end - start - sum(b - a for a, b in spans),
        "gaps": [[a, b, "NO_STREAM"] for a, b in spans],
        "gap_count": len(spans),
        "longest_gap_ms": max((b - a for a, b in spans), default=0),
        "asked_at": tsi.from_ms(end + HOUR_MS),
        "offset_ms": 0,
    }
    return CoverageDay(day=day, expected_ms=end - start, **(told | facts))


def _strips(day: dt.date) -> list[tuple[str, Any]]:
    """Every shape that a day can take, by what it shows."""
    start, end = tsi.day_bounds_ms(day)
    whole = [(start, end)]
    work = [(start + 8 * HOUR_MS, start + 18 * HOUR_MS)]
    unknown = {"result": Result.UNKNOWN, "reason": "NO_ANSWER", "recorded_ms": 0}
    noon = {"asked_at": tsi.from_ms(start + 12 * HOUR_MS), "is_provisional": True}
    doubts = [[start + 3 * HOUR_MS, start + 5 * HOUR_MS]]
    doubted = {"disputed_ms": 2 * HOUR_MS, "doubts": doubts, "result": Result.PARTLY}
    flicker = [(n / 4, n / 4 + 0.004) for n in range(90)]
    dense = [(9 + n / 80, 9 + n / 80 + 0.004) for n in range(650)]
    return [
        ("recorded", day_strip(day, _proof(day), whole)),
        ("gaps", day_strip(day, _proof(day, (2, 3.5), (9, 9.005), (20, 20.5)), whole)),
        ("many-short-gaps", day_strip(day, _proof(day, *flicker), whole)),
        ("dense-gaps", day_strip(day, _proof(day, *dense), whole)),
        ("not-recorded", day_strip(day, _proof(day, (0, 24), result=Result.NOT_RECORDED), whole)),
        ("unknown", day_strip(day, _proof(day, **unknown), whole)),
        ("doubted", day_strip(day, _proof(day, (9, 10), **doubted), whole)),
        ("hours", day_strip(day, _proof(day, (10, 11)), work)),
        ("motion", day_strip(day, _proof(day, (0, 7), (19, 24)), whole, motion_only=True)),
        ("today", day_strip(day, _proof(day, **noon), whole)),
        ("device-time", day_strip(day, _proof(day, (5, 6), offset_ms=2 * HOUR_MS), whole)),
        ("not-asked", day_strip(day, None, whole)),
        ("not-expected", day_strip(day, None, [])),
    ]


def _sources(day: dt.date) -> list[tuple[str, Any]]:
    start, end = tsi.day_bounds_ms(day)
    gaps = {"ISAPI_SEARCH": [[start, start + 2 * HOUR_MS]], "ONVIF_EVENTS": []}
    return source_strips(day, _proof(day, source_gaps=gaps), [(start, end)])


def _measured(days_ago: float, offset_ms: int, verdict: str = "", **more: Any) -> ClockMeasurement:
    return ClockMeasurement(
        measured_at=timezone.now() - dt.timedelta(days=days_ago),
        offset_ms=offset_ms,
        verdict=verdict or ("OK" if abs(offset_ms) <= 5_000 else "OFF"),
        **({"uncertainty_ms": 120} | more),
    )


def _plots() -> list[tuple[str, Any]]:
    """Every shape of a clock's history, by what it shows."""
    sawtooth = [_measured(n, (89 - n) % 30 * 500) for n in range(90)]
    steady = [_measured(n, round(300 * math.sin(n))) for n in range(90)]
    outlier = [*steady[:40], _measured(40, -1_780_000_000_000, "RESET"), *steady[41:]]
    zones = [_measured(n, 2 * HOUR_MS if 30 < n < 60 else 200, "") for n in range(90)]
    unsure = [_measured(n * 9, 1_000, uncertainty_ms=900) for n in range(10)]
    now = timezone.now()
    start = now - dt.timedelta(days=90)
    cases = {
        "drift-and-corrections": sawtooth,
        "steady": steady,
        "outlier": outlier,
        "two-regimes": zones,
        "uncertain": unsure,
        "single": [_measured(10, 1_500)],
    }
    return [(name, offset_plot(rows, start, now)) for name, rows in cases.items()]


def _clocks() -> list[ClockMeasurement | None]:
    """Every verdict of a clock, and no measurement at all."""
    return [
        _measured(0, 40),
        _measured(0, 42_000, "DRIFT", drift_ms_per_day=1_400),
        _measured(0, HOUR_MS, "SUMMER_TIME"),
        _measured(0, -1_780_000_000_000, "RESET"),
        _measured(0, 9_000, "UNSTABLE", uncertainty_ms=60_000),
        None,
    ]


def _retentions() -> list[tuple[str, Any]]:
    now = timezone.now()

    def recent(first: float, change: float) -> list[list[Any]]:
        nights = [
            (now - dt.timedelta(days=n), first + change * (39 - n)) for n in range(39, -1, -1)
        ]
        return [[night.isoformat(), round(days, 2)] for night, days in nights]

    kept = [HeldChannel(recent(31, 0.02), 30), HeldChannel(recent(36, 0), 30)]
    short = [HeldChannel(recent(31, -0.1), 30), HeldChannel(recent(34, 0), 30)]
    return [
        ("kept", retention_plot(kept)),
        ("short", retention_plot(short)),
        ("no-goal", retention_plot([HeldChannel(recent(9, 0.1), None)])),
        ("empty", None),
    ]

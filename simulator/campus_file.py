"""Reads the JSON form of a campus. simulator/README.md describes it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from simulator.clocks import DAY_MS, SimClock, Zone, ZoneShows, mix
from simulator.masks import put_masks
from simulator.recording import FOREVER_MS, Cause, Gap, PlanKind, RecordingPlan, tsi_midnight
from simulator.world import Auth, Campus, Dialect, Kind, SimChannel, SimDevice, SimUser, true_now_ms

DEMO_CAMPUS = Path(__file__).with_name("campus.json")

_PLAIN = [
    "address",
    "http_port",
    "rtsp_port",
    "maker",
    "model",
    "serial",
    "mac",
    "firmware",
    "hardware",
    "name",
    "wsse_tolerance_s",
    "lockout_after",
    "time_needs_auth",
    "ntp_servers",
    "uses_ntp",
    "profile_g",
    "latency_ms",
]


def clock_time_ms(text: str) -> int:
    """Return "HH:MM" or "HH:MM:SS" as milliseconds after midnight; "24:00" is allowed."""
    parts = [int(part) for part in text.split(":")] + [0]
    return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000


def moment(value: Any, anchor_ms: int) -> int:
    """Return a true instant: milliseconds, ISO text with zone, or {"day": -1, "at": "02:10"}.

    Days count from the anchor, the TSİ midnight at which "today" began; None is "for ever".
    """
    if value is None:
        return FOREVER_MS
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return int(dt.datetime.fromisoformat(value).timestamp() * 1000)
    day: int = value["day"]
    return anchor_ms + day * DAY_MS + clock_time_ms(value.get("at", "00:00"))


def read_clock(data: dict[str, Any], anchor_ms: int) -> SimClock:
    """Make a clock from its JSON form."""
    return SimClock(
        offset_ms=data.get("offset_ms", 0),
        drift_s_per_day=data.get("drift_s_per_day", 0.0),
        drift_since_ms=moment(data["drift_since"], anchor_ms) if "drift_since" in data else 0,
        zone=Zone(data.get("zone", "TRT")),
        zone_shows=ZoneShows(data.get("zone_shows", "LOCAL")),
        jumps=[(moment(at, anchor_ms), by) for at, by in data.get("jumps", [])],
        resets=[
            (moment(at, anchor_ms), moment(to, anchor_ms)) for at, to in data.get("resets", [])
        ],
        jitter_ms=data.get("jitter_ms", 0),
        leap_ms=data.get("leap_ms", 0),
    )


def read_gap(data: dict[str, Any], anchor_ms: int) -> Gap:
    """Make a gap from its JSON form."""
    after = moment(data["after"], anchor_ms) if "after" in data else 0
    cause = Cause(data.get("cause", "CAMERA_LOST"))
    count = data.get("count", 0)
    if data.get("daily"):
        first, last = clock_time_ms(data["from"]), clock_time_ms(data["to"])
        return Gap(cause, first, last, daily=True, count=count, after_ms=after)
    first, last = moment(data["from"], anchor_ms), moment(data.get("to"), anchor_ms)
    return Gap(cause, first, last, count=count, after_ms=after)


def read_plan(data: dict[str, Any], anchor_ms: int) -> RecordingPlan:
    """Make a recording plan from its JSON form."""
    hours = {
        int(day): [(clock_time_ms(a), clock_time_ms(b)) for a, b in spans]
        for day, spans in data.get("hours", {}).items()
    }
    return RecordingPlan(
        kind=PlanKind(data.get("kind", "CONTINUOUS")),
        file_ms=data.get("file_ms", 3_600_000),
        seam_ms=data.get("seam_ms", 0),
        clips_per_hour=data.get("clips_per_hour", 6),
        retention_days=data.get("retention_days", 14.0),
        hours=hours,
        gaps=tuple(read_gap(gap, anchor_ms) for gap in data.get("gaps", [])),
        locked=tuple(
            (moment(a, anchor_ms), moment(b, anchor_ms)) for a, b in data.get("locked", [])
        ),
    )


def _read_channel(
    data: dict[str, Any],
    device: dict[str, Any],
    addresses: dict[str, str],
    anchor_ms: int,
    campus_seed: int,
) -> SimChannel:
    number = data["number"]
    plan = {**device.get("recording", {}), **data.get("recording", {})}
    camera = data.get("camera", "")
    return SimChannel(
        number=number,
        name=data.get("name", f"Kanal {number}"),
        token=data.get("token", f"REC{number:03d}"),
        camera=addresses.get(camera, camera),
        plan=read_plan(plan, anchor_ms),
        seed=mix(campus_seed, *device["address"].encode(), number),
    )


def read_device(
    data: dict[str, Any],
    addresses: dict[str, str] | None = None,
    anchor_ms: int = 0,
    campus_seed: int = 0,
) -> SimDevice:
    """Make a device from its JSON form; `addresses` maps keys of devices to addresses."""
    kind = Kind(data["kind"])
    channels = data.get("channels") or [{"number": 1, "name": data.get("name", "")}]
    if kind is Kind.CAMERA:
        # A camera without a card records nothing of its own.
        data = {"recording": {"kind": "NONE"}, "profile_g": False, **data}
    users = data.get("users", {"admin": "demo-parola-1"})
    device = SimDevice(
        kind=kind,
        dialect=Dialect(data.get("dialect", "onvif")),
        key=data.get("key", data["address"]),
        auth=Auth(data.get("auth", "wsse")),
        channels=[
            _read_channel(each, data, addresses or {}, anchor_ms, campus_seed) for each in channels
        ],
        users={name: SimUser(password) for name, password in users.items()},
        clock=read_clock(data.get("clock", {}), anchor_ms),
        faults=dict(data.get("faults", {})),
        down=[(moment(a, anchor_ms), moment(b, anchor_ms)) for a, b in data.get("down", [])],
        inventory=data.get("inventory", {}),
        **{name: data[name] for name in _PLAIN if name in data},
    )
    put_masks(device, data.get("masks", 0))
    return device


def read_campus(data: dict[str, Any], anchor_ms: int) -> Campus:
    """Make a campus from the JSON form of a whole file; `anchor_ms` is today's TSİ midnight."""
    defaults = data.get("defaults", {})
    devices = []
    for each in data["devices"]:
        devices.append({**defaults.get(each["kind"], {}), **each})
    addresses = {each["key"]: each["address"] for each in devices if "key" in each}
    return Campus(
        devices=[read_device(each, addresses, anchor_ms, data.get("seed", 0)) for each in devices],
        anchor_ms=anchor_ms,
        name=data.get("name", ""),
        inventory=data.get("inventory", {}),
    )


def load_campus(path: Path | str = DEMO_CAMPUS, anchor_ms: int | None = None) -> Campus:
    """Read a campus file. `anchor_ms` is any true instant of the day that is "today" in it."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    return read_campus(data, tsi_midnight(true_now_ms() if anchor_ms is None else anchor_ms))

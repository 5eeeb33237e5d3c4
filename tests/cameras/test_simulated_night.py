"""A night over simulated recorders of three kinds, on real sockets."""

from __future__ import annotations

from datetime import timedelta

from cameras.models import (
    CheckResult,
    ClockMeasurement,
    CoverageDay,
    DeviceCheck,
    DeviceCondition,
    Finding,
    LastPicture,
    PlaybackProof,
    PositionDay,
)
from cameras.night import finishing, nights, work
from cameras.night.saving import picture_place
from simulator.campus_file import read_campus
from simulator.clocks import DAY_MS
from simulator.recording import tsi_midnight
from simulator.world import true_now_ms
from tests.cameras.campus import yesterday
from tests.cameras.simulated import Served, enter
from vault.crypto import open_bytes

USERS = {"izleme": "a-password"}


def recorder(key, dialect, address, maker, **more):
    channels = [
        {"number": 1, "name": "one", "token": "rec1", **more.pop("first", {})},
        {"number": 2, "name": "two", "token": "rec2", **more.pop("second", {})},
    ]
    return {
        "key": key,
        "kind": "recorder",
        "dialect": dialect,
        "address": address,
        "http_port": 0,
        "rtsp_port": 0,
        "maker": maker,
        "serial": f"{key.upper()}000001",
        "users": USERS,
        "recording": {"seam_ms": 800},
        "channels": channels,
        **more,
    }


DEVICES = [
    recorder(
        "onvifrec",
        "onvif",
        "127.97.1.1",
        "Anatolia Vision",
        first={
            "recording": {
                "gaps": [
                    {"cause": "CAMERA_LOST", "daily": True, "from": "09:00", "to": "10:00"},
                ]
            }
        },
    ),
    recorder("hikrec", "isapi", "127.97.1.2", "Hikvision", clock={"zone": "DST_ALL_YEAR"}),
    recorder("dahuarec", "dahua", "127.97.1.3", "Dahua"),
    recorder("deadrec", "onvif", "127.97.1.4", "Anatolia Vision", faults={"dead": True}),
    {
        "key": "camera",
        "kind": "camera",
        "dialect": "onvif",
        "address": "127.97.1.9",
        "http_port": 0,
        "rtsp_port": 0,
        "maker": "Anatolia Vision",
        "serial": "CAMERA000001",
        "users": USERS,
        "clock": {"offset_ms": 90_000},
        "channels": [{"number": 1, "name": "lens"}],
    },
]


def test_a_night_over_recorders_of_three_kinds(db, settings):
    """REC-3, REC-10, REC-11, REC-18, CLK-1, CLK-9, CLK-13, NGT-4, NGT-6 on real sockets."""
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 1.0, [], 0
    # Of a minute three or four hours ago a recorder in a wrong zone cannot prove that it does not play live.
    day = yesterday() - timedelta(days=1)
    campus = read_campus({"devices": DEVICES}, tsi_midnight(true_now_ms()))
    with Served(campus):
        devices = enter(campus.devices)
        run = nights.plan_night(day)
        nights.start(run)
        for _attempt in range(3):
            DeviceCheck.objects.filter(status="DUE").update(due_at=run.start_at)
            work.work(run=run)
    finishing.finish_runs()
    run.refresh_from_db()
    by_key = {sim.key: devices[sim.address] for sim in campus.devices}

    assert run.counts["RECORDING"]["in_service"] == 8
    assert PositionDay.tally(day) == {
        "RECORDED": 5,
        "PARTLY": 1,
        "NOT_RECORDED": 0,
        "UNKNOWN": 2,
        "EXEMPT": 0,
    }
    assert not run.is_red, run.red_because
    sources = dict(
        CoverageDay.objects.filter(day=day, is_complete=True).values_list(
            "channel__recorder__maker", "source"
        )
    )
    assert sources == {
        "Anatolia Vision": "ONVIF_EVENTS",
        "Hikvision": "ISAPI_SEARCH",
        "Dahua": "DAHUA_FILES",
    }
    partly = CoverageDay.objects.get(day=day, result="PARTLY")
    assert [(cause, end - start) for start, end, cause in partly.gaps] == [("NO_STREAM", 3_600_000)]
    clock = DeviceCondition.objects.get(device=by_key["hikrec"])
    assert clock.clock_verdict == "SUMMER_TIME"
    for key, offset_ms in (("hikrec", 3_600_000), ("camera", 90_000)):
        told = ClockMeasurement.objects.filter(device=by_key[key]).latest("measured_at")
        assert told.offset_ms is not None
        assert abs(told.offset_ms - offset_ms) <= told.uncertainty_ms + 1
        condition = DeviceCondition.objects.get(device=by_key[key])
        assert condition.clock_offset_ms == told.offset_ms
    assert set(PlaybackProof.objects.values_list("answer", "reason")) == {("YES", "")}
    assert PlaybackProof.objects.count() == 6
    assert Finding.objects.open().get(kind="RECORDER_SILENT").count == 2
    picture = LastPicture.objects.get(device=by_key["camera"])
    opened = open_bytes(bytes(picture.sealed), picture_place(by_key["camera"].pk))
    assert opened.startswith(b"\xff\xd8")
    silent = CheckResult.objects.filter(device_check__device=by_key["deadrec"])
    assert set(silent.values_list("answer", flat=True)) == {"UNKNOWN"}
    assert CoverageDay.objects.filter(day=day, expected_ms=DAY_MS).count() == 6

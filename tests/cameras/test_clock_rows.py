"""Clock measurements are kept when they say something new; findings name the fault."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cameras.models import ClockMeasurement, DeviceCondition, Finding
from cameras.night import finishing, nights
from cameras.protocols.ntp import ServerClock
from tests.cameras.campus import Scripted


def check(campus):
    run = nights.check_now(by="test")
    campus.work(run)
    finishing.finish_runs()


def test_an_offset_is_stored_with_method_and_uncertainty(campus):
    """CLK-1, CLK-2."""
    campus.camera(Scripted(offset_ms=12_000))

    check(campus)

    row = ClockMeasurement.objects.get()
    assert row.offset_ms is not None
    assert abs(row.offset_ms - 12_000) < 200
    assert row.uncertainty_ms <= 200
    assert row.method in {"EDGE", "WHOLE_SECONDS"}
    assert row.is_reference_proven is False


@pytest.mark.parametrize(
    ("offset_ms", "verdict"),
    [
        (200, "OK"),
        (20_000, "OFF"),
        (3_600_000, "SUMMER_TIME"),
        (-3_600_000, "SUMMER_TIME"),
        (-7_200_000, "ZONE"),
        (-400 * 86_400_000, "RESET"),
    ],
)
def test_the_fault_of_a_clock_is_named(campus, offset_ms, verdict):
    """CLK-9, CLK-13."""
    camera = campus.camera(Scripted(offset_ms=offset_ms))

    check(campus)

    assert DeviceCondition.objects.get(device=camera).clock_verdict == verdict
    found = Finding.objects.filter(kind="CLOCK").values_list("reason", flat=True)
    assert list(found) == ([] if verdict == "OK" else [verdict])


def test_a_reading_that_says_nothing_new_is_not_stored(campus):
    """Changes and proofs, not samples."""
    campus.camera(Scripted(offset_ms=300))
    check(campus)

    check(campus)

    assert ClockMeasurement.objects.count() == 1


def test_one_reading_a_day_is_stored_all_the_same(campus):
    campus.camera(Scripted(offset_ms=300))
    check(campus)
    ClockMeasurement.objects.update(measured_at=timezone.now() - timedelta(hours=21))

    check(campus)

    assert ClockMeasurement.objects.count() == 2


def test_a_jump_is_stored_and_found_and_not_averaged_away(campus):
    """CLK-4."""
    script = Scripted(offset_ms=0)
    camera = campus.camera(script)
    check(campus)
    script.offset_ms = 40_000

    check(campus)

    assert ClockMeasurement.objects.count() == 2
    assert Finding.objects.get(kind="CLOCK").reason == "JUMP"
    assert DeviceCondition.objects.get(device=camera).clock_verdict == "JUMP"


def test_a_corrected_clock_closes_its_finding(campus):
    script = Scripted(offset_ms=3_600_000)
    campus.camera(script)
    check(campus)
    script.offset_ms = 0
    check(campus)
    check(campus)

    assert not Finding.objects.open().filter(kind="CLOCK", reason="SUMMER_TIME").exists()


SIX_SECONDS_FAST = ServerClock(True, 6_000.0, 30.4, ("ntp1", "ntp2"), "2 of 2 time servers agree")
UNPROVEN = ServerClock(False, 6_000.0, 30.4, ("ntp1",), "only 1 of 2 time servers answered")


@pytest.mark.parametrize(
    ("server", "offset_ms", "verdict", "proven"),
    [(SIX_SECONDS_FAST, 0, "OK", True), (UNPROVEN, -6_000, "OFF", False)],
    ids=["taken off", "not proven"],
)
def test_the_servers_own_error_is_not_the_devices(
    campus, monkeypatch, settings, server, offset_ms, verdict, proven
):
    """CLK-1, D12: this server is six seconds fast, and the device right."""

    async def asked(servers: list[str]) -> ServerClock:
        return server

    settings.NTP_SERVERS = ["ntp1", "ntp2"]
    monkeypatch.setattr("cameras.night.work.server_clock", asked)
    camera = campus.camera(Scripted(offset_ms=-6_000))

    check(campus)

    row = ClockMeasurement.objects.get(device=camera)
    assert row.offset_ms is not None
    assert abs(row.offset_ms - offset_ms) < 300
    assert (row.verdict, row.is_reference_proven) == (verdict, proven)
    if proven:
        assert row.uncertainty_ms >= 31
        assert (row.reference, row.reference_offset_ms) == ("ntp1, ntp2", 6_000)
        assert timezone.now() - row.measured_at > timedelta(seconds=5)
    else:
        assert row.reference == "only 1 of 2 time servers answered"
        assert row.reference_offset_ms is None

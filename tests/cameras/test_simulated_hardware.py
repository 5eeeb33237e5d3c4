"""Recorders whose hardware is in trouble, on real sockets (REC-12)."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from cameras.models import DeviceCondition, Finding
from cameras.night import finishing, nights, work
from inventory.models import Device
from simulator.campus_file import read_campus
from simulator.faults import set_fault
from simulator.recording import tsi_midnight
from simulator.world import true_now_ms
from tests.cameras.simulated import Served, enter
from tests.cameras.test_simulated_night import recorder

DISKS = {"disks": [{"slot": n, "capacity_gb": 6000, "state": "ok"} for n in ("1", "2")]}


def visited(devices: dict[str, Device]) -> dict[str, DeviceCondition]:
    run = nights.check_now(by="test")
    work.work(run=run, linger=timedelta(seconds=30))
    finishing.finish_runs()
    return {key: DeviceCondition.objects.get(device=device) for key, device in devices.items()}


def troubles(condition: DeviceCondition) -> list[tuple[str, str]]:
    return [(row["slot"], row["trouble"]) for row in condition.disks if row["trouble"]]


def test_each_switch_of_the_hardware_is_found(db, settings):
    """REC-12: restarts, a missing disk, a degraded array, a SMART warning, a disk without permission."""
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 0.0, [], 0
    made = [
        recorder("hik", "isapi", "127.97.5.1", "Hikvision", inventory=DISKS),
        recorder("dahua", "dahua", "127.97.5.2", "Dahua", inventory=DISKS),
        recorder("onvif", "onvif", "127.97.5.3", "Anatolia Vision"),
    ]
    campus = read_campus({"devices": made}, tsi_midnight(true_now_ms()))
    with Served(campus):
        hik, dahua, _onvif = campus.devices
        entered = enter(campus.devices)
        devices = {sim.key: entered[sim.address] for sim in campus.devices}
        set_fault(hik, "smart_warning")
        set_fault(dahua, "disk_missing")
        for slot in ("1", "2"):
            devices["dahua"].disks.create(slot=slot, fitted_on=date(2020, 1, 1))
        first = visited(devices)
        assert [troubles(first[key]) for key in devices] == [
            [("hdd 1", "FAILING")],
            [("2", "MISSING")],
            [],
        ]
        assert [len(first[key].starts) for key in devices] == [1, 1, 1]
        assert (first["onvif"].disks_reason, first["hik"].disks_reason) == ("NOT_SUPPORTED", "")

        set_fault(hik, "array_degraded")
        set_fault(dahua, "disk_missing", None)
        set_fault(dahua, "disk_read_only")
        for each in campus.devices:
            set_fault(each, "restarts")
        DeviceCondition.objects.update(starts_at=timezone.now() - timedelta(days=1))
        second = visited(devices)
        assert troubles(second["hik"]) == [("array 1", "DEGRADED")]
        assert troubles(second["dahua"]) == [("/dev/sda", "NOT_WRITABLE")]
        for key in devices:
            assert second[key].starts[-1] > first[key].starts[-1]
    assert Finding.objects.open().filter(kind="DISK").count() == 2

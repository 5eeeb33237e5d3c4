"""The demo campus is whole, and has the honest problems that it promises."""

import datetime as dt
import itertools

import pytest

from simulator.campus_file import load_campus
from simulator.clocks import DAY_MS, HOUR_MS, Base
from simulator.recording import merged
from simulator.world import Campus, Dialect, Kind, SimChannel, SimDevice

NOW = int(dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture
def campus() -> Campus:
    made = load_campus(anchor_ms=NOW)
    made.now_ms = lambda: NOW
    return made


def behind(campus: Campus, key: str) -> tuple[SimDevice, SimChannel]:
    """Return the recorder and the channel of a camera."""
    address = campus.device(key).address
    return next(
        (device, channel)
        for device in campus.devices
        for channel in device.channels
        if channel.camera == address
    )


def gaps(campus: Campus, key: str) -> list[tuple[int, int]]:
    """Return yesterday's gaps of a camera's channel over a second, from its midnight."""
    device, channel = behind(campus, key)
    start = campus.anchor_ms - DAY_MS
    files = campus.recorded(device, channel, start, campus.anchor_ms)
    spans = [(max(a, start), min(b, start + DAY_MS)) for a, b, _, _ in files]
    edges = [(start, start), *merged(spans), (start + DAY_MS, start + DAY_MS)]
    pairs = itertools.pairwise(edges)
    return [(a[1] - start, b[0] - start) for a, b in pairs if b[0] - a[1] > 1000]


def test_it_has_48_cameras_on_4_recorders_of_three_dialects(campus: Campus) -> None:
    recorders = [each for each in campus.devices if each.kind is Kind.RECORDER]
    cameras = [each for each in campus.devices if each.kind is Kind.CAMERA]
    assert len(cameras) == 48
    assert sorted(each.dialect for each in recorders) == [
        Dialect.DAHUA,
        Dialect.ISAPI,
        Dialect.ISAPI,
        Dialect.ONVIF,
    ]
    assert sum(len(each.channels) for each in recorders) == 48


def test_its_addresses_serials_and_macs_are_unique(campus: Campus) -> None:
    for name in ("address", "serial", "mac", "key"):
        assert len({getattr(each, name) for each in campus.devices}) == 52


def test_every_position_has_its_camera_and_its_channel(campus: Campus) -> None:
    buildings = {each["code"] for each in campus.inventory["buildings"]}
    assert len(buildings) == 6
    codes = set()
    for position in campus.inventory["positions"]:
        assert position["building"] in buildings
        assert behind(campus, position["device"])
        codes.add(position["code"])
    assert len(codes) == 48


def test_one_recorder_is_exactly_an_hour_fast(campus: Campus) -> None:
    offsets = {
        each.key: each.clock.offset_at(NOW, Base.LOCAL)
        for each in campus.devices
        if each.kind is Kind.RECORDER
    }
    assert offsets == {"kayit-1": 0, "kayit-2": HOUR_MS, "kayit-3": 0, "kayit-4": 0}


def test_one_recorder_was_down_last_night(campus: Campus) -> None:
    assert gaps(campus, "kamera-31") == [(130 * 60_000, 185 * 60_000)]


def test_one_channel_has_652_short_gaps(campus: Campus) -> None:
    assert len(gaps(campus, "kamera-05")) == 652


def test_one_channel_has_a_hole_of_ten_minutes(campus: Campus) -> None:
    assert gaps(campus, "kamera-17") == [(800 * 60_000, 810 * 60_000)]


def test_a_healthy_channel_has_no_gap(campus: Campus) -> None:
    assert gaps(campus, "kamera-01") == []


def test_one_camera_is_dead_for_three_days(campus: Campus) -> None:
    assert [each.key for each in campus.devices if each.is_down(NOW)] == ["kamera-40"]
    assert gaps(campus, "kamera-40") == [(0, DAY_MS)]


def test_one_recorder_keeps_nine_of_fourteen_days(campus: Campus) -> None:
    device, channel = behind(campus, "kamera-21")
    oldest = campus.recorded(device, channel, 0, NOW)[0].start_ms
    assert 9 <= (NOW - oldest) / DAY_MS < 9.1


def test_a_locked_clip_is_older_than_everything_else(campus: Campus) -> None:
    device, channel = behind(campus, "kamera-01")
    files = campus.recorded(device, channel, 0, NOW)
    unlocked = [each for each in files if not each.locked]
    assert files[0].locked
    assert files[0].start_ms < unlocked[0].start_ms - 10 * DAY_MS


def test_one_motion_camera_is_silent_for_four_days(campus: Campus) -> None:
    device, channel = behind(campus, "kamera-39")
    assert campus.recorded(device, channel, campus.anchor_ms - 4 * DAY_MS, NOW) == []
    before = campus.anchor_ms - 5 * DAY_MS
    assert campus.recorded(device, channel, before, before + DAY_MS)


def test_one_device_refuses_the_login_of_the_vault(campus: Campus) -> None:
    wrong = []
    for each in campus.devices:
        login = each.inventory["login"]
        if each.password_of(login["username"]) != login["password"]:
            wrong.append(each.key)
    assert wrong == ["kamera-23"]


def test_one_firmware_differs_from_the_inventory(campus: Campus) -> None:
    told = {
        each.key: each.inventory["registered"]["firmware"]
        for each in campus.devices
        if "registered" in each.inventory
    }
    assert list(told) == ["kamera-30"]
    assert campus.device("kamera-30").firmware != told["kamera-30"]


def test_one_camera_drifts(campus: Campus) -> None:
    drifting = [each.key for each in campus.devices if each.clock.drift_s_per_day]
    assert drifting == ["kamera-27"]
    assert campus.device("kamera-27").clock.offset_at(NOW) > 80_000

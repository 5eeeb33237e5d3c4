"""Addresses and the Range header of RTSP."""

import pytest

from cameras.protocols.base import Endpoint
from cameras.protocols.rtsp_messages import (
    ClockRange,
    address_of,
    control_url,
    read_range,
    write_clock,
)

MS = 1_793_527_200_000  # 2026-11-01 10:00:00 UTC


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("clock=20261101T100000Z-20261101T100001.5Z", ClockRange(MS, MS + 1500)),
        ("clock=20261101T100000.25Z-", ClockRange(MS + 250, None)),
        (" Clock = 20261101t100000.123456Z - ;time=x", ClockRange(MS + 123, None)),
        ("clock=2026-11-01T10:00:00Z-2026-11-01T10:00:02Z", ClockRange(MS, MS + 2000)),
        ("npt=0.000-", None),
        ("npt=now-", None),
        ("", None),
        ("clock=", None),
        ("clock=20261301T100000Z-", None),
        ("clock=20261101T256000Z-", None),
        ("clock=yesterday-today", None),
        ("smpte=10:07:33-", None),
        ("clock=" + "9" * 5000, None),
    ],
)
def test_only_a_clock_range_is_read(header, expected):
    assert read_range(header) == expected


def test_a_written_instant_reads_back():
    text = f"clock={write_clock(MS + 7)}-{write_clock(MS + 90_061)}"
    assert read_range(text) == ClockRange(MS + 7, MS + 90_061)


def test_the_port_a_person_gave_wins_over_the_address():
    assert address_of(Endpoint("192.0.2.1", rtsp_port=1554), "rtsp://h:8554/x").port == 1554
    assert address_of(Endpoint("192.0.2.1"), "rtsp://h:8554/x").port == 8554
    assert address_of(Endpoint("192.0.2.1"), "rtsp://h/x").port == 554
    assert address_of(Endpoint("192.0.2.1"), "rtsps://h/x").port == 322


def test_a_login_in_an_address_is_dropped():
    address = address_of(Endpoint("2001:db8::1"), "rtsp://root:CANARY@h:554/a?b=c")
    assert address.url == "rtsp://[2001:db8::1]:554/a?b=c"


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://192.0.2.1:554/a", "track1", "rtsp://192.0.2.1:554/a/track1"),
        ("rtsp://192.0.2.1:554/a/", "track1", "rtsp://192.0.2.1:554/a/track1"),
        ("rtsp://192.0.2.1:554/a?b=1", "trackID=0", "rtsp://192.0.2.1:554/a?b=1/trackID=0"),
        ("rtsp://192.0.2.1:554/a", "*", "rtsp://192.0.2.1:554/a"),
        ("rtsp://192.0.2.1:554/a", "rtsp://u:p@evil/z", "rtsp://192.0.2.1:554/z"),
    ],
)
def test_a_track_is_found_under_the_base_or_by_its_own_address(base, control, expected):
    address = address_of(Endpoint("192.0.2.1"), "rtsp://h/a")
    assert control_url(address, base, control) == expected

"""The clock as ONVIF devices tell it: missing halves, odd zones, and nothing invented in silence."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from xml.sax.saxutils import escape

import pytest

from cameras.protocols.base import BadAnswer, ClockSample, Manner, Reason
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.times import (
    TURKIYE_MS,
    clear_zone_ms,
    http_date_ms,
    stamp_ms,
    write_stamp,
)
from tests.protocols.onvif_device import OnvifDevice, answer, date_time
from tests.protocols.scripted_device import reply

NOON = 1_793_534_400_000  # 2026-11-01 12:00 UTC


@pytest.fixture
async def device() -> AsyncIterator[OnvifDevice]:
    async with OnvifDevice("none") as device:
        yield device


def clock(*parts: str, zone: str = "<+03>-3", saving: str = "false", kind: str = "NTP") -> str:
    return (
        f"<x:SystemDateAndTime><tt:DateTimeType>{kind}</tt:DateTimeType><tt:DaylightSavings>"
        f"{saving}</tt:DaylightSavings><tt:TimeZone><tt:TZ>{escape(zone)}</tt:TZ></tt:TimeZone>"
        f"{''.join(parts)}</x:SystemDateAndTime>"
    )


async def read(device: OnvifDevice, manner: Manner | None = None) -> ClockSample:
    async with Transport() as transport:
        client = OnvifClient(transport.to(device.server.endpoint, None, manner or Manner()))
        return await client.read_clock()


async def test_both_clocks_and_the_zone_are_told(device: OnvifDevice) -> None:
    local = date_time("LocalDateTime", NOON + TURKIYE_MS)
    device.operations["GetSystemDateAndTime"] = clock(date_time("UTCDateTime", NOON), local)
    sample = await read(device)
    assert (sample.utc_ms, sample.local_ms, sample.resolution_ms) == (NOON, NOON, 1000)
    assert (sample.zone, sample.daylight_saving, sample.uses_ntp) == ("<+03>-3", False, True)


async def test_the_times_of_the_call_enclose_the_reading(device: OnvifDevice) -> None:
    before = time.time() * 1000
    sample = await read(device)
    assert sample.utc_ms is not None
    assert before <= sample.sent_ms <= sample.received_ms
    assert sample.sent_ms - 1000 <= sample.utc_ms <= sample.received_ms


@pytest.mark.parametrize("year", [1970, 2099])
async def test_an_absurd_year_is_told_as_it_is(device: OnvifDevice, year: int) -> None:
    """D11."""
    ms = round(time.mktime((year, 1, 1, 12, 0, 0, 0, 0, 0))) * 1000
    device.operations["GetSystemDateAndTime"] = clock(date_time("UTCDateTime", ms))
    assert (await read(device)).utc_ms == ms


@pytest.mark.parametrize("zone", ["<+03>-3", "TRT-3", "UTC-3", "UTC-03:00:00"])
async def test_utc_is_derived_only_where_the_zone_is_clear(device: OnvifDevice, zone: str) -> None:
    manner = Manner()
    local = date_time("LocalDateTime", NOON + TURKIYE_MS)
    device.operations["GetSystemDateAndTime"] = clock(local, zone=zone)
    assert (await read(device, manner)).utc_ms == NOON
    assert "utc-from-zone" in manner.quirks


@pytest.mark.parametrize("zone", ["UTC+3", "EST5EDT,M3.2.0,M11.1.0", "CST+8:00:00", "Istanbul", ""])
async def test_an_unclear_zone_leaves_utc_unknown(device: OnvifDevice, zone: str) -> None:
    local = date_time("LocalDateTime", NOON + TURKIYE_MS)
    device.operations["GetSystemDateAndTime"] = clock(local, zone=zone)
    sample = await read(device)
    assert (sample.utc_ms, sample.local_ms) == (None, NOON)


async def test_summer_time_leaves_utc_unknown(device: OnvifDevice) -> None:
    local = date_time("LocalDateTime", NOON)
    device.operations["GetSystemDateAndTime"] = clock(local, saving="TRUE")
    assert (await read(device)).utc_ms is None


async def test_the_http_date_stands_in_only_when_there_is_nothing_else(device: OnvifDevice) -> None:
    manner = Manner()
    device.operations["GetSystemDateAndTime"] = reply(
        answer("GetSystemDateAndTime", clock()), headers=("Date: Sun, 01 Nov 2026 12:00:00 GMT",)
    )
    assert (await read(device, manner)).utc_ms == NOON
    assert "clock-from-http-date" in manner.quirks


@pytest.mark.parametrize(
    "content",
    [clock(), "", clock(date_time("UTCDateTime", NOON).replace("<tt:Hour>12", "<tt:Hour>77"))],
    ids=["no times", "nothing", "hour 77"],
)
async def test_no_time_at_all_is_never_zero(device: OnvifDevice, content: str) -> None:
    device.operations["GetSystemDateAndTime"] = content
    with pytest.raises(BadAnswer) as caught:
        await read(device)
    assert caught.value.reason is Reason.CLOCK_UNKNOWN


async def test_a_clock_that_leaps_is_told_anew_each_time(device: OnvifDevice) -> None:
    """D11: nothing is averaged or remembered here."""
    shown = iter((NOON, NOON + 3_600_000))
    device.operations["GetSystemDateAndTime"] = lambda _: clock(
        date_time("UTCDateTime", next(shown))
    )
    assert (await read(device)).utc_ms == NOON
    assert (await read(device)).utc_ms == NOON + 3_600_000


async def test_ntp_servers_leave_out_the_empty_address(device: OnvifDevice) -> None:
    device.operations["GetNTP"] = (
        "<x:NTPInformation><tt:FromDHCP>false</tt:FromDHCP>"
        "<tt:NTPManual><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:NTPManual>"
        "<tt:NTPManual><tt:Type>DNS</tt:Type><tt:DNSname>ntp.example</tt:DNSname></tt:NTPManual>"
        "</x:NTPInformation>"
    )
    async with Transport() as transport:
        client = OnvifClient(transport.to(device.server.endpoint, None, Manner()))
        assert await client.ntp_servers() == ("ntp.example",)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-01T12:00:00Z", (NOON, True)),
        ("2026-11-01T12:00:00", (NOON, False)),
        ("2026-11-01T12:00:00.5Z", (NOON + 500, True)),
        ("2026-11-01T12:00:00.123456789Z", (NOON + 123, True)),
        ("2026-11-01T15:00:00+03:00", (NOON, True)),
        ("2026-11-01T15:00:00+0300", (NOON, True)),
        ("2026-11-01 12:00:00z", (NOON, True)),
        ("2026-10-31T24:00:00Z", (NOON - 12 * 3_600_000, True)),
        ("2026-11-01T11:59:60Z", (NOON, True)),
        ("2026-11-01T11:59:61Z", None),
        ("2026-11-01T24:00:01Z", None),
        ("2026-11-31T12:00:00Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("today", None),
    ],
)
def test_written_times_are_read(written: str, expected: tuple[int, bool] | None) -> None:
    assert stamp_ms(written) == expected


def test_times_are_written_without_an_empty_fraction() -> None:
    assert write_stamp(NOON) == "2026-11-01T12:00:00Z"
    assert write_stamp(NOON + 7) == "2026-11-01T12:00:00.007Z"


@pytest.mark.parametrize("zone", ["<+03>-4", "UTC5:0", "UTC-1:0x", "UTC-99", "UTC5UTC"])
def test_a_zone_with_two_readings_is_not_clear(zone: str) -> None:
    assert clear_zone_ms(zone) is None


@pytest.mark.parametrize(("second", "expected"), [("60", NOON), ("61", None), ("-1", None)])
async def test_a_leap_second_is_the_next_minute_and_no_other_figure_is_bent(
    device: OnvifDevice, second: str, expected: int | None
) -> None:
    """A second that cannot be is no time: it would be a guess by up to 39 seconds."""
    shown = date_time("UTCDateTime", NOON - 60_000).replace("Second>0<", f"Second>{second}<")
    device.operations["GetSystemDateAndTime"] = clock(shown)
    if expected is None:
        with pytest.raises(BadAnswer) as caught:
            await read(device)
        assert caught.value.reason is Reason.CLOCK_UNKNOWN
    else:
        assert (await read(device)).utc_ms == expected


@pytest.mark.parametrize(
    "written",
    ["", "soon", "Mon, 23 Nov 2026 10:00:" + "9" * 4000 + " GMT", "Mon, 31 Feb 2026 00:00:00 GMT"],
)
def test_a_date_header_that_is_none_is_no_time(written: str) -> None:
    assert http_date_ms(written) is None

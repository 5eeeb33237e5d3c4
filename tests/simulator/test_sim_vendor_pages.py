"""Simulated ISAPI and Dahua recorders answer as the field notes say, traps included."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator

import pytest

from simulator.clocks import DAY_MS, HOUR_MS, SimClock, Zone
from simulator.dahua import CANARY
from simulator.faults import set_fault
from simulator.recording import RecordingPlan, tsi_midnight
from simulator.running import RunningCampus
from simulator.world import Dialect, SimDevice
from tests.simulator.http_probe import Answer, one_recorder, send, signed

PLAN = RecordingPlan(seam_ms=800)
SEARCH = "/ISAPI/ContentMgmt/search"
FIND = "/cgi-bin/mediaFileFind.cgi?action="
MIDNIGHT = tsi_midnight(int(dt.datetime.now(dt.UTC).timestamp() * 1000)) - DAY_MS


@pytest.fixture
async def hikvision() -> AsyncIterator[SimDevice]:
    campus, device = one_recorder(Dialect.ISAPI, PLAN)
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        yield device


@pytest.fixture
async def dahua() -> AsyncIterator[SimDevice]:
    campus, device = one_recorder(Dialect.DAHUA, PLAN)
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        yield device


def wall(true_ms: int, text: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return dt.datetime.fromtimestamp(true_ms / 1000 + 3 * 3600, dt.UTC).strftime(text)


async def search(
    device: SimDevice, start: int, end: int, position: int = 0, size: int = 40, track: int = 101
) -> Answer:
    body = (
        f"<CMSearchDescription><searchID>{uuid.UUID(int=7)}</searchID><trackList><trackID>{track}"
        f"</trackID></trackList><timeSpanList><timeSpan><startTime>{wall(start)}</startTime>"
        f"<endTime>{wall(end)}</endTime></timeSpan></timeSpanList><maxResults>{size}</maxResults>"
        f"<searchResultPostion>{position}</searchResultPostion></CMSearchDescription>"
    ).encode()
    return await signed(device, "POST", SEARCH, body)


async def test_isapi_wants_digest(hikvision: SimDevice) -> None:
    assert (await send(hikvision, "GET", "/ISAPI/System/deviceInfo")).status == 401
    answer = await signed(hikvision, "GET", "/ISAPI/System/deviceInfo")
    assert answer.text("serialNumber") == hikvision.serial


async def test_isapi_tells_the_tries_that_are_left(hikvision: SimDevice) -> None:
    hikvision.lockout_after = 5
    page = "/ISAPI/System/deviceInfo"
    answer = await signed(hikvision, "GET", page, password="yanlis-parola")
    assert answer.text("retryLoginTime") == "4"
    for _ in range(4):
        answer = await signed(hikvision, "GET", page, password="yanlis-parola")
    assert answer.text("lockStatus") == "lock"
    assert (await signed(hikvision, "GET", page)).status == 401


async def test_isapi_shows_its_wall_clock(hikvision: SimDevice) -> None:
    hikvision.clock = SimClock(zone=Zone.DST_ALL_YEAR)
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    text = (await signed(hikvision, "GET", "/ISAPI/System/time")).text("localTime") or ""
    shown = dt.datetime.fromisoformat(text)
    assert shown.utcoffset() == dt.timedelta(hours=4)
    assert before <= shown <= dt.datetime.now(dt.UTC)


async def test_isapi_search_is_in_wall_clock_time(hikvision: SimDevice) -> None:
    answer = await search(hikvision, MIDNIGHT, MIDNIGHT + 3 * HOUR_MS)
    starts = answer.texts("startTime")
    assert answer.text("responseStatusStrg") == "OK"
    assert len(starts) == 4
    assert starts[1].startswith(wall(MIDNIGHT)[:10])


async def test_isapi_pages_by_position(hikvision: SimDevice) -> None:
    first = await search(hikvision, MIDNIGHT, MIDNIGHT + DAY_MS, size=10)
    rest = await search(hikvision, MIDNIGHT, MIDNIGHT + DAY_MS, position=10, size=40)
    assert first.text("responseStatusStrg") == "MORE"
    assert rest.text("responseStatusStrg") == "OK"
    assert len(first.texts("startTime") + rest.texts("startTime")) == 25


async def test_isapi_may_tell_the_total_as_the_page(hikvision: SimDevice) -> None:
    set_fault(hikvision, "total_as_matches")
    answer = await search(hikvision, MIDNIGHT, MIDNIGHT + DAY_MS, size=10)
    assert answer.text("numOfMatches") == "25"
    assert len(answer.texts("startTime")) == 10


async def test_isapi_fails_now_and_then_over_more_than_a_day(hikvision: SimDevice) -> None:
    answers = [await search(hikvision, MIDNIGHT - DAY_MS, MIDNIGHT + DAY_MS) for _ in "12"]
    assert sorted(each.status for each in answers) == [200, 500]


async def test_isapi_errors_may_come_as_success(hikvision: SimDevice) -> None:
    set_fault(hikvision, "errors_as_200")
    answer = await search(hikvision, MIDNIGHT, MIDNIGHT + HOUR_MS, track=901)
    assert answer.status == 200
    assert answer.text("statusString") == "Invalid Operation"


async def test_the_isapi_calendar_knows_yesterday(hikvision: SimDevice) -> None:
    day = dt.datetime.fromtimestamp(MIDNIGHT / 1000 + 3 * 3600, dt.UTC)
    body = (
        f"<trackDailyParam><year>{day.year}</year><monthOfYear>{day.month}</monthOfYear>"
        "</trackDailyParam>"
    ).encode()
    page = "/ISAPI/ContentMgmt/record/tracks/101/dailyDistribution"
    answer = await signed(hikvision, "POST", page, body)
    assert answer.texts("record")[day.day - 1] == "true"


async def test_an_isapi_channel_is_put_as_a_whole_document(hikvision: SimDevice) -> None:
    page = "/ISAPI/ContentMgmt/InputProxy/channels/1"
    half = b"<InputProxyChannel><id>1</id><name>Yeni</name></InputProxyChannel>"
    assert (await signed(hikvision, "PUT", page, half)).status == 400
    whole = (
        b"<InputProxyChannel><id>1</id><name>Yeni</name><sourceInputPortDescriptor>"
        b"<proxyProtocol>ONVIF</proxyProtocol><ipAddress>127.64.0.77</ipAddress><managePortNo>80"
        b"</managePortNo><userName>a</userName><password>gizli</password>"
        b"</sourceInputPortDescriptor></InputProxyChannel>"
    )
    assert (await signed(hikvision, "PUT", page, whole)).status == 200
    answer = await signed(hikvision, "GET", "/ISAPI/ContentMgmt/InputProxy/channels")
    assert answer.texts("ipAddress")[0] == "127.64.0.77"
    assert b"gizli" not in answer.body


async def find(device: SimDevice, start: int, end: int, channel: int = 1) -> str:
    made = await signed(device, "GET", f"{FIND}factory.create")
    finder = made.pairs()["result"]
    first, last = (wall(each, "%Y-%m-%d%%20%H:%M:%S") for each in (start, end))
    answer = await signed(
        device,
        "GET",
        f"{FIND}findFile&object={finder}&condition.Channel={channel}"
        f"&condition.StartTime={first}&condition.EndTime={last}",
    )
    assert answer.body.strip() == b"OK"
    return finder


async def test_dahua_finds_files_by_a_finder(dahua: SimDevice) -> None:
    finder = await find(dahua, MIDNIGHT, MIDNIGHT + DAY_MS)
    page = f"{FIND}findNextFile&object={finder}&count=20"
    first, second, third = [(await signed(dahua, "GET", page)).pairs() for _ in "123"]
    assert [each["found"] for each in (first, second, third)] == ["20", "5", "0"]
    assert first["items[1].StartTime"].startswith(wall(MIDNIGHT)[:10])


async def test_a_destroyed_finder_is_unknown(dahua: SimDevice) -> None:
    finder = await find(dahua, MIDNIGHT, MIDNIGHT + DAY_MS)
    await signed(dahua, "GET", f"{FIND}destroy&object={finder}")
    answer = await signed(dahua, "GET", f"{FIND}findNextFile&object={finder}&count=20")
    assert answer.status == 400


async def test_forgotten_finders_use_the_recorder_up(dahua: SimDevice) -> None:
    answers = [await signed(dahua, "GET", f"{FIND}factory.create") for _ in range(17)]
    assert [each.status for each in answers] == [200] * 16 + [400]


async def test_dahua_refuses_an_unencoded_space(dahua: SimDevice) -> None:
    answer = await send(dahua, "GET", f"{FIND}factory.create&x=a b")
    assert answer.status == 400


async def test_an_unknown_dahua_channel_is_a_bad_request(dahua: SimDevice) -> None:
    with pytest.raises(AssertionError):
        await find(dahua, MIDNIGHT, MIDNIGHT + DAY_MS, channel=9)


async def test_the_dahua_device_list_carries_passwords(dahua: SimDevice) -> None:
    page = "/cgi-bin/configManager.cgi?action=getConfig&name=RemoteDevice"
    answer = await signed(dahua, "GET", page)
    assert CANARY.encode() in answer.body
    assert "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address" in answer.pairs()


async def test_dahua_shows_its_wall_clock(dahua: SimDevice) -> None:
    dahua.clock = SimClock(offset_ms=-2 * HOUR_MS)
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    answer = await signed(dahua, "GET", "/cgi-bin/global.cgi?action=getCurrentTime")
    shown = dt.datetime.fromisoformat(answer.pairs()["result"]).replace(tzinfo=dt.UTC)
    assert before <= shown - dt.timedelta(hours=1) <= dt.datetime.now(dt.UTC)


async def test_some_dahua_firmware_has_no_camera_state(dahua: SimDevice) -> None:
    set_fault(dahua, "camera_state_501")
    page = "/cgi-bin/LogicDeviceManager.cgi?action=getCameraState"
    assert (await signed(dahua, "GET", page)).status == 501


@pytest.mark.parametrize("fault", ["empty_search", "no_search"])
async def test_lies_of_the_isapi_index(hikvision: SimDevice, fault: str) -> None:
    set_fault(hikvision, fault)
    answer = await search(hikvision, MIDNIGHT, MIDNIGHT + DAY_MS)
    assert answer.texts("startTime") == []


async def test_a_camera_of_a_vendor_speaks_onvif_as_well(hikvision: SimDevice) -> None:
    answer = await send(hikvision, "POST", "/onvif/device_service", b"<x/>")
    assert answer.status == 415

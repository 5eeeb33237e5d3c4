"""Simulated ONVIF devices answer as the specification says, and are strict where real ones are."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest

from simulator.clocks import HOUR_MS, SimClock, Zone
from simulator.faults import set_fault
from simulator.generator import PASSWORD, USERNAME
from simulator.recording import RecordingPlan
from simulator.running import RunningCampus
from simulator.world import Auth, Dialect, SimDevice
from tests.simulator.http_probe import Soap, one_camera, one_recorder, onvif, send, signed

DEVICE = "/onvif/device_service"
MEDIA = "/onvif/media_service"
MEDIA2 = "/onvif/media2_service"
SEARCH = "/onvif/search_service"
PLAN = RecordingPlan(seam_ms=800)


@pytest.fixture
async def camera() -> AsyncIterator[SimDevice]:
    campus, device = one_camera()
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        yield device


@pytest.fixture
async def recorder() -> AsyncIterator[SimDevice]:
    campus, device = one_recorder(plan=PLAN)
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        yield device


async def test_the_time_is_told_without_a_login(camera: SimDevice) -> None:
    answer = await onvif(camera, DEVICE, "tds", "GetSystemDateAndTime", soap=Soap(is_signed=False))
    assert answer.status == 200
    assert answer.text("UTCDateTime", "Year") == str(dt.datetime.now(dt.UTC).year)
    assert answer.text("TZ") == "TRT-3"


async def test_a_wrong_zone_shows_in_the_local_time_only(camera: SimDevice) -> None:
    camera.clock = SimClock(zone=Zone.DST_ALL_YEAR)
    answer = await onvif(camera, DEVICE, "tds", "GetSystemDateAndTime")
    utc = int(answer.text("UTCDateTime", "Hour") or "")
    local = int(answer.text("LocalDateTime", "Hour") or "")
    assert (local - utc) % 24 == 4
    assert answer.text("DaylightSavings") == "true"


async def test_identity_needs_a_login(camera: SimDevice) -> None:
    answer = await onvif(camera, DEVICE, "tds", "GetDeviceInformation", soap=Soap(is_signed=False))
    assert answer.status == 400
    assert "ter:NotAuthorized" in answer.texts("Value")


async def test_identity_is_told_to_a_signed_call(camera: SimDevice) -> None:
    answer = await onvif(camera, DEVICE, "tds", "GetDeviceInformation")
    assert answer.text("SerialNumber") == camera.serial


@pytest.mark.parametrize("seconds", [-20, 20])
async def test_a_stamp_20_seconds_off_is_refused(camera: SimDevice, seconds: int) -> None:
    answer = await onvif(camera, DEVICE, "tds", "GetUsers", soap=Soap(created=seconds))
    assert answer.status == 400


async def test_the_stamp_must_fit_the_clock_of_the_device(camera: SimDevice) -> None:
    camera.clock = SimClock(offset_ms=-HOUR_MS)
    assert (await onvif(camera, DEVICE, "tds", "GetUsers")).status == 400
    assert (await onvif(camera, DEVICE, "tds", "GetUsers", soap=Soap(created=-3600))).status == 200


async def test_a_nonce_works_once(camera: SimDevice) -> None:
    stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    soap = Soap(nonce=b"0123456789abcdef", stamp=stamp)
    first = await onvif(camera, DEVICE, "tds", "GetUsers", soap=soap)
    second = await onvif(camera, DEVICE, "tds", "GetUsers", soap=soap)
    assert (first.status, second.status) == (200, 400)


async def test_one_make_wants_its_stamps_in_zulu_time() -> None:
    campus, device = one_camera(Dialect.ISAPI)
    written_out = Soap(zone="+00:00")
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        assert (await onvif(device, DEVICE, "tds", "GetUsers", soap=written_out)).status == 400
        assert (await onvif(device, DEVICE, "tds", "GetUsers")).status == 200


@pytest.mark.parametrize("auth", [Auth.DIGEST_MD5, Auth.DIGEST_SHA256])
async def test_a_digest_only_device_refuses_a_security_header(auth: Auth) -> None:
    campus, device = one_camera()
    device.auth = auth
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        assert (await onvif(device, DEVICE, "tds", "GetUsers")).status == 401
        answer = await onvif(device, DEVICE, "tds", "GetUsers", soap=Soap(digest=True))
    assert answer.texts("Username") == [USERNAME]


async def test_digest_may_be_demanded_by_media_alone(camera: SimDevice) -> None:
    camera.auth = Auth.WSSE_THEN_DIGEST
    assert (await onvif(camera, DEVICE, "tds", "GetUsers")).status == 200
    assert (await onvif(camera, MEDIA, "trt", "GetProfiles")).status == 401
    answer = await onvif(camera, MEDIA, "trt", "GetProfiles", soap=Soap(digest=True))
    assert answer.status == 200


async def test_the_account_locks_after_five_wrong_tries(camera: SimDevice) -> None:
    camera.lockout_after = 5
    for _ in range(5):
        await onvif(camera, DEVICE, "tds", "GetUsers", soap=Soap(password="yanlis-parola"))
    answer = await onvif(camera, DEVICE, "tds", "GetUsers")
    assert answer.status == 400
    assert "locked" in (answer.text("Reason", "Text") or "")


async def test_even_the_time_may_need_a_login(camera: SimDevice) -> None:
    camera.time_needs_auth = True
    unsigned = Soap(is_signed=False)
    assert (await onvif(camera, DEVICE, "tds", "GetSystemDateAndTime", soap=unsigned)).status == 400


async def test_soap_of_another_content_type_is_refused(camera: SimDevice) -> None:
    answer = await onvif(camera, DEVICE, "tds", "GetUsers", soap=Soap(content_type="text/xml"))
    assert answer.status == 415


async def test_an_operation_of_another_service_is_refused(camera: SimDevice) -> None:
    answer = await onvif(camera, DEVICE, "trt", "GetProfiles")
    assert "ter:ActionNotSupported" in answer.texts("Value")


async def test_a_snapshot_is_a_jpeg_behind_digest(camera: SimDevice) -> None:
    token = "<x:ProfileToken>Profile_1_1</x:ProfileToken>"
    uri = await onvif(camera, MEDIA, "trt", "GetSnapshotUri", token)
    assert f"{camera.address}:{camera.http_port}" in (uri.text("Uri") or "")
    assert (await send(camera, "GET", "/onvif/snapshot?channel=1")).status == 401
    picture = await signed(camera, "GET", "/onvif/snapshot?channel=1")
    assert picture.body[:2] == b"\xff\xd8"


async def test_a_mask_is_made_read_changed_and_deleted(camera: SimDevice) -> None:
    mask = (
        '<x:Mask token="{}"><x:ConfigurationToken>VSC_1</x:ConfigurationToken><x:Polygon>'
        '<tt:Point x="0" y="0"/><tt:Point x="1" y="0"/><tt:Point x="1" y="1"/></x:Polygon>'
        "<x:Type>{}</x:Type><x:Enabled>true</x:Enabled></x:Mask>"
    )
    made = await onvif(camera, MEDIA2, "tr2", "CreateMask", mask.format("", "Color"))
    token = made.text("Token") or ""
    await onvif(camera, MEDIA2, "tr2", "SetMask", mask.format(token, "Pixelated"))
    assert (await onvif(camera, MEDIA2, "tr2", "GetMasks")).texts("Type") == ["Pixelated"]
    await onvif(camera, MEDIA2, "tr2", "DeleteMask", f"<x:Token>{token}</x:Token>")
    assert (await onvif(camera, MEDIA2, "tr2", "GetMasks")).texts("Type") == []


async def test_a_changed_password_works_at_once(camera: SimDevice) -> None:
    user = (
        f"<x:User><tt:Username>{USERNAME}</tt:Username><tt:Password>yeni-parola-44</tt:Password>"
        "<tt:UserLevel>Administrator</tt:UserLevel></x:User>"
    )
    assert (await onvif(camera, DEVICE, "tds", "SetUser", user)).status == 200
    assert (await onvif(camera, DEVICE, "tds", "GetUsers")).status == 400
    new = Soap(password="yeni-parola-44")
    assert (await onvif(camera, DEVICE, "tds", "GetUsers", soap=new)).status == 200


async def test_a_device_may_say_200_and_do_nothing(camera: SimDevice) -> None:
    set_fault(camera, "ok_did_nothing")
    user = (
        f"<x:User><tt:Username>{USERNAME}</tt:Username><tt:Password>yeni-parola-44</tt:Password>"
        "<tt:UserLevel>Administrator</tt:UserLevel></x:User>"
    )
    assert (await onvif(camera, DEVICE, "tds", "SetUser", user)).status == 200
    assert camera.users[USERNAME].password == PASSWORD


def _stamp(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def find_events(device: SimDevice, start: int, end: int, token: str = "REC001") -> str:
    inner = (
        f"<x:StartPoint>{_stamp(start)}</x:StartPoint><x:EndPoint>{_stamp(end)}</x:EndPoint>"
        f"<x:Scope><tt:IncludedRecordings>{token}</tt:IncludedRecordings></x:Scope>"
        "<x:SearchFilter/><x:IncludeStartState>true</x:IncludeStartState>"
        "<x:KeepAliveTime>PT30S</x:KeepAliveTime>"
    )
    answer = await onvif(device, SEARCH, "tse", "FindEvents", inner)
    return f"<x:SearchToken>{answer.text('SearchToken')}</x:SearchToken>"


async def test_the_history_tells_every_seam(recorder: SimDevice) -> None:
    now = int(dt.datetime.now(dt.UTC).timestamp()) * 1000
    token = await find_events(recorder, now - 6 * HOUR_MS, now - HOUR_MS)
    answer = await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)
    assert answer.text("SearchState") == "Completed"
    # The state at the start, then off and on at each of five seams, for recording and for track.
    assert len(answer.texts("Time")) == 2 * (1 + 2 * 5)
    assert set(answer.texts("RecordingToken")) == {"REC001"}


async def test_ignored_filters_tell_of_every_channel(recorder: SimDevice) -> None:
    set_fault(recorder, "ignored_filters")
    now = int(dt.datetime.now(dt.UTC).timestamp()) * 1000
    token = await find_events(recorder, now - 2 * HOUR_MS, now - HOUR_MS)
    await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)
    answer = await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)
    assert set(answer.texts("RecordingToken")) == {"REC001", "REC002"}


async def test_an_endless_search_repeats_its_page(recorder: SimDevice) -> None:
    set_fault(recorder, "endless_search")
    now = int(dt.datetime.now(dt.UTC).timestamp()) * 1000
    token = await find_events(recorder, now - 6 * HOUR_MS, now)
    pages = [await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token) for _ in "123"]
    assert {page.text("SearchState") for page in pages} == {"Searching"}
    assert pages[0].texts("Time") == pages[2].texts("Time")


async def test_a_million_results_come_in_pages_of_a_hundred(recorder: SimDevice) -> None:
    set_fault(recorder, "million_results")
    token = await find_events(recorder, 0, HOUR_MS)
    await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)
    answer = await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)
    assert answer.text("SearchState") == "Searching"
    assert len(answer.texts("Time")) == 100


async def test_an_ended_search_is_unknown(recorder: SimDevice) -> None:
    token = await find_events(recorder, 0, HOUR_MS)
    assert (await onvif(recorder, SEARCH, "tse", "EndSearch", token)).status == 200
    assert (await onvif(recorder, SEARCH, "tse", "GetEventSearchResults", token)).status == 400


async def test_the_summary_spans_the_retention(recorder: SimDevice) -> None:
    answer = await onvif(recorder, SEARCH, "tse", "GetRecordingSummary")
    first = dt.datetime.fromisoformat(answer.text("DataFrom") or "")
    assert 13.9 < (dt.datetime.now(dt.UTC) - first).total_seconds() / 86_400 < 15.1


@pytest.mark.parametrize(
    ("fault", "operation", "status"),
    [("no_summary", "GetRecordingSummary", 400), ("no_search", "GetRecordingSummary", 404)],
)
async def test_missing_services_are_missing(
    recorder: SimDevice, fault: str, operation: str, status: int
) -> None:
    set_fault(recorder, fault)
    assert (await onvif(recorder, SEARCH, "tse", operation)).status == status


async def test_old_devices_know_get_capabilities_only(recorder: SimDevice) -> None:
    set_fault(recorder, "only_capabilities")
    assert (await onvif(recorder, DEVICE, "tds", "GetServices")).status == 500
    answer = await onvif(recorder, DEVICE, "tds", "GetCapabilities")
    assert answer.text("Extension", "Search", "XAddr")


async def test_values_left_out_or_written_oddly(recorder: SimDevice) -> None:
    for name in ("no_utc", "capital_booleans", "zoneless_times"):
        set_fault(recorder, name)
    time = await onvif(recorder, DEVICE, "tds", "GetSystemDateAndTime")
    assert time.text("UTCDateTime") is None
    assert time.text("DaylightSavings") == "FALSE"
    summary = await onvif(recorder, SEARCH, "tse", "GetRecordingSummary")
    assert not (summary.text("DataFrom") or "Z").endswith("Z")


async def test_addresses_may_name_another_host(recorder: SimDevice) -> None:
    set_fault(recorder, "other_host", "127.0.0.9")
    set_fault(recorder, "userinfo_uri")
    answer = await onvif(recorder, DEVICE, "tds", "GetServices")
    assert all("@127.0.0.9:" in each for each in answer.texts("XAddr"))

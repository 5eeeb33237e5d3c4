"""Public clients ask more than a sweep does, and spell it in their own ways; the campus answers them."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from simulator.faults import set_fault
from simulator.generator import PASSWORD, USERNAME
from simulator.logins import digest_response, parse_digest
from simulator.recording import RecordingPlan
from simulator.running import RunningCampus
from simulator.world import Dialect, SimDevice
from tests.simulator.http_probe import Soap, one_recorder, onvif, send, signed

PATHS = {
    "tds": "/onvif/device_service",
    "trt": "/onvif/media_service",
    "tr2": "/onvif/media2_service",
    "trc": "/onvif/recording_service",
    "tse": "/onvif/search_service",
    "trp": "/onvif/replay_service",
    "tev": "/onvif/event_service",
}
PLAN = RecordingPlan(seam_ms=800)
DAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


@pytest.fixture
async def recorder() -> AsyncIterator[SimDevice]:
    campus, device = one_recorder(plan=PLAN)
    async with RunningCampus(campus, rtsp="none", discovery_port=0):
        yield device


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


@pytest.mark.parametrize("prefix", PATHS)
async def test_every_service_tells_what_it_can_without_a_login(
    recorder: SimDevice, prefix: str
) -> None:
    answer = await onvif(
        recorder, PATHS[prefix], prefix, "GetServiceCapabilities", soap=Soap(is_signed=False)
    )
    assert answer.status == 200
    assert len(answer.texts("Capabilities")) == 1


async def test_capabilities_come_with_the_services_when_asked_for(recorder: SimDevice) -> None:
    asked = "<x:IncludeCapability>true</x:IncludeCapability>"
    told = await onvif(recorder, PATHS["tds"], "tds", "GetServices", asked)
    plain = await onvif(recorder, PATHS["tds"], "tds", "GetServices")
    # One wrapper and one element of the service itself in each of the seven.
    assert len(told.texts("Capabilities")) == 14
    assert plain.texts("Capabilities") == []


async def test_a_device_tells_its_name_and_its_network(recorder: SimDevice) -> None:
    name = await onvif(recorder, PATHS["tds"], "tds", "GetHostname", soap=Soap(is_signed=False))
    ports = await onvif(recorder, PATHS["tds"], "tds", "GetNetworkProtocols")
    assert name.text("Name")
    assert ports.texts("Name") == ["HTTP", "HTTPS", "RTSP"]
    assert ports.texts("Port") == [str(recorder.http_port), "443", str(recorder.rtsp_port)]
    for operation in ("GetDNS", "GetNetworkDefaultGateway", "GetDiscoveryMode", "GetWsdlUrl"):
        assert (await onvif(recorder, PATHS["tds"], "tds", operation)).status == 200


@pytest.mark.parametrize("prefix", ["trt", "tr2"])
async def test_the_configurations_are_those_of_the_profiles(
    recorder: SimDevice, prefix: str
) -> None:
    profiles = await onvif(recorder, PATHS[prefix], prefix, "GetProfiles")
    sources = await onvif(recorder, PATHS[prefix], prefix, "GetVideoSourceConfigurations")
    encoders = await onvif(recorder, PATHS[prefix], prefix, "GetVideoEncoderConfigurations")
    assert set(sources.texts("SourceToken")) == set(profiles.texts("SourceToken"))
    assert encoders.texts("BitrateLimit") == profiles.texts("BitrateLimit")
    assert len(encoders.texts("Encoding")) == 2 * len(recorder.channels)


async def test_one_profile_is_given_alone(recorder: SimDevice) -> None:
    asked = "<x:ProfileToken>Profile_1_2</x:ProfileToken>"
    answer = await onvif(recorder, PATHS["trt"], "trt", "GetProfile", asked)
    unknown = await onvif(
        recorder, PATHS["trt"], "trt", "GetProfile", asked.replace("_1_2", "_99_1")
    )
    assert answer.text("Profile", "Width") == "640"
    assert unknown.status == 400


async def test_a_recording_tells_how_it_is_made(recorder: SimDevice) -> None:
    token = f"<x:RecordingToken>{recorder.channels[0].token}</x:RecordingToken>"
    setup = await onvif(recorder, PATHS["trc"], "trc", "GetRecordingConfiguration", token)
    options = await onvif(recorder, PATHS["trc"], "trc", "GetRecordingOptions", token)
    job = "<x:JobToken>JOB001</x:JobToken>"
    state = await onvif(recorder, PATHS["trc"], "trc", "GetRecordingJobState", job)
    assert setup.text("MaximumRetentionTime") == f"P{int(PLAN.retention_days)}D"
    assert options.status == 200
    assert state.text("State", "RecordingToken") == recorder.channels[0].token


async def test_media_attributes_are_told_of_recorded_instants_only(recorder: SimDevice) -> None:
    token = f"<x:RecordingTokens>{recorder.channels[0].token}</x:RecordingTokens>"

    async def told(at: dt.datetime) -> list[str]:
        time = f"<x:Time>{at.strftime('%Y-%m-%dT%H:%M:%SZ')}</x:Time>"
        answer = await onvif(recorder, PATHS["tse"], "tse", "GetMediaAttributes", token + time)
        return answer.texts("Encoding")

    assert await told(DAY - dt.timedelta(days=400)) == []
    minute = dt.timedelta(minutes=1)
    # One of two instants a minute apart may lie in the seam between two files.
    assert ["H264"] in [await told(DAY), await told(DAY + minute)]


async def test_the_replay_time_out_is_kept(recorder: SimDevice) -> None:
    given = (
        '<x:Configuration><t:SessionTimeout xmlns:t="http://www.onvif.org/ver10/schema">PT30S'
        "</t:SessionTimeout></x:Configuration>"
    )
    assert (
        await onvif(recorder, PATHS["trp"], "trp", "SetReplayConfiguration", given)
    ).status == 200
    answer = await onvif(recorder, PATHS["trp"], "trp", "GetReplayConfiguration")
    assert answer.text("SessionTimeout") == "PT30S"


@pytest.mark.parametrize("keep", ["PT1H", "PT1M30S", "PT10.5S"])
async def test_a_search_is_kept_for_any_duration(recorder: SimDevice, keep: str) -> None:
    inner = f"<x:Scope/><x:KeepAliveTime>{keep}</x:KeepAliveTime>"
    answer = await onvif(recorder, PATHS["tse"], "tse", "FindRecordings", inner)
    assert answer.text("SearchToken")


async def test_a_property_is_told_once_and_again_on_demand(recorder: SimDevice) -> None:
    events = PATHS["tev"]
    created = await onvif(recorder, events, "tev", "CreatePullPointSubscription")
    address = created.text("SubscriptionReference", "Address") or ""
    path = "/" + address.split("/", 3)[3]
    pull = "<x:Timeout>PT0S</x:Timeout><x:MessageLimit>5</x:MessageLimit>"

    async def pulled() -> int:
        answer = await onvif(recorder, path, "tev", "PullMessages", pull)
        return len(answer.texts("Topic"))

    assert [await pulled(), await pulled()] == [1, 0]
    assert (await onvif(recorder, path, "tev", "SetSynchronizationPoint")).status == 200
    assert await pulled() == 1
    topics = await onvif(recorder, events, "tev", "GetEventProperties")
    assert len(topics.texts("LastReboot")) == 1


async def test_one_subscription_ends_and_the_other_goes_on(recorder: SimDevice) -> None:
    """A camera's places for subscriptions are few, so each is ended by its own address."""
    paths = []
    for _ in range(2):
        created = await onvif(recorder, PATHS["tev"], "tev", "CreatePullPointSubscription")
        address = created.text("SubscriptionReference", "Address") or ""
        paths.append("/" + address.split("/", 3)[3])
    set_fault(recorder, "no_last_reboot", True)
    recorder.memory["subscriptions"].pop(paths[0].partition("=")[2])
    pull = "<x:Timeout>PT0S</x:Timeout><x:MessageLimit>5</x:MessageLimit>"
    gone = await onvif(recorder, paths[0], "tev", "PullMessages", pull)
    there = await onvif(recorder, paths[1], "tev", "PullMessages", pull)
    assert (gone.status, there.status) == (400, 200)


@pytest.mark.parametrize(
    ("tracks", "position"),
    [("trackIDList", "searchResultPosition"), ("trackList", "searchResultPostion")],
)
async def test_a_search_is_read_in_both_spellings(
    hikvision: SimDevice, tracks: str, position: str
) -> None:
    end = DAY + dt.timedelta(hours=4)
    first, last = (each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in (DAY, end))
    body = (
        f"<CMSearchDescription><searchID>{uuid.UUID(int=7)}</searchID><{tracks}><trackID>101"
        f"</trackID></{tracks}><timeSpanList><timeSpan><startTime>{first}</startTime><endTime>"
        f"{last}</endTime></timeSpan></timeSpanList><maxResults>40</maxResults>"
        f"<{position}>1</{position}></CMSearchDescription>"
    ).encode()
    answer = await signed(hikvision, "POST", "/ISAPI/ContentMgmt/search", body)
    from_start = body.replace(b">1</search", b">0</search")
    whole = await signed(hikvision, "POST", "/ISAPI/ContentMgmt/search", from_start)
    assert answer.texts("startTime") == whole.texts("startTime")[1:] != []


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("System/time/ntpServers/1", "NTPServer"),
        ("System/Network/interfaces/1", "NetworkInterface"),
        ("Security/users/1", "User"),
        ("Streaming/channels/101", "StreamingChannel"),
        ("ContentMgmt/InputProxy/channels/1", "InputProxyChannel"),
        ("ContentMgmt/InputProxy/channels/1/status", "InputProxyChannelStatus"),
        ("ContentMgmt/record/tracks/101", "Track"),
        ("ContentMgmt/Storage/hdd/1", "hdd"),
    ],
)
async def test_one_item_of_a_list_is_given_alone(
    hikvision: SimDevice, path: str, root: str
) -> None:
    answer = await signed(hikvision, "GET", f"/ISAPI/{path}")
    assert answer.text("id") == path.removesuffix("/status").rpartition("/")[2]
    assert f"<{root} version=".encode() in answer.body
    assert answer.body.count(b"xmlns=") == 1
    other = path.replace("/1", "/9")
    assert (await signed(hikvision, "GET", f"/ISAPI/{other}")).status == 400


async def test_disks_and_ports_have_pages_of_their_own(hikvision: SimDevice) -> None:
    disks = await signed(hikvision, "GET", "/ISAPI/ContentMgmt/Storage/hdd")
    ports = await signed(hikvision, "GET", "/ISAPI/Security/adminAccesses")
    assert disks.texts("hddType")
    assert str(hikvision.rtsp_port) in ports.texts("portNo")


@pytest.mark.parametrize("names", [("close", "destroy"), ("factory.close", "factory.destroy")])
async def test_a_finder_is_ended_in_both_spellings(
    dahua: SimDevice, names: tuple[str, str]
) -> None:
    find = "/cgi-bin/mediaFileFind.cgi?action="
    finder = (await signed(dahua, "GET", find + "factory.create")).pairs()["result"]
    for name in names:
        assert (await signed(dahua, "GET", f"{find}{name}&object={finder}")).body == b"OK\r\n"
    assert (await signed(dahua, "GET", f"{find}close&object={finder}")).status == 400


async def test_a_table_is_told_in_part(dahua: SimDevice) -> None:
    page = "/cgi-bin/configManager.cgi?action=getConfig&name="
    part = await signed(dahua, "GET", page + "NTP.Enable")
    ports = await signed(dahua, "GET", page + "RTSP")
    assert part.pairs() == {"table.NTP.Enable": str(dahua.uses_ntp).lower()}
    assert ports.pairs()["table.RTSP.Port"] == str(dahua.rtsp_port)
    assert (await signed(dahua, "GET", page + "NTP.Nothing")).status == 400


async def test_small_pages_of_a_dahua_recorder_are_there(dahua: SimDevice) -> None:
    names = await signed(dahua, "GET", "/cgi-bin/storageDevice.cgi?action=factory.getCollect")
    user = await signed(
        dahua, "GET", f"/cgi-bin/userManager.cgi?action=getUserInfo&name={USERNAME}"
    )
    inputs = await signed(dahua, "GET", "/cgi-bin/devVideoInput.cgi?action=getCollect")
    hardware = await signed(dahua, "GET", "/cgi-bin/magicBox.cgi?action=getHardwareVersion")
    assert names.pairs()["list[0]"] == "/dev/sda"
    assert user.pairs()["user.Name"] == USERNAME
    assert inputs.pairs() == {"result": str(len(dahua.channels))}
    assert hardware.pairs() == {"version": dahua.hardware}


async def test_a_login_may_be_signed_for_another_spelling_of_the_address(
    dahua: SimDevice,
) -> None:
    sent = "/cgi-bin/configManager.cgi?action=getConfig&name=NTP&at=10%3A00"
    spelt = sent.replace("%3A", ":")
    assert quote(spelt, safe="/?&=.") == sent
    challenge = parse_digest((await send(dahua, "GET", sent)).headers["www-authenticate"])
    given = {
        "nonce": challenge["nonce"],
        "uri": spelt,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "abc",
    }
    who = (USERNAME, challenge["realm"], PASSWORD)
    parts = {"username": USERNAME, "realm": challenge["realm"], **given}
    parts["response"] = digest_response("MD5", who, "GET", given)

    async def status(target: str) -> int:
        line = "Digest " + ", ".join(f'{name}="{text}"' for name, text in parts.items())
        return (await send(dahua, "GET", target, headers={"Authorization": line})).status

    assert await status(sent.replace("NTP", "General")) == 401
    assert await status(sent) == 200

"""What a Hikvision device says about itself: identity, clock, channels, pictures, streams, disks."""

from __future__ import annotations

from typing import Any

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    CredentialRefused,
    DeviceKind,
    IndexesRecordings,
    ListsChannels,
    NotSupported,
    Streams,
    TakesSnapshots,
    TellsIdentity,
    TellsStorage,
    TellsTime,
    TimeBase,
)
from cameras.protocols.isapi import IsapiClient
from tests.protocols.isapi_recorder import NS, Recorder, status, wall
from tests.protocols.vendor_device import (
    PASSWORD,
    Answer,
    Asked,
    Handler,
    VendorDevice,
    serving,
    talking,
)

CHANNELS = "/ISAPI/ContentMgmt/InputProxy/channels"
INPUTS = "/ISAPI/System/Video/inputs/channels"


def at(path: str, body: str) -> Recorder:
    return Recorder(documents={path: body.encode()})


async def ask(answer: Handler, method: str, *arguments: object) -> Any:
    async with serving(answer) as device, talking(device) as conversation:
        return await getattr(IsapiClient(conversation), method)(*arguments)


async def test_the_identity_is_what_device_info_tells() -> None:
    """INV-1, INV-3."""
    info = (
        f"<DeviceInfo {NS}><deviceName>K\u00fct\u00fcphane</deviceName><model>DS-7716NI-K4</model>"
        "<serialNumber>DS-7716NI-K41620201111CCRRE1</serialNumber>"
        "<macAddress>44:19:b6:aa:bb:cc</macAddress><firmwareVersion>V4.30.085</firmwareVersion>"
        "<firmwareReleasedDate>build 200916</firmwareReleasedDate><deviceType>NVR</deviceType>"
        "</DeviceInfo>"
    )
    async with (
        serving(at("/ISAPI/System/deviceInfo", info), password=PASSWORD) as device,
        talking(device) as conversation,
    ):
        identity = await IsapiClient(conversation).identity()
    assert identity.maker == "Hikvision"
    assert identity.model == "DS-7716NI-K4"
    assert identity.serial == "DS-7716NI-K41620201111CCRRE1"
    assert identity.macs == ("44:19:B6:AA:BB:CC",)
    assert identity.firmware == "V4.30.085 build 200916"
    assert identity.name == "K\u00fct\u00fcphane"
    assert identity.kind is DeviceKind.RECORDER


async def test_a_sparse_and_strange_device_info_gives_what_it_can() -> None:
    info = (
        "<DeviceInfo><deviceType>IPCamera</deviceType><macAddress>none</macAddress>"
        "<firmwareVersion>V4.30\n build 200916</firmwareVersion>"
        f"<deviceName>{'x' * 5000}</deviceName></DeviceInfo>"
    )
    identity = await ask(at("/ISAPI/System/deviceInfo", info), "identity")
    assert identity.kind is DeviceKind.CAMERA
    assert identity.macs == ()
    assert identity.firmware == "V4.30 build 200916"
    assert len(identity.name) == 200


async def test_a_name_in_an_old_charset_does_not_hide_the_device() -> None:
    """D8: the name may look odd, the serial number is there."""
    body = "<DeviceInfo><deviceName>\u56fe\u4e66\u9986</deviceName><serialNumber>S1</serialNumber></DeviceInfo>"
    recorder = Recorder(documents={"/ISAPI/System/deviceInfo": body.encode("gbk")})
    identity = await ask(recorder, "identity")
    assert identity.serial == "S1"


async def test_another_document_is_no_identity() -> None:
    with pytest.raises(BadAnswer):
        await ask(at("/ISAPI/System/deviceInfo", "<Other><model>x</model></Other>"), "identity")


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-11-23T10:00:00+03:00", "CST-3:00:00", "2026-11-23T10:00:00"),
        ("2026-11-23T10:00:00+08:00", "CST-3:00:00", "2026-11-23T05:00:00"),
        ("2026-11-23T10:00:00", "CST-3:00:00", "2026-11-23T10:00:00"),
        ("2026-11-23T10:00:00Z", "CST-8:00:00", "2026-11-23T05:00:00"),
        ("2026-11-23T10:00:00", "CST-2:00:00DST01:00:00,M4.1.0/02:00:00,M10.5.0/02:00:00", None),
        ("2026-11-23T10:00:00", "", None),
    ],
)
async def test_the_clock_is_the_wall_clock_and_utc_only_where_the_zone_is_told(
    local: str, zone: str, utc: str | None
) -> None:
    """CLK-1, CLK-9. Instants of DEVICE_UTC are written here as Türkiye digits of that instant."""
    body = (
        f"<Time {NS}><timeMode>NTP</timeMode><localTime>{local}</localTime>"
        f"<timeZone>{zone}</timeZone></Time>"
    )
    sample = await ask(at("/ISAPI/System/time", body), "read_clock")
    assert sample.local_ms == wall("2026-11-23T10:00:00")
    assert sample.utc_ms == (None if utc is None else wall(utc))
    assert sample.uses_ntp is True
    assert sample.daylight_saving is (None if not zone else "DST" in zone)
    assert sample.resolution_ms == 1_000


async def test_the_time_servers_are_asked_once_for_many_readings() -> None:
    recorder = Recorder(
        documents={
            "/ISAPI/System/time": b"<Time><localTime>2026-11-23T10:00:00</localTime></Time>",
            "/ISAPI/System/time/ntpServers": (
                b"<NTPServerList><NTPServer><hostName>time.ege.edu.tr</hostName></NTPServer>"
                b"<NTPServer><ipAddress>0.0.0.0</ipAddress></NTPServer></NTPServerList>"
            ),
        }
    )
    async with serving(recorder) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        samples = [await client.read_clock() for _ in range(3)]
    assert samples[2].ntp_servers == ("time.ege.edu.tr",)
    assert device.paths().count("/ISAPI/System/time/ntpServers") == 1


async def test_an_unreadable_time_is_an_error_and_never_1970() -> None:
    with pytest.raises(BadAnswer):
        await ask(
            at("/ISAPI/System/time", "<Time><localTime>soon</localTime></Time>"), "read_clock"
        )


PROXIED = (
    f"<InputProxyChannelList {NS}>"
    "<InputProxyChannel><id>{0}</id><name>Kap\u0131 1</name><sourceInputPortDescriptor>"
    "<ipAddress>10.0.0.5</ipAddress><userName>admin</userName><password>canary-1</password>"
    "<serialNumber>CAM5</serialNumber></sourceInputPortDescriptor></InputProxyChannel>"
    "<InputProxyChannel><id>{1}</id></InputProxyChannel></InputProxyChannelList>"
)


async def test_channels_of_a_recorder_have_the_state_of_their_camera() -> None:
    recorder = Recorder(
        documents={
            CHANNELS: PROXIED.format(1, 2).encode(),
            CHANNELS + "/status": (
                b"<InputProxyChannelStatusList><InputProxyChannelStatus><id>1</id>"
                b"<online>TRUE</online></InputProxyChannelStatus><InputProxyChannelStatus><id>2</id>"
                b"<online>false</online></InputProxyChannelStatus></InputProxyChannelStatusList>"
            ),
        }
    )
    channels = await ask(recorder, "channels")
    assert channels == [
        Channel(1, "101", "Kap\u0131 1", True, "10.0.0.5", "CAM5"),
        Channel(2, "201", "", False),
    ]
    assert "canary" not in repr(channels)


async def test_a_hybrid_recorder_has_analogue_inputs_before_its_network_cameras() -> None:
    inputs = (
        "<VideoInputChannelList><VideoInputChannel><id>1</id><name>Eski 1</name>"
        "<resDesc>NO VIDEO</resDesc></VideoInputChannel></VideoInputChannelList>"
    )
    recorder = Recorder(
        documents={CHANNELS: PROXIED.format(33, 34).encode(), INPUTS: inputs.encode()}
    )
    channels = await ask(recorder, "channels")
    assert [(c.number, c.online) for c in channels] == [
        (1, False),
        (33, None),
        (34, None),
    ]


async def test_inputs_that_are_not_called_by_a_bare_number_are_not_lost() -> None:
    """INV-1: older hybrid recorders call them I-1, I-2."""
    inputs = "".join(
        f"<VideoInputChannel><id>{name}</id></VideoInputChannel>"
        for name in ("I-1", "A2", "3", "I-0", "x", "", "I-1-2")
    )
    documents = {INPUTS: f"<VideoInputChannelList>{inputs}</VideoInputChannelList>".encode()}
    channels = await ask(Recorder(documents=documents), "channels")
    assert [(c.number, c.token) for c in channels] == [(1, "101"), (2, "201"), (3, "301")]


async def test_an_input_that_is_switched_off_misses_no_picture() -> None:
    inputs = (
        "<VideoInputChannelList><VideoInputChannel><id>1</id><videoInputEnabled>true"
        "</videoInputEnabled><resDesc>NO VIDEO</resDesc></VideoInputChannel><VideoInputChannel>"
        "<id>2</id><videoInputEnabled>false</videoInputEnabled><resDesc>NO VIDEO</resDesc>"
        "</VideoInputChannel></VideoInputChannelList>"
    )
    channels = await ask(Recorder(documents={INPUTS: inputs.encode()}), "channels")
    assert [(c.number, c.online) for c in channels] == [(1, False), (2, None)]


async def test_a_camera_without_lists_has_one_channel() -> None:
    assert await ask(Recorder(), "channels") == [Channel(1, "101")]


async def test_the_schedule_is_read_from_enable_schedule() -> None:
    tracks = (
        "<TrackList><Track><id>101</id><Enable>true</Enable><TrackSchedule><ScheduleAction>"
        "<ActionRecordingMode>CMR</ActionRecordingMode></ScheduleAction></TrackSchedule>"
        "<CustomExtension><enableSchedule>true</enableSchedule></CustomExtension></Track>"
        "<Track><id>201</id><Enable>true</Enable>"
        "<CustomExtension><enableSchedule>false</enableSchedule></CustomExtension></Track>"
        "<Track><id>202</id></Track></TrackList>"
    )
    recorder = at("/ISAPI/ContentMgmt/record/tracks", tracks)
    assert await ask(recorder, "schedules") == {1: "CMR", 2: "off"}


async def test_disks_tell_their_state_in_their_own_word() -> None:
    storage = (
        f"<storage {NS}><hddList><hdd><id>1</id><status>ok</status><capacity>3815447</capacity>"
        "<freeSpace>1024</freeSpace></hdd><hdd><id>2</id><status>smartFailed</status></hdd>"
        "</hddList></storage>"
    )
    disks = await ask(at("/ISAPI/ContentMgmt/Storage", storage), "disks")
    assert [(d.slot, d.healthy, d.capacity_mb) for d in disks] == [
        ("hdd 1", True, 3815447),
        ("hdd 2", False, None),
    ]


def storage(*disks: str) -> str:
    return f"<storage {NS}><hddList>{''.join(disks)}</hddList></storage>"


def hdd(number: int, status: str, more: str = "<property>RW</property>") -> str:
    return f"<hdd><id>{number}</id><status>{status}</status>{more}</hdd>"


async def test_every_word_for_a_disk_is_what_it_says_and_an_unknown_one_is_not_judged() -> None:
    """REC-12: an empty bay is no faulty disk."""
    body = storage(
        hdd(1, "ok"),
        hdd(2, "notexist"),
        hdd(3, "error"),
        hdd(4, "smartFailed"),
        hdd(5, "unformatted"),
        hdd(6, "ok", "<property>RO</property>"),
        hdd(7, "formating"),
        hdd(8, "notOnline"),
    )
    disks = await ask(at("/ISAPI/ContentMgmt/Storage", body), "disks")
    assert [(d.slot, d.healthy, d.trouble) for d in disks] == [
        ("hdd 1", True, None),
        ("hdd 3", False, "FAULTY"),
        ("hdd 4", False, "FAILING"),
        ("hdd 5", False, "NOT_WRITABLE"),
        ("hdd 6", False, "NOT_WRITABLE"),
        ("hdd 7", None, None),
        ("hdd 8", False, "FAULTY"),
    ]


async def test_the_disks_of_an_array_may_be_read_only_while_the_array_is_not() -> None:
    """REC-12: an array that is being rebuilt has lost its redundancy."""
    virtual = "<hddType>Virtual Disk</hddType><property>RW</property>"
    member = "<hddType>SATA</hddType><property>RO</property>"
    body = storage(hdd(1, "reparing", virtual), hdd(1, "ok", member), hdd(2, "ok", member))
    disks = await ask(at("/ISAPI/ContentMgmt/Storage", body), "disks")
    assert [(d.slot, d.kind, d.trouble) for d in disks] == [
        ("array 1", "ARRAY", "DEGRADED"),
        ("hdd 1", "DISK", None),
        ("hdd 2", "DISK", None),
    ]


@pytest.mark.parametrize(
    ("self_word", "all_word", "trouble"),
    [
        ("ok", "functional", None),
        ("error", "functional", "FAILING"),
        ("ok", "badsectors", "FAILING"),
        ("", "something new", None),
    ],
)
async def test_a_disk_fails_soon_when_its_self_assessment_says_so(
    self_word: str, all_word: str, trouble: str | None
) -> None:
    """REC-12: SMART is asked beside the state, of each disk."""
    smart = (
        f"<SmartTestStatus {NS}><selfEvaluaingStatus>{self_word}</selfEvaluaingStatus>"
        f"<allEvaluaingStatus>{all_word}</allEvaluaingStatus></SmartTestStatus>"
    )
    recorder = Recorder(
        documents={
            "/ISAPI/ContentMgmt/Storage": storage(hdd(1, "ok")).encode(),
            "/ISAPI/ContentMgmt/Storage/hdd/1/SMARTTest/status": smart.encode(),
        }
    )
    (disk,) = await ask(recorder, "disks")
    assert (disk.trouble, disk.healthy) == (trouble, trouble is None)


async def test_a_recorder_without_smart_is_asked_once_and_its_disks_are_told() -> None:
    async with (
        serving(at("/ISAPI/ContentMgmt/Storage", storage(hdd(1, "ok"), hdd(2, "ok")))) as device,
        talking(device) as conversation,
    ):
        disks = await IsapiClient(conversation).disks()
    assert [disk.healthy for disk in disks] == [True, True]
    assert sum("SMARTTest" in path for path in device.paths()) == 1


async def test_a_picture_comes_from_the_second_path_where_the_first_is_missing() -> None:
    second = "/ISAPI/ContentMgmt/StreamingProxy/channels/301/picture"
    recorder = Recorder(documents={second: b"\xff\xd8picture"})
    async with serving(recorder) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        for _ in range(2):
            picture = await client.snapshot(Channel(3))
            assert picture.data == b"\xff\xd8picture"
        assert device.paths()[1:] == [second, second]


async def test_no_picture_anywhere_is_not_supported() -> None:
    with pytest.raises(NotSupported):
        await ask(Recorder(), "snapshot", Channel(1))


async def test_streams_stay_on_the_host_that_we_dial() -> None:
    """D5: the recorder's playbackURI names another host; its path is used, its host is not."""
    recorder = Recorder([("2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", 201)])
    span = (wall("2026-11-01T10:00:00"), wall("2026-11-01T11:00:00"))
    async with serving(recorder) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        live = await client.live(Channel(2))
        before = await client.playback(Channel(2), *span)
        await client.recordings(Channel(2), *span)
        after = await client.playback(Channel(2), *span)
    times = "?starttime=20261101T100000Z&endtime=20261101T110000Z"
    assert live.url == "rtsp://127.0.0.1:554/Streaming/Channels/201"
    assert before.url == "rtsp://127.0.0.1:554/Streaming/tracks/201" + times
    assert after.url == "rtsp://127.0.0.1:554/Streaming/tracks/201/" + times
    assert after.replay == "url"
    assert after.time_base is TimeBase.DEVICE_LOCAL


async def test_a_wrong_password_is_tried_once() -> None:
    async with serving(Recorder(), password="another") as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        for _ in range(3):
            with pytest.raises(CredentialRefused):
                await client.identity()
    assert len(device.logins) == 1


async def test_the_client_has_every_capability_interface() -> None:
    def silent(_: Asked) -> Answer:
        return (404, status(4, "notSupport"))

    async with talking(VendorDevice(silent)) as conversation:
        client = IsapiClient(conversation)
    for interface in (
        TellsIdentity,
        TellsTime,
        ListsChannels,
        IndexesRecordings,
        TakesSnapshots,
        Streams,
        TellsStorage,
    ):
        assert isinstance(client, interface)


async def test_the_running_time_is_read_or_not_told() -> None:
    """REC-18: seconds since the last start, as the device counts them."""
    told = f"<DeviceStatus {NS}><deviceUpTime>119681</deviceUpTime></DeviceStatus>"
    silent = f"<DeviceStatus {NS}><currentDeviceTime>x</currentDeviceTime></DeviceStatus>"

    assert await ask(at("/ISAPI/System/status", told), "uptime_s") == 119_681
    assert await ask(at("/ISAPI/System/status", silent), "uptime_s") is None
    assert await ask(at("/ISAPI/System/deviceInfo", ""), "uptime_s") is None

"""What a Dahua device says about itself, and what is never read from it."""

from __future__ import annotations

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceKind,
    IndexesRecordings,
    ListsChannels,
    Manner,
    NotSupported,
    Streams,
    TakesSnapshots,
    TellsIdentity,
    TellsStorage,
    TellsTime,
    TimeBase,
)
from cameras.protocols.dahua import DahuaClient
from cameras.protocols.dahua.client import PICTURES_FROM_1
from cameras.protocols.dahua.messages import read_table, zone_of
from tests.protocols.isapi_recorder import wall
from tests.protocols.vendor_device import (
    PASSWORD,
    Answer,
    Asked,
    Handler,
    VendorDevice,
    serving,
    talking,
)


def at(**calls: bytes | tuple[int, bytes]) -> Handler:
    """Answers by the last word of the path; every other call does not exist."""

    def answer(asked: Asked) -> Answer:
        for word, body in calls.items():
            if f"={word}" in asked.path or f"/{word}." in asked.path:
                return body
        return (404, b"Error\r\n404 Not Found\r\n")

    return answer


async def test_the_identity_is_put_together_from_what_answers() -> None:
    """INV-1, INV-3: a call that is missing leaves its field blank."""
    answer = at(
        getSystemInfo=b"appAutoStart=true\r\ndeviceType=31\r\nserialNumber=6J0A1\r\n"
        b"updateSerial=DHI-NVR5216-4KS2\r\nhardwareVersion=1.00\r\n",
        getSoftwareVersion=b"version=4.001.0000000.0,build:2021-06-02\r\n",
        getMachineName=b"name=\xcd\xbc\xca\xe9\xb9\xdd\r\n",
        getDeviceClass=(501, b"Error: Not Implemented"),
        Network=b"table.Network.eth0.PhysicalAddress=3c:ef:8c:00:11:22\n"
        b"table.Network.eth0.IPAddress=10.0.0.2\n",
    )
    async with serving(answer, password=PASSWORD) as device, talking(device) as conversation:
        identity = await DahuaClient(conversation).identity()
    assert identity.maker == "Dahua"
    assert identity.model == "DHI-NVR5216-4KS2"
    assert identity.serial == "6J0A1"
    assert identity.firmware == "4.001.0000000.0,build:2021-06-02"
    assert identity.macs == ("3C:EF:8C:00:11:22",)
    assert identity.name == "\u56fe\u4e66\u9986"
    assert identity.kind is DeviceKind.RECORDER


async def test_a_device_that_has_none_of_the_calls_is_not_a_dahua() -> None:
    async with serving(at()) as device, talking(device) as conversation:
        with pytest.raises(NotSupported):
            await DahuaClient(conversation).identity()


@pytest.mark.parametrize(
    ("told", "format_", "shown"),
    [
        ("2026-11-23 10:00:00", "yyyy-MM-dd HH:mm:ss", "2026-11-23T10:00:00"),
        ("2026-3-4 9:05:00", "", "2026-03-04T09:05:00"),
        ("2026/11/23 10:00:00 PM", "", "2026-11-23T22:00:00"),
        ("23-11-2026 10:00:00", "", "2026-11-23T10:00:00"),
        ("04.03.2026 10:00:00", "dd.MM.yyyy HH:mm:ss", "2026-03-04T10:00:00"),
        ("03-04-2026 12:30:00 AM", "MM-dd-yyyy hh:mm:ss", "2026-03-04T00:30:00"),
    ],
)
async def test_the_clock_is_read_in_every_spelling(told: str, format_: str, shown: str) -> None:
    """CLK-1, CLK-9."""
    answer = at(
        getCurrentTime=f"result={told}\r\n".encode(),
        Locales=f"table.Locales.DSTEnable=True\ntable.Locales.TimeFormat={format_}\n".encode(),
        NTP=b"table.NTP.Enable=false\ntable.NTP.Address=time.ege.edu.tr\ntable.NTP.TimeZone=3\n",
    )
    async with serving(answer) as device, talking(device) as conversation:
        client = DahuaClient(conversation)
        sample = await client.read_clock()
        await client.read_clock()
    assert sample.local_ms == wall(shown)
    assert sample.utc_ms is None
    assert sample.daylight_saving is True
    assert sample.uses_ntp is False
    assert sample.zone == "UTC+3"
    assert sample.ntp_servers == ("time.ege.edu.tr",)
    assert sum("name=NTP" in path for path in device.paths()) == 1


@pytest.mark.parametrize(
    ("place", "zone"),
    [("3", "UTC+3"), ("4", "UTC+3:30"), ("22", "UTC-3"), ("0", "UTC+0"),
     ("32", "UTC-12"), ("33", "33"), ("", ""), ("Istanbul", "Istanbul"), ("²", "²")],
)  # fmt: skip
def test_a_zone_told_as_a_place_in_the_list_is_its_distance_from_greenwich(
    place: str, zone: str
) -> None:
    """CLK-7: a report that says "22" tells nobody that the recorder counts three hours the wrong way."""
    assert zone_of(place) == zone


async def test_an_unreadable_time_is_an_error_and_never_1970() -> None:
    async with (
        serving(at(getCurrentTime=b"result=\r\n")) as device,
        talking(device) as conversation,
    ):
        with pytest.raises(BadAnswer):
            await DahuaClient(conversation).read_clock()


REMOTE = (
    b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address=10.0.0.5\r\n"
    b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Password=canary-1\r\n"
    b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Pwd=canary-2\r\n"
    b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.SerialNo=CAM5\r\n"
    b"table.RemoteDevice[1].PassWord=canary-3\r\n"
    b"table.RemoteDevice[1].Address=10.0.0.6\r\n"
)


async def test_channels_count_from_1_and_have_title_camera_and_state() -> None:
    answer = at(
        ChannelTitle="table.ChannelTitle[0].Name=Kap\u0131 1\r\n".encode()
        + b"table.ChannelTitle[1].Name=\xb4\xf3\xc3\xc5\r\n",
        RemoteDevice=REMOTE,
        getCameraState=b"states[0].channel=1\r\nstates[0].connectionState=Connected\r\n"
        b"states[1].connectionState=Unconnect\r\nstates[1].channel=0\r\n",
    )
    async with serving(answer) as device, talking(device) as conversation:
        channels = await DahuaClient(conversation).channels()
    assert channels == [
        Channel(1, "1", "Kap\u0131 1", False, "10.0.0.5", "CAM5"),
        Channel(2, "2", "\u5927\u95e8", True, "10.0.0.6"),
    ]


async def test_without_camera_states_the_channels_are_there_with_unknown_state() -> None:
    answer = at(
        ChannelTitle=b"table.ChannelTitle[0].Name=A\r\n", getCameraState=(501, b"Error\r\n")
    )
    async with serving(answer) as device, talking(device) as conversation:
        assert await DahuaClient(conversation).channels() == [Channel(1, "1", "A", None)]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Öğrenci işleri".encode("cp1254"), "Öğrenci işleri"),
        ("Öğrenci işleri".encode(), "Öğrenci işleri"),
        ("\u56fe\u4e66\u9986".encode("gbk"), "\u56fe\u4e66\u9986"),
    ],
)
def test_names_are_read_in_the_charset_that_they_are_in(raw: bytes, name: str) -> None:
    """D8."""
    assert read_table(b"name=" + raw)["name"] == name


def test_password_lines_enter_no_structure() -> None:
    """Secrets: cameras' passwords are dropped while they are still bytes of the answer."""
    table = read_table(REMOTE)
    assert len(table) == 3
    assert "canary" not in repr(table)


async def test_disks_tell_their_state_in_their_own_word() -> None:
    info = (
        b"list.info[0].Name=/dev/sda\r\nlist.info[0].State=Success\r\n"
        b"list.info[0].Detail[0].TotalBytes=4000000000.0\r\n"
        b"list.info[0].Detail[0].UsedBytes=1000000000\r\nlist.info[0].Detail[0].IsError=false\r\n"
        b"list.info[1].Name=/dev/sdb\r\nlist.info[1].Detail[0].IsError=True\r\n"
        b"list.info[1].Detail[0].TotalBytes=nan\r\nlist.info[1].State=Success\r\n"
    )
    async with (
        serving(at(getDeviceAllInfo=info)) as device,
        talking(device) as conversation,
    ):
        disks = await DahuaClient(conversation).disks()
    assert [(d.slot, d.healthy, d.capacity_mb, d.free_mb) for d in disks] == [
        ("/dev/sda", True, 4000, 3000),
        ("/dev/sdb", False, None, None),
    ]


async def test_every_word_for_a_disk_is_what_it_says_and_an_unknown_one_is_not_judged() -> None:
    """REC-12: an empty bay is no faulty disk; a partition may be read-only, an array degraded."""
    rows = [
        ("/dev/sda", "Running", "Detail[0].Type=Read-Write"),
        ("/dev/sdb", "Absent", "Detail[0].IsError=false"),
        ("/dev/sdc", "Failure", "Detail[0].IsError=true"),
        ("/dev/sdd", "Success", "Detail[1].Type=Read-Only"),
        ("/dev/sde", "Initializing", "Detail[0].Type=ReadWrite"),
        ("/dev/md0", "Degraded", "Type=Raid5"),
    ]
    info = "".join(
        f"list.info[{n}].Name={name}\r\nlist.info[{n}].State={state}\r\nlist.info[{n}].{more}\r\n"
        for n, (name, state, more) in enumerate(rows)
    ).encode()
    async with (
        serving(at(getDeviceAllInfo=info)) as device,
        talking(device) as conversation,
    ):
        disks = await DahuaClient(conversation).disks()
    assert [(d.slot, d.healthy, d.trouble, d.kind) for d in disks] == [
        ("/dev/sda", True, None, "DISK"),
        ("/dev/sdc", False, "FAULTY", "DISK"),
        ("/dev/sdd", False, "NOT_WRITABLE", "DISK"),
        ("/dev/sde", None, None, "DISK"),
        ("/dev/md0", False, "DEGRADED", "ARRAY"),
    ]


async def test_pictures_and_streams_are_asked_by_the_channels_number() -> None:
    async with (
        serving(at(snapshot=b"\xff\xd8picture")) as device,
        talking(device, Manner(quirks=[PICTURES_FROM_1])) as conversation,
    ):
        client = DahuaClient(conversation)
        picture = await client.snapshot(Channel(4))
        live = await client.live(Channel(4))
        span = (wall("2026-11-01T10:00:00"), wall("2026-11-01T11:00:00"))
        past = await client.playback(Channel(4), *span)
    assert picture.data == b"\xff\xd8picture"
    assert device.paths()[0] == "/cgi-bin/snapshot.cgi?channel=4"
    assert live.url == "rtsp://127.0.0.1:554/cam/realmonitor?channel=4&subtype=0"
    assert past.url == (
        "rtsp://127.0.0.1:554/cam/playback?channel=4"
        "&starttime=2026_11_01_10_00_00&endtime=2026_11_01_11_00_00"
    )
    assert (past.time_base, past.replay) == (TimeBase.DEVICE_LOCAL, "url")


@pytest.mark.parametrize("lowest", [0, 1])
async def test_a_picture_is_of_the_asked_camera_from_whichever_number_they_count(
    lowest: int,
) -> None:
    """Some firmware counts pictures from 0: `channel=2` is then the third camera."""

    titles = "".join(f"table.ChannelTitle[{n}].Name=K{n}\n" for n in range(4)).encode()

    def answer(asked: Asked) -> Answer:
        if "ChannelTitle" in asked.path:
            return titles
        if "snapshot" not in asked.path:
            return (501, b"Error\r\nNot Implemented!\r\n")
        number = int(asked.path.rpartition("=")[2])
        if not lowest <= number < lowest + 4:
            return (400, b"Error\r\nBad Request!\r\n")
        return b"\xff\xd8camera" + str(number - lowest + 1).encode()

    async with serving(answer) as device, talking(device) as conversation:
        client = DahuaClient(conversation)
        pictures = [await client.snapshot(Channel(number)) for number in (2, 1, 4)]
    assert [picture.data[-1:] for picture in pictures] == [b"2", b"1", b"4"]
    assert sum("channel=0" in path for path in device.paths()) == (2 if lowest == 0 else 1)


async def test_a_device_that_takes_0_for_the_first_picture_is_asked_by_its_numbers() -> None:
    titles = b"table.ChannelTitle[0].Name=A\ntable.ChannelTitle[1].Name=B\n"
    by_path = at(ChannelTitle=titles, snapshot=b"\xff\xd8picture")
    async with serving(by_path) as device, talking(device) as conversation:
        await DahuaClient(conversation).snapshot(Channel(2))
    assert device.paths()[-1] == "/cgi-bin/snapshot.cgi?channel=2"


async def test_an_error_text_is_no_picture() -> None:
    async with (
        serving(at(snapshot=b"Error\r\nBad Request!\r\n")) as device,
        talking(device) as conversation,
    ):
        with pytest.raises(BadAnswer):
            await DahuaClient(conversation).snapshot(Channel(1))


async def test_the_client_has_every_capability_interface() -> None:
    async with talking(VendorDevice(at())) as conversation:
        client = DahuaClient(conversation)
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


async def test_a_bare_number_is_no_model() -> None:
    """Newer firmware tells its type as a number and its model as updateSerial."""
    told = at(
        getDeviceType=b"type=31\r\n",
        getSystemInfo=b"deviceType=31\r\nserialNumber=4L01\r\nupdateSerial=DHI-NVR4216\r\n",
    )
    async with serving(told) as device, talking(device) as conversation:
        identity = await DahuaClient(conversation).identity()
    assert identity.model == "DHI-NVR4216"
    assert identity.kind is DeviceKind.RECORDER


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (b"info.last=119681\r\ninfo.total=9119681\r\n", 119_681),
        (b"last=42.5\r\n", 42),
        (b"uptime=0\r\n", 0),
        (b"info.last=-5\r\n", None),
        (b"info.last=" + b"9" * 40 + b"\r\n", None),
        (b"info.last=soon\r\n", None),
        ((501, b"Error: Not Implemented"), None),
    ],
)
async def test_the_running_time_is_read_or_not_told(
    told: bytes | tuple[int, bytes], seconds: int | None
) -> None:
    """REC-18: nothing is made of an answer that is no number of seconds."""
    async with (
        serving(at(getUpTime=told), password=PASSWORD) as device,
        talking(device) as conversation,
    ):
        assert await DahuaClient(conversation).uptime_s() == seconds

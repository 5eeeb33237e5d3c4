"""Dahua's devices under other makers' names, and of other ages: capitals, lists and words of their own."""

from __future__ import annotations

import pytest

from cameras.protocols.base import Channel
from cameras.protocols.dahua import DahuaClient
from tests.protocols.isapi_recorder import wall
from tests.protocols.test_dahua_device import at
from tests.protocols.vendor_device import Answer, Asked, serving, talking

NOW = b"result=2026-11-01 10:00:00\r\n"


async def test_a_makers_name_is_read_with_other_capitals() -> None:
    """INV-1: what is sold under another name must not be called Dahua."""
    answer = at(getVendor=b"Vendor=Other Maker\r\n", getSerialNo=b"SN=6L08\r\n")
    async with serving(answer) as device, talking(device) as conversation:
        identity = await DahuaClient(conversation).identity()
    assert (identity.maker, identity.serial) == ("Other Maker", "6L08")


@pytest.mark.parametrize(
    ("told", "firmware"),
    [
        ("version=2.42.R\r\nbuild:2016-09-08\r\n", "2.42.R,build:2016-09-08"),
        ("version=2.42.R\nBuild : 2016-09-08", "2.42.R,build:2016-09-08"),
        ("version=2.42.R\r\nBuildDate=2016-09-08\r\n", "2.42.R,build:2016-09-08"),
        ("version=2.42.R,build:2016-09-08\r\n", "2.42.R,build:2016-09-08"),
        ("build:2016-09-08\r\n", ""),
    ],
)
async def test_a_build_on_a_second_line_is_told(told: str, firmware: str) -> None:
    """INV-1."""
    answer = at(getSoftwareVersion=told.encode(), getVendor=b"vendor=Dahua\r\n")
    async with serving(answer) as device, talking(device) as conversation:
        assert (await DahuaClient(conversation).identity()).firmware == firmware


async def test_a_channel_without_a_camera_is_not_offline() -> None:
    states = ["Connected", "Unconnect", "Empty", "Disable", "Connecting"]
    titles = "".join(f"table.ChannelTitle[{n}].Name=K{n}\r\n" for n in range(len(states)))
    told = "".join(
        f"states[{n}].channel={n}\r\nstates[{n}].connectionState={word}\r\n"
        for n, word in enumerate(states)
    )
    answer = at(ChannelTitle=titles.encode(), getCameraState=told.encode())
    async with serving(answer) as device, talking(device) as conversation:
        channels = await DahuaClient(conversation).channels()
    assert [channel.online for channel in channels] == [True, False, None, None, False]
    assert channels[2] == Channel(3, "3", "K2")


@pytest.mark.parametrize(
    ("state", "healthy", "trouble"),
    [
        ("Sleeping", True, None),
        ("Degrade", False, "DEGRADED"),
        ("Inactive", False, "FAULTY"),
        ("Damaged", False, "FAULTY"),
        ("Unformatted", False, "NOT_WRITABLE"),
    ],
)
async def test_the_words_of_cards_and_arrays_are_understood(
    state: str, healthy: bool, trouble: str | None
) -> None:
    """REC-12: a word that is known to somebody must not pass for unknown."""
    info = f"list.info[0].Name=/dev/md0\r\nlist.info[0].State={state}\r\n".encode()
    async with (
        serving(at(getDeviceAllInfo=info)) as device,
        talking(device) as conversation,
    ):
        (disk,) = await DahuaClient(conversation).disks()
    assert (disk.healthy, disk.trouble) == (healthy, trouble)


async def test_a_shorter_list_of_disks_is_read_as_well() -> None:
    """REC-12: a list that is not understood would look like a recorder without disks."""
    info = (
        b"list[0].Name=/dev/sda\r\nlist[0].State=Error\r\n"
        b"list[0].Detail[0].TotalBytes=4000000000\r\n"
    )
    async with (
        serving(at(getDeviceAllInfo=info)) as device,
        talking(device) as conversation,
    ):
        (disk,) = await DahuaClient(conversation).disks()
    assert (disk.slot, disk.trouble, disk.capacity_mb) == ("/dev/sda", "FAULTY", 4000)


async def test_every_time_server_that_is_switched_on_is_told_once() -> None:
    ntp = (
        b"table.NTP.Address=10.0.0.1\r\ntable.NTP.Enable=true\r\ntable.NTP.TimeZone=3\r\n"
        b"table.NTP.ServerList[0].Address=10.0.0.1\r\ntable.NTP.ServerList[0].Enable=true\r\n"
        b"table.NTP.ServerList[1].Address=10.0.0.2\r\ntable.NTP.ServerList[1].Enable=true\r\n"
        b"table.NTP.ServerList[2].Address=10.0.0.3\r\ntable.NTP.ServerList[2].Enable=false\r\n"
        b"table.NTP.ServerList[3].Address=\r\n"
    )
    async with (
        serving(at(getCurrentTime=NOW, NTP=ntp)) as device,
        talking(device) as conversation,
    ):
        clock = await DahuaClient(conversation).read_clock()
    assert clock.ntp_servers == ("10.0.0.1", "10.0.0.2")
    assert clock.uses_ntp is True


async def test_the_zone_of_older_firmware_stands_beside_the_format_of_dates() -> None:
    locales = b"table.Locales.DSTEnable=false\r\ntable.Locales.TimeZone=22\r\n"
    ntp = b"table.NTP.Enable=false\r\n"
    async with (
        serving(at(getCurrentTime=NOW, NTP=ntp, Locales=locales)) as device,
        talking(device) as conversation,
    ):
        clock = await DahuaClient(conversation).read_clock()
    assert clock.zone == "UTC-3"


class Mp4Recorder:
    """Has one file, of MP4, and gives it to who asks for MP4 or for no type at all."""

    def __init__(self, finder: str) -> None:
        self._finder = finder
        self._left = 0

    def __call__(self, asked: Asked) -> Answer:
        if "factory.create" in asked.path:
            return f"result={self._finder}\r\n".encode()
        if f"object={self._finder}" not in asked.path:
            return (400, b"Error\r\nBad Request!\r\n")
        if "action=findFile" in asked.path:
            fits = "Types" not in asked.path or "=mp4" in asked.path
            self._left = int(fits and "Channel=1&" in asked.path)
            return b"OK\r\n"
        if "action=findNextFile" in asked.path:
            found, self._left = self._left, 0
            item = (
                b"items[0].Channel=1\r\nitems[0].StartTime=2026-11-01 10:00:00\r\n"
                b"items[0].EndTime=2026-11-01 10:30:00\r\nitems[0].Type=mp4\r\n"
            )
            return b"found=1\r\n" + item if found else b"found=0\r\n"
        return b"OK\r\n"


@pytest.mark.parametrize("finder", ["224001", "1A2b3C"])
async def test_recordings_that_are_kept_as_mp4_are_found(finder: str) -> None:
    """REC-18: a filter that leaves them out would make an empty day of a recorded one."""
    day = wall("2026-11-01T00:00:00"), wall("2026-11-02T00:00:00")
    async with (
        serving(Mp4Recorder(finder)) as device,
        talking(device) as conversation,
    ):
        answer = await DahuaClient(conversation).recordings(Channel(1), *day)
    assert [(s.start_ms, s.end_ms) for s in answer.segments] == [
        (wall("2026-11-01T10:00:00"), wall("2026-11-01T10:30:00"))
    ]
    assert answer.complete

"""A Dahua recorder or camera, spoken to over its CGI interface."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    ClockSample,
    DeviceError,
    Identity,
    IndexAnswer,
    NotSupported,
    Picture,
    Reason,
    Source,
    StreamTarget,
)
from cameras.protocols.dahua.cgi import OPTIONAL, ask, ask_table
from cameras.protocols.dahua.file_search import find_files, first_unlocked
from cameras.protocols.dahua.masks import SETTINGS, read_masks
from cameras.protocols.dahua.messages import (
    Table,
    is_true,
    ntp_servers,
    read_channels,
    read_disks,
    read_identity,
    read_states,
    value_of,
    zone_of,
)
from cameras.protocols.disk_states import DiskState
from cameras.protocols.http import PICTURE_LIMIT, Conversation
from cameras.protocols.search_budget import SearchBudget, SearchCaps
from cameras.protocols.vendor_client import VendorClient
from cameras.protocols.wall_clock import DAY_MS, end_second, read_wall_time, shown

# A day and the margin for the clock's error in one search: each search costs six calls.
_LONGEST_MS = DAY_MS + 3_600_000
PICTURES_FROM_0 = "dahua-pictures-count-channels-from-0"
PICTURES_FROM_1 = "dahua-pictures-count-channels-from-1"
_JPEG = b"\xff\xd8"
_CONFIG = "configManager.cgi?action=getConfig&name="
_SYSTEM_CALLS = (
    "getSystemInfo",
    "getDeviceType",
    "getDeviceClass",
    "getSoftwareVersion",
    "getMachineName",
    "getVendor",
)


class DahuaClient(VendorClient):
    """One conversation with one Dahua device. Reads only; times are DEVICE_LOCAL."""

    protocol = "dahua"
    index_source = Source.DAHUA_FILES

    def __init__(self, conversation: Conversation, *, caps: SearchCaps | None = None) -> None:
        super().__init__(conversation, caps=caps)
        self._settings: dict[str, Table] = {}

    async def identity(self) -> Identity:
        """Who it is. A call that the device lacks leaves its field blank."""
        tables: dict[str, Table] = {}
        first_error: DeviceError | None = None
        paths = {call: f"magicBox.cgi?action={call}" for call in _SYSTEM_CALLS}
        paths["Network"] = f"{_CONFIG}Network"
        for name, path in paths.items():
            try:
                tables[name] = await ask_table(self.conversation, path)
            except OPTIONAL as error:
                first_error = first_error or error
        if not value_of(tables.get("getSystemInfo", {}), "serialNumber"):
            tables["getSerialNo"] = await self._optional("magicBox.cgi?action=getSerialNo")
        if first_error is not None and not any(tables.values()):
            raise first_error
        return read_identity(tables)

    async def read_clock(self) -> ClockSample:
        """The wall clock, in whole seconds. Dahua does not tell what it takes for UTC."""
        ntp = await self._setting("NTP")
        locales = await self._setting("Locales")
        reply = await ask(self.conversation, "global.cgi?action=getCurrentTime")
        text = reply.body.decode("ascii", "replace").partition("=")[2]
        day_first = not value_of(locales, "TimeFormat").upper().startswith("MM")
        time = read_wall_time(text, day_first=day_first)
        if time is None:
            raise BadAnswer("the device's time cannot be read")
        uses_ntp = value_of(ntp, "NTP.Enable")
        # Older firmware keeps its zone beside the format of its dates.
        place = value_of(ntp, "NTP.TimeZone") or value_of(locales, "Locales.TimeZone")
        summer = value_of(locales, "DSTEnable")
        return ClockSample(
            utc_ms=None,
            local_ms=time.ms,
            resolution_ms=1_000,
            sent_ms=reply.sent_ms,
            received_ms=reply.received_ms,
            zone=value_of(ntp, "NTP.TimeZoneDesc") or zone_of(place),
            daylight_saving=is_true(summer) if summer else None,
            uses_ntp=is_true(uses_ntp) if uses_ntp else None,
            ntp_servers=ntp_servers(ntp),
        )

    async def channels(self) -> list[Channel]:
        """Titles, cameras behind them and their state; a device without titles has channel 1."""
        titles = await self._optional(f"{_CONFIG}ChannelTitle")
        remote = await self._optional(f"{_CONFIG}RemoteDevice")
        states = await self._optional(
            "LogicDeviceManager.cgi?action=getCameraState&uniqueChannels[0]=-1"
        )
        listed = read_channels(titles, remote, read_states(states))
        return listed or [Channel(1, "1")]

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """The files of a channel, searched about one day at a time."""
        search = partial(find_files, self.conversation, channel.number)
        gathered = await self._gather(start_ms, end_ms, _LONGEST_MS, search)
        return await self._answer(gathered, channel, end_ms)

    async def _oldest_unlocked(self, channel: Channel, before_ms: int) -> int | None:
        budget = SearchBudget(replace(self._caps, pages=min(self._caps.pages, 10)))
        return await first_unlocked(self.conversation, channel.number, before_ms, budget)

    async def snapshot(self, channel: Channel) -> Picture:
        """A still of the channel."""
        number = channel.number - await self._first_picture_is_0()
        reply = await ask(self.conversation, f"snapshot.cgi?channel={number}", limit=PICTURE_LIMIT)
        if not reply.body:
            raise BadAnswer("an empty picture", reason=Reason.UNDECODABLE)
        return Picture(reply.body, reply.headers.get("Content-Type", ""))

    async def _first_picture_is_0(self) -> bool:
        """Whether pictures are counted from 0, as some firmware does: a wrong guess shows the next camera.

        Asked once per device. Only an answer decides: a device that is silent now has not said no.
        """
        quirks = self.manner.quirks
        if PICTURES_FROM_0 not in quirks and PICTURES_FROM_1 not in quirks:
            is_0 = await self._has_picture(0)
            # Some take 0 for the first one although they count from 1: those have a last one as well.
            is_0 = is_0 and not await self._has_picture(len(await self.channels()))
            quirks.append(PICTURES_FROM_0 if is_0 else PICTURES_FROM_1)
        return PICTURES_FROM_0 in quirks

    async def _has_picture(self, number: int) -> bool:
        path = f"/cgi-bin/snapshot.cgi?channel={number}"
        reply = await self.conversation.call("GET", path, limit=PICTURE_LIMIT)
        return reply.status == 200 and reply.body.startswith(_JPEG)

    async def live(self, channel: Channel) -> StreamTarget:
        """The main stream."""
        path = f"/cam/realmonitor?channel={channel.number}&subtype=0"
        return StreamTarget(await self._rtsp(path))

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        """A past span; it stands in the URL, in digits of the device's wall clock."""
        path = (
            f"/cam/playback?channel={channel.number}"
            f"&starttime={shown(start_ms):%Y_%m_%d_%H_%M_%S}"
            f"&endtime={shown(end_second(end_ms)):%Y_%m_%d_%H_%M_%S}"
        )
        return await self._past(path, start_ms, end_ms)

    async def disks(self) -> list[DiskState]:
        """Disks with the device's own word for their state."""
        path = "storageDevice.cgi?action=getDeviceAllInfo"
        return read_disks(await ask_table(self.conversation, path))

    async def masks(self, channel: Channel) -> int:
        """How many areas of the channel the device covers itself; 0 = its masks are off.

        Newer firmware keeps its masks in another setting and leaves the covers of the older one off.
        """
        is_told = False
        for name in SETTINGS:
            areas = read_masks(await self._optional(_CONFIG + name), channel.number)
            if areas:
                return areas
            is_told = is_told or areas is not None
        if not is_told:
            raise NotSupported("the device tells no privacy masks")
        return 0

    async def _told_uptime(self) -> str:
        table = await ask_table(self.conversation, "magicBox.cgi?action=getUpTime")
        return value_of(table, "last", "Last", "uptime", "upTime")

    async def _told_rtsp_port(self) -> int | None:
        port = value_of(await ask_table(self.conversation, f"{_CONFIG}RTSP"), "RTSP.Port")
        return int(port[:5]) if port.isdecimal() else None

    async def _optional(self, path: str) -> Table:
        try:
            return await ask_table(self.conversation, path)
        except OPTIONAL:
            return {}

    async def _setting(self, name: str) -> Table:
        """A setting that does not change between the readings of one clock."""
        if name not in self._settings:
            self._settings[name] = await self._optional(_CONFIG + name)
        return self._settings[name]

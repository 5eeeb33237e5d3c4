"""The ONVIF client: one conversation with one device, every capability on its own.

    client = OnvifClient(transport.to(endpoint, login, manner))
    identity = await client.identity()
    await client.close()

What one service lacks leaves the others working; a missing one raises `NotSupported`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Channel,
    ClockSample,
    DeviceKind,
    Identity,
    IndexAnswer,
    NotSupported,
    Picture,
    Reason,
    StreamTarget,
    TimeBase,
    TooLarge,
    TooSlow,
)
from cameras.protocols.http import Conversation
from cameras.protocols.oldest_known import OLDEST_NOT_BELIEVED, believable
from cameras.protocols.onvif.clip_recordings import (
    FEWEST_CLIPS,
    Footage,
    by_source,
    may_be_clips,
    one_by_one,
    spans_of,
)
from cameras.protocols.onvif.clock import ntp_servers, read_clock
from cameras.protocols.onvif.identity import read_identity
from cameras.protocols.onvif.media import Media, Profile
from cameras.protocols.onvif.recordings import (
    RecordingIndex,
    device_now_ms,
    doubting_local_time,
)
from cameras.protocols.onvif.search import SearchLimits
from cameras.protocols.onvif.soap import SoapConversation

# Cameras have up to four lenses; more pictures than that come through a recorder.
_MOST_LENSES = 4
_MOST_CHANNELS = 1_024
# What is asked beside the matter in hand may fail in these ways.
_NOT_TOLD = (NotSupported, BadAnswer, TooLarge, TooSlow, Busy)


class OnvifClient:
    """TellsIdentity, TellsTime, ListsChannels, IndexesRecordings, TakesSnapshots, Streams, TellsMasks."""

    protocol = "onvif"
    index_time_base = TimeBase.DEVICE_UTC

    def __init__(self, conversation: Conversation, limits: SearchLimits | None = None) -> None:
        self.manner = conversation.manner
        self.manner.protocol = self.protocol
        self.soap = SoapConversation(conversation)
        self._conversation = conversation
        self._media = Media(self.soap)
        self._index = RecordingIndex(self.soap, limits)
        self._footage: list[Footage] | None = None

    async def close(self) -> None:
        """Closes the connections to the device."""
        await self._conversation.close()

    async def capabilities(self) -> Mapping[str, bool]:
        """What the device offers, asked now."""
        services = await self.soap.services()
        has_media = bool({"media", "media2"} & services.keys())
        has_index = bool({"search", "recording"} & services.keys())
        return {
            "identity": True,
            "clock": True,
            "channels": has_media or has_index,
            "recordings": "search" in services,
            "snapshot": has_media,
            "live": has_media,
            "playback": "replay" in services,
            "disks": False,
            "masks": "media2" in services,
        }

    async def identity(self) -> Identity:
        """Maker, model, serial, MACs, name and kind, as far as told."""
        identity = await read_identity(self.soap)
        if identity.kind is DeviceKind.CAMERA and await self._count_sources() > _MOST_LENSES:
            return Identity(**{**vars(identity), "kind": DeviceKind.RECORDER})
        return identity

    async def read_clock(self) -> ClockSample:
        """One reading of the device's clock; it also sets the time with which we sign."""
        sample = await read_clock(self.soap)
        if sample.utc_ms is not None:
            self.manner.clock_offset_ms = round(
                sample.utc_ms - (sample.sent_ms + sample.received_ms) / 2
            )
        return sample

    async def ntp_servers(self) -> tuple[str, ...]:
        """The NTP servers set in the device; empty when there are none or it does not tell."""
        return await ntp_servers(self.soap)

    async def channels(self) -> list[Channel]:
        """A recorder's recordings in its order, else one channel per video source.

        Where both fail, what is wrong with the media service is raised.
        """
        footage = await self._all_footage_or_none()
        if footage:
            return [
                Channel(number, token=one.token, name=one.name, address=_host(one.address))
                for number, one in enumerate(footage[:_MOST_CHANNELS], 1)
            ]
        sources = await self._media.sources()
        return [
            Channel(number=number, token=profile.token, name=profile.name)
            for number, profile in enumerate(sources[:_MOST_CHANNELS], 1)
        ]

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """The recorded intervals; the span and the answer are in the device's UTC."""
        footage = await self._footage_of(channel)
        if self.soap.shown_offset_ms is None:
            await self._try_clock()
        now_ms = device_now_ms(self.soap.shown_offset_ms)
        if footage.clips:
            answer = spans_of(footage, start_ms, end_ms)
        else:
            answer = await self._index.find(footage.token, start_ms, end_ms, now_ms)
        if answer.earliest_ms is not None and believable(answer.earliest_ms, end_ms) is None:
            answer = replace(answer, earliest_ms=None, notes=(*answer.notes, OLDEST_NOT_BELIEVED))
        return doubting_local_time(answer, now_ms, self.soap.shown_zone_ms)

    async def snapshot(self, channel: Channel) -> Picture:
        """A still of now, JPEG or PNG."""
        return await self._media.snapshot(await self._profile(channel))

    async def masks(self, channel: Channel) -> int:
        """How many areas of the channel the device covers itself, from Media2; 0 = none."""
        standing = await self._media.standing_masks()
        if not standing:
            return 0
        elsewhere = await self._media.configurations_beside(await self._profile(channel))
        return sum(configuration not in elsewhere for configuration in standing)

    async def live(self, channel: Channel) -> StreamTarget:
        """The live stream of the channel's main profile."""
        return StreamTarget(url=await self._media.stream_url(await self._profile(channel)))

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        """The replay stream of a recording, for RTSP with `Require: onvif-replay`."""
        footage = await self._footage_of(channel)
        return StreamTarget(
            url=await self._media.replay_url(footage.clip_at(start_ms, end_ms)),
            time_base=TimeBase.DEVICE_UTC,
            start_ms=start_ms,
            end_ms=end_ms,
            replay="onvif",
        )

    async def _all_footage(self) -> list[Footage]:
        """What was recorded of each source, in the recorder's order; asked once per conversation."""
        if self._footage is None:
            listed = await self._index.recordings()
            self._footage = one_by_one(listed)
            if len(listed) >= FEWEST_CLIPS:
                has_one_source = await self._count_sources() == 1
                if has_one_source or may_be_clips(listed):
                    try:
                        informed = await self._index.informed()
                    except _NOT_TOLD:
                        informed = []
                    self._footage = by_source(listed, informed, has_one_source=has_one_source)
        return self._footage

    async def _all_footage_or_none(self) -> list[Footage]:
        try:
            return await self._all_footage()
        except (NotSupported, BadAnswer):
            return []

    async def _footage_of(self, channel: Channel) -> Footage:
        """What was recorded of a channel: by its token, else by its number.

        A camera's channel carries a profile token, which no index knows. Raises `NotSupported`
        (NO_SUCH_CHANNEL) for a recording that is not listed.
        """
        try:
            every = await self._all_footage()
        except (NotSupported, BadAnswer):
            if channel.token:
                return Footage(channel.token)
            raise
        for footage in every:
            if channel.token and footage.is_known_as(channel.token):
                return footage
        if not 1 <= channel.number <= len(every):
            words = "no such channel" if every else "the device lists no recordings"
            raise NotSupported(words, reason=Reason.NO_SUCH_CHANNEL)
        return every[channel.number - 1]

    async def _profile(self, channel: Channel) -> Profile:
        """A recorder's channel carries a recording token: its source names the profile."""
        every = await self._all_footage_or_none() if channel.token else []
        known = next((one for one in every if one.is_known_as(channel.token)), None)
        return await self._media.profile_for(channel, known.source_id if known else "")

    async def _count_sources(self) -> int:
        try:
            return len(await self._media.sources())
        except _NOT_TOLD:
            return 0

    async def _try_clock(self) -> None:
        try:
            await self.read_clock()
        except (NotSupported, BadAnswer):
            return


def _host(address: str) -> str:
    """The host of a source address, which is a URL or bare."""
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""

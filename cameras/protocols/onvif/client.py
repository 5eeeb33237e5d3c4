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
)
from cameras.protocols.http import Conversation
from cameras.protocols.oldest_known import OLDEST_NOT_BELIEVED, believable
from cameras.protocols.onvif.clock import ntp_servers, read_clock
from cameras.protocols.onvif.identity import read_identity
from cameras.protocols.onvif.media import Media, Profile
from cameras.protocols.onvif.recordings import (
    Recording,
    RecordingIndex,
    device_now_ms,
    doubting_local_time,
)
from cameras.protocols.onvif.search import SearchLimits
from cameras.protocols.onvif.soap import SoapConversation

# Cameras have up to four lenses; more pictures than that come through a recorder.
_MOST_LENSES = 4


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
        recordings = await self._recordings()
        if recordings:
            return [
                Channel(
                    number=number,
                    token=recording.token,
                    name=recording.name,
                    address=_host(recording.address),
                )
                for number, recording in enumerate(recordings, 1)
            ]
        sources = await self._media.sources()
        return [
            Channel(number=number, token=profile.token, name=profile.name)
            for number, profile in enumerate(sources, 1)
        ]

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """The recorded intervals; the span and the answer are in the device's UTC."""
        token = await self._recording_token(channel)
        if self.soap.shown_offset_ms is None:
            await self._try_clock()
        now_ms = device_now_ms(self.soap.shown_offset_ms)
        answer = await self._index.find(token, start_ms, end_ms, now_ms)
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
        token = await self._recording_token(channel)
        return StreamTarget(
            url=await self._media.replay_url(token),
            time_base=TimeBase.DEVICE_UTC,
            start_ms=start_ms,
            end_ms=end_ms,
            replay="onvif",
        )

    async def _recordings(self) -> list[Recording]:
        try:
            return await self._index.recordings()
        except (NotSupported, BadAnswer):
            return []

    async def _recording_token(self, channel: Channel) -> str:
        """The recording of a channel: by its token, else by its number.

        A camera's channel carries a profile token, which no index knows. Raises `NotSupported`
        (NO_SUCH_CHANNEL) for a recording that is not listed.
        """
        try:
            listed = await self._index.recordings()
        except (NotSupported, BadAnswer):
            if channel.token:
                return channel.token
            raise
        if any(recording.token == channel.token for recording in listed):
            return channel.token
        if not 1 <= channel.number <= len(listed):
            words = "no such channel" if listed else "the device lists no recordings"
            raise NotSupported(words, reason=Reason.NO_SUCH_CHANNEL)
        return listed[channel.number - 1].token

    async def _profile(self, channel: Channel) -> Profile:
        """A recorder's channel carries a recording token: its source names the profile."""
        recordings = {r.token: r for r in await self._recordings()} if channel.token else {}
        known = recordings.get(channel.token)
        return await self._media.profile_for(channel, known.source_id if known else "")

    async def _count_sources(self) -> int:
        try:
            return len(await self._media.sources())
        except (NotSupported, BadAnswer):
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

"""A device that was opened: which client serves which capability, and what failed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    CredentialRefused,
    DeviceError,
    Identity,
    IndexAnswer,
    IndexesRecordings,
    ListsChannels,
    Manner,
    NotSupported,
    Reason,
    Streams,
    StreamTarget,
    TakesSnapshots,
    TellsIdentity,
    TellsMasks,
    TellsStorage,
    TellsTime,
    TimeBase,
)
from cameras.protocols.http import Conversation
from cameras.protocols.onvif.client import OnvifClient

CAPABILITIES = (
    "identity",
    "clock",
    "channels",
    "recordings",
    "snapshot",
    "live",
    "playback",
    "disks",
    "masks",
)
ONVIF_REFUSES_LOGIN = "onvif-refuses-this-login"
REPLAY_BY_ONVIF = "replay-by-onvif"


class SecondIndex:
    """ONVIF's index of a vendor's recorder. Its tokens are others, so the channel's number counts."""

    index_time_base = TimeBase.DEVICE_UTC

    def __init__(self, client: OnvifClient, manner: Manner) -> None:
        self._client = client
        self._manner = manner

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """As OnvifClient.recordings. A refused login is noted, so that it is not tried every night."""
        try:
            return await self._client.recordings(replace(channel, token=""), start_ms, end_ms)
        except CredentialRefused:
            note_refusal(self._manner)
            raise


class ReplayByOnvif:
    """ONVIF's replay of a vendor's recorder, whose own playback proves no time: here each picture carries it.

    Asked and told in DEVICE_LOCAL, as the vendor's playback is. Only for a device whose wall clock shows
    Türkiye time where its UTC is UTC: for any other one the two spans would not be the same.
    """

    index_time_base = TimeBase.DEVICE_LOCAL

    def __init__(self, client: OnvifClient) -> None:
        self._client = client

    async def live(self, channel: Channel) -> StreamTarget:
        return await self._client.live(replace(channel, token=""))

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        """Raises BadAnswer(TIME_NOT_PROVEN) where the device tells no wall clock, NotSupported(OTHER_ZONE)
        where that is one of another zone.
        """
        clock = await self._client.read_clock()
        if clock.utc_ms is None or clock.local_ms is None:
            raise BadAnswer("by ONVIF it tells no wall clock", reason=Reason.TIME_NOT_PROVEN)
        if clock.utc_ms != clock.local_ms:
            minutes = (clock.local_ms - clock.utc_ms) // 60_000
            raise NotSupported(
                f"by ONVIF its wall clock is {minutes:+d} min from Türkiye time",
                reason=Reason.OTHER_ZONE,
            )
        target = await self._client.playback(replace(channel, token=""), start_ms, end_ms)
        return replace(target, time_base=TimeBase.DEVICE_LOCAL)


@dataclass
class OpenDevice:
    """A device with the client for each capability; None where it has none (see `failures`).

    `identity` is what the device said at opening, None when it was not asked or did not answer.
    `also_onvif` is the ONVIF side of a vendor's device, `second_index` its index.
    `other_device` is True when that is not the device that the inventory expects.
    """

    manner: Manner
    identity: Identity | None = None
    other_device: bool = False
    identity_client: TellsIdentity | None = None
    clock: TellsTime | None = None
    channels: ListsChannels | None = None
    recordings: IndexesRecordings | None = None
    snapshot: TakesSnapshots | None = None
    live: Streams | None = None
    playback: Streams | None = None
    disks: TellsStorage | None = None
    masks: TellsMasks | None = None
    second_index: IndexesRecordings | None = None
    also_onvif: OnvifClient | None = None
    failures: list[tuple[str, str, DeviceError]] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list, repr=False)

    @property
    def protocol(self) -> str:
        """The protocol that serves the device."""
        return self.manner.protocol

    def client_for(self, capability: str) -> object | None:
        """The client of a capability named in `CAPABILITIES`."""
        return getattr(self, "identity_client" if capability == "identity" else capability, None)

    async def close(self) -> None:
        """Closes every connection to the device."""
        for conversation in self.conversations:
            await conversation.close()


def replay_by_onvif(device: OpenDevice) -> bool:
    """From now on, and in later visits, a vendor's device that proves no time is played over its ONVIF part.

    False where it has none, or is played so already.
    """
    if device.also_onvif is None or REPLAY_BY_ONVIF in device.manner.quirks:
        return False
    device.manner.quirks.append(REPLAY_BY_ONVIF)
    device.playback = ReplayByOnvif(device.also_onvif)
    return True


def note_refusal(manner: Manner) -> None:
    """Remembers that ONVIF refused the login of a vendor's device, so that it is not tried every night."""
    if ONVIF_REFUSES_LOGIN not in manner.quirks:
        manner.quirks.append(ONVIF_REFUSES_LOGIN)

"""Which one track of a stream is played, and what puts its packets together: the pictures, or the sound.

`Playback` sets up exactly the track that its `Choose` names. Pictures are the usual choice; sound is chosen only by
`sounds.fetch_sound`, which nobody calls without an express approval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from .rtp import RtpPacket, SequenceWatch
from .rtp_audio import AacDepacketiser, G711Depacketiser, LatmDepacketiser, SoundDepacketiser
from .rtp_video import DEPACKETISERS, AccessUnit
from .sdp import AudioTrack, read_audio_sdp, read_sdp
from .sound_format import NoSound, SoundFault, SoundFormat

_MOST_CHANNELS = 2


class Track(Protocol):
    """What the conversation needs to know of a track."""

    payload_type: int
    clock_rate: int
    control: str


class Depacketises(Protocol):
    """Puts the packets of one track together."""

    sequence: SequenceWatch
    finished: list[AccessUnit]

    @property
    def codec(self) -> str: ...

    @property
    def parameter_sets(self) -> bytes: ...

    def push(self, packet: RtpPacket) -> Sequence[AccessUnit]: ...

    def take_pieces(
        self, buffer: bytearray, at: int, end: int, channel: int, payload_type: int
    ) -> int: ...

    def flush(self) -> list[AccessUnit]: ...

    def complete(self) -> list[AccessUnit]: ...


Choose = Callable[[bytes], tuple[str, Track, Depacketises]]
"""From a session description to its control address, the track to be set up, and what reads its packets."""


def choose_video(body: bytes) -> tuple[str, Track, Depacketises]:
    """The first video track that we can read."""
    control, track = read_sdp(body)
    return control, track, DEPACKETISERS[track.encoding](track.fmtp)


def choose_sound(body: bytes) -> tuple[str, Track, SoundDepacketiser]:
    """The first sound track that comes from the device and that we can read. Raises NoSound with why not."""
    control, track = read_audio_sdp(body)
    found = _sound_of(track)
    track.clock_rate = found.clock_rate
    return control, track, found


def _sound_of(track: AudioTrack) -> SoundDepacketiser:
    if track.encoding == "MPEG4-GENERIC":
        return AacDepacketiser(track.fmtp, track.clock_rate)
    if track.encoding == "MP4A-LATM":
        return LatmDepacketiser(track.fmtp, track.clock_rate)
    if not track.clock_rate:
        raise NoSound(SoundFault.NO_CLOCK_RATE, track.encoding)
    if not 1 <= track.channels <= _MOST_CHANNELS:
        raise NoSound(SoundFault.CODEC, f"{track.encoding}/{track.channels}")
    sound = SoundFormat(track.encoding.lower(), track.clock_rate, track.channels)
    return G711Depacketiser(sound, track.clock_rate)

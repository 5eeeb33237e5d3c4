"""Proof that a minute can really be played: watch it, count what is lost, decode one key frame.

The share of lost pictures is judged by the caller (REC-11: above 10 % red, below it yellow).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .base import DeviceError, Endpoint, Login, StreamTarget
from .decoding import Decoded, Decoder, decode_key_frame
from .frame_times import FrameTimes
from .playback import EndedBy, Frame, Playback, open_playback
from .rtp_clock import StampSource
from .rtsp import StreamLimits

LEAST_RATED_S = 2.0
"""Of a shorter stretch one key frame would be most of the rate."""


@dataclass(frozen=True)
class ProofFrame:
    """One key frame that stood for a minute, and how whole that minute came.

    `stamp_ms` is in the target's time base; `sha256` is over the key frame's coded bytes as received.
    `jpeg` is None, and width and height are 0, where it could not be decoded. `bits_per_second` is of the
    coded pictures over the stream's own time; None where less than two seconds of it came.
    """

    stamp_ms: int
    stamp_source: StampSource
    sha256: str
    width: int
    height: int
    frames_seen: int
    frames_lost: int
    packets_lost: int
    lost_share: float
    bits_per_second: int | None
    decoded: bool
    jpeg: bytes | None
    range_reply: str
    ended_by: EndedBy
    codec: str


async def proof_frame(
    endpoint: Endpoint,
    login: Login | None,
    target: StreamTarget,
    *,
    limits: StreamLimits,
    watch_s: float = 60.0,
    allow_basic: bool = False,
    local_ahead_ms: int = 0,
    decoder: Decoder | None = None,
) -> ProofFrame:
    """Watch about `watch_s` seconds of the stream's own time and decode one key frame of it.

    A stream that stops early is not an error once a key frame came: `ended_by` and the counts tell.
    Raises DeviceError otherwise, and BadAnswer(WRONG_RANGE) when the device plays another time.
    """
    watch = _Watch(target)
    async with open_playback(
        endpoint, login, target, limits, allow_basic=allow_basic, local_ahead_ms=local_ahead_ms
    ) as playback:
        async for frame in playback.frames():
            watch.see(frame, playback)
            if watch.seconds >= watch_s and watch.key is not None:
                playback.ended_by = EndedBy.ENOUGH
                break
    if watch.key is None:
        raise playback.nothing_came()
    picture = await _decode(watch.parameter_sets + watch.key.unit.data, playback.codec, decoder)
    total = watch.times.frames + watch.missing
    return ProofFrame(
        stamp_ms=watch.key.stamp_ms,
        stamp_source=playback.stamp_source or StampSource.ARRIVAL,
        sha256=hashlib.sha256(watch.key.unit.data).hexdigest(),
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        frames_seen=watch.times.frames,
        frames_lost=watch.damaged + watch.missing,
        packets_lost=playback.packets_lost,
        lost_share=(watch.damaged + watch.missing) / total,
        bits_per_second=watch.bits_per_second,
        decoded=picture is not None,
        jpeg=picture.jpeg if picture else None,
        range_reply=playback.range_reply,
        ended_by=playback.ended_by or EndedBy.EOF,
        codec=playback.codec,
    )


async def _decode(bitstream: bytes, codec: str, decoder: Decoder | None) -> Decoded | None:
    try:
        if decoder is not None:
            return await decoder.decode_key_frame(bitstream, codec)
        return await decode_key_frame(bitstream, codec)
    except DeviceError:
        return None


class _Watch:
    """Keeps the best key frame: whole rather than damaged, inside the span rather than before it."""

    def __init__(self, target: StreamTarget) -> None:
        self.times = FrameTimes(None)
        self.key: Frame | None = None
        self.parameter_sets = b""
        self.damaged = 0
        self.missing = 0
        self._bytes = 0
        self._start_ms = target.start_ms if target.replay else None
        self._last_ms = 0
        self._packets_lost = 0
        self._key_rank = -1

    @property
    def seconds(self) -> float:
        return (self._last_ms - (self.times.first_ms or 0)) / 1000

    @property
    def bits_per_second(self) -> int | None:
        return round(8 * self._bytes / self.seconds) if self.seconds >= LEAST_RATED_S else None

    def see(self, frame: Frame, playback: Playback) -> None:
        self.times.see(frame.stamp_ms)
        self._last_ms = frame.stamp_ms
        self._bytes += frame.unit.size
        self.damaged += frame.unit.is_damaged
        if playback.packets_lost > self._packets_lost and self.times.usual_ms:
            distances = self.times.newest_distance_ms / self.times.usual_ms
            self.missing += max(0, round(distances) - 1)
        self._packets_lost = playback.packets_lost
        inside = self._start_ms is None or frame.stamp_ms >= self._start_ms
        rank = 2 * (not frame.unit.is_damaged) + inside
        if frame.unit.is_key and rank > self._key_rank:
            self.key, self._key_rank = frame, rank
            self.parameter_sets = playback.parameter_sets

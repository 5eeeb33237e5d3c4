"""Recorded sound made on demand: two tones that say which second it is, the same bytes each time.

Second s of minute m (of the device's UTC) sounds at 400 + 10 s and at 1200 + 20 m Hz, so that whoever hears a second
knows from when it claims to be (`heard`). G.711 is made sample by sample, AAC in blocks on a grid of whole frames
since 1970, so that any stretch has the same frames whichever way it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from simulator.world import SimDevice

Samples = NDArray[np.float32]
AAC_FRAME = 1024
_SECOND_HZ, _SECOND_STEP_HZ = 400, 10
_MINUTE_HZ, _MINUTE_STEP_HZ = 1200, 20
_PACKET_MS = 40
_BLOCK_FRAMES = 32
_WARM_UP_FRAMES = 3
_CODECS = {"pcmu": 8_000, "pcma": 8_000, "aac": 16_000, "g726": 8_000}


@dataclass(frozen=True)
class Sound:
    """A recorder's sound track. `claims_hz` is what its description says, which may be a lie."""

    codec: str
    rate: int
    claims_hz: int
    is_first: bool = False
    is_silent: bool = False
    is_static: bool = False
    has_loudspeaker: bool = False


@dataclass(frozen=True)
class Unit:
    """One coded unit: when it begins, its first sample since 1970, its bytes."""

    instant_ms: int
    sample: int
    data: bytes


def sound_of(device: SimDevice) -> Sound | None:
    """The sound track that the switch `rtsp_audio` gives a device."""
    told: Any = device.faults.get("rtsp_audio")
    if told is None:
        return None
    told = told if isinstance(told, dict) else {}
    codec = str(told.get("codec", "pcmu"))
    rate = int(told.get("rate", _CODECS[codec]))
    return Sound(
        codec,
        rate,
        int(told.get("claims_hz", rate)),
        is_first=bool(told.get("first")),
        is_silent=bool(told.get("silent")),
        is_static=bool(told.get("static")),
        has_loudspeaker=bool(told.get("loudspeaker")),
    )


def units(sound: Sound, start_ms: int, end_ms: int) -> Iterator[Unit]:
    """The coded units that begin in [start, end) of the device's UTC."""
    if sound.codec == "aac":
        yield from _aac_units(sound.rate, start_ms, end_ms)
        return
    code = {"pcmu": mu_law, "pcma": a_law}.get(sound.codec, mu_law)
    at = start_ms
    while at < end_ms:
        until = min(end_ms, at - at % _PACKET_MS + _PACKET_MS)
        first, last = at * sound.rate // 1000, until * sound.rate // 1000
        yield Unit(at, first, code(tones(first, last - first, sound.rate)))
        at = until


def tones(first: int, count: int, rate: int) -> Samples:
    """`count` samples from number `first` since 1970 on, between -1 and 1."""
    number = np.arange(first, first + count, dtype=np.int64)
    second, within = number // rate, (number % rate) / rate
    low = _SECOND_HZ + _SECOND_STEP_HZ * (second % 60)
    high = _MINUTE_HZ + _MINUTE_STEP_HZ * (second // 60 % 60)
    both = np.sin(2 * np.pi * low * within) + np.sin(2 * np.pi * high * within)
    return np.asarray(0.4 * both, np.float32)


def heard(samples: Samples, rate: int) -> tuple[int, int]:
    """Minute and second that a stretch of up to a second claims to be from."""
    size = rate * 4
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))

    def loudest(base: int, step: int) -> int:
        places = [round((base + step * n) * size / rate) for n in range(60)]
        return int(np.argmax([power[place] for place in places]))

    return loudest(_MINUTE_HZ, _MINUTE_STEP_HZ), loudest(_SECOND_HZ, _SECOND_STEP_HZ)


def mu_law(samples: Samples) -> bytes:
    """ITU-T G.711 mu-law."""
    value = np.clip(samples * 32767, -32635, 32635).astype(np.int32)
    biased = np.abs(value) + 132
    power = np.floor(np.log2(biased)).astype(np.int32) - 7
    code = (power << 4) | (biased >> (power + 3) & 0x0F) | np.where(value < 0, 0x80, 0)
    return bytes((~code & 0xFF).astype(np.uint8))


def a_law(samples: Samples) -> bytes:
    """ITU-T G.711 A-law."""
    value = np.clip(samples * 32767, -32767, 32767).astype(np.int32)
    small = np.abs(value) >> 4
    power = np.maximum(np.floor(np.log2(np.maximum(small, 1))).astype(np.int32) - 3, 1)
    code = np.where(small < 16, small, (small >> (power - 1)) - 16 + (power << 4))
    code = code | np.where(value < 0, 0, 0x80)
    return bytes((code ^ 0x55).astype(np.uint8))


def aac_config(rate: int) -> bytes:
    """AudioSpecificConfig of what `units` gives: AAC-LC, one channel."""
    return bytes(_encoder(rate).extradata or b"")[:2]


def _aac_units(rate: int, start_ms: int, end_ms: int) -> Iterator[Unit]:
    number = -(-start_ms * rate // (1000 * AAC_FRAME))
    while (instant := number * AAC_FRAME * 1000 // rate) < end_ms:
        block, place = divmod(number, _BLOCK_FRAMES)
        yield Unit(instant, number * AAC_FRAME, _aac_block(rate, block)[place])
        number += 1


@lru_cache(maxsize=256)
def _aac_block(rate: int, block: int) -> tuple[bytes, ...]:
    """The frames of one block, encoded with what is before and behind it, so that it begins settled."""
    encoder = _encoder(rate)
    first = block * _BLOCK_FRAMES
    frames: dict[int, bytes] = {}
    for number in range(first - _WARM_UP_FRAMES, first + _BLOCK_FRAMES + 2):
        sound = tones(number * AAC_FRAME, AAC_FRAME, rate)
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis, :], "fltp", "mono")
        frame.sample_rate, frame.pts = rate, (number - first) * AAC_FRAME
        for packet in encoder.encode(frame):
            frames[(packet.pts or 0) // AAC_FRAME] = bytes(packet)
    return tuple(frames[number] for number in range(_BLOCK_FRAMES))


def _encoder(rate: int) -> av.AudioCodecContext:
    encoder: av.AudioCodecContext = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.bit_rate = rate, 32_000
    encoder.layout, encoder.format = "mono", "fltp"
    encoder.open()
    return encoder

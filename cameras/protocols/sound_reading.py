"""What a file of sound contains, read from its own heads: ADTS (ISO/IEC 13818-7) and WAV with G.711. Decodes nothing.

`payload_sha256` is over the coded sound alone, without the heads that a file needs: the same for the same sound in any
container, and different after any encoding.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .sound_format import (
    AAC_RATES,
    ADTS_HEAD_BYTES,
    SAMPLES_PER_FRAME,
    SoundFormat,
    adts_head,
    wav_head,
)

_TAGS = {7: "pcmu", 6: "pcma"}
WAV_HEAD_BYTES = 58


class NotSound(ValueError):
    """The bytes are not a sound file as it is made here."""


@dataclass(frozen=True)
class SoundFacts:
    """What stands in a file."""

    sound: SoundFormat
    samples: int
    payload_sha256: str

    @property
    def duration_ms(self) -> int:
        return round(self.sound.ms(self.samples))


def read_sound(pieces: Iterable[bytes], size: int) -> SoundFacts:
    """Reads a whole file of `size` bytes once, from its bytes in any pieces. Raises NotSound."""
    source = _Bytes(pieces)
    head = source.take(ADTS_HEAD_BYTES)
    if head[:4] == b"RIFF":
        return _read_wav(head + source.take(WAV_HEAD_BYTES - ADTS_HEAD_BYTES), source, size)
    return _read_adts(head, source)


class _Bytes:
    """Takes bytes from pieces of any size."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._waiting = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes, fewer only at the end."""
        while len(self._waiting) - self._at < count:
            more = next(self._pieces, None)
            if more is None:
                break
            self._waiting, self._at = self._waiting[self._at :] + more, 0
        found = self._waiting[self._at : self._at + count]
        self._at += len(found)
        return found


def _read_wav(head: bytes, source: _Bytes, size: int) -> SoundFacts:
    if len(head) < WAV_HEAD_BYTES:
        raise NotSound("The sound file is cut off.")
    tag, channels, rate = struct.unpack_from("<HHI", head, 20)
    (samples,) = struct.unpack_from("<I", head, 46)
    if tag not in _TAGS or not channels or not rate:
        raise NotSound("The sound is not G.711.")
    sound = SoundFormat(_TAGS[tag], rate, channels)
    length = samples * channels
    if (
        head != wav_head(sound, samples)
        or size != WAV_HEAD_BYTES + length + length % 2
        or not samples
    ):
        raise NotSound("The head of the sound file does not fit its content.")
    digest = hashlib.sha256()
    while length:
        data = source.take(min(length, 1 << 20))
        if not data:
            raise NotSound("The sound file is cut off.")
        digest.update(data)
        length -= len(data)
    return SoundFacts(sound, samples, digest.hexdigest())


def _read_adts(head: bytes, source: _Bytes) -> SoundFacts:
    sound: SoundFormat | None = None
    digest, samples = hashlib.sha256(), 0
    while head:
        if len(head) < ADTS_HEAD_BYTES:
            raise NotSound("The sound file is cut off.")
        bits = int.from_bytes(head, "big")
        size, rate = (bits >> 13 & 0x1FFF) - ADTS_HEAD_BYTES, bits >> 34 & 0xF
        if bits >> 40 != 0xFFF1 or size <= 0 or rate >= len(AAC_RATES):
            raise NotSound("The sound is not AAC in ADTS.")
        told = SoundFormat("aac", AAC_RATES[rate], bits >> 30 & 7, (bits >> 38 & 3) + 1)
        sound = sound or told
        if told != sound or head != adts_head(told, size):
            raise NotSound("The sound file changes its format.")
        data = source.take(size)
        if len(data) < size:
            raise NotSound("The sound file is cut off.")
        digest.update(data)
        samples += SAMPLES_PER_FRAME
        head = source.take(ADTS_HEAD_BYTES)
    if sound is None:
        raise NotSound("The sound file is empty.")
    return SoundFacts(sound, samples, digest.hexdigest())

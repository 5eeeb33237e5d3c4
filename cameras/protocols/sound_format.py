"""How recorded sound is coded, and the heads that make files of it without touching a sample.

AAC (ISO/IEC 14496-3) goes into ADTS, G.711 into WAV with its own format tag (RFC 2361: 7 is mu-law, 6 is A-law).
What cannot be told for sure is `NoSound` with a code: a guess would be a file that plays wrongly.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

from .base import NotSupported

SAMPLES_PER_FRAME = 1024
ADTS_HEAD_BYTES = 7
LARGEST_AAC_FRAME = (1 << 13) - 1 - ADTS_HEAD_BYTES
LARGEST_PACKET = 1 << 16
SLOWEST_HZ, FASTEST_HZ = 4_000, 96_000
AAC_RATES = (
    *(96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000),
    *(22_050, 16_000, 12_000, 11_025, 8_000, 7_350),
)
_EXPLICIT_RATE = 15
_ESCAPE, _SBR, _PS = 31, 5, 29
_WAV_TAGS = {"pcmu": 7, "pcma": 6}


class SoundFault(StrEnum):
    """Why there is no sound. Codes are stored; the words for them are in `footage_requests.said`."""

    NO_TRACK = "SOUND_NO_TRACK"  # the recorder offers none for this recording
    CODEC = "SOUND_CODEC"  # coded in a way that we do not read
    NO_CONFIG = "SOUND_NO_CONFIG"  # AAC, and the description does not say how it is coded
    NO_CLOCK_RATE = "SOUND_NO_CLOCK_RATE"  # how many samples a second is not told
    SILENT = "SOUND_SILENT"  # the track was set up, and not one packet came
    WRONG_CLOCK = (
        "SOUND_WRONG_CLOCK"  # its times and the number of its samples contradict each other
    )


class NoSound(NotSupported):
    """There is no sound to be had. `what` is a codec's name, where one is to be named."""

    def __init__(self, fault: SoundFault, what: str = "") -> None:
        self.fault = fault
        self.what = "".join(c for c in what if c.isprintable())[:40]
        # A recorder that sent nothing once may send something next time.
        self.is_permanent = fault is not SoundFault.SILENT
        super().__init__(f"{fault} {self.what}".strip())


@dataclass(frozen=True)
class SoundFormat:
    """`codec` is aac, pcmu or pcma; `rate` is samples a second; `profile` is AAC's object type."""

    codec: str
    rate: int
    channels: int
    profile: int = 0

    def samples(self, data: bytes) -> int:
        """How many samples (of each channel) a coded unit holds."""
        return SAMPLES_PER_FRAME if self.codec == "aac" else len(data) // self.channels

    def ms(self, samples: int) -> float:
        return samples * 1000 / self.rate

    @property
    def ending(self) -> str:
        return ".aac" if self.codec == "aac" else ".wav"

    @property
    def content_type(self) -> str:
        return "audio/aac" if self.codec == "aac" else "audio/wav"

    def head(self, samples: int) -> bytes:
        """What stands before all units of a file."""
        return b"" if self.codec == "aac" else wav_head(self, samples)

    def framed(self, data: bytes) -> bytes:
        """A unit as it stands in the file."""
        return adts_head(self, len(data)) + data if self.codec == "aac" else data

    def tail(self, samples: int) -> bytes:
        """What stands behind all units: RIFF chunks have an even length."""
        return b"\0" if self.codec != "aac" and samples * self.channels % 2 else b""


def adts_head(sound: SoundFormat, size: int) -> bytes:
    """The ADTS header (ISO/IEC 13818-7 6.2, MPEG-4, without a checksum) of a frame of `size` bytes."""
    rate, length = AAC_RATES.index(sound.rate), size + ADTS_HEAD_BYTES
    bits = 0xFFF1 << 40
    bits |= (sound.profile - 1) << 38 | rate << 34 | sound.channels << 30
    bits |= length << 13 | 0x7FF << 2
    return bits.to_bytes(7, "big")


def wav_head(sound: SoundFormat, samples: int) -> bytes:
    """RIFF head of G.711 samples, up to and with the head of the data."""
    size = samples * sound.channels
    form = struct.pack(
        "<HHIIHHH",
        _WAV_TAGS[sound.codec],
        sound.channels,
        sound.rate,
        sound.rate * sound.channels,
        sound.channels,
        8,
        0,
    )
    chunks = struct.pack("<4sI", b"fmt ", len(form)) + form
    chunks += struct.pack("<4sII", b"fact", 4, samples)
    whole = 4 + len(chunks) + 8 + size + size % 2
    return (
        struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + chunks + struct.pack("<4sI", b"data", size)
    )


class _Bits:
    """Reads bits from the left. Raises NoSound behind the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise NoSound(SoundFault.NO_CONFIG)
        return self._value >> self._left & ((1 << count) - 1)


def aac_format(config: bytes) -> SoundFormat:
    """From an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). Raises NoSound for what ADTS cannot carry."""
    return _audio_config(_Bits(config[:64]))


def latm_format(config: bytes) -> tuple[SoundFormat, int]:
    """From a StreamMuxConfig (ISO/IEC 14496-3 1.7.3): the format, and how many frames one payload has."""
    bits = _Bits(config[:64])
    version, is_even = bits.take(1), bits.take(1)
    frames, programs, layers = bits.take(6) + 1, bits.take(4), bits.take(3)
    if version or not is_even or programs or layers:
        raise NoSound(SoundFault.CODEC, "MP4A-LATM")
    return _audio_config(bits), frames


def _audio_config(bits: _Bits) -> SoundFormat:
    profile = _object_type(bits)
    rate = _rate(bits)
    channels = bits.take(4)
    if profile in (_SBR, _PS):
        # The extension's rate comes first, then the core's own type; ADTS tells the core.
        _rate(bits)
        profile = _object_type(bits)
    is_short = bits.take(1) if 1 <= profile <= 4 else 1
    if is_short or rate not in AAC_RATES or not 1 <= channels <= 7:
        raise NoSound(SoundFault.CODEC, f"AAC {profile}")
    return SoundFormat("aac", rate, channels, profile)


def _object_type(bits: _Bits) -> int:
    kind = bits.take(5)
    return 32 + bits.take(6) if kind == _ESCAPE else kind


def _rate(bits: _Bits) -> int:
    index = bits.take(4)
    if index == _EXPLICIT_RATE:
        return bits.take(24)
    return AAC_RATES[index] if index < len(AAC_RATES) else 0

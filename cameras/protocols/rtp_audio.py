"""From RTP packets to coded sound: AAC (RFC 3640, RFC 6416) and G.711 (RFC 3551), nothing decoded.

One `AccessUnit` is one AAC frame or the samples of one G.711 packet; its `nals` hold that one run of bytes.
`is_damaged` says that something is missing directly before it, so that nobody joins the two. Of several frames in
a packet the first has the packet's stamp and the others their RTP distance from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from .base import BadAnswer
from .rtp import OnvifStamp, RtpPacket, SequenceWatch
from .rtp_video import AccessUnit
from .sound_format import (
    LARGEST_AAC_FRAME,
    LARGEST_PACKET,
    SAMPLES_PER_FRAME,
    NoSound,
    SoundFault,
    SoundFormat,
    aac_format,
    latm_format,
)

_WRAP = 1 << 32
# RFC 3640 3.3.5 and 3.3.6; the modes fix what their parameters may leave out.
_MODES = {"aac-hbr": (13, 3, 3), "aac-lbr": (6, 2, 2)}
_MOST_FRAMES = 64
# Parts of the AU headers that nobody uses for AAC; with them the frames would be looked for in wrong places.
_UNREAD = (
    *("ctsdeltalength", "dtsdeltalength", "randomaccessindication"),
    *("streamstateindication", "auxiliarydatasizelength"),
)


class SoundDepacketiser(ABC):
    """Collects the coded units of one sound track; used by `Playback` as the one for pictures is."""

    parameter_sets = b""

    def __init__(self, sound: SoundFormat, clock_rate: int) -> None:
        self.sequence = SequenceWatch()
        self.finished: list[AccessUnit] = []
        self.sound = sound
        self._piece = bytearray()
        self.clock_rate = clock_rate
        self._is_broken = False

    @property
    def codec(self) -> str:
        return self.sound.codec

    def take_pieces(
        self, buffer: bytearray, at: int, end: int, channel: int, payload_type: int
    ) -> int:
        """Sound has no short way: its packets are few and small."""
        return at

    def push(self, packet: RtpPacket) -> Sequence[AccessUnit]:
        if self.sequence.see(packet.sequence):
            self._is_broken = True
            self._drop()
        units: list[AccessUnit] = []
        is_last = packet.stamp is not None and packet.stamp.terminal
        for place, data in enumerate(self._frames(packet)):
            stamp = packet.stamp if place == 0 else None
            units.append(self._unit(packet, place * SAMPLES_PER_FRAME, stamp, data))
        if units and is_last:
            units[-1] = units[-1]._replace(is_terminal=True)
        return units

    def flush(self) -> list[AccessUnit]:
        """A frame without its end is not delivered."""
        self._drop()
        return []

    def complete(self) -> list[AccessUnit]:
        return []

    def _unit(
        self, packet: RtpPacket, samples: int, stamp: OnvifStamp | None, data: bytes
    ) -> AccessUnit:
        ticks = samples * self.clock_rate // self.sound.rate
        is_broken, self._is_broken = self._is_broken, False
        time = (packet.timestamp + ticks) % _WRAP
        return AccessUnit(time, stamp, True, ((data,),), is_broken, False, len(data))

    def _lose(self) -> list[bytes]:
        self._drop()
        self._is_broken = True
        return []

    def _drop(self) -> None:
        """Forgets the beginning of a frame whose end is missing."""
        self._piece.clear()

    @abstractmethod
    def _frames(self, packet: RtpPacket) -> list[bytes]:
        """The units that end in this packet."""


class G711Depacketiser(SoundDepacketiser):
    """A packet is samples and nothing else (RFC 3551 4.5.14)."""

    def _frames(self, packet: RtpPacket) -> list[bytes]:
        size = len(packet.payload)
        if size == 0 or size > LARGEST_PACKET or size % self.sound.channels:
            return self._lose()
        return [packet.payload]


class AacDepacketiser(SoundDepacketiser):
    """mpeg4-generic (RFC 3640): AU headers, then whole frames or a piece of one."""

    def __init__(self, fmtp: Mapping[str, str], clock_rate: int) -> None:
        sound = aac_format(_hex(fmtp.get("config", "")))
        super().__init__(sound, clock_rate or sound.rate)
        usual = _MODES.get(fmtp.get("mode", "").lower(), (0, 0, 0))
        names = ("sizelength", "indexlength", "indexdeltalength")
        pairs = zip(names, usual, strict=True)
        self._size, self._index, self._delta = (
            _figure(fmtp, name, default) for name, default in pairs
        )
        self._constant = _figure(fmtp, "constantsize", 0)
        if any(_figure(fmtp, name, 0) for name in _UNREAD) or not (self._size or self._constant):
            raise NoSound(SoundFault.NO_CONFIG)
        self._whole = 0

    def _frames(self, packet: RtpPacket) -> list[bytes]:
        sizes, data = self._headers(packet.payload)
        if self._piece:
            return self._go_on(data)
        if len(sizes) == 1 and sizes[0] > len(data):
            self._piece, self._whole = bytearray(data), sizes[0]
            return []
        if not sizes or sum(sizes) > len(data) or min(sizes) == 0 or max(sizes) > LARGEST_AAC_FRAME:
            return self._lose()
        frames, at = [], 0
        for size in sizes:
            frames.append(data[at : at + size])
            at += size
        return frames

    def _go_on(self, data: bytes) -> list[bytes]:
        """The next piece of a frame that did not fit into one packet."""
        self._piece += data
        if not data or len(self._piece) > min(self._whole, LARGEST_AAC_FRAME):
            return self._lose()
        if len(self._piece) < self._whole:
            return []
        frame = bytes(self._piece)
        self._piece.clear()
        return [frame]

    def _headers(self, payload: bytes) -> tuple[list[int], bytes]:
        """The frames' sizes and what follows their headers."""
        if not (self._size or self._index):
            return [self._constant] * min(len(payload) // self._constant, _MOST_FRAMES), payload
        count_bits = int.from_bytes(payload[:2], "big")
        end = 2 + (count_bits + 7) // 8
        if len(payload) < end:
            return [], b""
        headers = int.from_bytes(payload[2:end], "big") >> (-count_bits % 8)
        sizes: list[int] = []
        left, length = count_bits, self._size + self._index
        while left >= length > 0 and len(sizes) < _MOST_FRAMES:
            left -= length
            told = headers >> left & ((1 << length) - 1)
            index = self._delta if sizes else self._index
            if sizes and index and told & ((1 << index) - 1):
                return [], b""  # interleaved frames would have to be put in order first
            sizes.append(told >> index if self._size else self._constant)
            length = self._size + self._delta
        return sizes, payload[end:]


class LatmDepacketiser(SoundDepacketiser):
    """MP4A-LATM (RFC 6416) whose configuration stands in the description (cpresent=0)."""

    def __init__(self, fmtp: Mapping[str, str], clock_rate: int) -> None:
        if fmtp.get("cpresent", "1") != "0":
            raise NoSound(SoundFault.NO_CONFIG)
        sound, self._count = latm_format(_hex(fmtp.get("config", "")))
        super().__init__(sound, clock_rate or sound.rate)

    def _frames(self, packet: RtpPacket) -> list[bytes]:
        self._piece += packet.payload
        if len(self._piece) > LARGEST_PACKET:
            return self._lose()
        if not packet.marker:
            return []
        data = bytes(self._piece)
        self._piece.clear()
        frames, at = [], 0
        for _frame in range(self._count):
            size = 0
            while at < len(data) and data[at] == 0xFF:
                size, at = size + 0xFF, at + 1
            if at >= len(data):
                return self._lose()
            size, at = size + data[at], at + 1
            if not 0 < size <= LARGEST_AAC_FRAME or at + size > len(data):
                return self._lose()
            frames.append(data[at : at + size])
            at += size
        return frames


def _hex(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not found:
        raise NoSound(SoundFault.NO_CONFIG)
    return found


def _figure(fmtp: Mapping[str, str], name: str, usual: int) -> int:
    text = fmtp.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadAnswer("The sound's description cannot be read.")
    return int(text)

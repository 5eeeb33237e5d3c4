"""The sound track of a simulated recorder: its description, and its RTP packets (RFC 3551, RFC 3640)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from simulator.rtsp_rtp import RtpSender
from simulator.sound import Sound, Unit, aac_config, units

TRACK, LOUDSPEAKER = "trackID=2", "trackID=3"
_PAYLOAD_TYPES = {"pcmu": 0, "pcma": 8, "aac": 97, "g726": 98}
_NAMES = {"pcmu": "PCMU", "pcma": "PCMA", "aac": "MPEG4-GENERIC", "g726": "G726-32"}
_FRAMES_PER_PACKET = 2
_SIZE_BITS, _INDEX_BITS = 13, 3


def description_lines(sound: Sound, control: str) -> list[str]:
    """The lines of the session description; a loudspeaker that can be spoken to comes before the sound."""
    kind = _PAYLOAD_TYPES[sound.codec]
    lines = []
    if sound.has_loudspeaker:
        lines += ["m=audio 0 RTP/AVP 0", f"a=control:{control}{LOUDSPEAKER}", "a=sendonly"]
    lines.append(f"m=audio 0 RTP/AVP {kind}")
    if not sound.is_static:
        lines.append(f"a=rtpmap:{kind} {_NAMES[sound.codec]}/{sound.claims_hz}")
    if sound.codec == "aac":
        sizes = f"sizelength={_SIZE_BITS};indexlength={_INDEX_BITS};indexdeltalength={_INDEX_BITS}"
        config = aac_config(sound.rate).hex()
        lines.append(f"a=fmtp:{kind} streamtype=5;mode=AAC-hbr;{sizes};config={config}")
    return [*lines, "a=recvonly", f"a=control:{control}{TRACK}"]


class SoundSender(RtpSender):
    """One RTP stream of sound; its RTP times are the numbers of its samples since 1970."""

    def __init__(self, channel: int, ssrc: int, sound: Sound) -> None:
        super().__init__(channel, ssrc)
        self.payload_type = _PAYLOAD_TYPES[sound.codec]
        self.sound = sound
        self._is_begun = False

    def time_of(self, instant_ms: int) -> int:
        """The RTP time of an instant of the device's UTC."""
        return instant_ms * self.sound.rate // 1000 & 0xFFFFFFFF

    def packets(self, start_ms: int, end_ms: int, extension: Callable[[int], bytes]) -> bytes:
        """All packets of [start, end) of the device's UTC; `extension` is told when a packet begins."""
        if self.sound.is_silent:
            return b""
        found = list(units(self.sound, start_ms, end_ms))
        at_once = _FRAMES_PER_PACKET if self.sound.codec == "aac" else 1
        return b"".join(
            self._sound_packet(found[at : at + at_once], extension)
            for at in range(0, len(found), at_once)
        )

    def _sound_packet(self, together: list[Unit], extension: Callable[[int], bytes]) -> bytes:
        payload = b"".join(unit.data for unit in together)
        if self.sound.codec == "aac":
            heads = [len(unit.data) << _INDEX_BITS for unit in together]
            bits = (_SIZE_BITS + _INDEX_BITS) * len(heads)
            payload = struct.pack(f">H{len(heads)}H", bits, *heads) + payload
        time = together[0].sample & 0xFFFFFFFF
        has_marker = self.sound.codec == "aac" or not self._is_begun
        self._is_begun = True
        return self._packet(payload, time, has_marker, extension(together[0].instant_ms))

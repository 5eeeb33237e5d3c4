"""The session description that an RTSP device gives (RFC 8866): which track, how to control it.

Only what playing one track needs is read. A hostile description ends as `TooLarge` or `BadAnswer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import BadAnswer, NotSupported, TooLarge
from .rtp_video import DEPACKETISERS
from .sound_format import FASTEST_HZ, SLOWEST_HZ, NoSound, SoundFault

MAX_SDP_BYTES = 256 * 1024
_MAX_LINES = 4000
_MAX_MEDIA = 32
_SOUNDS = frozenset({"PCMU", "PCMA", "MPEG4-GENERIC", "MP4A-LATM"})
# RFC 3551 table 4: payload types that mean a codec without an rtpmap. Those at 8 kHz are G.711, which we read.
_STATIC_RATE = 8_000
_STATIC_SOUNDS = {
    **{0: "PCMU", 3: "GSM", 4: "G723", 5: "DVI4", 6: "DVI4", 7: "LPC", 8: "PCMA", 9: "G722"},
    **{2: "G726-32", 10: "L16", 11: "L16", 12: "QCELP", 14: "MPA", 15: "G728", 18: "G729"},
}


_STATIC_VIDEOS = {26: "JPEG", 28: "nv", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}
# What only one of the two writes into its parameters, where the rtpmap is missing.
_TELLING = {"sprop-parameter-sets": "H264", "sprop-sps": "H265", "sprop-vps": "H265"}


@dataclass
class VideoTrack:
    payload_type: int
    encoding: str  # as in DEPACKETISERS
    clock_rate: int
    control: str
    fmtp: dict[str, str]


@dataclass
class AudioTrack:
    payload_type: int
    encoding: str  # one of _SOUNDS
    clock_rate: int  # 0 = not told, or no usable figure
    channels: int
    control: str
    fmtp: dict[str, str]


@dataclass
class _Media:
    kind: str
    payload_types: list[int]
    control: str = ""
    direction: str = ""
    rtpmaps: dict[int, str] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)


def read_sdp(body: bytes) -> tuple[str, VideoTrack]:
    """The session's own control address (may be blank) and the first video track that we can read."""
    session_control, media = _read(body)
    return session_control, _choose_video(media)


def read_audio_sdp(body: bytes) -> tuple[str, AudioTrack]:
    """As `read_sdp`, the first sound track that we can read. Raises NoSound where there is none.

    A track that is marked `sendonly` or `inactive` brings no sound: the first is where a camera's loudspeaker
    is spoken to (ONVIF Streaming Specification 5.3), and must not be set up.
    """
    session_control, media = _read(body)
    return session_control, _choose_audio(media)


def told_range(body: bytes) -> str:
    """The first `a=range:` of a description, "" where it tells none."""
    for line in body[:MAX_SDP_BYTES].decode("utf-8-sig", errors="replace").splitlines():
        told = line.strip(" \t\0")
        if told.startswith("a=range:"):
            return told[8:].strip()
    return ""


def _read(body: bytes) -> tuple[str, list[_Media]]:
    if len(body) > MAX_SDP_BYTES:
        raise TooLarge("The session description is larger than we accept.")
    # A byte order mark, spaces before a line and zeros behind the last one are in no standard, but sent.
    text = body.decode("utf-8-sig", errors="replace")
    lines = [line.strip(" \t\0") for line in text.splitlines()]
    if len(lines) > _MAX_LINES:
        raise TooLarge("The session description has more lines than we accept.")
    session_control = ""
    media: list[_Media] = []
    for line in lines:
        if line.startswith("m="):
            media.append(_media_line(line))
            if len(media) > _MAX_MEDIA:
                raise TooLarge("The session description has more tracks than we accept.")
        elif line.startswith("a=control:") and not media:
            session_control = line[10:].strip()
        elif line.startswith("a=") and media:
            _attribute(media[-1], line[2:])
    return session_control, media


def _media_line(line: str) -> _Media:
    words = line[2:].split()
    numbers = [_number(word) for word in words[3:35]]
    return _Media(words[0].lower() if words else "", [n for n in numbers if 0 <= n < 128])


def _number(word: str) -> int:
    """A decimal number of at most nine digits, -1 for anything else."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else -1


def _attribute(media: _Media, text: str) -> None:
    name, _, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if name == "control":
        media.control = value
    elif name in ("sendonly", "recvonly", "sendrecv", "inactive"):
        media.direction = name
    elif name in ("rtpmap", "fmtp"):
        number, rest = [*value.split(None, 1), "", ""][:2]
        if 0 <= _number(number) < 128:
            (media.rtpmaps if name == "rtpmap" else media.fmtps)[int(number)] = rest.strip()


def _choose_video(media: list[_Media]) -> VideoTrack:
    videos = [one for one in media if one.kind == "video"]
    if not videos:
        raise BadAnswer("The session description has no video track.")
    unread: list[str] = []
    for video in videos:
        for number in video.payload_types:
            fmtp = _parameters(_fmtp(video, number))
            encoding, _, rate = video.rtpmaps.get(number, "").partition("/")
            encoding = encoding.strip().upper() or _untold(fmtp)
            if encoding in DEPACKETISERS:
                clock_rate = _number(rate.partition("/")[0])
                usable_rate = clock_rate if 1000 <= clock_rate <= 1_000_000 else 90_000
                return VideoTrack(number, encoding, usable_rate, video.control, fmtp)
            unread.append(encoding or _STATIC_VIDEOS.get(number, ""))
    told = next((one for one in unread if one.isascii() and one.isalnum()), "")
    but = f", but {told[:16]}" if told else ""
    raise NotSupported(f"The video is neither H.264 nor H.265{but}.")


def _fmtp(media: _Media, number: int) -> str:
    """The parameters of a payload type; some write another number there, which is clear where there is one only."""
    if number not in media.fmtps and len(media.fmtps) == len(media.payload_types) == 1:
        return next(iter(media.fmtps.values()))
    return media.fmtps.get(number, "")


def _untold(fmtp: dict[str, str]) -> str:
    """The encoding that parameters give away where no rtpmap tells it, "" where they do not."""
    return next((encoding for name, encoding in _TELLING.items() if name in fmtp), "")


def _choose_audio(media: list[_Media]) -> AudioTrack:
    heard = [
        one
        for one in media
        if one.kind == "audio" and one.direction not in ("sendonly", "inactive")
    ]
    if not heard:
        raise NoSound(SoundFault.NO_TRACK)
    unread: list[str] = []
    for audio in heard:
        for number in audio.payload_types:
            encoding, rate, channels = _coding(audio, number)
            if encoding in _SOUNDS:
                fmtp = _parameters(_fmtp(audio, number))
                return AudioTrack(number, encoding, rate, channels, audio.control, fmtp)
            unread.append(encoding or str(number))
    raise NoSound(SoundFault.CODEC, unread[0] if unread else "")


def _coding(audio: _Media, number: int) -> tuple[str, int, int]:
    """Encoding, samples a second (0 = not told) and channels of a payload type."""
    encoding, _, rest = audio.rtpmaps.get(number, "").partition("/")
    rate, _, channels = rest.partition("/")
    static = _STATIC_SOUNDS.get(number, "")
    encoding = encoding.strip().upper() or static
    clock_rate = _number(rate.strip())
    if not SLOWEST_HZ <= clock_rate <= FASTEST_HZ:
        clock_rate = _STATIC_RATE if static in ("PCMU", "PCMA") and encoding == static else 0
    return encoding, clock_rate, _number(channels.strip()) if channels.strip() else 1


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";")[:64]:
        name, _, value = part.strip().partition("=")
        found[name.strip().lower()] = value.strip()
    return found

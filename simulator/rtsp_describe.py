"""The session description of a stream (RFC 8866, RFC 6184 section 8.2), honest and hostile."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from simulator import video_h265
from simulator.faults import fault
from simulator.rtsp_message import Reply
from simulator.rtsp_play import has_recording
from simulator.rtsp_playback import video_of
from simulator.rtsp_rtp import PAYLOAD_TYPE
from simulator.rtsp_sound import description_lines
from simulator.rtsp_targets import Target, TargetKind
from simulator.sound import sound_of
from simulator.video import parameter_sets
from simulator.world import Campus, SimDevice

_TWO_GIB = 1 << 31
_BLOCK = b"a=x-note:" + b"n" * 65_525 + b"\r\n"


def description(campus: Campus, device: SimDevice, target: Target, url: str) -> Reply:
    """The answer to DESCRIBE; 404 where there is no picture to describe."""
    if target.kind is TargetKind.LIVE and not campus.is_online(target.channel):
        return Reply(404)
    if not has_recording(campus, device, target):
        return Reply(404)
    host = fault(device, "rtsp_other_host_control")
    control = "" if host is None else f"{urlsplit(url)._replace(netloc=str(host)).geturl()}/"
    headers = {"Content-Base": control or f"{url}/", "Content-Type": "application/sdp"}
    text = _sdp(device, target, control)
    return Reply(200, headers, text.encode())


async def huge_description(send: Callable[[bytes], Awaitable[None]], cseq: str, size: Any) -> None:
    """A description of `size` bytes, made while it is sent."""
    total = _TWO_GIB if size is True else int(size)
    head = f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Type: application/sdp\r\n"
    await send(f"{head}Content-Length: {total}\r\n\r\nv=0\r\n".encode())
    left = total - len(b"v=0\r\n")
    while left > 0:
        await send(_BLOCK[:left])
        left -= len(_BLOCK)


def _sdp(device: SimDevice, target: Target, control: str) -> str:
    video = video_of(device, is_substream=target.is_substream)
    span = "npt=now-" if target.kind is TargetKind.LIVE else "npt=0-"
    head = [
        "v=0",
        f"o=- {device.seed & 0xFFFFFFFF} 1 IN IP4 {device.address}",
        "s=Media Presentation",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        f"a=control:{control or '*'}",
        f"a=range:{span}",
    ]
    pictures = [
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {video['codec'].upper()}/90000",
        f"a=fmtp:{PAYLOAD_TYPE} {_format(video)}",
        f"a=framerate:{video['fps']}",
        f"a=control:{control}trackID=1",
    ]
    if target.kind is TargetKind.REPLAY:
        pictures.append("a=x-onvif-track:VIDEO001")
    sound = sound_of(device)
    heard = description_lines(sound, control) if sound is not None else []
    is_first = sound is not None and sound.is_first
    tracks = [*heard, *pictures] if is_first else [*pictures, *heard]
    return "\r\n".join([*head, *tracks]) + "\r\n"


def _format(video: dict[str, Any]) -> str:
    if video["codec"] == "h265":
        h265 = video_h265.parameter_sets(video["width"], video["height"], video["fps"])
        names = {video_h265.NAL_VPS: "vps", video_h265.NAL_SPS: "sps", video_h265.NAL_PPS: "pps"}
        return ";".join(f"sprop-{names[kind]}={_base64(nal)}" for kind, nal in h265.items())
    h264 = parameter_sets(video["width"], video["height"])
    sprop = f"{_base64(h264.sps)},{_base64(h264.pps)}"
    level = h264.profile_level_id
    return f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sprop}"


def _base64(nal: bytes) -> str:
    return base64.b64encode(nal).decode()

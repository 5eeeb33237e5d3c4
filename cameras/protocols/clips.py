"""Fetches a span of video into an MP4 file by stream copy, and says exactly what was delivered.

The pictures are not re-encoded. The file has its index at the end: that needs no second writing of the
whole file as a leading index does, and no name, only the one descriptor that the writing child is
given; the hash is then one pass over the finished file. Under the final name there is either a whole
file or nothing. All times are integer milliseconds in the time base of the target.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .base import BadAnswer, Endpoint, Login, Reason, StreamTarget, TimeBase
from .decoding import end_child, read_reply, start_child
from .frame_times import FrameTimes
from .media_records import PICTURE
from .mp4_slices import Beside, Sink, SliceWriter
from .parameter_sets import VideoFormat, video_format
from .picture_hashes import hash_nal_units, picture_sha256
from .playback import EndedBy, Frame, Playback, open_playback
from .proof_frames import ProofFrame, proof_frame
from .rtp_clock import StampSource
from .rtp_video import START_CODE
from .rtsp import StreamLimits

__all__ = [
    "ClipProgress",
    "ClipReport",
    "ProofFrame",
    "SliceReport",
    "fetch_clip",
    "fetch_slice",
    "proof_frame",
]

_MAX_LEAD_BYTES = 64 * 1024 * 1024
_CLOSE_S = 120.0


@dataclass(frozen=True)
class ClipProgress:
    """How far a clip has come: the newest picture's time, pictures and bytes so far."""

    stamp_ms: int
    frames: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class StreamReport:
    """What was delivered, against what was asked.

    `gaps` are half-open spans without a picture inside the asked span, its two ends included, at most
    2,000 of them; `gap_count` and `gap_ms` always count all. `bitstream_sha256` is over the NAL units
    in file order, each behind 00 00 00 01. `clock_steps` are places where the pictures' time went back.
    """

    codec: str
    width: int
    height: int
    frames: int
    bitstream_sha256: str
    time_base: TimeBase
    asked_start_ms: int | None
    asked_end_ms: int | None
    delivered_start_ms: int
    delivered_end_ms: int
    gaps: tuple[tuple[int, int], ...]
    gap_count: int
    gap_ms: int
    clock_steps: tuple[tuple[int, int], ...]
    packets_received: int
    packets_lost: int
    frames_damaged: int
    stamp_source: StampSource
    range_reply: str
    ended_by: EndedBy

    @property
    def is_complete(self) -> bool:
        """Whether the whole asked span is there, without a gap, a lost packet or a damaged picture."""
        return not (self.gap_count or self.packets_lost or self.frames_damaged or self.clock_steps)


@dataclass(frozen=True, kw_only=True)
class ClipReport(StreamReport):
    """A clip in a file of its own: `bytes` and `sha256` are the file's."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class SliceReport(StreamReport):
    """A slice that went into a sink, which hashes it; `bitstream_sha256` is blank. `key_picture` is the first one in
    Annex B form, to be decoded; `key_pictures` are the hashes of the first one of each minute: the same
    coded picture has the same hash, wherever it came from.
    """

    key_picture: bytes
    key_pictures: tuple[str, ...]


async def fetch_clip(
    endpoint: Endpoint,
    login: Login | None,
    target: StreamTarget,
    out_path: Path,
    *,
    limits: StreamLimits,
    on_progress: Callable[[ClipProgress], None] | None = None,
    live_s: float = 10.0,
    allow_basic: bool = False,
    local_ahead_ms: int = 0,
) -> ClipReport:
    """Play the target into `out_path`; a live target for `live_s` seconds.

    A stream that stalls, ends early or meets the deadline after some pictures still gives a report:
    its gaps say what is missing. Raises DeviceError when no usable picture came or the time is wrong,
    FileExistsError rather than overwrite, OSError when the file cannot be written.
    """
    if out_path.exists():
        raise FileExistsError(f"{out_path.name} is there already.")
    part = out_path.with_name(out_path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        clip = _Clip(target, live_s, on_progress)
        async with (
            open_playback(
                endpoint,
                login,
                target,
                limits,
                allow_basic=allow_basic,
                local_ahead_ms=local_ahead_ms,
            ) as playback,
            _writer(playback.codec, descriptor) as writer,
        ):
            await clip.copy(playback, writer)
            facts = await writer.close()
        sha256, size = await asyncio.to_thread(_hash_file, part)
        _give_final_name(part, out_path)
        await asyncio.to_thread(_sync_folder, out_path.parent)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    return ClipReport(path=out_path, sha256=sha256, bytes=size, **clip.facts(playback, facts))


async def fetch_slice(
    endpoint: Endpoint,
    login: Login | None,
    target: StreamTarget,
    sink: Sink,
    *,
    limits: StreamLimits,
    on_progress: Callable[[ClipProgress], None] | None = None,
    allow_basic: bool = False,
    local_ahead_ms: int = 0,
    beside: Beside | None = None,
) -> SliceReport:
    """Play a past span into a sink, as a slice (`mp4_slices`): nothing is written anywhere else.

    `beside` is given each group of pictures once it has been written.
    As `fetch_clip`: what came too short is a report with gaps; DeviceError when nothing usable came.
    Whatever the sink raises comes out as it is.
    """
    clip = _Clip(target, 0.0, on_progress, is_hashed=False)
    writer = _SliceOutput(sink, beside)
    async with open_playback(
        endpoint, login, target, limits, allow_basic=allow_basic, local_ahead_ms=local_ahead_ms
    ) as playback:
        await clip.copy(playback, writer)
    facts = await writer.close()
    return SliceReport(
        key_picture=writer.key_picture,
        key_pictures=tuple(writer.key_pictures),
        **clip.facts(playback, facts),
    )


class _Output(Protocol):
    """Where pictures go. `begin` is told the first one, with the parameter sets that it needs."""

    async def begin(self, playback: Playback, first: Frame) -> None: ...

    async def write(self, frames: Sequence[Frame], first_ms: int) -> None: ...

    async def close(self) -> dict[str, int]: ...


class _SliceOutput:
    """Writes a slice into a sink."""

    def __init__(self, sink: Sink, beside: Beside | None) -> None:
        self._beside = beside
        self.key_picture = b""
        self.key_pictures: list[str] = []
        self._minute = -1
        self._sink = sink
        self._frames = 0
        self._slice: SliceWriter
        self._video: VideoFormat

    async def begin(self, playback: Playback, first: Frame) -> None:
        self.key_picture = playback.parameter_sets + first.unit.data
        units = playback.parameter_sets.split(START_CODE)[1:] + list(first.unit.nals)
        self._video = video_format(playback.codec, units)
        self._slice = SliceWriter(self._sink, self._video, first.stamp_ms, self._beside)

    async def write(self, frames: Sequence[Frame], first_ms: int) -> None:
        for stamp_ms, unit in frames:
            self._slice.add(stamp_ms, unit.is_key, unit.units, unit.size)
            if unit.is_key and stamp_ms // 60_000 != self._minute:
                self._minute = stamp_ms // 60_000
                self.key_pictures.append(picture_sha256(self._video.codec, unit.nals))
        self._frames += len(frames)

    async def close(self) -> dict[str, int]:
        self._slice.close()
        return {
            "frames": self._frames,
            "width": self._video.width,
            "height": self._video.height,
        }


class _Clip:
    """One clip in the making: from frames to the writer, with everything that the report needs."""

    def __init__(
        self,
        target: StreamTarget,
        live_s: float,
        on_progress: Callable[[ClipProgress], None] | None,
        *,
        is_hashed: bool = True,
    ) -> None:
        self._is_hashed = is_hashed
        self._target = target
        self._live_ms = None if target.replay else round(live_s * 1000)
        self._on_progress = on_progress
        self._times = FrameTimes(target.start_ms if target.replay else None)
        self._bitstream = hashlib.sha256()
        self._has_begun = False
        self._lead: list[Frame] = []
        self._lead_bytes = 0
        self._bytes = 0
        self._damaged = 0

    async def copy(self, playback: Playback, writer: _Output) -> None:
        async for portion in playback.portions():
            await self._write(self._wanted(portion, playback), playback, writer)
            if playback.ended_by is EndedBy.ENOUGH:
                break
        lead, self._lead = self._lead, []
        for frame in lead:
            self._note(frame)
        await self._write(lead, playback, writer)
        if not self._times.frames:
            raise playback.nothing_came()

    def _wanted(self, portion: Sequence[Frame], playback: Playback) -> list[Frame]:
        """What is to be written of pictures that came at once, and noted as such."""
        wanted = []
        for frame in portion:
            for ready in (frame,) if self._times.frames else self._from_key_frame(frame):
                self._note(ready)
                wanted.append(ready)
            if self._has_enough(frame):
                playback.ended_by = EndedBy.ENOUGH
                break
        return wanted

    def _has_enough(self, frame: Frame) -> bool:
        first = self._times.first_ms
        if self._live_ms is None or first is None:
            return False
        return frame.stamp_ms - first >= self._live_ms

    def _from_key_frame(self, frame: Frame) -> list[Frame]:
        """What of the beginning may be written now: it starts with the last key frame before the asked start.

        A recorder may begin earlier than that; those pictures were not asked for and are dropped.
        """
        if frame.unit.is_key:
            self._lead, self._lead_bytes = [frame], frame.unit.size
        elif not self._lead:
            return []
        else:
            self._lead.append(frame)
            self._lead_bytes += frame.unit.size
        start = self._target.start_ms if self._target.replay else None
        if start is not None and frame.stamp_ms < start and self._lead_bytes < _MAX_LEAD_BYTES:
            return []
        ready, self._lead = self._lead, []
        return ready

    def _note(self, frame: Frame) -> None:
        self._times.see(frame.stamp_ms)
        if self._is_hashed:
            hash_nal_units(self._bitstream, frame.unit.nals)
        self._damaged += frame.unit.is_damaged
        self._bytes += frame.unit.size

    async def _write(self, frames: Sequence[Frame], playback: Playback, writer: _Output) -> None:
        if not frames:
            return
        if not self._has_begun:
            self._has_begun = True
            await writer.begin(playback, frames[0])
        await writer.write(frames, self._times.first_ms or 0)
        if self._on_progress is not None and any(frame.unit.is_key for frame in frames):
            self._on_progress(ClipProgress(frames[-1].stamp_ms, self._times.frames, self._bytes))

    def facts(self, playback: Playback, written: dict[str, int]) -> dict[str, Any]:
        """The fields of the report. Call once, at the end."""
        end = self._target.end_ms if self._target.replay else None
        gaps = self._times.finish(end)
        return {
            "codec": playback.codec,
            "width": written["width"],
            "height": written["height"],
            "frames": written["frames"],
            "bitstream_sha256": self._bitstream.hexdigest() if self._is_hashed else "",
            "time_base": self._target.time_base,
            "asked_start_ms": self._target.start_ms,
            "asked_end_ms": self._target.end_ms,
            "delivered_start_ms": self._times.first_ms or 0,
            "delivered_end_ms": self._times.end_ms,
            "gaps": tuple(gaps),
            "gap_count": self._times.gap_count,
            "gap_ms": self._times.gap_ms,
            "clock_steps": tuple(self._times.steps_back),
            "packets_received": playback.packets_received,
            "packets_lost": playback.packets_lost,
            "frames_damaged": self._damaged,
            "stamp_source": playback.stamp_source or StampSource.ARRIVAL,
            "range_reply": playback.range_reply,
            "ended_by": playback.ended_by or EndedBy.EOF,
        }


class _Writer:
    """The child that writes the file. Waits while it is behind, so that memory stays bounded."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def begin(self, playback: Playback, first: Frame) -> None:
        """The pictures' format: parameter sets and the first key frame. Not written to the file."""
        await self._send(0, True, playback.parameter_sets + first.unit.data)

    async def write(self, frames: Sequence[Frame], first_ms: int) -> None:
        for stamp_ms, unit in frames:
            await self._send((stamp_ms - first_ms) * 90, unit.is_key, unit.data)

    async def _send(self, ticks: int, is_key: bool, data: bytes) -> None:
        if self._child.stdin is None:
            raise BadAnswer("The clip cannot be written.", reason=Reason.INTERNAL)
        try:
            self._child.stdin.write(PICTURE.pack(ticks, is_key, len(data)) + data)
            await self._child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self.close()

    async def close(self) -> dict[str, int]:
        """Finish the file. Width, height and frames; raises what the child met."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                facts, _ = await read_reply(self._child)
        except (TimeoutError, EOFError, ValueError):
            facts = {}
        if "errno" in facts:
            raise OSError(facts["errno"], os.strerror(facts["errno"]))
        if not facts.get("frames"):
            raise BadAnswer("The pictures cannot be put into a file.", reason=Reason.UNDECODABLE)
        return facts


@asynccontextmanager
async def _writer(codec: str, descriptor: int) -> AsyncIterator[_Writer]:
    child = await start_child(["mux", codec, str(descriptor)], pass_fds=[descriptor])
    try:
        yield _Writer(child)
    finally:
        await end_child(child)


def _hash_file(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _give_final_name(part: Path, final: Path) -> None:
    """Rename, but never over a file that appeared meanwhile. Memory sticks know no hard links."""
    try:
        os.link(part, final)
    except FileExistsError:
        raise
    except OSError:
        part.rename(final)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

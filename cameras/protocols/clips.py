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
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .base import BadAnswer, Endpoint, Login, Reason, StreamTarget, TimeBase
from .decoding import end_child, read_reply, start_child
from .frame_times import FrameTimes
from .media_child import PICTURE
from .playback import EndedBy, Frame, Playback, open_playback
from .proof_frames import ProofFrame, proof_frame
from .rtp_clock import StampSource
from .rtp_video import START_CODE
from .rtsp import StreamLimits

__all__ = ["ClipProgress", "ClipReport", "ProofFrame", "fetch_clip", "proof_frame"]

_MAX_LEAD_BYTES = 64 * 1024 * 1024
_CLOSE_S = 120.0


@dataclass(frozen=True)
class ClipProgress:
    """How far a clip has come: the newest picture's time, pictures and bytes so far."""

    stamp_ms: int
    frames: int
    bytes: int


@dataclass(frozen=True)
class ClipReport:
    """What was delivered, against what was asked.

    `gaps` are half-open spans without a picture inside the asked span, its two ends included, at most
    2,000 of them; `gap_count` and `gap_ms` always count all. `bitstream_sha256` is over the NAL units
    in file order, each behind 00 00 00 01. `clock_steps` are places where the pictures' time went back.
    """

    path: Path
    codec: str
    width: int
    height: int
    frames: int
    bytes: int
    sha256: str
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
    return clip.report(playback, out_path, facts, sha256, size)


class _Clip:
    """One clip in the making: from frames to the writer, with everything that the report needs."""

    def __init__(
        self,
        target: StreamTarget,
        live_s: float,
        on_progress: Callable[[ClipProgress], None] | None,
    ) -> None:
        self._target = target
        self._live_ms = None if target.replay else round(live_s * 1000)
        self._on_progress = on_progress
        self._times = FrameTimes(target.start_ms if target.replay else None)
        self._bitstream = hashlib.sha256()
        self._lead: list[Frame] = []
        self._lead_bytes = 0
        self._bytes = 0
        self._damaged = 0

    async def copy(self, playback: Playback, writer: _Writer) -> None:
        async for frame in playback.frames():
            for ready in self._from_key_frame(frame):
                await self._write(ready, playback, writer)
            if self._has_enough(frame):
                playback.ended_by = EndedBy.ENOUGH
                break
        for ready in self._lead:
            await self._write(ready, playback, writer)
        if not self._times.frames:
            raise playback.nothing_came()

    def _has_enough(self, frame: Frame) -> bool:
        first = self._times.first_ms
        if self._live_ms is None or first is None:
            return False
        return frame.stamp_ms - first >= self._live_ms

    def _from_key_frame(self, frame: Frame) -> list[Frame]:
        """What may be written now: it starts with the last key frame before the asked start.

        A recorder may begin earlier than that; those pictures were not asked for and are dropped.
        """
        if self._times.frames:
            return [frame]
        if frame.unit.is_key:
            self._lead, self._lead_bytes = [frame], len(frame.unit.data)
        elif not self._lead:
            return []
        else:
            self._lead.append(frame)
            self._lead_bytes += len(frame.unit.data)
        start = self._target.start_ms if self._target.replay else None
        if start is not None and frame.stamp_ms < start and self._lead_bytes < _MAX_LEAD_BYTES:
            return []
        ready, self._lead = self._lead, []
        return ready

    async def _write(self, frame: Frame, playback: Playback, writer: _Writer) -> None:
        if not self._times.frames:
            await writer.probe(playback.parameter_sets + frame.unit.data)
        self._times.see(frame.stamp_ms)
        offset = frame.stamp_ms - (self._times.first_ms or 0)
        await writer.write(offset * 90, frame.unit.is_key, frame.unit.data)
        hash_nal_units(self._bitstream, frame.unit.data)
        self._damaged += frame.unit.is_damaged
        self._bytes += len(frame.unit.data)
        if self._on_progress is not None and frame.unit.is_key:
            self._on_progress(ClipProgress(frame.stamp_ms, self._times.frames, self._bytes))

    def report(
        self, playback: Playback, path: Path, facts: dict[str, int], sha256: str, size: int
    ) -> ClipReport:
        end = self._target.end_ms if self._target.replay else None
        gaps = self._times.finish(end)
        return ClipReport(
            path=path,
            codec=playback.codec,
            width=facts["width"],
            height=facts["height"],
            frames=facts["frames"],
            bytes=size,
            sha256=sha256,
            bitstream_sha256=self._bitstream.hexdigest(),
            time_base=self._target.time_base,
            asked_start_ms=self._target.start_ms,
            asked_end_ms=self._target.end_ms,
            delivered_start_ms=self._times.first_ms or 0,
            delivered_end_ms=self._times.end_ms,
            gaps=tuple(gaps),
            gap_count=self._times.gap_count,
            gap_ms=self._times.gap_ms,
            clock_steps=tuple(self._times.steps_back),
            packets_received=playback.packets_received,
            packets_lost=playback.packets_lost,
            frames_damaged=self._damaged,
            stamp_source=playback.stamp_source or StampSource.ARRIVAL,
            range_reply=playback.range_reply,
            ended_by=playback.ended_by or EndedBy.EOF,
        )


def hash_nal_units(digest: hashlib._Hash, unit: bytes) -> None:
    """Add an access unit to the hash of the elementary stream, without padding zeros behind a unit."""
    for nal in unit.split(START_CODE)[1:]:
        digest.update(START_CODE)
        digest.update(nal.rstrip(b"\0"))


class _Writer:
    """The child that writes the file. Waits while it is behind, so that memory stays bounded."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def probe(self, data: bytes) -> None:
        """The pictures' format: parameter sets and the first key frame. Not written to the file."""
        await self.write(0, True, data)

    async def write(self, ticks: int, is_key: bool, data: bytes) -> None:
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

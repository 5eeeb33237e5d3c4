"""Decodes pictures of devices in a child process that is limited, watched and thrown away.

A `Decoder` keeps a few children warm; each picture is decoded in a fork that ends with it. Whatever
takes longer than the wall deadline is killed with its whole process group. JPEG and PNG only, 8 MB and
40 megapixels at most, read from the headers before anything is decoded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .base import BadAnswer, Reason, TooLarge
from .media_records import SKETCH_HEIGHT, SKETCH_WIDTH
from .still_header import read_still_header

# The child's own limit of processor time ends what is hostile. This is for one that hangs: on a machine under
# load a good picture may take long, and must not be called bad for it.
DEADLINE_S = 60.0
_MAX_BITSTREAM_BYTES = 10 * 1024 * 1024
_MAX_REPLY_BYTES = 64 * 1024 * 1024
_KINDS = {"jpeg": 1, "png": 2, "h264": 3, "hevc": 4}
_SKETCH_BYTES = SKETCH_WIDTH * SKETCH_HEIGHT
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Decoded:
    """A key frame that could be decoded, and the same picture as JPEG."""

    width: int
    height: int
    jpeg: bytes
    sketch: bytes = b""
    """Very small and grey, for `cameras.scene.outline_of`."""


@dataclass(frozen=True)
class Still:
    """A still picture that could be decoded. `format` is `jpeg` or `png`."""

    width: int
    height: int
    format: str
    sketch: bytes = b""
    """As of a key frame."""
    colour: int = 0
    """How far it is from grey on the whole, 0 to 128; infrared pictures have next to none."""


async def start_child(
    arguments: Sequence[str], *, pass_fds: Sequence[int] = ()
) -> asyncio.subprocess.Process:
    """Start the media child in a process group of its own, with an environment that holds no secret."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cameras.protocols.media_child",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
        pass_fds=tuple(pass_fds),
    )


async def end_child(child: asyncio.subprocess.Process) -> None:
    """Kill the child's process group, if it still lives, and wait for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdin is not None:
        child.stdin.close()
    await child.wait()


async def read_reply(child: asyncio.subprocess.Process) -> tuple[dict[str, Any], bytes]:
    """One answer of the child: its facts and its bytes. Raises EOFError or ValueError."""
    if child.stdout is None:
        raise EOFError
    head_size, blob_size = struct.unpack(">II", await child.stdout.readexactly(8))
    if head_size > 4096 or blob_size > _MAX_REPLY_BYTES:
        raise ValueError("too large")
    facts = json.loads(await child.stdout.readexactly(head_size))
    blob = await child.stdout.readexactly(blob_size)
    if not isinstance(facts, dict):
        raise ValueError("not an object")
    return facts, blob


class Decoder:
    """At most `size` pictures at once. Use as an async context manager inside one event loop."""

    def __init__(self, size: int = 2, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._places = asyncio.Semaphore(size)
        self._idle: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._idle:
            await end_child(self._idle.pop())

    async def decode_key_frame(self, bitstream: bytes, codec: str) -> Decoded:
        """Decode one key frame in Annex B form, parameter sets included. `codec`: `h264` or `hevc`.

        Raises BadAnswer(UNDECODABLE), also when the time is up, and TooLarge above 10 MB.
        """
        if len(bitstream) > _MAX_BITSTREAM_BYTES:
            raise TooLarge("The key frame has more bytes than we accept.")
        if not bitstream.startswith((b"\0\0\1", b"\0\0\0\1")) or codec not in ("h264", "hevc"):
            raise _undecodable()
        facts, blob = await self._ask(codec, bitstream)
        return Decoded(facts["width"], facts["height"], blob[_SKETCH_BYTES:], blob[:_SKETCH_BYTES])

    async def check_still(self, data: bytes) -> Still:
        """Check that a still is a JPEG or PNG that can be decoded.

        Raises BadAnswer(UNDECODABLE) where it is not, and TooLarge above 8 MB or 40 megapixels.
        """
        kind, _, _ = read_still_header(data)
        facts, blob = await self._ask(kind, data)
        sketch = blob[:_SKETCH_BYTES]
        return Still(facts["width"], facts["height"], kind, sketch, facts["colour"])

    async def _ask(self, kind: str, data: bytes) -> tuple[dict[str, int], bytes]:
        async with self._places:
            child = self._idle.pop() if self._idle else await start_child(["serve"])
            try:
                async with asyncio.timeout(self._deadline_s):
                    facts, blob = await _converse(child, kind, data)
            except (TimeoutError, OSError, EOFError, ValueError):
                await end_child(child)
                raise _undecodable() from None
            except BaseException:
                await end_child(child)
                raise
            self._idle.append(child)
        told = {key: value for key, value in facts.items() if isinstance(value, int)}
        if not {"width", "height", "colour"} <= set(told) or len(blob) < _SKETCH_BYTES:
            raise _undecodable()
        return told, blob


async def _converse(
    child: asyncio.subprocess.Process, kind: str, data: bytes
) -> tuple[dict[str, Any], bytes]:
    if child.stdin is None:
        raise EOFError
    child.stdin.write(struct.pack(">BI", _KINDS[kind], len(data)) + data)
    await child.stdin.drain()
    return await read_reply(child)


def _undecodable() -> BadAnswer:
    return BadAnswer("The picture cannot be decoded.", reason=Reason.UNDECODABLE)


async def decode_key_frame(bitstream: bytes, codec: str) -> Decoded:
    """`Decoder.decode_key_frame` with a child of its own, for a single picture."""
    async with Decoder(1) as decoder:
        return await decoder.decode_key_frame(bitstream, codec)


async def check_still(data: bytes) -> Still:
    """`Decoder.check_still` with a child of its own, for a single picture."""
    async with Decoder(1) as decoder:
        return await decoder.check_still(data)

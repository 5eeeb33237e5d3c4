"""Fetches one piece of footage from a recorder into the sealed store, and says exactly what came.

Asyncio and the store's writer only, no database: what has to be known stands in `Order`. Every byte is
sealed while it arrives. Times are true time in milliseconds unless a name says `device`.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from cameras.days.coverage import Interval, clip, merge, total
from cameras.protocols.base import (
    Channel,
    DeviceError,
    IndexAnswer,
    NotSupported,
    Reason,
    StreamTarget,
    TooSlow,
)
from cameras.protocols.clips import SliceReport, fetch_slice
from cameras.protocols.decoding import Decoder
from cameras.protocols.rtsp import StreamLimits

from .clock_windows import RecorderClock, asked_of_recorder, clock_block
from .kept_answers import ONE_QUESTION_MS, Answer, KeptAnswers, has_all
from .recorders import Access, Conversation, Heard, conversation, heard_of
from .running_hash import RunningHash
from .store import NoSpace, StoreWriter, ensure_space
from .writer_thread import WriterThread

SLICE_MS = 5 * 60_000
CONTENT_TYPE = "video/mp4"
STALL_S = 12.0
OPEN_SECONDS = 90.0
USUAL_BYTES_PER_MS = 1_000
"""8 Mbit/s: what is reserved before a piece is fetched."""
LARGEST_BYTES_PER_MS = 16_000
NOTHING_PLAYS = frozenset({Reason.NOTHING_PLAYED, Reason.NO_SUCH_CHANNEL})
MISSING_MS = 2_000
"""Less than this between index and pictures is rounding."""


@dataclass(frozen=True)
class Order:
    """One piece to fetch: [start_ms, end_ms) of true time on one channel.

    A piece for an exhibit stays part of it and is hashed with it; held footage is hashed by itself.
    """

    access: Access
    channel_number: int
    start_ms: int
    end_ms: int
    is_for_exhibit: bool = False
    follows_until_ms: int = 0
    """Until when more of the channel will be fetched, as far as is known."""


@dataclass
class Fetched:
    """What came of an order. `writer` is open and holds the sealed bytes when `report` is there."""

    clock: RecorderClock
    heard: Heard | None = None
    report: SliceReport | None = None
    writer: StoreWriter | None = None
    error: Exception | None = None
    bytes: int = 0
    stack: ExitStack = field(default_factory=ExitStack, repr=False)
    answers: KeptAnswers = field(default_factory=KeptAnswers, repr=False)
    running: RunningHash | None = field(default=None, repr=False)
    """The hash of the exhibit into which this goes, where it goes on with this piece."""
    streamed: Future[None] = field(default_factory=Future, repr=False)
    """Done as soon as the recorder is no longer asked: what is left is our own work."""

    @property
    def has_come(self) -> bool:
        """Whether there is something to be stored."""
        return self.report is not None

    @property
    def has_nothing(self) -> bool:
        """Its index says for sure that nothing was recorded there, or doubts it and nothing plays."""
        heard = self.heard
        if heard is None or not heard.is_complete or heard.recorded:
            return False
        if isinstance(self.error, DeviceError):
            return self.error.reason in NOTHING_PLAYS
        return self.error is None and not heard.unsure


class CountingWriter:
    """Passes bytes to the store and counts them, for the progress that people see."""

    def __init__(self, writer: StoreWriter, fetched: Fetched) -> None:
        self._writer = writer
        self._fetched = fetched

    def write(self, data: bytes, /) -> int:
        self._fetched.bytes += len(data)
        return self._writer.write(data)


async def fetch(order: Order, fetched: Fetched, decoder: Decoder) -> None:
    """Fetches an order; never raises for what a recorder or a disk does: see `fetched.error`."""
    with kept_in(fetched):
        await _fetch(order, fetched, decoder)


@contextmanager
def kept_in(fetched: Fetched) -> Iterator[None]:
    """What a recorder or a disk does becomes `fetched.error`; nothing half-fetched stays."""
    try:
        yield
    except TimeoutError:
        # Before OSError, of which it is one: a silent recorder is no fault of the store.
        fetched.error = TooSlow("The recorder did not open in time.")
    except (DeviceError, NoSpace, OSError) as error:
        fetched.error = error
    except BaseException:
        fetched.stack.close()
        raise
    finally:
        note_streamed(fetched)
    if fetched.error is not None or not fetched.has_come:
        fetched.stack.close()
        fetched.writer = None


async def target_of(order: Order, fetched: Fetched) -> StreamTarget | None:
    """Asks the recorder for its index and for the address to be played; None where it surely has nothing."""
    span = order.start_ms, order.end_ms
    known = fetched.answers.about(order.access, order.channel_number, *span)
    if known is not None:
        fetched.clock, fetched.heard, target = known
        return target
    async with asyncio.timeout(OPEN_SECONDS), conversation(order.access) as talk:
        fetched.clock = talk.clock
        channel = await talk.channel(order.channel_number)
        index, until_ms = await _index_of(talk, channel, order)
        fetched.heard = heard_of(index, talk.clock.history, *span)
        if fetched.has_nothing:
            return None
        player = talk.device.playback
        if player is None:
            raise NotSupported("playback")
        target = await player.playback(channel, *asked_of_recorder(talk.clock, *span))
    answer = Answer(order.access, talk.clock, order.start_ms, until_ms, index, target)
    fetched.answers.keep(order.channel_number, answer)
    return target


async def _index_of(talk: Conversation, channel: Channel, order: Order) -> tuple[IndexAnswer, int]:
    """An index's answer about what will follow as well, where it leaves nothing of the piece open, and its end."""
    start, end = order.start_ms, order.end_ms
    until = min(order.follows_until_ms, start + ONE_QUESTION_MS)
    if until > end and talk.device.protocol == "onvif":
        answer = await talk.index_of(channel, start, until)
        if has_all(heard_of(answer, talk.clock.history, start, end), start, end):
            return answer, until
    return await talk.index_of(channel, start, end), end


async def _fetch(order: Order, fetched: Fetched, decoder: Decoder) -> None:
    length = order.end_ms - order.start_ms
    ensure_space(length * USUAL_BYTES_PER_MS)
    target = await target_of(order, fetched)
    if target is None:
        return
    writer = fetched.stack.enter_context(StoreWriter(CONTENT_TYPE, is_piece=order.is_for_exhibit))
    fetched.writer = writer
    with ExitStack() as stack:
        sealing = stack.enter_context(WriterThread(CountingWriter(writer, fetched)))
        beside = None
        if fetched.running is not None:
            hashed = fetched.running.begin(writer.uuid, shift_of(fetched.clock, order), sealing)
            stack.callback(hashed.end)
            beside = hashed.take
        report = await fetch_slice(
            order.access.endpoint,
            order.access.login,
            target,
            sealing,
            limits=StreamLimits(
                reply_s=STALL_S,
                stall_s=STALL_S,
                # Some recorders play only in real time.
                total_s=1.5 * length / 1000 + 60,
                max_bytes=64 * 1024 * 1024 + length * LARGEST_BYTES_PER_MS,
            ),
            local_ahead_ms=fetched.clock.ahead_ms(order.start_ms),
            beside=beside,
        )
        note_streamed(fetched)
        sealing.finish()
    # A file that nothing can decode would be found out only when it is too late to fetch it again.
    await decoder.decode_key_frame(report.key_picture, report.codec)
    fetched.report = report


def note_streamed(fetched: Fetched) -> None:
    """The recorder is no longer asked: another piece of it may begin."""
    if not fetched.streamed.done():
        fetched.streamed.set_result(None)


def unfetched(order: Order, fetched: Fetched) -> list[Interval]:
    """What the index claims and the pictures lack, in true time: worth another try."""
    if fetched.report is None or fetched.heard is None:
        return []
    gaps = merge(true_gaps(fetched.report, order, fetched.clock))
    return [span for span in clip(fetched.heard.recorded, gaps) if span[1] - span[0] > MISSING_MS]


def shift_of(clock: RecorderClock, order: Order) -> int:
    """What turns the recorder's own time into true time, in the middle of an order."""
    return clock.offset_at((order.start_ms + order.end_ms) // 2).offset_ms or 0


def true_gaps(report: SliceReport, order: Order, clock: RecorderClock) -> list[Interval]:
    """The gaps of a report in true time, inside the order."""
    shift = shift_of(clock, order)
    return [
        (max(order.start_ms, start - shift), min(order.end_ms, end - shift))
        for start, end in report.gaps
        if min(order.end_ms, end - shift) > max(order.start_ms, start - shift)
    ]


def delivered(order: Order, fetched: Fetched, report: SliceReport) -> dict[str, Any]:
    """`Part.delivered`: what came, in true time, with the clock by which it was asked."""
    clock = fetched.clock
    offset = clock.offset_at((order.start_ms + order.end_ms) // 2)
    shift = offset.offset_ms or 0
    gaps = true_gaps(report, order, clock)
    return {
        "start_ms": report.delivered_start_ms - shift,
        "end_ms": min(report.delivered_end_ms - shift, order.end_ms),
        "device_start_ms": report.delivered_start_ms,
        "device_end_ms": report.delivered_end_ms,
        "gaps": [list(gap) for gap in gaps],
        "gap_count": len(gaps),
        "gap_ms": total(gaps),
        "unfetched": [list(span) for span in unfetched(order, fetched)],
        "unsure": [list(span) for span in (fetched.heard.unsure if fetched.heard else [])],
        "frames": report.frames,
        "codec": report.codec,
        "key_pictures": list(report.key_pictures),
        "width": report.width,
        "height": report.height,
        "packets_received": report.packets_received,
        "packets_lost": report.packets_lost,
        "frames_damaged": report.frames_damaged,
        "clock_steps": [list(step) for step in report.clock_steps],
        "stamp_source": str(report.stamp_source),
        "range_reply": report.range_reply,
        "ended_by": str(report.ended_by),
        "protocol": order.access.manner.protocol,
        "offset_ms": offset.offset_ms,
        "offset_uncertainty_ms": offset.uncertainty_ms,
        "method": str(offset.method),
        "clock": clock_block(clock, order.start_ms, order.end_ms),
    }


def failure_of(error: Exception) -> tuple[str, bool]:
    """A stored code for what went wrong, and whether trying on at once is pointless."""
    if isinstance(error, DeviceError):
        # A recorder that plays another time once may play the right one next.
        is_permanent = error.is_permanent and error.reason not in {
            Reason.WRONG_RANGE,
            Reason.BAD_ANSWER,
            Reason.UNDECODABLE,
        }
        return str(error.reason), is_permanent
    if isinstance(error, NoSpace) or (
        isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    ):
        return "NO_SPACE", False
    if isinstance(error, OSError):
        return "STORE_FAULT", False
    return str(Reason.INTERNAL), False

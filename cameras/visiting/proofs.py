"""A random minute that the index claims, really played back. Pure asyncio; the frame is hashed and dropped.

Watching ends after a minute of the stream or after `WATCH_SECONDS` of ours, whichever is first: recorders
that play in real time would otherwise hold up the night.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from cameras.clocks.history import OffsetHistory
from cameras.days.coverage import Interval
from cameras.days.judging import ChannelAsk, true_instant
from cameras.protocols.base import (
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Login,
    Reason,
    Streams,
)
from cameras.protocols.decoding import Decoder
from cameras.protocols.proof_frames import ProofFrame, proof_frame
from cameras.protocols.rtsp import StreamLimits

MINUTE_SECONDS = 60.0
WATCH_SECONDS = 15.0
FRAME_SLACK_MS = 30_000
"""A key frame may lie this far before the asked minute."""

YES, NO, UNKNOWN = "YES", "NO", "UNKNOWN"

NO_FOOTAGE = frozenset({Reason.WRONG_RANGE, Reason.NOTHING_PLAYED})
"""The lies that this check is for: another time is played, or nothing. Other trouble is not knowing."""


@dataclass(frozen=True)
class ProofAnswer:
    """What came of playing one minute. True time; `frame_sha256` is of the coded key frame."""

    channel_id: int
    seed: str
    answer: str
    minute_ms: int
    played_ms: int
    reason: str = ""
    detail: str = ""
    frame_sha256: str = ""
    frame_ms: int | None = None
    frames: int = 0
    lost_per_mille: int | None = None
    bits_per_second: int | None = None
    picture_format: str = ""


@dataclass(frozen=True)
class Player:
    """Where and as whom to play, and what decodes. One per visit: a refused login is tried once in it."""

    endpoint: Endpoint
    login: Login | None
    decoder: Decoder | None = None
    call_seconds: float = 12.0
    refusals: list[CredentialRefused] = field(default_factory=list)

    def keep_off(self) -> None:
        """Raises the refusal that was met before: every further try would count towards a lock-out."""
        if self.refusals:
            raise self.refusals[0]

    def note(self, error: DeviceError) -> None:
        if isinstance(error, CredentialRefused) and not self.refusals:
            self.refusals.append(error)


async def play_minute(
    client: Streams | None,
    player: Player,
    channel: Channel,
    ask: ChannelAsk,
    minute: Interval,
    history: OffsetHistory,
    now_ms: int,
) -> ProofAnswer:
    """Plays one minute of true time. NO means: the index claims it and the recorder plays something else or nothing."""
    asked = ProofAnswer(
        channel_id=ask.channel_id,
        seed=ask.proof.seed if ask.proof else "",
        answer=UNKNOWN,
        minute_ms=minute[0],
        played_ms=now_ms,
    )
    span = history.device_span(*minute)
    if span is None:
        return replace(asked, reason=Reason.CLOCK_UNKNOWN)
    if client is None:
        return replace(asked, reason=Reason.NOT_SUPPORTED)
    try:
        player.keep_off()
        target = await client.playback(channel, *span)
        frame = await proof_frame(
            player.endpoint,
            player.login,
            target,
            limits=StreamLimits(
                total_s=WATCH_SECONDS + player.call_seconds, stall_s=player.call_seconds
            ),
            watch_s=MINUTE_SECONDS,
            decoder=player.decoder,
        )
    except DeviceError as error:
        player.note(error)
        answer = NO if error.reason in NO_FOOTAGE else UNKNOWN
        return replace(asked, answer=answer, reason=error.reason, detail=error.detail)
    return _judged(asked, frame, minute, history)


async def plays_something(
    client: Streams,
    player: Player,
    channel: Channel,
    minute: Interval,
    history: OffsetHistory,
    *,
    plays_elsewhere: Callable[[], Awaitable[bool | None]] | None = None,
) -> bool | None:
    """Whether one picture of a minute of true time comes; None where that could not be found out.

    A recorder that knows no such stream has no footage there, where `plays_elsewhere` says that the same
    channel plays at another time.
    """
    span = history.device_span(*minute)
    if span is None:
        return None
    try:
        player.keep_off()
        target = await client.playback(channel, *span)
        limits = StreamLimits(total_s=player.call_seconds, stall_s=player.call_seconds)
        frame = await proof_frame(
            player.endpoint,
            player.login,
            target,
            limits=limits,
            watch_s=0,
            decoder=player.decoder,
        )
    except DeviceError as error:
        player.note(error)
        if error.reason is Reason.NO_SUCH_CHANNEL and plays_elsewhere is not None:
            return False if await plays_elsewhere() else None
        return False if error.reason in NO_FOOTAGE else None
    at_ms, unsure_ms = (
        true_instant(frame.stamp_ms, history),
        history.offset_at(minute[0]).uncertainty_ms,
    )
    slack_ms = FRAME_SLACK_MS + unsure_ms
    return at_ms is not None and minute[0] - slack_ms <= at_ms < minute[1] + unsure_ms


def format_words(codec: str, width: int, height: int) -> str:
    """How pictures are coded, as it is stored and compared: "H264 1920 x 1080"; '' when they were not decoded."""
    return f"{codec.upper()} {width} x {height}" if width else ""


def _judged(
    asked: ProofAnswer, frame: ProofFrame, minute: Interval, history: OffsetHistory
) -> ProofAnswer:
    frame_ms = true_instant(frame.stamp_ms, history)
    seen = replace(
        asked,
        frame_sha256=frame.sha256,
        frame_ms=frame_ms,
        frames=frame.frames_seen,
        lost_per_mille=min(1000, round(1000 * frame.lost_share)),
        bits_per_second=frame.bits_per_second,
        picture_format=format_words(frame.codec, frame.width, frame.height),
    )
    if not frame.decoded:
        return replace(seen, answer=NO, reason=Reason.UNDECODABLE)
    slack = FRAME_SLACK_MS + history.offset_at(minute[0]).uncertainty_ms
    if frame_ms is None or not minute[0] - slack <= frame_ms <= minute[1] + slack:
        return replace(seen, answer=NO, reason=Reason.WRONG_RANGE)
    return replace(seen, answer=YES)

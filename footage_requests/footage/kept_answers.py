"""What a recorder told about a channel a moment ago, for the pieces that follow: nothing is asked twice within seconds.

A conversation takes as long as a good part of a piece does. Its answer serves the next pieces only where nothing
hangs on asking again: the index is whole, has the piece from end to end and doubts none of it, and address, login,
device and clock are those of that conversation. Anything else is asked anew.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from cameras.protocols.base import IndexAnswer, StreamTarget

from .clock_windows import RecorderClock, asked_of_recorder
from .recorders import Access, Heard, heard_of

KEPT_S = 30.0
"""A recorder that overwrites its oldest footage may have lost some of it after longer."""
ONE_QUESTION_MS = 60 * 60_000
"""So much of what will follow is asked about together."""


@dataclass(frozen=True)
class Answer:
    """An index's answer about a stretch of one channel, true time, and how the channel is played."""

    access: Access
    clock: RecorderClock
    start_ms: int
    end_ms: int
    index: IndexAnswer
    target: StreamTarget
    told_at: float = field(default_factory=time.monotonic)

    def is_of(self, access: Access) -> bool:
        """Whether a conversation now would be the same one."""
        return _identity(self.access) == _identity(access)


class KeptAnswers:
    """The newest answer about each channel. Used inside one event loop."""

    def __init__(self) -> None:
        self._newest: dict[tuple[int, int], Answer] = {}

    def keep(self, channel: int, answer: Answer) -> None:
        """Only a replay whose address does not hold the span itself can be played for another span."""
        if answer.target.replay == "onvif":
            self._newest[answer.access.recorder_id, channel] = answer

    def about(
        self, access: Access, channel: int, start_ms: int, end_ms: int
    ) -> tuple[RecorderClock, Heard, StreamTarget] | None:
        """What stands in place of a conversation about [start, end) of true time."""
        answer = self._newest.get((access.recorder_id, channel))
        if answer is None or not answer.is_of(access):
            return None
        if time.monotonic() - answer.told_at > KEPT_S:
            return None
        if not answer.start_ms <= start_ms < end_ms <= answer.end_ms:
            return None
        heard = heard_of(answer.index, answer.clock.history, start_ms, end_ms)
        if not has_all(heard, start_ms, end_ms):
            return None
        first, last = asked_of_recorder(answer.clock, start_ms, end_ms)
        return answer.clock, heard, replace(answer.target, start_ms=first, end_ms=last)


def _identity(access: Access) -> tuple[object, ...]:
    """Whom and by which clock a conversation asks."""
    known = [(base, history.known) for base, history in sorted(access.clock.histories.items())]
    return access.endpoint, access.login, access.expected, access.clock.readings, known


def has_all(heard: Heard, start_ms: int, end_ms: int) -> bool:
    """Whether an index has all of [start, end) and doubts none of it."""
    return heard.is_complete and heard.recorded == [(start_ms, end_ms)] and not heard.unsure

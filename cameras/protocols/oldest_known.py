"""The oldest unlocked recording of each channel, kept for the length of one conversation."""

from __future__ import annotations

LONGEST_KEPT_MS = 10 * 365 * 86_400_000
OLDEST_NOT_BELIEVED = "OLDEST_NOT_BELIEVED"


def believable(oldest_ms: int | None, now_ms: int) -> int | None:
    """None for what lies ten years back: recorded before the clock was set, as many begin with 1970 or 2000."""
    if oldest_ms is None or oldest_ms < now_ms - LONGEST_KEPT_MS:
        return None
    return oldest_ms


class OldestKnown:
    """Remembers answers. "None before Tuesday" must be asked again for Wednesday, an answer never."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int | None]] = {}

    def must_ask(self, channel: int, before_ms: int) -> bool:
        """Whether what is known does not answer for the time before `before_ms`."""
        asked_before, oldest = self._known.get(channel, (None, None))
        return asked_before is None or (oldest is None and before_ms > asked_before)

    def note(self, channel: int, before_ms: int, oldest: int | None) -> None:
        self._known[channel] = (before_ms, oldest)

    def of(self, channel: int) -> int | None:
        return self._known[channel][1]

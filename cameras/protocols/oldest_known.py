"""The oldest unlocked recording of each channel, kept for the length of one conversation."""

from __future__ import annotations


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

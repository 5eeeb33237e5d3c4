"""What one search of a recorder's index may cost: pages, results and seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cameras.protocols.base import TooLarge, TooSlow


@dataclass(frozen=True)
class SearchCaps:
    """The most that one question about one channel may take, over all its pages."""

    pages: int = 400
    results: int = 20_000
    seconds: float = 90.0


class SearchBudget:
    """Counts one search against its caps. Raises TooLarge (pages, results) or TooSlow (seconds)."""

    def __init__(self, caps: SearchCaps) -> None:
        self._caps = caps
        self._ends = time.monotonic() + caps.seconds
        self.pages = 0
        self.results = 0

    def next_page(self) -> None:
        """Call before a page is asked for."""
        self.pages += 1
        if self.pages > self._caps.pages:
            raise TooLarge(f"the search has more than {self._caps.pages} pages")
        if time.monotonic() > self._ends:
            raise TooSlow(f"the search takes more than {self._caps.seconds:g} s")

    def add_results(self, count: int) -> None:
        """Call with the results of each page."""
        self.results += count
        if self.results > self._caps.results:
            raise TooLarge(f"the search has more than {self._caps.results} results")

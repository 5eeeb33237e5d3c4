"""Profile G searches: start, poll until completed, always end; bounded and with progress required."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    DeviceError,
    NoProgress,
    NotSupported,
    TooLarge,
    TooSlow,
)
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.soap import SoapConversation
from cameras.protocols.xml import find, find_all, text


@dataclass(frozen=True)
class SearchLimits:
    """How far a search may go before it counts as endless."""

    pages: int = 400
    results: int = 50_000
    seconds: float = 90.0
    empty_pages: int = 40
    page_size: int = 200


class Search:
    """One search session; `pages` counts the answers read."""

    def __init__(
        self, soap: SoapConversation, find_operation: str, limits: SearchLimits | None = None
    ) -> None:
        self._soap = soap
        self._find = find_operation  # FindEvents, FindRecordings
        kind = "Event" if find_operation == "FindEvents" else "Recording"
        self._get = f"Get{kind}SearchResults"
        self._item = "Result" if kind == "Event" else "RecordingInformation"
        self._lists_recordings = kind == "Recording"
        self._limits = limits or SearchLimits()
        self._ends_at = time.monotonic() + self._limits.seconds
        self.pages = 0

    async def run(self, **arguments: messages.Argument) -> list[etree._Element]:
        """All results, in the device's order.

        Raises `NoProgress` for a page that comes twice or an endless wait, `TooLarge` and
        `TooSlow` at the limits. A session that the device forgets is started again once.
        """
        try:
            return await self._session(arguments)
        except _SessionLost:
            pass
        try:
            return await self._session(arguments)
        except _SessionLost as lost:
            raise BadAnswer("the device forgets its search") from lost

    async def _session(self, arguments: dict[str, messages.Argument]) -> list[etree._Element]:
        answer = await self._soap.call(
            "search", self._find, **arguments, KeepAliveTime=messages.seconds(60)
        )
        token = text(answer.content, "SearchToken")
        if not token:
            raise BadAnswer(f"{self._find}: no search token")
        results: list[etree._Element] = []
        try:
            async for page in self._pages(token):
                results += page
                if len(results) > self._limits.results:
                    raise TooLarge(f"{self._get}: more than {self._limits.results} results")
        finally:
            await self._end(token)
        return results

    async def _pages(self, token: str) -> AsyncIterator[list[etree._Element]]:
        seen: set[bytes] = set()
        empty = 0
        is_over = False
        for number in range(self._limits.pages):
            try:
                page, state = await self._page(token, is_first=number == 0)
            except (_SessionLost, DeviceError):
                if is_over:
                    return
                raise
            self.pages += 1
            if page:
                empty = 0
                mark = _mark(page)
                if mark in seen:
                    if is_over or (not state and self._lists_recordings):
                        # It knows no searches: it gives its whole list each time it is asked.
                        return
                    raise NoProgress(f"{self._get}: the same page again")
                seen.add(mark)
                yield page
            # Some devices leave the state out: then a page without results is the last one.
            is_over = state == "completed" or not (state or page)
            # "Completed" may mean that all is found, although more of it waits than fits into a page.
            if is_over and len(page) < self._limits.page_size:
                return
            if not page:
                empty += 1
                if empty >= self._limits.empty_pages:
                    raise NoProgress(f"{self._get}: never completed")
                await asyncio.sleep(0.05 * min(empty, 20))
        raise TooLarge(f"{self._get}: more than {self._limits.pages} pages")

    async def _page(self, token: str, *, is_first: bool) -> tuple[list[etree._Element], str]:
        if time.monotonic() > self._ends_at:
            raise TooSlow(f"{self._get}: not finished after {self._limits.seconds:.0f} s")
        try:
            answer = await self._soap.call(
                "search",
                self._get,
                SearchToken=token,
                MaxResults=self._limits.page_size,
                WaitTime=messages.seconds(2),
            )
        except (BadAnswer, NotSupported) as error:
            if is_first:
                raise
            raise _SessionLost from error
        return self._read(answer.content)

    def _read(self, content: etree._Element) -> tuple[list[etree._Element], str]:
        """Results and state of a page. Some leave the list around them out, or write the state beside it."""
        found = find(content, "ResultList")
        result_list = content if found is None else found
        page = find_all(result_list, self._item)
        state = (
            text(result_list, "SearchState")
            or result_list.get("SearchState", "")
            or text(content, "SearchState")
        ).strip()
        if found is None and not page and not state:
            raise BadAnswer(f"{self._get}: no result list")
        return page, state.lower()

    async def _end(self, token: str) -> None:
        with contextlib.suppress(DeviceError):
            await self._soap.call("search", "EndSearch", SearchToken=token)


class _SessionLost(Exception):
    """The device does not know the token any more."""


def _mark(page: list[etree._Element]) -> bytes:
    digest = hashlib.sha256()
    for element in page:
        digest.update(etree.tostring(element))
    return digest.digest()

"""Hikvision's recording index: POST ContentMgmt/search, one day at a time.

Field notes that shaped this (DS-77xx recorders): windows wider than a day give HTTP 500 now and then;
numOfMatches is the page on some firmware and the total on other; filters may be ignored. So pages move
on by rows received, what was not asked for is dropped here, and a search that repeats itself is refused.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from cameras.protocols.base import NoProgress, Segment
from cameras.protocols.http import Conversation
from cameras.protocols.isapi.replies import NotUnderstood, ServerFault, ask
from cameras.protocols.isapi.search_documents import (
    SEARCH_WORDS,
    FoundItem,
    Search,
    SearchPage,
    Spelling,
    read_search,
)
from cameras.protocols.search_budget import SearchBudget

PAGE = 40


@dataclass
class Findings:
    """What a search gave: segments of the asked track, and why the answer may miss something."""

    segments: list[Segment] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    complete: bool = True

    def is_incomplete(self, note: str) -> None:
        self.notes.add(note)
        self.complete = False


async def search_track(
    conversation: Conversation, track: int, start_ms: int, end_ms: int, budget: SearchBudget
) -> Findings:
    """All segments of one track that touch a span of at most a day of the wall clock."""
    findings = Findings()
    search_id, asked_ms = _new_id(), start_ms
    # Asked to the last second: an end at midnight makes a window of two days for some recorders.
    last_second = max(start_ms, end_ms - 1)
    seen: set[FoundItem] = set()
    position = most_claimed = 0
    while True:
        budget.next_page()
        asked = Search(search_id, track, start_ms, last_second, position, PAGE)
        page = await _page(conversation, asked)
        budget.add_results(page.size)
        fresh = set(page.items) - seen
        seen |= fresh
        position += page.size
        most_claimed = max(most_claimed, page.claimed)
        if page.unreadable:
            findings.is_incomplete("UNREADABLE_ITEMS")
        if page.word not in SEARCH_WORDS:
            findings.is_incomplete("STATUS_UNKNOWN")
        if _is_last(page, position):
            break
        if not fresh:
            start_ms = _later_start(page, start_ms, end_ms)
            search_id, position, most_claimed = _new_id(), 0, 0
            findings.notes.add("PAGES_BY_TIME")
    if most_claimed > position:
        findings.is_incomplete("COUNT_NOT_REACHED")
    _keep_asked(findings, seen, track, asked_ms, end_ms)
    return findings


def _new_id() -> str:
    return str(uuid.uuid4()).upper()


def _later_start(page: SearchPage, start_ms: int, end_ms: int) -> int:
    """From when to search on, for old recorders that know no position and begin at the start again.

    Raises NoProgress where that leads no further either.
    """
    later = max((item.segment.start_ms for item in page.items), default=start_ms)
    if page.word != "MORE" or not start_ms < later < end_ms:
        raise NoProgress("the search repeats itself or claims more than it gives")
    return later


async def first_unlocked(
    conversation: Conversation, track: int, start_ms: int, end_ms: int, budget: SearchBudget
) -> int | None:
    """Start of the oldest unlocked segment on the first page; None when that page does not tell.

    One search over all time: for recorders without calendar, many of which refuse such windows.
    """
    budget.next_page()
    page = await _page(conversation, Search(_new_id(), track, start_ms, end_ms, 0, PAGE))
    starts = [item.segment.start_ms for item in page.items]
    is_ours = all(item.track in (None, track) for item in page.items)
    if not is_ours or page.unreadable or starts != sorted(starts):
        return None
    free = (item.segment.start_ms for item in page.items if not item.segment.locked)
    return next(free, None)


async def _page(conversation: Conversation, asked: Search) -> SearchPage:
    """One page, in the spelling that the device is known to read, else in the first one that it reads."""
    quirks = conversation.manner.quirks
    failure: NotUnderstood | None = None
    for spelling in sorted(Spelling, key=lambda one: one not in quirks):
        try:
            page = await _page_of(conversation, asked.body(spelling))
        except NotUnderstood as error:
            failure = failure or error
            continue
        if failure is not None:
            quirks[:] = [quirk for quirk in quirks if quirk not in set(Spelling)] + [str(spelling)]
        return page
    raise failure or NotUnderstood("the device reads no search")


async def _page_of(conversation: Conversation, body: bytes) -> SearchPage:
    try:
        return read_search(await ask(conversation, "ContentMgmt/search", body=body))
    except ServerFault:
        return read_search(await ask(conversation, "ContentMgmt/search", body=body))


def _is_last(page: SearchPage, position: int) -> bool:
    if page.word == "MORE":
        return False
    if page.size == 0 or page.word == "NO MATCHES":
        return True
    if page.word == "OK":
        return page.claimed <= position
    return page.claimed <= position and page.size < PAGE


def _keep_asked(
    findings: Findings, found: set[FoundItem], track: int, start_ms: int, end_ms: int
) -> None:
    """Drops what was not asked for. Only other tracks' items = we were not understood."""
    mine = [item for item in found if item.track in (None, track)]
    if len(mine) < len(found):
        findings.notes.add("OTHER_CHANNEL")
        if not mine:
            findings.complete = False
    segments = [item.segment for item in mine]
    kept = [s for s in segments if s.start_ms < end_ms and s.end_ms > start_ms]
    if len(kept) < len(segments):
        findings.notes.add("SPAN_IGNORED")
    findings.segments = sorted(kept, key=lambda s: (s.start_ms, s.end_ms))

"""Dahua's recording index: `mediaFileFind.cgi`.

A search is an object on the device (create, find, fetch pages, close, destroy). Devices have few of
them, so each is closed and destroyed whatever happens. Channels count from 1 here; some firmware counts
from 0 in the items, and some in the conditions as well, where a wrong guess would tell of another camera.
Some refuse the filter for videos. Filters are not trusted: channel, stream and span are checked again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    DeviceError,
    NoProgress,
    NotSupported,
    Reason,
    Segment,
)
from cameras.protocols.dahua.cgi import ask, ask_table, raise_for_refusal
from cameras.protocols.dahua.messages import FoundFile, FoundPage, read_found, value_of
from cameras.protocols.http import Conversation, Reply
from cameras.protocols.oldest_known import LONGEST_KEPT_MS
from cameras.protocols.search_budget import SearchBudget
from cameras.protocols.wall_clock import shown

PAGE = 100
# The oldest file is nearly always unlocked: a few show it, and that the device sorts.
_FIRST_FILES = 20
CHANNELS_FROM_0 = "dahua-items-count-channels-from-0"
SEARCHES_FROM_0 = "dahua-searches-count-channels-from-0"
SEARCHES_FROM_1 = "dahua-searches-count-channels-from-1"
NO_TYPES = "dahua-search-takes-no-types"
EMPTY_IS_ERROR = "EMPTY_IS_ERROR"

_CLEAN_UP_SECONDS = 3.0
# Devices take 32-bit times: a span over everything must not reach beyond January 2038.
_LONG_AGO_MS = 946_674_000_000
_FAR_AHEAD_MS = 2_145_906_000_000
_OBJECT = re.compile(r"[0-9A-Za-z]{1,32}")
# Cameras, and recorders that are set so, write MP4: asked for DAV alone they would seem to have recorded nothing.
_VIDEOS = "&condition.Types[0]=dav&condition.Types[1]=mp4"


@dataclass
class Findings:
    """What a search gave: files of the asked channel, and why the answer may miss something."""

    files: list[FoundFile] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    complete: bool = True
    ends_in_error: bool = False
    last_page_is_full: bool = False

    @property
    def segments(self) -> list[Segment]:
        return [file.segment for file in self.files]


async def find_files(
    conversation: Conversation, channel: int, start_ms: int, end_ms: int, budget: SearchBudget
) -> Findings:
    """All files of one channel that touch a span of at most a day."""
    await _learn_counting_of_searches(conversation)
    try:
        findings = await _search(conversation, channel, start_ms, end_ms, budget)
    except _Refused as refused:
        if not await _is_accepted(conversation, channel):
            if channel != 1 and await _is_accepted(conversation, 1):
                raise NotSupported(
                    "no such channel, or it is disabled", reason=Reason.NO_SUCH_CHANNEL
                ) from None
            raise BadAnswer(refused.detail) from None
        try:
            findings = await _search(conversation, channel, start_ms, end_ms, budget)
        except _Refused:
            # Twice, while the channel's whole past is searched: that is how an empty span is told.
            return Findings(notes={EMPTY_IS_ERROR})
    if findings.ends_in_error:
        findings = await _asked_again(conversation, channel, start_ms, end_ms, budget, findings)
    told = {file.channel for file in findings.files}
    if told == {channel - 1} and CHANNELS_FROM_0 not in conversation.manner.quirks:
        await _learn_counting(conversation, start_ms, end_ms, budget)
    _keep_asked(findings, conversation.manner.quirks, channel, start_ms, end_ms)
    return findings


async def _search(
    conversation: Conversation, channel: int, start_ms: int, end_ms: int, budget: SearchBudget
) -> Findings:
    findings = Findings()
    async with _finder(conversation) as finder:
        await _start(conversation, finder, channel, start_ms, end_ms)
        seen: set[FoundFile] = set()
        try:
            async for page in _pages(conversation, finder, budget):
                fresh = [file for file in page.files if file not in seen]
                if not page.files and not page.unreadable:
                    raise BadAnswer("the file search counts files that it does not give")
                if not fresh:
                    raise NoProgress("the file search repeats itself")
                seen.update(fresh)
                if page.unreadable or page.claimed > len(page.files) + page.unreadable:
                    findings.complete = False
                    findings.notes.add("UNREADABLE_ITEMS")
                findings.files += fresh
                findings.last_page_is_full = page.claimed >= PAGE
        except _NothingMore:
            findings.ends_in_error = True
    return findings


async def _asked_again(
    conversation: Conversation,
    channel: int,
    start_ms: int,
    end_ms: int,
    budget: SearchBudget,
    first: Findings,
) -> Findings:
    """A search whose pages end in an error is put once more: the same again is how some tell the end.

    An error as the whole answer is an empty span only where the channel's past shows that pages come at all.
    """
    again = await _search(conversation, channel, start_ms, end_ms, budget)
    if not again.ends_in_error:
        return again
    if not again.files and not (first.files or await _gives_files(conversation, channel)):
        raise BadAnswer("the device answers with an error text")
    again.notes.add(EMPTY_IS_ERROR)
    if again.files != first.files or again.last_page_is_full:
        again.complete = False
        again.files = [*again.files, *(one for one in first.files if one not in again.files)]
    return again


async def _gives_files(conversation: Conversation, channel: int) -> bool:
    async with _finder(conversation) as finder:
        await _start(conversation, finder, channel, _LONG_AGO_MS, _FAR_AHEAD_MS)
        return bool((await _page(conversation, finder, _FIRST_FILES)).files)


class _Refused(BadAnswer):
    """A bare error to `findFile`: an unknown channel, an empty span, or a finder that is gone already."""


class _NothingMore(BadAnswer):
    """A bare error to `findNextFile`: perhaps the end of what was found."""


def _raise_bare(reply: Reply, kind: type[BadAnswer]) -> None:
    """Raises what a refusal means; `kind` where it is "Error" and no word of a reason."""
    try:
        raise_for_refusal(reply.status, reply.body)
    except BadAnswer as error:
        is_bare = reply.status in (200, 400) and not reply.body.lstrip().startswith(b"<")
        raise kind(error.detail) if is_bare and type(error) is BadAnswer else error from None


async def _is_accepted(conversation: Conversation, channel: int) -> bool:
    """Whether a search of all time is taken up: some firmware answers 400 when a span is empty.

    What is refused with the filter for videos, and taken without it, is searched without it from then on.
    """
    quirks = conversation.manner.quirks
    for leaves_out_types in (False, True) if NO_TYPES not in quirks else (True,):
        try:
            async with _finder(conversation) as finder:
                span = _LONG_AGO_MS, _FAR_AHEAD_MS
                await _start(conversation, finder, channel, *span, types=not leaves_out_types)
        except _Refused:
            continue
        if leaves_out_types and NO_TYPES not in quirks:
            quirks.append(NO_TYPES)
        return True
    return False


async def _learn_counting_of_searches(conversation: Conversation) -> None:
    """Whether a search for channel 0 finds the first channel; asked once per device.

    Most firmware counts from 1 there, whatever it does in the items, and refuses channel 0.
    """
    quirks = conversation.manner.quirks
    if SEARCHES_FROM_0 in quirks or SEARCHES_FROM_1 in quirks:
        return
    counts_from_0 = await _channels_found(conversation, 0) == {0}
    counts_from_0 = counts_from_0 and 0 not in await _channels_found(conversation, 1)
    # Several channels are asked about at once: the others may have learnt it meanwhile.
    if SEARCHES_FROM_0 not in quirks and SEARCHES_FROM_1 not in quirks:
        quirks.append(SEARCHES_FROM_0 if counts_from_0 else SEARCHES_FROM_1)
        if counts_from_0 and CHANNELS_FROM_0 not in quirks:
            quirks.append(CHANNELS_FROM_0)


async def _channels_found(conversation: Conversation, condition: int) -> set[int | None]:
    """The channels of the first files that a search with this very number finds; none where it is refused."""
    for types in (True, False):
        try:
            async with _finder(conversation) as finder:
                span = _LONG_AGO_MS, _FAR_AHEAD_MS
                await _start(conversation, finder, condition, *span, types=types, is_bare=True)
                page = await _page(conversation, finder, _FIRST_FILES)
                return {file.channel for file in page.files}
        except (BadAnswer, NotSupported):
            continue
    return set()


async def _learn_counting(
    conversation: Conversation, start_ms: int, end_ms: int, budget: SearchBudget
) -> None:
    """Channel 1 settles whether the items count from 0, or came from the wrong channel."""
    try:
        first = await _search(conversation, 1, start_ms, end_ms, budget)
    except (NotSupported, BadAnswer):
        return
    quirks = conversation.manner.quirks
    counts_from_0 = {file.channel for file in first.files} == {0}
    if counts_from_0 and CHANNELS_FROM_0 not in quirks:
        quirks.append(CHANNELS_FROM_0)


async def first_unlocked(
    conversation: Conversation, channel: int, end_ms: int, budget: SearchBudget
) -> int | None:
    """Start of the oldest unlocked file before `end_ms`; None when the device does not sort."""
    start_ms = max(_LONG_AGO_MS, end_ms - LONGEST_KEPT_MS)
    async with _finder(conversation) as finder:
        await _start(conversation, finder, channel, start_ms, end_ms)
        async for page in _pages(conversation, finder, budget, _FIRST_FILES):
            findings = Findings(files=list(page.files))
            _keep_asked(findings, conversation.manner.quirks, channel, start_ms, end_ms)
            starts = [segment.start_ms for segment in findings.segments]
            if starts != sorted(starts) or not findings.complete:
                return None
            for segment in findings.segments:
                if not segment.locked:
                    return segment.start_ms
    return None


@contextlib.asynccontextmanager
async def _finder(conversation: Conversation) -> AsyncIterator[str]:
    created = value_of(
        await ask_table(conversation, "mediaFileFind.cgi?action=factory.create"), "result"
    )
    if created == "0":
        raise Busy("the device has no file search free")
    if not _OBJECT.fullmatch(created):
        raise BadAnswer("the file search has no number")
    try:
        yield created
    finally:
        for action in ("close", "destroy"):
            with contextlib.suppress(DeviceError):
                await ask(
                    conversation,
                    f"mediaFileFind.cgi?action={action}&object={created}",
                    deadline=_CLEAN_UP_SECONDS,
                )


async def _start(
    conversation: Conversation,
    finder: str,
    channel: int,
    start_ms: int,
    end_ms: int,
    *,
    types: bool = True,
    is_bare: bool = False,
) -> None:
    """`types` filters videos where the device is not known to refuse that; `is_bare` takes the number as it is."""
    quirks = conversation.manner.quirks
    last_second = max(start_ms, end_ms - 1)
    number = channel - 1 if SEARCHES_FROM_0 in quirks and not is_bare else channel
    only_videos = _VIDEOS if types and NO_TYPES not in quirks else ""
    path = (
        f"/cgi-bin/mediaFileFind.cgi?action=findFile&object={finder}"
        f"&condition.Channel={number}{only_videos}"
        f"&condition.StartTime={_spelled(start_ms)}&condition.EndTime={_spelled(last_second)}"
    )
    reply = await conversation.call("GET", path)
    if reply.status == 400:
        raise _Refused("the device refuses the file search (HTTP 400)")
    _raise_bare(reply, _Refused)


def _spelled(wall_ms: int) -> str:
    return f"{shown(wall_ms):%Y-%m-%d%%20%H:%M:%S}"


async def _pages(
    conversation: Conversation, finder: str, budget: SearchBudget, first: int = PAGE
) -> AsyncIterator[FoundPage]:
    """Pages until one is empty: some firmware gives fewer than asked long before the end."""
    count = first
    while True:
        budget.next_page()
        page = await _page(conversation, finder, count)
        budget.add_results(max(len(page.files), min(page.claimed, count)))
        if page.claimed == 0:
            return
        yield page
        count = PAGE


async def _page(conversation: Conversation, finder: str, count: int) -> FoundPage:
    path = f"/cgi-bin/mediaFileFind.cgi?action=findNextFile&object={finder}&count={count}"
    reply = await conversation.call("GET", path, repeatable=False)
    _raise_bare(reply, _NothingMore)
    return read_found(reply.body)


def _keep_asked(
    findings: Findings, quirks: list[str], channel: int, start_ms: int, end_ms: int
) -> None:
    """Drops what was not asked for. Only other channels' files = we were not understood."""
    told = {file.channel for file in findings.files if file.channel is not None}
    if 0 in told and CHANNELS_FROM_0 not in quirks:
        # Who counts from 1 has no channel 0, also where all channels are told.
        quirks.append(CHANNELS_FROM_0)
    ours = channel - 1 if CHANNELS_FROM_0 in quirks else channel
    mine = [file for file in findings.files if file.channel in (None, ours)]
    if len(mine) < len(findings.files):
        findings.notes.add("OTHER_CHANNEL")
        findings.complete = findings.complete and bool(mine)
    videos = [file for file in mine if file.is_video]
    main = [file for file in videos if not file.stream.lower().startswith(("extra", "sub"))]
    kept = [f for f in main if f.segment.start_ms < end_ms and f.segment.end_ms > start_ms]
    if len(kept) < len(main):
        findings.notes.add("SPAN_IGNORED")
    findings.files = kept

"""Power cuts of a recorder that its index does not show: what contradicts it, and what can only be doubted.

A recorder whose power fails writes no end of the recording. A file list shows the end all the same, where the
file was closed properly; event lists do not. So the last start that the device itself tells is held against
what it claims, and minutes are played back. Pure: works on what was heard in a visit. True time, milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from cameras.clocks.history import OffsetHistory
from cameras.days import coverage
from cameras.days.coverage import Interval
from cameras.days.judging import Heard, true_instant
from cameras.protocols.base import NOT_CLOSED, START_NOT_TOLD, Source, TimeBase
from cameras.visiting.replay_probes import Plays, narrowed, search, shortest_seen_ms

SLACK_MS = 60_000
"""So close to the edge of a recording a start contradicts nothing: clocks and counters are not that exact."""
SEAM_MS = 3_000
RESTART_MS = 10 * 60_000
"""A recorder records again so long after its start at the latest."""
MOST_NARROWED = 2
"""So many doubted stretches of a day are played into; more of them are no power cuts."""
WORTH_NARROWING_MS = 10 * 60_000

Claimed = Callable[[Heard], Sequence[Interval]]
Histories = Mapping[TimeBase, OffsetHistory]


def against_start(heard: Iterable[Heard], claimed: Claimed, started_ms: int | None) -> list[Heard]:
    """What was heard, with doubt where recording is claimed across the last start of the recorder."""
    if started_ms is None:
        return list(heard)
    kept = []
    for item in heard:
        # Files have seams; whoever claims the next second claims that there was no cut in it.
        whole = coverage.merge(claimed(item), tolerance_ms=SEAM_MS)
        crossing = [
            (start, min(end, started_ms + RESTART_MS))
            for start, end in whole
            if start + SLACK_MS < started_ms < end - SLACK_MS and not item.day.motion_only
        ]
        doubted = tuple(coverage.merge([*item.doubted, *crossing]))
        kept.append(replace(item, doubted=doubted) if crossing else item)
    return kept


def hides_cuts(item: Heard, histories: Histories) -> bool:
    """Whether a power cut on this past day could go unseen in the answer.

    Only the *last* start is told: one after the day says nothing about an earlier one.
    """
    answer = item.answer
    if answer is None or item.day.is_provisional or item.day.motion_only or item.second is not None:
        return False
    if answer.source is not Source.ONVIF_EVENTS or answer.unsure or item.doubted:
        return False
    started_ms = true_instant(answer.started_ms, histories[answer.time_base])
    return START_NOT_TOLD in answer.notes or (started_ms or 0) > item.day.end_ms


def unseen_without_playing(heard: Iterable[Heard], histories: Histories) -> list[Heard]:
    """What was heard, with the length of the cut that each answer could hide."""
    return [
        replace(item, unseen_cut_ms=coverage.total(item.day.expected))
        if hides_cuts(item, histories)
        else item
        for item in heard
    ]


async def played(
    heard: Sequence[Heard], item: Heard, claimed: Sequence[Interval], plays: Plays
) -> list[Heard]:
    """Plays into a day that hides power cuts. Power fails for all channels: what was found holds for each."""
    searched = await search(claimed, plays)
    unseen_ms = shortest_seen_ms(searched, item.day.expected)

    def learnt(one: Heard) -> Heard:
        unseen = None if one.unseen_cut_ms is None else min(one.unseen_cut_ms, unseen_ms)
        return replace(one, doubted=(*one.doubted, *searched.holes), unseen_cut_ms=unseen)

    return [learnt(one) if one.day.day == item.day.day else one for one in heard]


def doubts_of(item: Heard, histories: Histories) -> list[Interval]:
    """The stretches of a day that are worth playing into: doubted, and not merely a file that is still open."""
    if item.answer is None or item.day.is_provisional:
        return []
    told = coverage.merge(
        (one.start_ms, one.end_ms) for one in item.answer.unsure if one.kind != NOT_CLOSED
    )
    history = histories[item.answer.time_base]
    true = history.to_true(told, item.day.start_ms, item.day.end_ms)[0] if told else []
    every = coverage.subtract(coverage.merge([*true, *item.doubted]), coverage.merge(item.cleared))
    return [span for span in every if span[1] - span[0] >= WORTH_NARROWING_MS]


async def narrowed_doubts(
    heard: Sequence[Heard],
    item: Heard,
    histories: Histories,
    started_ms: int | None,
    plays: Plays,
) -> list[Heard]:
    """Plays into what is doubted. What plays is cleared, on every channel that is doubted for the same hole."""
    kept = list(heard)
    for span in doubts_of(item, histories)[:MOST_NARROWED]:
        holes = await narrowed(span, started_ms, plays)
        kept = [
            replace(one, cleared=(*one.cleared, *_cleared(one, holes, histories)))
            if one.day.day == item.day.day
            else one
            for one in kept
        ]
    return kept


def _cleared(one: Heard, holes: list[Interval], histories: Histories) -> list[Interval]:
    same = [
        span
        for span in doubts_of(one, histories)
        if coverage.total(coverage.clip(holes, [span])) == coverage.total(holes)
    ]
    return coverage.subtract(same, holes)

"""Cameras that make a recording of every clip: their recordings of one source are one channel.

ONVIF means a recording to be the whole footage of a source (Recording Control Specification 5.2), and most
recorders do it so. Cameras with a card, and small servers, make a new one for every file. They are known by
recordings of one source that follow each other; recordings that overlap in time are left apart, because main and
sub stream may be two of them.

Times are milliseconds of the device's UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cameras.protocols.base import IndexAnswer, Segment, Source, TimeBase
from cameras.protocols.onvif.recordings import Recording

RECORDING_PER_CLIP = "recording-per-clip"
FEWEST_CLIPS = 3
"""Two may as well be two cameras of which one was taken down before the other came."""
_SEAM_MS = 2_000
"""Two clips may share their seam."""


@dataclass(frozen=True)
class Footage:
    """What a device recorded of one source. `clips` have their times; empty where it is one recording."""

    token: str
    name: str = ""
    source_id: str = ""
    address: str = ""
    clips: tuple[Recording, ...] = ()

    def is_known_as(self, token: str) -> bool:
        return token == self.token or any(clip.token == token for clip in self.clips)

    def clip_at(self, start_ms: int, end_ms: int) -> str:
        """The recording that holds the start of a span, else the first one in it, else the newest."""
        touching = [clip for clip in self.clips if _touches(clip, start_ms, end_ms)]
        return (touching or [self.clips[-1]])[0].token if self.clips else self.token


def one_by_one(recordings: Iterable[Recording]) -> list[Footage]:
    """Every recording for itself, as the standard means it."""
    return [Footage(one.token, one.name, one.source_id, one.address) for one in recordings]


def may_be_clips(recordings: Sequence[Recording]) -> bool:
    """Whether enough recordings are told to be of one source: only then the times are worth a question."""
    named = Counter(recording.source_id for recording in recordings if recording.source_id)
    return any(count >= FEWEST_CLIPS for count in named.values())


def by_source(
    recordings: Sequence[Recording], informed: Iterable[Recording], *, has_one_source: bool
) -> list[Footage]:
    """The recordings in their order, with those that follow each other in one source put together.

    `informed` are recordings with their times. `has_one_source`: the device has a single lens, so that even
    recordings that name no source, or each another one, can only be of that.
    """
    times = {one.token: one for one in informed}
    if has_one_source:
        clips = _in_order(recordings, times)
        if clips:
            return [_put_together(recordings[0], clips)]
    groups: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        groups[recording.source_id or f"token {recording.token}"].append(recording)
    found: list[Footage] = []
    for members in groups.values():
        clips = _in_order(members, times)
        found += [_put_together(members[0], clips)] if clips else one_by_one(members)
    return found


def _in_order(members: Sequence[Recording], times: dict[str, Recording]) -> tuple[Recording, ...]:
    """The clips by their times; none where they are too few, a time is not told or two clips overlap."""
    if len(members) < FEWEST_CLIPS:
        return ()
    told = [times[member.token] for member in members if member.token in times]
    spans = sorted(
        (one.earliest_ms, one.latest_ms, one.token)
        for one in told
        if one.earliest_ms is not None and one.latest_ms is not None
    )
    if len(spans) < len(members):
        return ()
    if any(later[0] < earlier[1] - _SEAM_MS for earlier, later in pairwise(spans)):
        return ()
    by_token = {one.token: one for one in told}
    return tuple(by_token[token] for _start, _end, token in spans)


def _put_together(first: Recording, clips: tuple[Recording, ...]) -> Footage:
    # Clips come and go; their source stays.
    return Footage(
        first.source_id or first.token, first.name, first.source_id, first.address, clips
    )


def _touches(clip: Recording, start_ms: int, end_ms: int) -> bool:
    earliest, latest = clip.earliest_ms or 0, clip.latest_ms or 0
    return earliest < end_ms and latest > start_ms


def spans_of(footage: Footage, start_ms: int, end_ms: int) -> IndexAnswer:
    """The clips inside a span. A clip may have holes of its own, so that gaps stay unknown."""
    segments = tuple(
        Segment(max(clip.earliest_ms or 0, start_ms), min(clip.latest_ms or 0, end_ms))
        for clip in footage.clips
        if _touches(clip, start_ms, end_ms)
    )
    return IndexAnswer(
        source=Source.ONVIF_RECORDINGS,
        time_base=TimeBase.DEVICE_UTC,
        segments=segments,
        complete=False,
        notes=(RECORDING_PER_CLIP,),
        earliest_ms=footage.clips[0].earliest_ms,
        latest_ms=footage.clips[-1].latest_ms,
    )

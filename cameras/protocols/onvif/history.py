"""What a Profile G event search tells, as intervals: when a recording ran and its video had data.

A recorder that loses power writes no event that the recording ended; "on" would then last until the next
event. So "on" is believed only as far as nothing contradicts it: a second "on" in a row, a start of the
device in the middle, or a newest recording that ends before. There it is unknown, not recorded.

Times are milliseconds of the device's UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree

from cameras.protocols.base import NOT_CLOSED, Segment
from cameras.protocols.onvif.times import stamp_ms
from cameras.protocols.xml import as_bool, descendants, find, text

SAME_MOMENT_MS = 2_000
"""Two events within this time are one, told twice."""
_WANTED = {
    "Recording/State": "IsRecording",
    "Track/State": "IsDataPresent",
    # Some leave the last step out.
    "RecordingHistory/Recording": "IsRecording",
    "RecordingHistory/Track": "IsDataPresent",
}
NEWEST_LAG_MS = 10 * 60_000
"""Recorders write the end of their newest recording when a file is closed, not at every picture."""


@dataclass
class States:
    """The history of one thing that is either on or off: the recording, or one of its tracks."""

    changes: list[tuple[int, bool]] = field(default_factory=list)
    before: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def at_start(self) -> bool | None:
        """On or off when the span starts: the last thing told until then, None if nothing was."""
        return sorted(self.before, key=lambda change: change[0])[-1][1] if self.before else None

    @property
    def is_known(self) -> bool:
        return bool(self.changes) or self.at_start is not None


@dataclass
class History:
    """What the event search told about one recording."""

    recording: States = field(default_factory=States)
    tracks: dict[str, States] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    is_complete: bool = True

    def note_unreadable(self) -> None:
        self.notes.add("unreadable-events")
        self.is_complete = False


def read_history(
    results: Iterable[etree._Element], token: str, start_ms: int, end_ms: int
) -> History:
    """Sorts search results into states of our recording and of its tracks.

    Filters are often ignored: other recordings and other topics are left out here, with a note.
    """
    history = History()
    for result in results:
        topic = _topic(result)
        values = _simple_items(find(result, "Event/Message"))
        wanted = _WANTED.get(topic)
        if wanted is None and topic:
            history.notes.add("filter-ignored")
            continue
        if wanted is None or wanted not in values:
            # It may have been the end of a recording: what stands there is then not the whole story.
            history.note_unreadable()
            continue
        told_token = text(result, "RecordingToken") or values.get("RecordingToken", "")
        if told_token != token:
            history.notes.add("filter-ignored" if told_token else "events-without-recording")
            history.is_complete = history.is_complete and bool(told_token)
            continue
        is_on = as_bool(values[wanted])
        when = _when(result)
        if is_on is None or when is None:
            history.note_unreadable()
            continue
        moment, has_zone = when
        if not has_zone:
            history.notes.add("zone-less-times")
        track = text(result, "TrackToken") or values.get("Track", "")
        states = (
            history.recording
            if wanted == "IsRecording"
            else history.tracks.setdefault(track, States())
        )
        _add(states, moment, is_on, as_bool(text(result, "StartStateEvent")), start_ms, history)
    return history


def _add(
    states: States,
    moment: int,
    is_on: bool,
    is_start_state: bool | None,
    start_ms: int,
    history: History,
) -> None:
    if is_start_state or moment <= start_ms:
        # A device that ignores the asked start gives the state at another, earlier one.
        states.before.append((min(moment, start_ms), is_on))
    else:
        if states.changes and moment < states.changes[-1][0]:
            history.notes.add("events-out-of-order")
        states.changes.append((moment, is_on))


@dataclass(frozen=True)
class Told:
    """What is recorded as far as the events go, and the stretches of it that they leave in doubt."""

    recorded: tuple[Segment, ...]
    unsure: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Contradiction:
    """What the device tells besides its events: its last start, and the end of the newest recording."""

    last_reboot_ms: int | None = None
    latest_ms: int | None = None


def recorded(
    history: History,
    video_tracks: frozenset[str],
    start_ms: int,
    end_ms: int,
    besides: Contradiction = Contradiction(),
) -> Told | None:
    """Recorded is where the recording runs *and* a video track has data; None when nobody says.

    An audio track proves no picture. Where only one of the two is told, that one decides.
    """
    chosen = [
        states
        for token, states in history.tracks.items()
        if states.is_known and (not video_tracks or token in video_tracks or not token)
    ]
    if len(chosen) > 1 and not video_tracks:
        history.notes.add("tracks-of-unknown-type")
    if len(history.tracks) > 1 and "" in history.tracks:
        # Its "off" may be that of another track, which then looks recorded beyond it.
        history.notes.add("track-not-named")
        history.is_complete = False
    tracks = [_intervals(states, start_ms, end_ms, history) for states in chosen]
    if history.recording.is_known:
        running = _intervals(history.recording, start_ms, end_ms, history)
        tracks = [_overlap(track, running) for track in tracks] or [running]
        chosen.append(history.recording)
    elif not tracks:
        return None
    segments = tuple(segment for track in tracks for segment in track)
    unsure = _unended(chosen, start_ms, end_ms) + _contradicted(
        segments, chosen, besides, start_ms, end_ms
    )
    if unsure:
        history.notes.add("end-of-recording-not-told")
    return Told(segments, tuple(unsure))


def _unended(told: list[States], start_ms: int, end_ms: int) -> list[Segment]:
    """Before a second "on" in a row the thing went off, and nobody says when.

    A recorder that says "on" for every file, and never "off", is not believed either: its holes would be
    invisible. What another one of its states tells in the same stretch explains the silence of this one.
    """
    found = []
    for states in told:
        is_on, since = states.at_start, start_ms
        if is_on is None and not any(other.at_start is not None for other in told):
            found += _before_the_first(states, start_ms)
        for moment, turns_on in sorted(states.changes):
            if turns_on and is_on and moment - since > SAME_MOMENT_MS:
                span = Segment(since, min(moment, end_ms))
                if not any(_goes_off(other, span) for other in told if other is not states):
                    found.append(span)
            is_on, since = turns_on, max(moment, start_ms)
    return found


def _before_the_first(states: States, start_ms: int) -> list[Segment]:
    """The time before the first "on" of a thing that says "on" without having been off, and told no state before."""
    turns = [turns_on for _moment, turns_on in sorted(states.changes)]
    repeats = any(one and two for one, two in pairwise(turns))
    return [Segment(start_ms, min(states.changes)[0])] if repeats and turns[0] else []


def _goes_off(states: States, span: Segment) -> bool:
    return any(
        not turns_on and span.start_ms < moment <= span.end_ms + SAME_MOMENT_MS
        for moment, turns_on in states.changes
    )


def _contradicted(
    segments: tuple[Segment, ...],
    told: list[States],
    besides: Contradiction,
    start_ms: int,
    end_ms: int,
) -> list[Segment]:
    """Where "on" goes through a start of the device, or beyond the newest recording."""
    moments = sorted({moment for states in told for moment, _turns_on in states.changes})
    found = []
    reboot_ms, latest_ms = besides.last_reboot_ms, besides.latest_ms
    for segment in segments:
        if reboot_ms is not None and segment.start_ms < reboot_ms < segment.end_ms:
            before = max((m for m in moments if m <= reboot_ms), default=start_ms)
            after = min((m for m in moments if m > reboot_ms), default=end_ms)
            found.append(
                Segment(max(segment.start_ms, before), max(reboot_ms, min(segment.end_ms, after)))
            )
        is_open = segment.end_ms >= end_ms
        if is_open and latest_ms is not None and latest_ms + NEWEST_LAG_MS < end_ms:
            newest = max(segment.start_ms, latest_ms)
            found.append(Segment(newest, segment.end_ms, kind=NOT_CLOSED))
    return [span for span in found if span.end_ms > span.start_ms]


def _overlap(data: list[Segment], running: list[Segment]) -> list[Segment]:
    """What two sorted lists of disjoint intervals have in common."""
    common, i, j = [], 0, 0
    while i < len(data) and j < len(running):
        first, second = data[i], running[j]
        start = max(first.start_ms, second.start_ms)
        end = min(first.end_ms, second.end_ms)
        if start < end:
            common.append(Segment(start, end))
        if first.end_ms <= second.end_ms:
            i += 1
        else:
            j += 1
    return common


def _intervals(states: States, start_ms: int, end_ms: int, history: History) -> list[Segment]:
    """Half-open intervals inside the span; a state without an end lasts until its end."""
    changes = sorted(states.changes, key=lambda change: change[0])
    is_on, since = states.at_start, start_ms
    if is_on is None and changes and not changes[0][1]:
        # It must have been on before, but nobody says since when.
        history.notes.add("start-state-missing")
        history.is_complete = False
    segments = []
    for moment, turns_on in changes:
        moment = min(moment, end_ms)
        if is_on and not turns_on and moment > since:
            segments.append(Segment(since, moment))
        if turns_on and not is_on:
            since = moment
        is_on = turns_on
    if is_on and end_ms > since:
        segments.append(Segment(since, end_ms))
    return segments


def _topic(result: etree._Element) -> str:
    """The last two steps of a topic without prefixes, such as `Recording/State`."""
    steps = [step.rpartition(":")[2] for step in text(result, "Event/Topic").split("/")]
    return "/".join(steps[-2:])


def _simple_items(message: etree._Element | None) -> dict[str, str]:
    if message is None:
        return {}
    return {
        item.get("Name", ""): item.get("Value", "") for item in descendants(message, "SimpleItem")
    }


def _when(result: etree._Element) -> tuple[int, bool] | None:
    told = stamp_ms(text(result, "Time"))
    if told is None:
        inner = find(result, "Event/Message/Message")
        told = stamp_ms(inner.get("UtcTime", "")) if inner is not None else None
    return told

"""What a Profile G recorder says it recorded, from its event search or, weaker, its spans."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    IndexAnswer,
    NoProgress,
    NotSupported,
    Reason,
    Segment,
    Source,
    TimeBase,
    TooLarge,
)
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.search import Search, SearchLimits
from cameras.protocols.onvif.soap import SoapConversation
from cameras.protocols.onvif.times import stamp_ms, write_stamp
from cameras.protocols.xml import as_bool, descendants, find, find_all, text

_HISTORY = messages.topic_filter("tns1:RecordingHistory//.")


@dataclass(frozen=True)
class Recording:
    """A recording as the recorder lists it. Times are in the device's UTC; None = not told."""

    token: str
    name: str = ""
    source_id: str = ""
    address: str = ""
    video_tracks: frozenset[str] = frozenset()
    earliest_ms: int | None = None
    latest_ms: int | None = None


@dataclass
class _States:
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
class _History:
    """What the event search told about one recording."""

    recording: _States = field(default_factory=_States)
    tracks: dict[str, _States] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    is_complete: bool = True


class RecordingIndex:
    """Asks the search and recording services of one device."""

    def __init__(self, soap: SoapConversation, limits: SearchLimits | None = None) -> None:
        self._soap = soap
        self._limits = limits
        self._listed: list[Recording] | None = None
        self._informed: list[Recording] | None = None

    async def recordings(self) -> list[Recording]:
        """The recorder's recordings in its own order; asked once per conversation.

        From GetRecordings, else from FindRecordings. Raises `NotSupported` or `BadAnswer` when
        neither works.
        """
        if self._listed is None:
            try:
                listed = await self._from_get_recordings()
            except (NotSupported, BadAnswer):
                listed = []
            self._listed = listed or await self._from_find_recordings()
        return self._listed

    async def find(self, token: str, start_ms: int, end_ms: int, now_ms: int) -> IndexAnswer:
        """The recorded intervals of one recording; `now_ms` is the device's time now.

        Raises what the search raises when it is endless; where there is no event search, or it
        says nothing about this recording, the answer has spans only and is not complete.
        """
        told = await self._span(token)
        try:
            answer = await self._from_events(token, start_ms, min(end_ms, now_ms), told)
        except NoProgress:
            raise
        except (NotSupported, BadAnswer):
            return _spans_only(told, start_ms, min(end_ms, now_ms), ("no-event-search",))
        return answer or _spans_only(told, start_ms, min(end_ms, now_ms), ("no-events",))

    async def _from_get_recordings(self) -> list[Recording]:
        answer = await self._soap.call("recording", "GetRecordings")
        found = []
        for item in find_all(answer.content, "RecordingItem"):
            source = find(item, "Configuration/Source")
            tracks = find_all(item, "Tracks/Track")
            found.append(
                Recording(
                    token=text(item, "RecordingToken"),
                    name=text(source, "Name") or text(item, "Configuration/Content"),
                    source_id=text(source, "SourceId"),
                    address=text(source, "Address"),
                    video_tracks=frozenset(
                        text(track, "TrackToken")
                        for track in tracks
                        if text(track, "Configuration/TrackType").lower() == "video"
                    ),
                )
            )
        return [recording for recording in found if recording.token]

    async def _from_find_recordings(self) -> list[Recording]:
        if self._informed is None:
            results = await Search(self._soap, "FindRecordings", self._limits).run(Scope={})
            found = (_recording_information(element) for element in results)
            self._informed = [recording for recording in found if recording.token]
        return self._informed

    async def _span(self, token: str) -> Recording:
        """Earliest and latest time of a recording, as far as anything tells them."""
        for ask in (self._from_recording_information, self._from_list, self._from_summary):
            try:
                told = await ask(token)
            except (NotSupported, BadAnswer, TooLarge):
                continue
            if told is not None and told.earliest_ms is not None:
                return told
        return Recording(token)

    async def _from_recording_information(self, token: str) -> Recording | None:
        answer = await self._soap.call("search", "GetRecordingInformation", RecordingToken=token)
        information = find(answer.content, "RecordingInformation")
        told = None if information is None else _recording_information(information)
        return told if told is not None and told.token in ("", token) else None

    async def _from_list(self, token: str) -> Recording | None:
        listed = await self._from_find_recordings()
        return next((recording for recording in listed if recording.token == token), None)

    async def _from_summary(self, token: str) -> Recording | None:
        """The summary is about the whole recorder: it speaks for one recording if there is one."""
        answer = await self._soap.call("search", "GetRecordingSummary")
        summary = find(answer.content, "Summary")
        if text(summary, "NumberRecordings") != "1":
            return None
        return Recording(
            token,
            earliest_ms=_moment(text(summary, "DataFrom")),
            latest_ms=_moment(text(summary, "DataUntil")),
        )

    async def _from_events(
        self, token: str, start_ms: int, end_ms: int, told: Recording
    ) -> IndexAnswer | None:
        """None when no event says anything about this recording."""
        search = Search(self._soap, "FindEvents", self._limits)
        arguments: dict[str, messages.Argument] = {
            "StartPoint": write_stamp(start_ms),
            "EndPoint": write_stamp(max(end_ms, start_ms)),
            "Scope": {"IncludedRecordings": [token]},
            "SearchFilter": {"_value_1": [_HISTORY]},
            "IncludeStartState": True,
        }
        try:
            results = await search.run(**arguments)
        except NoProgress:
            raise
        except BadAnswer:
            # Some devices refuse any filter expression: everything is asked and sorted out here.
            results = await search.run(**{**arguments, "SearchFilter": {}})
        history = read_history(results, token, start_ms, end_ms)
        segments = _recorded(history, await self._video_tracks(token), start_ms, end_ms)
        if segments is None:
            return None
        return IndexAnswer(
            source=Source.ONVIF_EVENTS,
            time_base=TimeBase.DEVICE_UTC,
            segments=segments,
            complete=history.is_complete,
            pages=search.pages,
            notes=tuple(sorted(history.notes)),
            earliest_ms=told.earliest_ms,
            latest_ms=told.latest_ms,
        )

    async def _video_tracks(self, token: str) -> frozenset[str]:
        try:
            listed = await self.recordings()
        except (NotSupported, BadAnswer):
            return frozenset()
        return next((r.video_tracks for r in listed if r.token == token), frozenset())


def _recording_information(element: etree._Element) -> Recording:
    source = find(element, "Source")
    return Recording(
        token=text(element, "RecordingToken"),
        name=text(source, "Name") or text(element, "Content"),
        source_id=text(source, "SourceId"),
        address=text(source, "Address"),
        video_tracks=frozenset(
            text(track, "TrackToken")
            for track in find_all(element, "Track")
            if text(track, "TrackType").lower() == "video"
        ),
        earliest_ms=_moment(text(element, "EarliestRecording")),
        latest_ms=_moment(text(element, "LatestRecording")),
    )


def _moment(written: str) -> int | None:
    told = stamp_ms(written)
    return told[0] if told else None


def read_history(
    results: Iterable[etree._Element], token: str, start_ms: int, end_ms: int
) -> _History:
    """Sorts search results into states of our recording and of its tracks.

    Filters are often ignored: other recordings and other topics are left out here, with a note.
    """
    history = _History()
    for result in results:
        topic = _topic(result)
        values = _simple_items(find(result, "Event/Message"))
        wanted = {"Recording/State": "IsRecording", "Track/State": "IsDataPresent"}.get(topic)
        if wanted is None or wanted not in values:
            if topic not in ("Recording/State", "Track/State"):
                history.notes.add("filter-ignored")
            continue
        told_token = text(result, "RecordingToken") or values.get("RecordingToken", "")
        if told_token != token:
            history.notes.add("filter-ignored" if told_token else "events-without-recording")
            history.is_complete = history.is_complete and bool(told_token)
            continue
        is_on = as_bool(values[wanted])
        when = _when(result)
        if is_on is None or when is None:
            history.notes.add("unreadable-events")
            history.is_complete = False
            continue
        moment, has_zone = when
        if not has_zone:
            history.notes.add("zone-less-times")
        track = text(result, "TrackToken") or values.get("Track", "")
        states = (
            history.recording
            if wanted == "IsRecording"
            else history.tracks.setdefault(track, _States())
        )
        _add(states, moment, is_on, as_bool(text(result, "StartStateEvent")), start_ms, history)
    return history


def _add(
    states: _States,
    moment: int,
    is_on: bool,
    is_start_state: bool | None,
    start_ms: int,
    history: _History,
) -> None:
    if is_start_state or moment <= start_ms:
        # A device that ignores the asked start gives the state at another, earlier one.
        states.before.append((min(moment, start_ms), is_on))
    else:
        if states.changes and moment < states.changes[-1][0]:
            history.notes.add("events-out-of-order")
        states.changes.append((moment, is_on))


def _recorded(
    history: _History, video_tracks: frozenset[str], start_ms: int, end_ms: int
) -> tuple[Segment, ...] | None:
    """Recorded is where the recording runs *and* a video track has data; None when nobody says.

    An audio track proves no picture. Where only one of the two is told, that one decides.
    """
    tracks = [
        _intervals(states, start_ms, end_ms, history)
        for token, states in history.tracks.items()
        if states.is_known and (not video_tracks or token in video_tracks or not token)
    ]
    if len(tracks) > 1 and not video_tracks:
        history.notes.add("tracks-of-unknown-type")
    if history.recording.is_known:
        running = _intervals(history.recording, start_ms, end_ms, history)
        tracks = [_overlap(track, running) for track in tracks] or [running]
    elif not tracks:
        return None
    return tuple(segment for track in tracks for segment in track)


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


def _intervals(states: _States, start_ms: int, end_ms: int, history: _History) -> list[Segment]:
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


def _spans_only(told: Recording, start_ms: int, end_ms: int, notes: tuple[str, ...]) -> IndexAnswer:
    """From first to last recording: it proves that there is something, and nothing about gaps."""
    if told.earliest_ms is None:
        raise NotSupported(
            "the recorder tells neither events nor spans", reason=Reason.NOT_SUPPORTED
        )
    latest = told.latest_ms if told.latest_ms is not None else end_ms
    first, last = max(told.earliest_ms, start_ms), min(latest, end_ms)
    return IndexAnswer(
        source=Source.ONVIF_RECORDINGS,
        time_base=TimeBase.DEVICE_UTC,
        segments=(Segment(first, last),) if last > first else (),
        complete=False,
        notes=notes,
        earliest_ms=told.earliest_ms,
        latest_ms=told.latest_ms,
    )


def device_now_ms(offset_ms: int | None) -> int:
    """The device's present time; ours when its offset is not known."""
    return round(time.time() * 1000) + (offset_ms or 0)

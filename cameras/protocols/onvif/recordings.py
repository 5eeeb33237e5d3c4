"""What a Profile G recorder says it recorded, from its event search or, weaker, its spans."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from lxml import etree

from cameras.protocols.base import (
    START_NOT_TOLD,
    BadAnswer,
    DeviceError,
    IndexAnswer,
    NoProgress,
    NotSupported,
    Segment,
    Source,
    TimeBase,
    TooLarge,
)
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.history import (
    NEWEST_LAG_MS,
    Contradiction,
    read_history,
    recorded,
)
from cameras.protocols.onvif.reboot import last_reboot_ms
from cameras.protocols.onvif.search import Search, SearchLimits
from cameras.protocols.onvif.soap import SoapConversation
from cameras.protocols.onvif.times import stamp_ms, write_stamp
from cameras.protocols.xml import descendants, find, find_all, text

IN_LOCAL_TIME = "index-in-local-time"
_LEAST_ZONE_MS = 30 * 60_000
_CLOCK_SLACK_MS = 60_000
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


class RecordingIndex:
    """Asks the search and recording services of one device."""

    def __init__(self, soap: SoapConversation, limits: SearchLimits | None = None) -> None:
        self._soap = soap
        self._limits = limits
        self._listed: list[Recording] | None = None
        self._informed: list[Recording] | None = None
        self._reboot = asyncio.Lock()
        self._reboot_ms: int | None = None
        self._asked_reboot = False

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

    async def informed(self) -> list[Recording]:
        """The recordings with their times, from one search; asked once per conversation."""
        return await self._from_find_recordings()

    async def find(self, token: str, start_ms: int, end_ms: int, now_ms: int) -> IndexAnswer:
        """The recorded intervals of one recording; `now_ms` is the device's time now.

        Raises what the search raises when it is endless; where there is no event search, or it
        says nothing about this recording, the answer has spans only and is not complete.
        """
        told, failure = await self._span(token)
        end_ms = min(end_ms, now_ms)
        note = "no-events"
        try:
            answer = await self._from_events(token, start_ms, end_ms, told)
        except NoProgress:
            raise
        except (NotSupported, BadAnswer) as error:
            answer, note = None, "no-event-search"
            # An answer that cannot be read says more about the recorder than one that is missing.
            failure = error if isinstance(error, BadAnswer) or failure is None else failure
        if answer is not None:
            return answer
        if told.earliest_ms is None:
            raise failure or NotSupported("the recorder tells neither events nor spans")
        return _spans_only(told, start_ms, end_ms, (note,))

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
                    video_tracks=_video_tracks(tracks),
                )
            )
        return [recording for recording in found if recording.token]

    async def _from_find_recordings(self) -> list[Recording]:
        if self._informed is None:
            results = await Search(self._soap, "FindRecordings", self._limits).run(Scope={})
            found = (_recording_information(element) for element in results)
            self._informed = [recording for recording in found if recording.token]
        return self._informed

    async def _span(self, token: str) -> tuple[Recording, DeviceError | None]:
        """Earliest and latest time of a recording, and why they are unknown where they are."""
        failure: DeviceError | None = None
        for ask in (self._from_recording_information, self._from_list, self._from_summary):
            try:
                told = await ask(token)
            except (NotSupported, BadAnswer, TooLarge) as error:
                if failure is None or not isinstance(error, NotSupported):
                    failure = error
                continue
            if told is not None and told.earliest_ms is not None:
                return told, None
        return Recording(token), failure

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
            # Whole seconds, rounded outwards: some devices refuse fractions.
            "StartPoint": write_stamp(start_ms // 1000 * 1000),
            "EndPoint": write_stamp(-(-max(end_ms, start_ms) // 1000) * 1000),
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
        reboot_ms = await self._last_reboot()
        if reboot_ms is None:
            history.notes.add(START_NOT_TOLD)
        besides = Contradiction(reboot_ms, told.latest_ms)
        tracks = await self._video_tracks(token)
        found = recorded(history, tracks, start_ms, end_ms, besides)
        if found is None:
            return None
        return IndexAnswer(
            source=Source.ONVIF_EVENTS,
            time_base=TimeBase.DEVICE_UTC,
            segments=found.recorded,
            unsure=found.unsure,
            complete=history.is_complete,
            pages=search.pages,
            notes=tuple(sorted(history.notes)),
            earliest_ms=told.earliest_ms,
            latest_ms=told.latest_ms,
            started_ms=reboot_ms,
        )

    async def _last_reboot(self) -> int | None:
        """Asked once per conversation, however many channels are asked about at once."""
        async with self._reboot:
            if not self._asked_reboot:
                self._reboot_ms = await last_reboot_ms(self._soap)
                self._asked_reboot = True
        return self._reboot_ms

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
        video_tracks=_video_tracks(find_all(element, "Track")),
        earliest_ms=_moment(text(element, "EarliestRecording")),
        latest_ms=_moment(text(element, "LatestRecording")),
    )


def _video_tracks(tracks: list[etree._Element]) -> frozenset[str]:
    """Tokens of the video tracks; some write the kind into the track itself, others one step below."""
    return frozenset(
        text(track, "TrackToken")
        for track in tracks
        if any(text(kind).lower() == "video" for kind in descendants(track, "TrackType"))
    )


def _moment(written: str) -> int | None:
    told = stamp_ms(written)
    return told[0] if told else None


def _spans_only(told: Recording, start_ms: int, end_ms: int, notes: tuple[str, ...]) -> IndexAnswer:
    """From first to last recording: it proves that there is something, and nothing about gaps."""
    earliest = told.earliest_ms or 0
    latest = told.latest_ms if told.latest_ms is not None else end_ms
    first, last = max(earliest, start_ms), min(latest, end_ms)
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


def doubting_local_time(answer: IndexAnswer, now_ms: int, zone_ms: int | None) -> IndexAnswer:
    """The answer, not complete where its newest recording ends now by the wall clock, which is hours ahead.

    Such a recorder writes local time as UTC: of which time it tells, and what it understood, nobody knows.
    """
    if zone_ms is None or zone_ms < _LEAST_ZONE_MS or answer.latest_ms is None:
        return answer
    behind_ms = now_ms + zone_ms - answer.latest_ms
    if not -_CLOCK_SLACK_MS <= behind_ms <= NEWEST_LAG_MS:
        return answer
    return replace(answer, complete=False, notes=(*answer.notes, IN_LOCAL_TIME))

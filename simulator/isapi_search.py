"""The recording index of an ISAPI recorder: tracks, calendar, search.

Asked and told times end in "Z" and are the recorder's wall clock all the same.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from lxml import etree

from simulator.clocks import DAY_MS, TSI_MS, Base
from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.isapi_items import one_of
from simulator.isapi_xml import XML, IsapiError, document, leaf, parse_document, wall_ms, wall_text
from simulator.paths import given_uri, isapi_playback_path
from simulator.recording import PlanKind, Recorded
from simulator.world import Campus, SimChannel, SimDevice

PAGE = 64
SEARCH = "/ISAPI/ContentMgmt/search"
_FORGIVEN_MS = 60_000
_FAR_MS = 400 * DAY_MS


class IndexPages:
    """The index pages of one recorder."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        self._wide = 0
        self._source = "{" + str(uuid.UUID(int=device.seed)).upper() + "}"
        self._remembered: tuple[tuple[str, int, int, int], list[tuple[int, Recorded]]] | None = None

    def pages(self) -> list[tuple[str, str, Callable[[Request, re.Match[str]], Reply]]]:
        """Return (method, path pattern, page) of each."""
        tracks = r"/ISAPI/ContentMgmt/record/tracks"
        return [
            ("GET", tracks, self._tracks),
            ("GET", tracks + r"/(\d+)", one_of(self._tracks)),
            ("POST", tracks + r"/(\d+)/dailyDistribution", self._calendar),
            ("POST", SEARCH, self._search),
        ]

    def _channel(self, track: str) -> SimChannel:
        channel = self._device.channel(int(track) // 100) if track.isdigit() else None
        if channel is None or int(track) % 100 not in (1, 2):
            raise IsapiError(400, 4, "Invalid Operation", "invalidOperation")
        return channel

    def _tracks(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = "".join(self._track(each) for each in self._device.channels)
        return Reply(200, document("TrackList", inner), XML)

    @staticmethod
    def _track(channel: SimChannel) -> str:
        mode = "MOTION" if channel.plan.kind is PlanKind.MOTION else "CMR"
        enabled = str(channel.plan.kind is not PlanKind.NONE).lower()
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        actions = ""
        for number, day in enumerate(days):
            spans = channel.plan.hours.get(number, [])
            if channel.plan.kind is not PlanKind.HOURS:
                spans = [(0, DAY_MS)]
            for first, last in spans:
                actions += _action(day, first, last, mode)
        return (
            f"<Track>{leaf('id', str(channel.number * 100 + 1))}"
            f"{leaf('Channel', str(channel.number * 100 + 1))}{leaf('Enable', 'true')}"
            f"{leaf('Description', f'trackType=standard,srcType={mode}')}"
            f"<TrackSchedule><ScheduleBlockList><ScheduleBlock>{actions}</ScheduleBlock>"
            "</ScheduleBlockList></TrackSchedule><CustomExtensionList><CustomExtension>"
            f"{leaf('enableSchedule', enabled)}</CustomExtension></CustomExtensionList></Track>"
        )

    def _calendar(self, request: Request, match: re.Match[str]) -> Reply:
        if fault(self._device, "no_calendar") is not None:
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        channel = self._channel(match[1])
        root = parse_document(request.body, "trackDailyParam")
        year, month = root.findtext("{*}year") or "", root.findtext("{*}monthOfYear") or ""
        if not year.isdigit() or not month.isdigit() or not 1 <= int(month) <= 12:
            raise IsapiError(400, 6, "Invalid XML Content", "badXmlContent")
        days = calendar.monthrange(int(year), int(month))[1]
        first = int(dt.datetime(int(year), int(month), 1, tzinfo=dt.UTC).timestamp()) * 1000
        first -= TSI_MS
        recorded = [False] * (days + 1)
        if fault(self._device, "empty_calendar") is None:
            end = first + days * DAY_MS
            for each in self._campus.index(self._device, channel, first, end, Base.LOCAL):
                reach = range(
                    (each.start_ms - first) // DAY_MS, (each.end_ms - first) // DAY_MS + 1
                )
                for number in reach:
                    if 0 <= number < days:
                        recorded[number + 1] = True
        items = "".join(
            f"<day>{leaf('id', str(n))}{leaf('dayOfMonth', str(n))}"
            f"{leaf('record', str(recorded[n]).lower())}"
            f"{leaf('recordType', 'time') if recorded[n] else ''}</day>"
            for n in range(1, days + 1)
        )
        return Reply(200, document("trackDailyDistribution", f"<dayList>{items}</dayList>"), XML)

    def _search(self, request: Request, _match: re.Match[str]) -> Reply:
        if fault(self._device, "no_search") is not None:
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        root = parse_document(request.body, "CMSearchDescription")
        search_id, track, start, end, size, position = self._read_search(root)
        channel = self._channel(track)
        self._refuse_wide(end - start)
        if fault(self._device, "million_results") is not None:
            return self._million(search_id, track, start, position, size)
        found = self._find(search_id, channel, int(track), start, end)
        if fault(self._device, "endless_search") is not None:
            return self._results(search_id, found[:size], True, len(found))
        page = found[position : position + size]
        return self._results(search_id, page, position + len(page) < len(found), len(found))

    @staticmethod
    def _read_search(root: etree._Element) -> tuple[str, str, int, int, int, int]:
        """Return search id, track, start, end, page size and position of the first result."""
        try:
            search_id = root.findtext("{*}searchID") or ""
            # Firmware of this make reads one of the two names or both; so do its callers write them.
            tracks = root.findtext("{*}trackList/{*}trackID")
            track = (tracks or root.findtext("{*}trackIDList/{*}trackID") or "").strip()
            span = "{*}timeSpanList/{*}timeSpan/{*}"
            start = wall_ms(root.findtext(span + "startTime") or "")
            end = wall_ms(root.findtext(span + "endTime") or "")
            size = int(root.findtext("{*}maxResults") or "40")
            # The misspelt name is the documented one.
            position = int(
                root.findtext("{*}searchResultPostion")
                or root.findtext("{*}searchResultPosition")
                or "0"
            )
        except ValueError as error:
            raise IsapiError(400, 6, "Invalid XML Content", "badXmlContent") from error
        if not re.fullmatch(r"\{?[0-9A-Fa-f-]{32,36}\}?", search_id) or end <= start or size < 1:
            raise IsapiError(400, 6, "Invalid XML Content", "badXmlContent")
        return search_id, track, start, end, min(size, PAGE), position

    def _refuse_wide(self, length_ms: int) -> None:
        """Fail every other search over more than a day, as recorders of this make do."""
        if length_ms <= DAY_MS + _FORGIVEN_MS:
            return
        self._wide += 1
        if self._wide % 2 or fault(self._device, "wide_windows_fail") is not None:
            raise IsapiError(500, 3, "Device Error", "deviceError")

    def _find(
        self, search_id: str, channel: SimChannel, track: int, start: int, end: int
    ) -> list[tuple[int, Recorded]]:
        key = (search_id, track, start, end)
        if self._remembered is not None and self._remembered[0] == key:
            return self._remembered[1]
        found: list[tuple[int, Recorded]] = []
        if fault(self._device, "ignored_filters") is not None:
            now = self._campus.now_ms()
            for each in self._device.channels:
                files = self._campus.index(self._device, each, now - _FAR_MS, now, Base.LOCAL)
                found += [(each.number * 100 + 1, file) for file in files]
        elif fault(self._device, "empty_search", SEARCH) is None and track % 100 == 1:
            files = self._campus.index(self._device, channel, start, end, Base.LOCAL)
            found = [(track, self._closed_late(file)) for file in files]
        self._remembered = (key, found)
        return found

    def _closed_late(self, file: Recorded) -> Recorded:
        """The file as this recorder closes it, when its power failed while it was open."""
        if fault(self._device, "open_at_power_cut") is None:
            return file
        at = self._device.clock.at
        for first, last in self._device.down:
            if abs(at(first, Base.LOCAL) - file.end_ms) <= 1000:
                return file._replace(end_ms=at(last, Base.LOCAL))
        return file

    def _million(self, search_id: str, track: str, start: int, position: int, size: int) -> Reply:
        value = fault(self._device, "million_results")
        total = 1_000_000 if value is True else int(value)
        page = [
            (int(track), Recorded(start + n * 1000, start + n * 1000 + 900, "continuous", False))
            for n in range(position, min(total, position + size))
        ]
        return self._results(search_id, page, position + len(page) < total, total)

    def _results(
        self, search_id: str, page: Sequence[tuple[int, Recorded]], more: bool, total: int
    ) -> Reply:
        word = "MORE" if more else ("OK" if page else "NO MATCHES")
        told = total if fault(self._device, "total_as_matches") is not None else len(page)
        items = "".join(self._match(track, file) for track, file in page)
        inner = leaf("searchID", search_id) + leaf("responseStatus", "true")
        inner += leaf("responseStatusStrg", word) + leaf("numOfMatches", str(told))
        if items:
            inner += f"<matchList>{items}</matchList>"
        return Reply(200, document("CMSearchResult", inner), XML)

    def _match(self, track: int, file: Recorded) -> str:
        path = isapi_playback_path(track, file.start_ms + TSI_MS, file.end_ms + TSI_MS)
        path += (
            f"&name={track:05d}{file.start_ms // 1000:012d}&size={(file.end_ms - file.start_ms)}"
        )
        uri = given_uri(self._device, "rtsp", path, SEARCH)
        kind = "motion" if file.kind == "motion" else "timing"
        zone = "" if fault(self._device, "zoneless_times") is not None else "Z"
        return (
            f"<searchMatchItem>{leaf('sourceID', self._source)}"
            f"{leaf('trackID', str(track))}<timeSpan>"
            f"{leaf('startTime', wall_text(file.start_ms) + zone)}"
            f"{leaf('endTime', wall_text(file.end_ms) + zone)}</timeSpan><mediaSegmentDescriptor>"
            f"{leaf('contentType', 'video')}{leaf('codecType', 'H.264-BP')}"
            f"<playbackURI>{uri}</playbackURI>"
            f"{leaf('lockStatus', 'lock' if file.locked else 'unlock')}</mediaSegmentDescriptor>"
            "<metadataMatches>"
            f"{leaf('metadataDescriptor', escape(f'recordType.meta.hikvision.com/{kind}'))}"
            "</metadataMatches></searchMatchItem>"
        )


def _action(day: str, first_ms: int, last_ms: int, mode: str) -> str:
    def clock(ms: int) -> str:
        seconds = ms // 1000
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

    start = leaf("DayOfWeek", day) + leaf("TimeOfDay", clock(first_ms))
    end = leaf("DayOfWeek", day) + leaf("TimeOfDay", clock(last_ms))
    return (
        f"<ScheduleAction><ScheduleActionStartTime>{start}</ScheduleActionStartTime>"
        f"<ScheduleActionEndTime>{end}</ScheduleActionEndTime><Actions>"
        f"{leaf('Record', 'true')}{leaf('ActionRecordingMode', mode)}</Actions></ScheduleAction>"
    )

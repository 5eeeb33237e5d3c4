"""Hikvision's dialect for tests: documents as recorders send them, with their bad habits by switch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tests.protocols.vendor_device import Answer, Asked

TURKIYE = timezone(timedelta(hours=3))
NS = 'version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"'
NO_MATCHES = b"<CMSearchResult><responseStatusStrg>NO MATCHES</responseStatusStrg></CMSearchResult>"


def wall(text: str) -> int:
    """Milliseconds of DEVICE_LOCAL for digits on the device's screen."""
    return int(datetime.fromisoformat(text).replace(tzinfo=TURKIYE).timestamp() * 1000)


def status(code: int, sub: str, words: str = "") -> bytes:
    return (
        f"<ResponseStatus {NS}><requestURL>/x</requestURL><statusCode>{code}</statusCode>"
        f"<statusString>{words}</statusString><subStatusCode>{sub}</subStatusCode></ResponseStatus>"
    ).encode()


def match(
    start: str, end: str, *, track: int = 101, kind: str = "timing", lock: str = "unlock"
) -> str:
    return (
        f"<searchMatchItem><sourceID>{{0}}</sourceID><trackID>{track}</trackID><timeSpan>"
        f"<startTime>{start}</startTime><endTime>{end}</endTime></timeSpan>"
        "<mediaSegmentDescriptor><contentType>video</contentType><playbackURI>"
        f"rtsp://10.1.1.1/Streaming/tracks/{track}/?starttime=a&amp;endtime=b&amp;name=c</playbackURI>"
        f"<lockStatus>{lock}</lockStatus></mediaSegmentDescriptor><metadataMatches>"
        f"<metadataDescriptor>recordType.meta.hikvision.com/{kind}</metadataDescriptor>"
        "</metadataMatches></searchMatchItem>"
    )


def result(items: Iterable[str], *, word: str = "OK", claimed: int | None = None) -> bytes:
    rows = list(items)
    return (
        f'<?xml version="1.0"?><CMSearchResult {NS}><searchID>x</searchID>'
        f"<responseStatus>true</responseStatus><responseStatusStrg>{word}</responseStatusStrg>"
        f"<numOfMatches>{len(rows) if claimed is None else claimed}</numOfMatches>"
        f"<matchList>{''.join(rows)}</matchList></CMSearchResult>"
    ).encode()


def calendar(*days: int) -> bytes:
    rows = "".join(
        f"<day><id>{n}</id><dayOfMonth>{n}</dayOfMonth><record>{str(n in days).lower()}</record></day>"
        for n in range(1, 32)
    )
    return (
        f"<trackDailyDistribution {NS}><dayList>{rows}</dayList></trackDailyDistribution>".encode()
    )


def field_of(asked: Asked, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>".encode(), asked.body)
    return found[1].decode() if found else ""


@dataclass
class Recorder:
    """Holds segments (start, end as spelled, track) and answers searches for them page by page."""

    segments: list[tuple[str, str, int]] = field(default_factory=list)
    page: int = 40
    claims_total: bool = False
    ignores_filters: bool = False
    calendar_days: tuple[int, ...] = ()
    documents: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path in self.documents:
            return self.documents[asked.path]
        if asked.path.endswith("/dailyDistribution"):
            return calendar(*self.calendar_days)
        if asked.path == "/ISAPI/ContentMgmt/search":
            return self._search(asked)
        return (404, status(4, "notSupport", "Invalid Operation"))

    def _search(self, asked: Asked) -> bytes:
        start, end = field_of(asked, "startTime"), field_of(asked, "endTime")
        track, position = (
            int(field_of(asked, "trackID")),
            int(field_of(asked, "searchResultPostion")),
        )
        found = [
            row
            for row in self.segments
            if self.ignores_filters or (row[2] == track and row[0] <= end and row[1] >= start)
        ]
        rows = found[position : position + self.page]
        if not rows:
            return NO_MATCHES
        is_last = position + len(rows) >= len(found)
        return result(
            (match(a, b, track=t) for a, b, t in rows),
            word="OK" if is_last else "MORE",
            claimed=len(found) if self.claims_total else len(rows),
        )

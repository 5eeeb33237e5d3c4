"""ISAPI's documents about recordings: the search and the calendar.

Times are digits of the device's wall clock, although they end in "Z".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape

from lxml import etree

from cameras.protocols.base import BadAnswer, Segment
from cameras.protocols.wall_clock import read_wall_time, shown
from cameras.protocols.xml import as_bool, descendants, local_name, text

_KINDS = (
    ("timing", "continuous"),
    ("cmr", "continuous"),
    ("motion", "motion"),
    ("manual", "manual"),
    ("command", "manual"),
    ("alarm", "alarm"),
    ("event", "alarm"),
    ("edr", "alarm"),
    ("vca", "alarm"),
)


SEARCH_WORDS = {"", "OK", "MORE", "NO MATCHES", "NO MATCH", "NOMATCHES"}


@dataclass(frozen=True)
class FoundItem:
    """One match; `track` is None when the item does not say of which track it is."""

    track: int | None
    segment: Segment


@dataclass(frozen=True)
class SearchPage:
    """One page. `claimed` is numOfMatches, of the page or of the whole search (firmwares differ), or totalMatches."""

    word: str  # responseStatusStrg in capitals: OK, MORE, NO MATCHES or blank
    claimed: int
    items: tuple[FoundItem, ...]
    unreadable: int

    @property
    def size(self) -> int:
        """Rows delivered, readable or not: by this the next page's position moves on."""
        return len(self.items) + self.unreadable


class Spelling(StrEnum):
    """How a search is written; firmwares read one and call another bad XML. The values are quirks."""

    USUAL = "isapi-search-usual"
    BARE = (
        "isapi-search-bare"  # its version, the id in braces, no declaration, no kind of recording
    )
    BY_THE_BOOK = "isapi-search-by-the-book"  # as ISAPI 2.0 is documented


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_KIND = (
    "<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor>"
    "</metadataList>"
)
_WRAPPED = {
    Spelling.USUAL: (f"{_HEAD}<CMSearchDescription>", "{}", "trackList", _KIND),
    Spelling.BARE: ('<CMSearchDescription version="1.0">', "{{{}}}", "trackList", ""),
    Spelling.BY_THE_BOOK: (
        f'{_HEAD}<CMSearchDescription version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">',
        "{}",
        "trackIDList",
        _KIND,
    ),
}


@dataclass(frozen=True)
class Search:
    """What one search asks for. Times are wall clock milliseconds, `end_ms` the last second asked for."""

    search_id: str
    track: int
    start_ms: int
    end_ms: int
    position: int
    page: int

    def body(self, spelling: Spelling = Spelling.USUAL) -> bytes:
        """The request for one page; the element is really spelled searchResultPostion."""
        head, identity, tracks, kind = _WRAPPED[spelling]
        return (
            f"{head}<searchID>{escape(identity.format(self.search_id))}</searchID>"
            f"<{tracks}><trackID>{self.track}</trackID></{tracks}>"
            f"<timeSpanList><timeSpan><startTime>{_spelled(self.start_ms)}</startTime>"
            f"<endTime>{_spelled(self.end_ms)}</endTime></timeSpan></timeSpanList>"
            f"<maxResults>{self.page}</maxResults>"
            f"<searchResultPostion>{self.position}</searchResultPostion>"
            f"{kind}</CMSearchDescription>"
        ).encode()


def _spelled(wall_ms: int) -> str:
    return f"{shown(wall_ms):%Y-%m-%dT%H:%M:%SZ}"


def read_search(root: etree._Element) -> SearchPage:
    """A CMSearchResult. Raises BadAnswer for another document."""
    if local_name(root).lower() != "cmsearchresult":
        raise BadAnswer("not a search result")
    rows = list(descendants(root, "searchMatchItem"))
    # "Strg" is how Hikvision spells it; who copies the interface spells it otherwise.
    words = (text(root, f"responseStatus{end}").upper() for end in ("Strg", "String", "Strip"))
    word = next((each.replace("_", " ") for each in words if each), "")
    has_failed = word not in SEARCH_WORDS or as_bool(text(root, "responseStatus")) is False
    if has_failed and not rows:
        # "FAILED" or a word of that kind: an empty list then says nothing about the recordings.
        raise BadAnswer("the search ended without success")
    counts = [text(root, name) for name in ("numOfMatches", "totalMatches")]
    if not (rows or word or any(counts) or as_bool(text(root, "responseStatus"))):
        # A result that says neither how it went nor how much it found is no empty day.
        raise BadAnswer("the search result says nothing")
    items = tuple(item for row in rows for item in _item(row))
    return SearchPage(
        word=word,
        claimed=max((int(count[:9]) for count in counts if count.isdecimal()), default=len(rows)),
        items=items,
        unreadable=len(rows) - len(items),
    )


def _item(row: etree._Element) -> Iterator[FoundItem]:
    # Some write the two times into the item itself, without a span around them.
    start = read_wall_time(text(row, "timeSpan/startTime") or text(row, "startTime"))
    end = read_wall_time(text(row, "timeSpan/endTime") or text(row, "endTime"))
    if start is None or end is None or end.ms < start.ms:
        return
    track = text(row, "trackID")
    lock = text(next(descendants(row, "lockStatus"), None)).lower()
    yield FoundItem(
        int(track[:9]) if track.isdecimal() else None,
        Segment(
            start.ms,
            end.ms,
            _kind(row),
            lock in ("lock", "locked", "true", "1"),
            text(next(descendants(row, "playbackURI"), None)),
        ),
    )


def _kind(row: etree._Element) -> str:
    """From .../recordType.meta.hikvision.com/timing and the like; blank when it tells nothing."""
    for descriptor in descendants(row, "metadataDescriptor"):
        word = text(descriptor).rpartition("/")[2].lower()
        for part, kind in _KINDS:
            if part in word:
                return kind
    return ""


def calendar_body(year: int, month: int) -> bytes:
    """The request for one month of record/tracks/N/dailyDistribution."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<trackDailyParam><year>{year}</year><monthOfYear>{month}</monthOfYear></trackDailyParam>"
    ).encode()


def read_calendar(root: etree._Element) -> dict[int, bool]:
    """Day of month -> something was recorded. One minute is enough to make a day true."""
    days = {}
    for row in descendants(root, "day"):
        number = text(row, "dayOfMonth") or text(row, "id")
        has_any = as_bool(text(row, "record"))
        if number.isdecimal() and has_any is not None:
            days[int(number[:3])] = has_any
    if not days:
        raise BadAnswer("a calendar without days")
    return days

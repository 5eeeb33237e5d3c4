"""Hikvision's index: every recorded segment of the asked channel and span, or a reason why not."""

from __future__ import annotations

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Channel,
    IndexAnswer,
    LockedOut,
    Manner,
    NoProgress,
    NotSupported,
    Reason,
    Source,
    TimeBase,
    TooLarge,
    TooSlow,
)
from cameras.protocols.isapi import IsapiClient
from cameras.protocols.isapi.index_time import IN_WALL_CLOCK
from cameras.protocols.search_budget import SearchCaps
from tests.protocols.isapi_recorder import (
    NO_MATCHES,
    Recorder,
    calendar,
    field_of,
    match,
    result,
    status,
    wall,
)
from tests.protocols.vendor_device import Answer, Asked, Handler, VendorDevice, serving, talking

DAY = (wall("2026-11-01T00:00:00"), wall("2026-11-02T00:00:00"))
HOUR = (wall("2026-11-01T10:00:00"), wall("2026-11-01T11:00:00"))
TEN_TO_TEN30 = ("2026-11-01T10:00:00Z", "2026-11-01T10:30:00Z")


async def search(
    answer: Handler,
    span: tuple[int, int] = DAY,
    *,
    number: int = 1,
    caps: SearchCaps | None = None,
) -> tuple[IndexAnswer, VendorDevice]:
    # In which clock the index is written is known; `test_isapi_dialects` is about the learning.
    manner = Manner(quirks=[IN_WALL_CLOCK])
    async with serving(answer) as device, talking(device, manner) as conversation:
        client = IsapiClient(conversation, caps=caps)
        return await client.recordings(Channel(number), *span), device


async def test_times_that_end_in_z_are_the_wall_clock_of_the_device() -> None:
    """REC-3: 10:00 on the recorder's screen is 07:00 UTC of the time base, whatever Z says."""
    answer, _ = await search(Recorder([(*TEN_TO_TEN30, 101)]))
    assert answer.source is Source.ISAPI_SEARCH
    assert answer.time_base is TimeBase.DEVICE_LOCAL
    [segment] = answer.segments
    assert (segment.start_ms, segment.end_ms) == (
        wall("2026-11-01T10:00:00"),
        wall("2026-11-01T10:30:00"),
    )
    assert segment.kind == "continuous"
    assert answer.complete


@pytest.mark.parametrize("claims_total", [False, True])
async def test_a_thousand_segments_arrive_over_pages(claims_total: bool) -> None:
    rows = [
        (
            f"2026-11-01T{n // 60:02}:{n % 60:02}:00Z",
            f"2026-11-01T{n // 60:02}:{n % 60:02}:50Z",
            101,
        )
        for n in range(1_000)
    ]
    answer, _ = await search(Recorder(rows, claims_total=claims_total))
    assert len(answer.segments) == 1_000
    assert answer.complete
    assert answer.pages == 25


async def test_a_recorder_with_smaller_pages_than_asked_loses_nothing() -> None:
    rows = [(f"2026-11-01T{n:02}:00:00Z", f"2026-11-01T{n:02}:50:00Z", 101) for n in range(24)]
    answer, _ = await search(Recorder(rows, page=7))
    assert len(answer.segments) == 24


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        (b"responseStatusStrg", b"responseStatusString"),
        (b"responseStatusStrg", b"responseStatusStrip"),
        (b"Strg>MORE<", b"Strg>OK<"),
    ],
)
async def test_what_is_left_is_told_in_other_words(told: bytes, instead: bytes) -> None:
    """Copies of the interface spell the word otherwise; others count in totalMatches and always say OK."""
    rows = [(f"2026-11-01T{n:02}:00:00Z", f"2026-11-01T{n:02}:50:00Z", 101) for n in range(24)]
    recorder = Recorder(rows, page=7)

    def answer(asked: Asked) -> Answer:
        whole = recorder(asked)
        assert isinstance(whole, bytes)
        total = b"<totalMatches>24</totalMatches></CMSearchResult>" if instead[-1:] == b"<" else b""
        return whole.replace(told, instead).replace(
            b"</CMSearchResult>", total or b"</CMSearchResult>"
        )

    answer_given, _ = await search(answer)
    assert len(answer_given.segments) == 24


async def test_no_search_is_longer_than_a_day_and_a_segment_in_two_searches_counts_once() -> None:
    recorder = Recorder([("2026-11-02T11:00:00Z", "2026-11-02T13:00:00Z", 101)])
    span = (wall("2026-11-01T12:00:00"), wall("2026-11-03T12:00:00"))
    answer, device = await search(recorder, span)
    asked = [
        (field_of(a, "startTime"), field_of(a, "endTime"))
        for a in device.log
        if a.path == "/ISAPI/ContentMgmt/search"
    ]
    assert asked[:2] == [
        ("2026-11-01T12:00:00Z", "2026-11-02T11:59:59Z"),
        ("2026-11-02T12:00:00Z", "2026-11-03T11:59:59Z"),
    ]
    assert len(answer.segments) == 1


async def test_what_was_not_asked_for_is_dropped() -> None:
    recorder = Recorder(
        [
            (*TEN_TO_TEN30, 701),
            (*TEN_TO_TEN30, 101),
            ("2026-10-30T10:00:00Z", "2026-10-30T11:00:00Z", 701),
        ],
        ignores_filters=True,
    )
    answer, _ = await search(recorder, number=7)
    assert len(answer.segments) == 1
    assert answer.notes == ("OTHER_CHANNEL", "SPAN_IGNORED")
    assert answer.complete


async def test_only_another_channels_recordings_prove_nothing_about_ours() -> None:
    """REC-18: not a false "not recorded", and never a false "recorded"."""
    answer, _ = await search(Recorder([(*TEN_TO_TEN30, 101)], ignores_filters=True), number=7)
    assert answer.segments == ()
    assert not answer.complete


async def test_nothing_recorded_is_an_answer() -> None:
    answer, _ = await search(Recorder())
    assert answer.segments == ()
    assert answer.complete


async def test_a_calendar_that_says_otherwise_makes_an_empty_day_doubtful() -> None:
    answer, _ = await search(Recorder(calendar_days=(1,)))
    assert not answer.complete
    assert answer.notes == ("CALENDAR_DISAGREES",)


async def test_a_span_a_little_longer_than_the_day_is_compared_with_the_calendar_too() -> None:
    answer, _ = await search(Recorder(calendar_days=(1,)), (DAY[0] - 5_000, DAY[1] + 5_000))
    assert not answer.complete


async def test_a_failing_look_for_the_oldest_segment_loses_no_segments() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/dailyDistribution"):
            return (503, b"")
        return Recorder([(*TEN_TO_TEN30, 101)])(asked)

    found, _ = await search(answer)
    assert len(found.segments) == 1
    assert found.earliest_ms is None


async def test_an_empty_hour_of_a_green_day_is_believed() -> None:
    """REC-3: the calendar's day is green from one minute on and says nothing about an hour."""
    answer, _ = await search(Recorder(calendar_days=(1,)), HOUR)
    assert answer.complete


async def test_the_same_page_for_ever_is_refused() -> None:
    """D13."""
    with pytest.raises(NoProgress):
        await search(lambda _: result([match(*TEN_TO_TEN30)], word="MORE"))


async def test_more_without_results_is_refused() -> None:
    with pytest.raises(NoProgress):
        await search(lambda _: result([], word="MORE"))


async def test_a_million_claimed_results_are_asked_for_and_then_not_believed() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path != "/ISAPI/ContentMgmt/search":
            return calendar()
        if field_of(asked, "searchResultPostion") == "0":
            return result([match(*TEN_TO_TEN30)], claimed=1_000_000)
        return NO_MATCHES

    found, _ = await search(answer)
    assert len(found.segments) == 1
    assert not found.complete
    assert found.notes == ("COUNT_NOT_REACHED",)


def endless(asked: Asked) -> Answer:
    position = int(field_of(asked, "searchResultPostion") or 0)
    at = f"2026-11-01T{position // 3600 % 24:02}:{position // 60 % 60:02}:{position % 60:02}Z"
    return result([match(at, at)], word="MORE", claimed=1_000_000)


async def test_a_search_without_end_stops_at_the_cap_of_pages() -> None:
    with pytest.raises(TooLarge):
        await search(endless, caps=SearchCaps(pages=5))


async def test_a_search_without_end_stops_at_the_cap_of_results() -> None:
    with pytest.raises(TooLarge):
        await search(endless, caps=SearchCaps(results=5))


async def test_a_search_without_end_stops_at_the_cap_of_seconds() -> None:
    with pytest.raises(TooSlow):
        await search(endless, caps=SearchCaps(seconds=0.0))


async def test_a_server_fault_now_and_then_is_tried_once_more() -> None:
    faults = iter([True])

    def answer(asked: Asked) -> Answer:
        if next(faults, False):
            return (500, b"")
        return Recorder([(*TEN_TO_TEN30, 101)])(asked)

    found, _ = await search(answer)
    assert len(found.segments) == 1


async def test_a_lasting_server_fault_is_tried_only_once_more() -> None:
    seen: list[str] = []

    def answer(asked: Asked) -> Answer:
        seen.append(asked.path)
        return (500, b"oops")

    with pytest.raises(BadAnswer):
        await search(answer)
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("body", "error", "reason"),
    [
        (status(2, "deviceBusy", "Device Busy"), Busy, Reason.BUSY),
        (status(2, "upgrading"), Busy, Reason.BUSY),
        (status(4, "notSupport", "Invalid Operation"), NotSupported, Reason.NOT_SUPPORTED),
        (status(4, "lowPrivilege", "Invalid Operation"), NotSupported, Reason.NOT_SUPPORTED),
        (status(6, "invalidChannel"), NotSupported, Reason.NO_SUCH_CHANNEL),
        (status(5, "badXmlFormat", "Invalid XML Format"), BadAnswer, Reason.BAD_ANSWER),
        (status(1, "ok", "OK"), BadAnswer, Reason.BAD_ANSWER),
        (
            b"<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus></userCheck>",
            LockedOut,
            Reason.LOCKED_OUT,
        ),
        (
            b'{"statusCode": 4, "statusString": "x", "subStatusCode": "notSupport"}',
            NotSupported,
            Reason.NOT_SUPPORTED,
        ),
        (
            b' {"ResponseStatus": {"statusCode": "3", "subStatusCode": "deviceBusy"}}',
            Busy,
            Reason.BUSY,
        ),
        (b'{"userCheck": 4}', BadAnswer, Reason.BAD_XML),
        (b'{"statusCode": 4' * 3000, BadAnswer, Reason.BAD_XML),
        (b"{" + b'"a":[' * 2000, BadAnswer, Reason.BAD_XML),
        (b"<html><body>login</body></html>", BadAnswer, Reason.BAD_XML),
        (b"", BadAnswer, Reason.BAD_XML),
    ],
)
@pytest.mark.parametrize("http", [200, 400])
async def test_a_refusal_has_its_reason_whatever_the_http_status(
    body: bytes, error: type[Exception], reason: Reason, http: int
) -> None:
    with pytest.raises(error) as caught:
        await search(lambda _: (http, body))
    if http == 200 or error is not BadAnswer:
        assert caught.value.reason is reason  # type: ignore[attr-defined]


async def test_locked_segments_are_told_and_do_not_count_as_the_oldest() -> None:
    """REC-7, REC-17c: one locked clip must not make the retention look long."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/dailyDistribution"):
            return calendar(1, 3) if field_of(asked, "monthOfYear") == "11" else calendar()
        if "2026-11-01" in field_of(asked, "startTime"):
            return result([match(*TEN_TO_TEN30, lock="lock")])
        return result([match("2026-11-03T08:00:00Z", "2026-11-03T09:00:00Z", kind="motion")])

    span = (wall("2026-11-03T00:00:00"), wall("2026-11-04T00:00:00"))
    found, _ = await search(answer, span)
    assert [(s.kind, s.locked) for s in found.segments] == [("motion", False)]
    assert found.earliest_ms == wall("2026-11-03T08:00:00")
    first, _ = await search(answer, (span[0] - 2 * 86_400_000, span[0] - 86_400_000))
    assert first.segments[0].locked


async def test_without_calendar_the_oldest_segment_comes_from_one_wide_search() -> None:
    """REC-2."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/dailyDistribution"):
            return (403, status(4, "notSupport"))
        if field_of(asked, "startTime").startswith("2016"):
            old = match("2026-10-01T08:00:00Z", "2026-10-01T09:00:00Z", lock="lock")
            return result([old, match("2026-10-02T08:00:00Z", "2026-10-02T09:00:00Z")])
        return result([match(*TEN_TO_TEN30)])

    found, _ = await search(answer)
    assert found.earliest_ms == wall("2026-10-02T08:00:00")


async def test_missing_optional_fields_and_other_namespaces_are_no_obstacle() -> None:
    page = (
        b'<h:CMSearchResult xmlns:h="urn:psialliance-org"><h:responseStatusStrg>ok'
        b"</h:responseStatusStrg><h:matchList><h:searchMatchItem><h:timeSpan>"
        b"<h:startTime>2026-11-01T10:00:00+08:00</h:startTime>"
        b"<h:endTime>2026-11-01 11:00:00</h:endTime></h:timeSpan></h:searchMatchItem>"
        b"</h:matchList></h:CMSearchResult>"
    )
    found, _ = await search(lambda _: page)
    [segment] = found.segments
    assert segment.start_ms == wall("2026-11-01T10:00:00")
    assert segment.end_ms == wall("2026-11-01T11:00:00")


async def test_times_that_stand_in_the_item_itself_are_read() -> None:
    page = (
        b"<CMSearchResult><responseStatusStrg>OK</responseStatusStrg><matchList><searchMatchItem>"
        b"<trackID>101</trackID><startTime>2026-11-01T10:00:00Z</startTime>"
        b"<endTime>2026-11-01T11:00:00Z</endTime></searchMatchItem></matchList></CMSearchResult>"
    )
    found, _ = await search(lambda _: page)
    assert [(s.start_ms, s.end_ms) for s in found.segments] == [
        (wall("2026-11-01T10:00:00"), wall("2026-11-01T11:00:00"))
    ]
    assert found.complete


async def test_an_unreadable_segment_makes_the_answer_incomplete() -> None:
    found, _ = await search(lambda _: result([match(*TEN_TO_TEN30), match("yesterday", "today")]))
    assert len(found.segments) == 1
    assert not found.complete


async def test_an_old_recorder_that_knows_no_position_is_searched_on_by_time() -> None:
    """It gives the first rows of the asked time again and again, and says that there are more."""
    stretches = [
        (
            f"2026-11-01T{n // 4:02}:{n % 4 * 15:02}:00Z",
            f"2026-11-01T{n // 4:02}:{n % 4 * 15 + 10}:00Z",
        )
        for n in range(90)
    ]

    def answer(asked: Asked) -> Answer:
        if "dailyDistribution" in asked.path:
            return 404, b""
        rest = [stretch for stretch in stretches if stretch[1] > field_of(asked, "startTime")]
        word = "MORE" if len(rest) > 40 else "OK"
        return result([match(*stretch) for stretch in rest[:40]], word=word)

    found, _ = await search(answer)
    assert [segment.start_ms for segment in found.segments] == [wall(s[:19]) for s, _ in stretches]
    assert found.complete
    assert "PAGES_BY_TIME" in found.notes


@pytest.mark.parametrize(
    "inner",
    [
        b"<responseStatus>false</responseStatus><responseStatusStrg>FAILED</responseStatusStrg>",
        b"<responseStatusStrg>FAILED</responseStatusStrg><numOfMatches>0</numOfMatches>",
        b"<responseStatus>false</responseStatus>",
        b"<searchID>1</searchID>",
        b"",
    ],
)
async def test_a_search_that_failed_is_no_empty_day(inner: bytes) -> None:
    """An empty list of a failed search would say that nothing was recorded."""
    page = b"<CMSearchResult>" + inner + b"</CMSearchResult>"
    with pytest.raises(BadAnswer):
        await search(lambda _: page)


async def test_what_a_search_of_unknown_outcome_found_is_kept_and_called_incomplete() -> None:
    found, _ = await search(lambda _: result([match(*TEN_TO_TEN30)], word="PARTIAL"))
    assert len(found.segments) == 1
    assert not found.complete
    assert "STATUS_UNKNOWN" in found.notes


@pytest.mark.parametrize("word", ["no matches", "NO_MATCHES"])
async def test_an_empty_day_is_told_in_other_spellings(word: str) -> None:
    found, _ = await search(lambda _: result([], word=word))
    assert (found.segments, found.complete) == ((), True)

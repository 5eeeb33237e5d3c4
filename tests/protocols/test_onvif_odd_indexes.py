"""ONVIF indexes that are written oddly: in local time, in fractions, with an event for every file."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from lxml import etree

from cameras.protocols.base import IndexAnswer, Manner, NoProgress, Source
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.onvif_device import OnvifDevice, date_time, fault
from tests.protocols.patience import HANG_S
from tests.protocols.test_onvif_recordings import (
    END,
    FOUND,
    RECORDINGS,
    START,
    ask,
    at,
    event,
    page,
    pages,
    recorder,
    spans,
)

__all__ = ["recorder"]  # the fixture
HOUR_MS = 3_600_000


async def ask_now(device: OnvifDevice, newest_ms: int) -> IndexAnswer:
    """Asks a recorder in Türkiye, whose newest recording ends then, about its last six hours."""
    now_ms = round(time.time() * 1000)
    device.operations["GetSystemDateAndTime"] = (
        f"<x:SystemDateAndTime>{date_time('UTCDateTime', now_ms)}"
        f"{date_time('LocalDateTime', now_ms + 3 * HOUR_MS)}</x:SystemDateAndTime>"
    )
    newest = datetime.fromtimestamp(newest_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    device.operations["GetRecordingInformation"] = (
        "<x:RecordingInformation><tt:RecordingToken>R1</tt:RecordingToken>"
        "<tt:EarliestRecording>2026-10-20T00:00:00Z</tt:EarliestRecording>"
        f"<tt:LatestRecording>{newest}</tt:LatestRecording></x:RecordingInformation>"
    )
    device.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True))
    return await ask(device, now_ms - 6 * HOUR_MS, now_ms)


async def test_a_newest_recording_that_ends_now_by_the_wall_clock_is_not_believed(
    recorder: OnvifDevice,
) -> None:
    """REC-18: its list is in local time, so nobody knows of which hours it tells."""
    answer = await ask_now(recorder, round(time.time() * 1000) + 3 * HOUR_MS - 20_000)
    assert not answer.complete
    assert "index-in-local-time" in answer.notes


async def test_a_newest_recording_of_now_or_of_a_wrong_date_is_left_alone(
    recorder: OnvifDevice,
) -> None:
    now_ms = round(time.time() * 1000)
    for newest_ms in (now_ms - 20_000, now_ms - 3 * HOUR_MS, now_ms + 400 * 24 * HOUR_MS):
        assert (await ask_now(recorder, newest_ms)).complete


async def test_an_event_search_asks_in_whole_seconds(recorder: OnvifDevice) -> None:
    """Some devices refuse fractions; the span is rounded outwards."""
    asked: list[str] = []

    def find(request: etree._Element) -> str:
        asked.extend(request.findtext("{*}" + name, "") for name in ("StartPoint", "EndPoint"))
        return "<x:SearchToken>S</x:SearchToken>"

    recorder.operations["FindEvents"] = find
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True))
    await ask(recorder, at("01:00:00.250"), at("02:00:00.250"))
    assert asked == ["2026-11-01T01:00:00Z", "2026-11-01T02:00:01Z"]


async def test_the_time_before_the_first_of_many_ons_is_in_doubt(recorder: OnvifDevice) -> None:
    """REC-18: who says "on" for every file may have been on before the first one as well."""
    recorder.operations["GetEventSearchResults"] = page(
        event("00:37:00", True), event("01:37:00", True), event("02:00:00", False)
    )
    answer = await ask(recorder)
    assert [(one.start_ms, one.end_ms) for one in answer.unsure] == [
        (at("00:00:00"), at("00:37:00")),
        (at("00:37:00"), at("01:37:00")),
    ]


async def test_a_single_on_says_that_it_was_off_before(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(event("03:00:00", True))
    answer = await ask(recorder)
    assert spans(answer)[0][0] == at("03:00:00")
    assert not any(one.start_ms < at("03:00:00") for one in answer.unsure)


async def test_topics_without_their_last_step_are_understood(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True, topic="tns1:RecordingHistory/Recording"),
        event("04:00:00", False, topic="tns1:RecordingHistory/Recording"),
    )
    assert spans(await ask(recorder)) == [(at("00:00:00"), at("04:00:00"))]


async def test_a_state_that_stands_beside_the_list_ends_the_search(recorder: OnvifDevice) -> None:
    """Asked once more, such a device would give the same page again, which no one could believe."""
    told = page(event("00:00:00", True, start=True), event("01:00:00", False), state="")
    recorder.operations["GetEventSearchResults"] = told + "<x:SearchState>Completed</x:SearchState>"
    answer = await ask(recorder, at("00:00:00"), at("02:00:00"))
    assert spans(answer) == [(at("00:00:00"), at("01:00:00"))]
    assert answer.complete


async def test_results_without_a_list_around_them_are_read(recorder: OnvifDevice) -> None:
    whole = page(event("00:00:00", True, start=True), event("06:00:00", False))
    recorder.operations["GetEventSearchResults"] = whole.removeprefix(
        "<x:ResultList>"
    ).removesuffix("</x:ResultList>")
    assert spans(await ask(recorder)) == [(START, at("06:00:00"))]


async def test_a_state_that_is_an_attribute_of_the_list_ends_the_search(
    recorder: OnvifDevice,
) -> None:
    whole = page(event("00:00:00", True, start=True), state="")
    recorder.operations["GetEventSearchResults"] = whole.replace(
        "<x:ResultList>", '<x:ResultList SearchState="Completed">'
    )
    assert spans(await ask(recorder)) == [(START, END)]
    assert recorder.calls.count("GetEventSearchResults") == 1


async def test_an_answer_that_holds_nothing_is_no_empty_index(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = "<x:Nothing/>"
    answer = await ask(recorder)
    assert answer.source is Source.ONVIF_RECORDINGS
    assert not answer.complete


async def test_a_list_that_is_given_whole_each_time_is_a_list(recorder: OnvifDevice) -> None:
    """Small servers know no searches and write no state; of events the same page twice stays refused."""
    information = RECORDINGS.replace("RecordingItem", "RecordingInformation")
    recorder.operations |= {
        "GetRecordings": fault("ActionNotSupported"),
        "FindRecordings": FOUND,
        "GetRecordingSearchResults": f"<x:ResultList>{information}</x:ResultList>",
        "GetEventSearchResults": page(event("00:00:00", True, start=True), state=""),
    }
    async with Transport(deadline=HANG_S) as transport:
        client = OnvifClient(transport.to(recorder.server.endpoint, None, Manner()))
        assert [channel.token for channel in await client.channels()] == ["R1", "R2"]
    with pytest.raises(NoProgress):
        await ask(recorder)


async def test_a_track_that_names_its_kind_itself_is_a_video_track(recorder: OnvifDevice) -> None:
    flat = "<tt:TrackType>{}</tt:TrackType>"
    for kind in ("Video", "Audio"):
        nested = f"<tt:Configuration>{flat.format(kind)}</tt:Configuration>"
        told = str(recorder.operations["GetRecordings"])
        recorder.operations["GetRecordings"] = told.replace(nested, flat.format(kind))
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, track="audio", start=True),
        event("00:00:00", True, track="video", start=True),
        event("02:00:00", False, track="video"),
    )
    assert spans(await ask(recorder)) == [(START, at("02:00:00"))]


@pytest.mark.parametrize("then", ["more", "nothing", "the same", "a fault"])
async def test_a_completed_search_may_have_more_than_fits_into_a_page(
    recorder: OnvifDevice, then: str
) -> None:
    """A page that is full is asked beyond, whatever the state says; the answer to that spoils nothing."""
    first = page(event("00:00:00", True, start=True), event("06:00:00", False))
    others = {
        "more": page(event("07:00:00", True)),
        "nothing": page(),
        "the same": first,
        "a fault": fault("InvalidToken"),
    }
    recorder.operations["GetEventSearchResults"] = pages(first, others[then])
    found = [(START, at("06:00:00"))] + ([(at("07:00:00"), END)] if then == "more" else [])
    assert spans(await ask(recorder, page_size=2)) == found

"""Profile G: what a recorder's own index says, however badly it says it."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from lxml import etree

from cameras.protocols.base import (
    START_NOT_TOLD,
    BadAnswer,
    Channel,
    IndexAnswer,
    Manner,
    NoProgress,
    NotSupported,
    Reason,
    Source,
    TimeBase,
    TooLarge,
    TooSlow,
)
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.search import SearchLimits
from tests.protocols.onvif_device import OnvifDevice, fault
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import reply

DAY = "2026-11-01"
CHANNEL = Channel(1, "R1")


def at(clock: str) -> int:
    return round(datetime.fromisoformat(f"{DAY}T{clock}+00:00").timestamp() * 1000)


START, END = at("00:00:00"), at("12:00:00")


def event(
    clock: str,
    on: bool | str,
    *,
    token: str = "R1",
    track: str = "",
    start: bool = False,
    topic: str = "",
    zone: str = "Z",
) -> str:
    kind, name = ("Track", "IsDataPresent") if track else ("Recording", "IsRecording")
    when = f"{DAY}T{clock}{zone}"
    value = on if isinstance(on, str) else str(on).lower()
    return (
        f"<tt:Result><tt:RecordingToken>{token}</tt:RecordingToken><tt:TrackToken>{track}"
        f"</tt:TrackToken><tt:Time>{when}</tt:Time><tt:Event>"
        f"<x:Topic>{topic or f'tns1:RecordingHistory/{kind}/State'}</x:Topic><x:Message>"
        f'<tt:Message UtcTime="{when}"><tt:Data><tt:SimpleItem Name="{name}" Value="{value}"/>'
        f"</tt:Data></tt:Message></x:Message></tt:Event>"
        f"<tt:StartStateEvent>{str(start).lower()}</tt:StartStateEvent></tt:Result>"
    )


def page(*events: str, state: str = "Completed") -> str:
    said = f"<tt:SearchState>{state}</tt:SearchState>" if state else ""
    return f"<x:ResultList>{said}{''.join(events)}</x:ResultList>"


def pages(*each: str) -> Callable[[etree._Element], str]:
    remaining = iter(each)
    return lambda _: next(remaining)


INFORMATION = (
    "<x:RecordingInformation><tt:RecordingToken>R1</tt:RecordingToken>"
    "<tt:EarliestRecording>2026-10-20T00:00:00Z</tt:EarliestRecording>"
    "<tt:LatestRecording>2026-11-01T11:55:00Z</tt:LatestRecording></x:RecordingInformation>"
)
RECORDINGS = (
    "<x:RecordingItem><tt:RecordingToken>R1</tt:RecordingToken><tt:Configuration><tt:Source>"
    "<tt:SourceId>V1</tt:SourceId><tt:Name>Gate</tt:Name><tt:Address>http://10.0.0.9/onvif"
    "</tt:Address></tt:Source></tt:Configuration><tt:Tracks>"
    "<tt:Track><tt:TrackToken>video</tt:TrackToken><tt:Configuration><tt:TrackType>Video"
    "</tt:TrackType></tt:Configuration></tt:Track>"
    "<tt:Track><tt:TrackToken>audio</tt:TrackToken><tt:Configuration><tt:TrackType>Audio"
    "</tt:TrackType></tt:Configuration></tt:Track></tt:Tracks></x:RecordingItem>"
    "<x:RecordingItem><tt:RecordingToken>R2</tt:RecordingToken></x:RecordingItem>"
)
FOUND = "<x:SearchToken>S</x:SearchToken>"


@pytest.fixture
async def recorder() -> AsyncIterator[OnvifDevice]:
    async with OnvifDevice("none") as device:
        device.offer("device", "media", "recording", "search", "replay")
        device.operations |= {
            "FindEvents": FOUND,
            "EndSearch": "<x:Endpoint>2026-11-01T00:00:00Z</x:Endpoint>",
            "GetRecordings": RECORDINGS,
            "GetRecordingInformation": INFORMATION,
        }
        yield device


async def ask(
    device: OnvifDevice, start: int = START, end: int = END, **limits: float
) -> IndexAnswer:
    bounds = SearchLimits(**limits) if limits else None  # type: ignore[arg-type]
    async with Transport(deadline=HANG_S) as transport:
        client = OnvifClient(transport.to(device.server.endpoint, None, Manner()), bounds)
        return await client.recordings(CHANNEL, start, end)


def spans(answer: IndexAnswer) -> list[tuple[int, int]]:
    return [(segment.start_ms, segment.end_ms) for segment in answer.segments]


async def test_states_become_intervals(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True), event("03:00:00", False), event("03:10:00.5", True)
    )
    answer = await ask(recorder)
    assert spans(answer) == [(START, at("03:00:00")), (at("03:10:00.5"), END)]
    assert (answer.source, answer.time_base) == (Source.ONVIF_EVENTS, TimeBase.DEVICE_UTC)
    assert (answer.complete, answer.notes) == (True, (START_NOT_TOLD,))
    assert answer.earliest_ms == round(
        datetime.fromisoformat("2026-10-20T00:00Z").timestamp() * 1000
    )
    assert recorder.calls.count("EndSearch") == 1


async def test_a_search_over_several_pages_is_put_together(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = pages(
        page(state="Searching"),
        page(event("00:00:00", True, start=True), state="Searching"),
        page(event("06:00:00", False)),
    )
    answer = await ask(recorder)
    assert (spans(answer), answer.pages) == ([(START, at("06:00:00"))], 3)


async def test_nothing_recorded_is_a_full_answer_when_the_start_state_says_so(
    recorder: OnvifDevice,
) -> None:
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", False, start=True))
    answer = await ask(recorder)
    assert (answer.segments, answer.complete, answer.source) == ((), True, Source.ONVIF_EVENTS)


async def test_zone_less_times_and_capital_booleans_are_read(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", "TRUE", start=True, zone=""), event("01:00:00", "FALSE", zone="")
    )
    answer = await ask(recorder)
    assert spans(answer) == [(START, at("01:00:00"))]
    assert "zone-less-times" in answer.notes


async def test_a_written_zone_is_honoured(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True), event("04:00:00", False, zone="+03:00")
    )
    assert spans(await ask(recorder)) == [(START, at("01:00:00"))]


async def test_events_out_of_order_are_sorted(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("05:00:00", True), event("04:00:00", False), event("00:00:00", True, start=True)
    )
    answer = await ask(recorder)
    assert spans(answer) == [(START, at("04:00:00")), (at("05:00:00"), END)]
    assert "events-out-of-order" in answer.notes


async def test_ignored_filters_are_made_good(recorder: OnvifDevice) -> None:
    """Other recordings, other topics and older events come back although nobody asked."""
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, token="R2", start=True),
        event("02:00:00", True, topic="tns1:VideoSource/MotionAlarm"),
        event("01:00:00", False),
        event("02:30:00", True),
        event("03:30:00", False),
        event("07:00:00", True, token="R2"),
    )
    answer = await ask(recorder, at("03:00:00"))
    assert spans(answer) == [(at("03:00:00"), at("03:30:00"))]
    assert "filter-ignored" in answer.notes


async def test_a_start_state_of_an_earlier_start_is_overtaken(recorder: OnvifDevice) -> None:
    """A device that ignores the span starts its answer with the state of long ago."""
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", False, start=True), event("01:00:00", True), event("04:00:00", False)
    )
    assert spans(await ask(recorder, at("03:00:00"))) == [(at("03:00:00"), at("04:00:00"))]


async def test_a_device_that_refuses_the_filter_is_asked_for_everything(
    recorder: OnvifDevice,
) -> None:
    def find(request: etree._Element) -> str:
        filters = request.findall("{*}SearchFilter/{*}TopicExpression")
        return fault("InvalidFilterFault") if filters else FOUND

    recorder.operations["FindEvents"] = find
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True))
    assert spans(await ask(recorder)) == [(START, END)]


async def test_a_second_on_in_a_row_leaves_open_when_it_went_off(recorder: OnvifDevice) -> None:
    """REC-18: power failed somewhere in between, and nothing was written for it."""
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True), event("05:00:00", True), event("08:00:00", False)
    )
    answer = await ask(recorder)
    assert spans(answer) == [(START, at("08:00:00"))]
    assert [(one.start_ms, one.end_ms) for one in answer.unsure] == [(START, at("05:00:00"))]
    assert "end-of-recording-not-told" in answer.notes


async def test_a_track_that_tells_its_end_explains_the_silence_of_the_recording(
    recorder: OnvifDevice,
) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True),
        event("05:00:00", True),
        event("00:00:00", True, track="video", start=True),
        event("03:00:00", False, track="video"),
        event("05:00:00", True, track="video"),
    )
    answer = await ask(recorder)
    assert spans(answer) == [(START, at("03:00:00")), (at("05:00:00"), END)]
    assert answer.unsure == ()


async def test_what_lies_beyond_the_newest_recording_is_not_believed(
    recorder: OnvifDevice,
) -> None:
    recorder.operations["GetRecordingInformation"] = INFORMATION.replace("11:55:00Z", "07:00:00Z")
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True))
    answer = await ask(recorder)
    assert [(one.start_ms, one.end_ms) for one in answer.unsure] == [(at("07:00:00"), END)]


REBOOT = (
    "<x:NotificationMessage><x:Topic>tns1:Monitoring/OperatingTime/LastReboot</x:Topic><x:Message>"
    '<tt:Message><tt:Data><tt:SimpleItem Name="Status" Value="2026-11-01T06:00:00Z"/></tt:Data>'
    "</tt:Message></x:Message></x:NotificationMessage>"
)


async def test_on_is_not_believed_through_a_start_of_the_recorder(recorder: OnvifDevice) -> None:
    """REC-18: asked once, and the subscription is given back."""
    recorder.offer("device", "media", "recording", "search", "replay", "events")
    place = f"http://127.0.0.1:{recorder.server.port}/onvif/pull?1"
    recorder.operations |= {
        "CreatePullPointSubscription": (
            f"<x:SubscriptionReference><x:Address>{place}</x:Address></x:SubscriptionReference>"
        ),
        "PullMessages": REBOOT,
        "Unsubscribe": "<x:Nothing/>",
        "GetEventSearchResults": page(
            event("00:00:00", True, start=True), event("02:00:00", False), event("03:00:00", True)
        ),
    }
    answer = await ask(recorder)
    assert [(one.start_ms, one.end_ms) for one in answer.unsure] == [(at("03:00:00"), END)]
    assert recorder.calls.count("Unsubscribe") == 1


async def test_an_audio_track_proves_no_picture(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True),
        event("00:00:00", True, track="audio", start=True),
        event("00:00:00", True, track="video", start=True),
        event("02:00:00", False, track="video"),
    )
    assert spans(await ask(recorder)) == [(START, at("02:00:00"))]


async def test_a_job_that_stopped_outweighs_data_on_a_track(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, track="video", start=True),
        event("00:00:00", True, start=True),
        event("05:00:00", False),
    )
    assert spans(await ask(recorder)) == [(START, at("05:00:00"))]


async def test_a_recording_never_reaches_beyond_the_devices_present(recorder: OnvifDevice) -> None:
    hour = 3_600_000
    now = round(time.time() * 1000)
    recorder.shown_ms = -2 * hour
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True))
    answer = await ask(recorder, now - 10 * hour, now + 10 * hour)
    assert abs(answer.segments[-1].end_ms - (now - 2 * hour)) < 60_000


async def test_a_missing_start_state_leaves_the_beginning_unproven(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = page(
        event("02:00:00", False), event("03:00:00", True)
    )
    answer = await ask(recorder)
    assert spans(answer) == [(at("03:00:00"), END)]
    assert not answer.complete
    assert "start-state-missing" in answer.notes


async def test_an_end_of_a_track_without_a_name_ends_the_certainty(recorder: OnvifDevice) -> None:
    """It may be the end of the video, which would otherwise look recorded for ever."""
    nameless = event("02:00:00", False, track="x").replace(">x</tt:Track", "></tt:Track")
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, track="video", start=True), nameless
    )
    answer = await ask(recorder)
    assert not answer.complete
    assert "track-not-named" in answer.notes


@pytest.mark.parametrize("bad", ["noon", "2026-13-45T00:00:00Z", ""])
async def test_an_unreadable_event_makes_the_answer_incomplete(
    recorder: OnvifDevice, bad: str
) -> None:
    odd = event("02:00:00", False).replace(f"{DAY}T02:00:00Z", bad)
    recorder.operations["GetEventSearchResults"] = page(event("00:00:00", True, start=True), odd)
    answer = await ask(recorder)
    assert not answer.complete
    assert "unreadable-events" in answer.notes


@pytest.mark.parametrize(
    "silence",
    [
        {"FindEvents": reply(fault("ActionNotSupported"), 500)},
        {"GetEventSearchResults": reply("", 500)},
        {"GetEventSearchResults": page()},
        {"GetEventSearchResults": page(event("00:00:00", True, token="R2", start=True))},
    ],
    ids=["no event search", "failing results", "no events", "only of others"],
)
async def test_without_events_the_spans_are_told_and_called_incomplete(
    recorder: OnvifDevice, silence: dict[str, str]
) -> None:
    """A span from first to last recording proves nothing about gaps."""
    recorder.operations |= silence
    answer = await ask(recorder)
    assert answer.source is Source.ONVIF_RECORDINGS
    assert not answer.complete
    assert spans(answer) == [(START, at("11:55:00"))]


async def test_a_recorder_that_tells_nothing_is_not_supported(recorder: OnvifDevice) -> None:
    for name in ("FindEvents", "GetRecordingInformation"):
        del recorder.operations[name]
    with pytest.raises(NotSupported):
        await ask(recorder)


async def test_spans_come_from_find_recordings_too(recorder: OnvifDevice) -> None:
    for name in ("FindEvents", "GetRecordingInformation", "GetRecordings"):
        del recorder.operations[name]
    recorder.operations["FindRecordings"] = FOUND
    inner = INFORMATION.replace("x:RecordingInformation", "tt:RecordingInformation")
    recorder.operations["GetRecordingSearchResults"] = page(inner)
    assert spans(await ask(recorder)) == [(START, at("11:55:00"))]


async def test_the_same_page_again_and_again_is_no_progress(recorder: OnvifDevice) -> None:
    """D13."""
    recorder.operations["GetEventSearchResults"] = page(
        event("00:00:00", True, start=True), state="Searching"
    )
    with pytest.raises(NoProgress):
        await ask(recorder)
    assert recorder.calls[-1] == "EndSearch"
    assert recorder.calls.count("GetEventSearchResults") == 2


async def test_a_search_that_never_completes_is_no_progress(recorder: OnvifDevice) -> None:
    """D13."""
    recorder.operations["GetEventSearchResults"] = page(state="Searching")
    with pytest.raises(NoProgress):
        await ask(recorder, empty_pages=3)


async def endless(recorder: OnvifDevice) -> None:
    numbers = itertools.count()
    recorder.operations["GetEventSearchResults"] = lambda _: page(
        *(event("01:00:00", True, token=f"T{next(numbers)}") for _ in range(20)), state="Searching"
    )


async def test_endless_results_are_too_large(recorder: OnvifDevice) -> None:
    """D13: a million results are not read."""
    await endless(recorder)
    with pytest.raises(TooLarge):
        await ask(recorder, results=100)
    assert recorder.calls.count("GetEventSearchResults") == 6


async def test_endless_pages_are_too_large(recorder: OnvifDevice) -> None:
    """D13."""
    await endless(recorder)
    with pytest.raises(TooLarge):
        await ask(recorder, pages=5)


async def test_an_endless_search_ends_after_its_seconds(recorder: OnvifDevice) -> None:
    """D13."""
    await endless(recorder)
    with pytest.raises(TooSlow):
        await ask(recorder, seconds=0.05)


async def test_a_forgotten_session_is_started_again_once(recorder: OnvifDevice) -> None:
    expired = fault("InvalidToken")
    recorder.operations["GetEventSearchResults"] = pages(
        page(event("00:00:00", True, start=True), state="Searching"),
        expired,
        page(event("00:00:00", True, start=True), event("01:00:00", False)),
    )
    assert spans(await ask(recorder)) == [(START, at("01:00:00"))]
    assert recorder.calls.count("FindEvents") == 2


async def test_a_missing_search_state_ends_with_an_empty_page(recorder: OnvifDevice) -> None:
    recorder.operations["GetEventSearchResults"] = pages(
        page(event("00:00:00", True, start=True), state=""), page(state="")
    )
    assert spans(await ask(recorder)) == [(START, END)]


async def test_channels_are_the_recordings_in_the_recorders_order(recorder: OnvifDevice) -> None:
    async with Transport() as transport:
        client = OnvifClient(transport.to(recorder.server.endpoint, None, Manner()))
        channels = await client.channels()
    assert [(c.number, c.token, c.name, c.address) for c in channels] == [
        (1, "R1", "Gate", "10.0.0.9"),
        (2, "R2", "", ""),
    ]


async def test_a_channel_that_is_not_there_is_told_so(recorder: OnvifDevice) -> None:
    async with Transport() as transport:
        client = OnvifClient(transport.to(recorder.server.endpoint, None, Manner()))
        with pytest.raises(NotSupported) as caught:
            await client.recordings(Channel(9), START, END)
    assert caught.value.reason is Reason.NO_SUCH_CHANNEL


async def test_a_camera_without_an_index_says_so(recorder: OnvifDevice) -> None:
    recorder.offer("device", "media")
    with pytest.raises((NotSupported, BadAnswer)):
        await ask(recorder)


async def test_playback_is_asked_on_the_recorder_itself(recorder: OnvifDevice) -> None:
    """D5."""
    recorder.operations["GetReplayUri"] = "<x:Uri>rtsp://u:p@evil.example:5554/replay?r=R1</x:Uri>"
    async with Transport() as transport:
        client = OnvifClient(transport.to(recorder.server.endpoint, None, Manner()))
        target = await client.playback(CHANNEL, START, END)
    assert target.url == "rtsp://127.0.0.1:5554/replay?r=R1"
    assert (target.replay, target.start_ms, target.end_ms) == ("onvif", START, END)

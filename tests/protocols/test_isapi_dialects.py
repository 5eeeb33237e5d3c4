"""Hikvision's search in its dialects: how a request must be spelled, and in which clock the index is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from cameras.protocols.base import BadAnswer, Channel
from cameras.protocols.isapi import IsapiClient, index_time
from tests.protocols.isapi_recorder import TURKIYE, Recorder, match, result, status, wall
from tests.protocols.test_isapi_search import DAY, TEN_TO_TEN30, search
from tests.protocols.vendor_device import Answer, Asked, serving, talking

HOUR_MS = 3_600_000
BAD_XML = (400, status(6, "badXmlContent", "Invalid XML Content"))
SPELLINGS = {
    "bare": re.compile(rb"^<CMSearchDescription version=\"1.0\"><searchID>\{[0-9A-F-]{36}\}<"),
    "by the book": re.compile(rb"<trackIDList><trackID>101</trackID></trackIDList>"),
}


@pytest.mark.parametrize("reads", SPELLINGS)
async def test_a_recorder_that_reads_one_spelling_only_is_asked_in_that_one(reads: str) -> None:
    recorder = Recorder([(*TEN_TO_TEN30, 101)])

    def answer(asked: Asked) -> Answer:
        is_search = asked.path.endswith("/search")
        return BAD_XML if is_search and not SPELLINGS[reads].search(asked.body) else recorder(asked)

    async with serving(answer) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        told = [await client.recordings(Channel(1), *DAY) for _ in range(2)]
    searches = [asked for asked in device.log if asked.path.endswith("/search")]
    assert [len(one.segments) for one in told] == [1, 1]
    assert told[0].complete
    assert sum(not SPELLINGS[reads].search(asked.body) for asked in searches) <= 2


async def test_a_recorder_that_reads_no_spelling_ends_as_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="cannot read our request"):
        await search(lambda asked: BAD_XML)


@dataclass
class Recording:
    """A recorder in Türkiye whose channel 1 records on: its index writes UTC, or the wall clock."""

    in_utc: bool
    stopped_ago: timedelta = timedelta(0)
    grows: bool = True
    looks: list[datetime] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        now = datetime.now(TURKIYE)
        if asked.path == "/ISAPI/System/time":
            zone = "<timeZone>CST-3:00:00</timeZone>"
            return (
                f"<Time><localTime>{now:%Y-%m-%dT%H:%M:%S}+03:00</localTime>{zone}</Time>".encode()
            )
        if not asked.path.endswith("/search"):
            return (404, status(4, "notSupport"))
        shown = now - timedelta(hours=3) if self.in_utc else now
        self.looks.append(shown)
        # Each look finds two seconds more, so that the test need not wait for them.
        grown = timedelta(seconds=2 * len(self.looks) if self.grows else 0)
        newest = self.looks[0] + grown - self.stopped_ago
        start = shown - timedelta(hours=8)
        row = match(f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{newest:%Y-%m-%dT%H:%M:%SZ}")
        return result([row])


async def newest_of(recorder: Recording) -> tuple[float, bool, list[str]]:
    """How many seconds ago the newest recording ended, in true time; whole or not; and the quirks."""
    now_ms = wall(f"{datetime.now(TURKIYE):%Y-%m-%dT%H:%M:%S}")
    async with serving(recorder) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        answer = await client.recordings(Channel(1), now_ms - 5 * HOUR_MS, now_ms)
        target = await client.playback(Channel(1), now_ms - HOUR_MS, now_ms)
    end_ms = max(segment.end_ms for segment in answer.segments)
    assert target.start_ms == now_ms - HOUR_MS
    return abs(now_ms - end_ms) / 1000, answer.complete, conversation.manner.quirks


@pytest.fixture
def look_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_time, "LOOK_AGAIN_S", 0)


@pytest.mark.usefixtures("look_again_at_once")
async def test_an_index_that_grows_by_utc_is_read_as_utc() -> None:
    """REC-3: read as wall clock, every hour of it would be told three hours too early."""
    away_s, complete, quirks = await newest_of(Recording(in_utc=True))
    assert away_s < 60
    assert complete
    assert "isapi-index-in-utc" in quirks


async def test_an_index_in_the_wall_clock_is_known_by_its_newest_recording() -> None:
    away_s, complete, quirks = await newest_of(Recording(in_utc=False))
    assert away_s < 60
    assert complete
    assert "isapi-index-in-wall-clock" in quirks


@pytest.mark.usefixtures("look_again_at_once")
async def test_what_ended_three_hours_ago_and_does_not_grow_is_left_in_doubt() -> None:
    """REC-18: it stopped, or the index is in UTC: neither is claimed."""
    stopped = Recording(in_utc=False, stopped_ago=timedelta(hours=3), grows=False)
    _, complete, quirks = await newest_of(stopped)
    assert not complete
    assert "isapi-index-in-utc" not in quirks


async def test_a_channel_that_stopped_at_another_time_is_simply_told_as_stopped() -> None:
    stopped = Recording(in_utc=False, stopped_ago=timedelta(hours=1), grows=False)
    away_s, complete, _ = await newest_of(stopped)
    assert complete
    assert away_s > 3000


FIRST, SECOND = (
    "/ISAPI/Streaming/channels/301/picture",
    "/ISAPI/ContentMgmt/StreamingProxy/channels/301/picture",
)


@pytest.mark.parametrize(
    "refusal", [BAD_XML, (200, status(3, "deviceError", "Device Error")), (500, b""), (200, b"")]
)
async def test_a_recorder_that_misreads_the_first_picture_path_is_asked_at_the_second(
    refusal: tuple[int, bytes],
) -> None:
    """For their network cameras recorders call the first one bad XML, and give the picture at the other."""

    def answer(asked: Asked) -> Answer:
        return refusal if asked.path == FIRST else b"\xff\xd8picture"

    async with serving(answer) as device, talking(device) as conversation:
        client = IsapiClient(conversation)
        for _ in range(2):
            assert (await client.snapshot(Channel(3))).data == b"\xff\xd8picture"
        assert device.paths() == [FIRST, SECOND, SECOND]


async def test_what_both_picture_paths_refuse_is_told_as_the_first_said() -> None:
    def answer(asked: Asked) -> Answer:
        return BAD_XML if asked.path == FIRST else (404, b"")

    async with serving(answer) as device, talking(device) as conversation:
        with pytest.raises(BadAnswer):
            await IsapiClient(conversation).snapshot(Channel(3))

"""Dahua's search in its dialects: from which number it counts channels, which filters it takes."""

from __future__ import annotations

import re

from cameras.protocols.base import Channel
from cameras.protocols.dahua import DahuaClient
from tests.protocols.test_dahua_files import DAY, MORNING, File, Finder, search
from tests.protocols.vendor_device import Answer, Asked, serving, talking

BAD_REQUEST = (400, b"Error\r\nBad Request!\r\n")


class CountsFrom0(Finder):
    """Channel 0 is the first one, in what is asked as in what is told."""

    def _find(self, path: str) -> Answer:
        asked = int(re.findall(r"condition\.Channel=(\d+)", path)[0])
        if asked >= 2:
            return BAD_REQUEST
        return super()._find(path.replace(f"Channel={asked}", f"Channel={asked + 1}"))


EVENING = File("2026-11-01 20:00:00", "2026-11-01 21:30:00", 2)


async def test_a_search_that_counts_from_0_tells_of_the_right_camera() -> None:
    """REC-3: read as counting from 1, it would tell of the next camera in the place of the asked one."""
    finder = CountsFrom0([MORNING, EVENING], from_0=True)
    async with serving(finder) as device, talking(device) as conversation:
        client = DahuaClient(conversation)
        second = await client.recordings(Channel(2), *DAY)
        first = await client.recordings(Channel(1), *DAY)
        quirks = conversation.manner.quirks
    hours = [[s.end_ms - s.start_ms for s in told.segments] for told in (first, second)]
    assert hours == [[3_600_000], [5_400_000]]
    assert first.complete
    assert second.complete
    assert "dahua-searches-count-channels-from-0" in quirks


async def test_how_a_device_counts_is_asked_once() -> None:
    async with serving(Finder([MORNING])) as device, talking(device) as conversation:
        client = DahuaClient(conversation)
        for _ in range(3):
            assert len((await client.recordings(Channel(1), *DAY)).segments) == 1
    assert 1 <= sum("condition.Channel=0" in path for path in device.paths()) <= 2


async def test_a_device_that_ignores_its_filters_is_not_taken_to_count_from_0() -> None:
    finder = Finder([MORNING, EVENING], from_0=True, ignores_filters=True)
    async with serving(finder) as device, talking(device) as conversation:
        answer = await DahuaClient(conversation).recordings(Channel(1), *DAY)
    assert [s.end_ms - s.start_ms for s in answer.segments] == [3_600_000]


async def test_a_search_that_refuses_the_filter_for_videos_is_put_without_it() -> None:
    """Stills in the answer are then left out by us."""
    still = File("2026-11-01 12:00:00", "2026-11-01 13:00:00", extra=("Type=jpg",))
    finder = Finder([MORNING, still])

    def answer(asked: Asked) -> Answer:
        return BAD_REQUEST if "Types" in asked.path else finder(asked)

    found, _ = await search(answer)
    assert len(found.segments) == 1
    assert found.complete
    assert not finder.open


async def test_one_refused_search_does_not_make_a_day_empty() -> None:
    """REC-18: a finder that was gone is no empty day."""
    finder = Finder([MORNING])
    refused: list[str] = []

    def answer(asked: Asked) -> Answer:
        if "StartTime=2026" in asked.path and not refused:
            refused.append(asked.path)
            return BAD_REQUEST
        return finder(asked)

    found, _ = await search(answer)
    assert len(found.segments) == 1
    assert found.notes == ()

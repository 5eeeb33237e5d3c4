"""Dahua's search in its dialects: from which number it counts channels, which filters it takes."""

from __future__ import annotations

import re

import pytest

from cameras.protocols.base import BadAnswer, Channel
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


BARE_ERROR = (200, b"Error\r\n")
LAST_MONTH = File("2026-10-01 08:00:00", "2026-10-01 09:00:00")


class EndsInError(Finder):
    """Says "Error" where nothing is left, with HTTP 200; `at` is "findFile" or "findNextFile"."""

    at = "findNextFile"

    def __call__(self, asked: Asked) -> Answer:
        reply = super().__call__(asked)
        is_over = not self.left if self.at == "findFile" else reply == b"found=0\r\n"
        return BARE_ERROR if f"action={self.at}&" in asked.path and is_over else reply


@pytest.mark.parametrize("at", ["findFile", "findNextFile"])
async def test_an_empty_day_told_as_an_error_with_http_200_is_still_an_answer(at: str) -> None:
    finder = EndsInError([LAST_MONTH])
    finder.at = at
    found, _ = await search(finder)
    assert found.segments == ()
    assert found.complete
    assert found.notes == ("EMPTY_IS_ERROR",)
    assert not finder.open


async def test_pages_that_end_in_an_error_twice_are_whole() -> None:
    found, _ = await search(EndsInError([MORNING, LAST_MONTH]))
    assert len(found.segments) == 1
    assert found.complete


async def test_an_error_behind_a_full_page_may_hide_recordings() -> None:
    """The end, or a page that could not be given: nothing tells, so nothing is called lost."""
    minutes = [
        File(f"2026-11-01 0{n // 60}:{n % 60:02}:00", "2026-11-01 09:00:00") for n in range(100)
    ]
    found, _ = await search(EndsInError(minutes))
    assert len(found.segments) == 100
    assert not found.complete


async def test_a_search_that_breaks_off_once_is_put_again() -> None:
    """D13"""
    finder = Finder([MORNING, LAST_MONTH], page=1)
    broken: list[str] = []

    def answer(asked: Asked) -> Answer:
        if "findNextFile" in asked.path and not broken:
            broken.append(asked.path)
            return BARE_ERROR
        return finder(asked)

    found, _ = await search(answer)
    assert len(found.segments) == 1
    assert found.complete
    assert found.notes == ()


async def test_a_device_that_gives_no_page_at_all_has_not_said_that_it_is_empty() -> None:
    def answer(asked: Asked) -> Answer:
        return BARE_ERROR if "findNextFile" in asked.path else Finder([])(asked)

    with pytest.raises(BadAnswer):
        await search(answer)

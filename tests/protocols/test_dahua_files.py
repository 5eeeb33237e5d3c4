"""Dahua's index: every recorded file of the asked channel and span, or a reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Channel,
    DeviceError,
    IndexAnswer,
    Manner,
    NoProgress,
    NotSupported,
    Reason,
    Source,
    TimeBase,
    TooLarge,
)
from cameras.protocols.dahua import DahuaClient
from cameras.protocols.dahua.file_search import SEARCHES_FROM_1
from cameras.protocols.search_budget import SearchCaps
from tests.protocols.isapi_recorder import wall
from tests.protocols.vendor_device import Answer, Asked, VendorDevice, serving, talking

DAY = (wall("2026-11-01T00:00:00"), wall("2026-11-02T00:00:00"))


@dataclass(frozen=True)
class File:
    start: str
    end: str
    channel: int = 1
    extra: tuple[str, ...] = ("Flags[0]=Timing", "VideoStream=Main")


@dataclass
class Finder:
    """mediaFileFind with its bad habits: `page` caps a page, `from_0` counts channels from 0."""

    files: list[File]
    page: int = 100
    from_0: bool = False
    ignores_filters: bool = False
    newline: str = "\r\n"
    open: set[str] = field(default_factory=set)
    left: list[File] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        path = unquote(asked.path)
        action = re.search(r"action=([\w.]+)", path)
        assert action is not None
        number = re.search(r"object=(\d+)", path)
        if action[1] == "factory.create":
            self.open.add("0815")
            return b"result=0815\r\n"
        assert number is not None
        if action[1] == "destroy":
            self.open.discard(number[1])
        if action[1] == "findFile":
            return self._find(path)
        return self._next() if action[1] == "findNextFile" else b"OK\r\n"

    def _find(self, path: str) -> Answer:
        told = dict(re.findall(r"condition\.(\w+)=([^&]*)", path))
        if int(told["Channel"]) > 16:
            return (400, b"Error\r\nBad Request!\r\n")
        self.left = [
            file
            for file in self.files
            if self.ignores_filters
            or (
                file.channel == int(told["Channel"])
                and file.start <= told["EndTime"]
                and file.end >= told["StartTime"]
            )
        ]
        return b"OK\r\n"

    def _next(self) -> bytes:
        page, self.left = self.left[: self.page], self.left[self.page :]
        lines = [f"found={len(page)}"]
        for n, file in enumerate(page):
            lines += [
                f"items[{n}].Channel={file.channel - self.from_0}",
                f"items[{n}].EndTime={file.end}",
                *(f"items[{n}].{line}" for line in file.extra),
                f"items[{n}].StartTime={file.start}",
                f"items[{n}].FilePath=/mnt/dvr/{n}.dav",
            ]
        return self.newline.join([*reversed(lines), ""]).encode()


def known() -> Manner:
    """How its searches count channels is learnt already; `test_dahua_searches` is about the learning."""
    return Manner(quirks=[SEARCHES_FROM_1])


async def search(
    answer: Callable[[Asked], Answer],
    span: tuple[int, int] = DAY,
    *,
    number: int = 1,
    caps: SearchCaps | None = None,
) -> tuple[IndexAnswer, VendorDevice]:
    async with serving(answer) as device, talking(device, known()) as conversation:
        client = DahuaClient(conversation, caps=caps)
        return await client.recordings(Channel(number), *span), device


MORNING = File("2026-11-01 08:00:00", "2026-11-01 09:00:00")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_files_are_read_from_lines_in_any_order(newline: str) -> None:
    """REC-3: the times are the recorder's wall clock."""
    finder = Finder([MORNING], newline=newline)
    answer, device = await search(finder)
    assert answer.source is Source.DAHUA_FILES
    assert answer.time_base is TimeBase.DEVICE_LOCAL
    [segment] = answer.segments
    assert segment.start_ms == wall("2026-11-01T08:00:00")
    assert segment.end_ms == wall("2026-11-01T09:00:00")
    assert segment.kind == "continuous"
    assert segment.playback == "/mnt/dvr/0.dav"
    assert answer.earliest_ms == segment.start_ms
    assert not finder.open
    asked = next(path for path in device.paths() if "findFile" in path)
    assert "StartTime=2026-11-01%2000:00:00" in asked
    assert "EndTime=2026-11-01%2023:59:59" in asked


@pytest.mark.parametrize("page", [100, 64])
async def test_a_thousand_files_arrive_even_when_pages_are_smaller_than_asked(page: int) -> None:
    files = [
        File(f"2026-11-01 {n // 60:02}:{n % 60:02}:00", f"2026-11-01 {n // 60:02}:{n % 60:02}:50")
        for n in range(1_000)
    ]
    answer, _ = await search(Finder(files, page=page))
    assert len(answer.segments) == 1_000
    assert answer.complete


async def test_a_span_of_days_is_searched_in_pieces_and_a_file_in_two_pieces_counts_once() -> None:
    finder = Finder([File("2026-11-01 23:00:00", "2026-11-02 02:00:00")])
    answer, device = await search(finder, (DAY[0], DAY[1] + 7_200_000))
    assert len(answer.segments) == 1
    assert sum("StartTime=2026-11-0" in path for path in device.paths()) == 2


async def test_an_empty_channel_is_an_answer() -> None:
    answer, _ = await search(Finder([]), number=5)
    assert answer.segments == ()
    assert answer.complete


async def test_an_unknown_channel_is_told_as_such_and_the_search_is_closed() -> None:
    finder = Finder([])
    with pytest.raises(NotSupported) as caught:
        await search(finder, number=17)
    assert caught.value.reason is Reason.NO_SUCH_CHANNEL
    assert not finder.open


async def test_an_empty_day_that_is_answered_with_an_error_is_still_an_answer() -> None:
    """The wider search shows that the channel exists."""
    finder = Finder([File("2026-10-01 08:00:00", "2026-10-01 09:00:00")])

    def answer(asked: Asked) -> Answer:
        reply = finder(asked)
        is_search = "action=findFile" in asked.path
        return (400, b"Error\r\n") if is_search and not finder.left else reply

    found, _ = await search(answer)
    assert found.segments == ()
    assert found.complete
    assert found.notes == ("EMPTY_IS_ERROR",)


async def test_files_of_other_channels_and_days_are_dropped() -> None:
    files = [
        MORNING,
        File("2026-11-01 08:00:00", "2026-11-01 09:00:00", 3),
        File("2026-10-01 08:00:00", "2026-10-01 09:00:00", 3),
        File("2026-11-01 08:00:00", "2026-11-01 09:00:01", 3, ("VideoStream=Extra1",)),
    ]
    answer, _ = await search(Finder(files, ignores_filters=True), number=3)
    assert len(answer.segments) == 1
    assert answer.notes == ("OTHER_CHANNEL", "SPAN_IGNORED")
    assert answer.complete


async def test_only_another_channels_files_prove_nothing_about_ours() -> None:
    """REC-18: not a false "not recorded", and never a false "recorded"."""
    answer, _ = await search(Finder([MORNING], ignores_filters=True), number=2)
    assert answer.segments == ()
    assert not answer.complete


async def test_items_that_count_channels_from_0_are_understood_once_that_is_proven() -> None:
    files = [MORNING, File("2026-11-01 10:00:00", "2026-11-01 11:00:00", 2)]
    async with serving(Finder(files, from_0=True)) as device, talking(device) as conversation:
        client = DahuaClient(conversation)
        second = await client.recordings(Channel(2), *DAY)
        first = await client.recordings(Channel(1), *DAY)
    assert [len(first.segments), len(second.segments)] == [1, 1]
    assert first.complete
    assert second.complete


async def test_locked_and_marked_files_do_not_count_as_the_oldest() -> None:
    """REC-7, REC-17c."""
    files = [
        File("2026-01-01 08:00:00", "2026-01-01 09:00:00", 1, ("Locked=true",)),
        File("2026-02-01 08:00:00", "2026-02-01 09:00:00", 1, ("Flags[0]=Marked",)),
        File("2026-10-20 08:00:00", "2026-10-20 09:00:00"),
        File("2026-11-01 08:00:00", "2026-11-01 09:00:00", 1, ("Flags[0]=Event", "Locked=TRUE")),
    ]
    answer, _ = await search(Finder(files))
    [segment] = answer.segments
    assert (segment.kind, segment.locked) == ("alarm", True)
    assert answer.earliest_ms == wall("2026-10-20T08:00:00")


async def test_the_oldest_file_is_told_even_when_the_day_is_empty_and_asked_for_once() -> None:
    """REC-2: a camera that did not record yesterday still keeps what it has."""
    finder = Finder([File("2026-10-20 08:00:00", "2026-10-20 09:00:00")])
    day = DAY[1] - DAY[0]
    async with serving(finder) as device, talking(device, known()) as conversation:
        client = DahuaClient(conversation)
        before = await client.recordings(Channel(1), DAY[0] - 30 * day, DAY[1] - 30 * day)
        answers = [await client.recordings(Channel(1), *DAY) for _ in range(3)]
    assert before.earliest_ms is None
    assert {a.earliest_ms for a in answers} == {wall("2026-10-20T08:00:00")}
    assert sum("StartTime=2016" in path for path in device.paths()) == 2


def page_for_ever(asked: Asked) -> Answer:
    if "factory.create" in asked.path:
        return b"result=1\n"
    if "findNextFile" not in asked.path:
        return b"OK\n"
    return (
        b"found=1000000\nitems[0].StartTime=2026-11-01 08:00:00\n"
        b"items[0].EndTime=2026-11-01 09:00:00\nitems[0].Channel=1\n"
    )


async def test_the_same_page_for_ever_is_refused_and_the_search_is_closed() -> None:
    """D13: also with a million claimed results."""
    closed: list[str] = []

    def answer(asked: Asked) -> Answer:
        closed.append(asked.path)
        return page_for_ever(asked)

    with pytest.raises(NoProgress):
        await search(answer)
    assert "action=close&object=1" in closed[-2]
    assert "action=destroy&object=1" in closed[-1]


async def test_a_search_without_end_stops_at_the_caps() -> None:
    at = iter(range(10_000))

    def answer(asked: Asked) -> Answer:
        if "findNextFile" not in asked.path:
            return page_for_ever(asked)
        n = next(at)
        time = f"2026-11-01 {n // 60:02}:{n % 60:02}:00"
        return f"found=1\nitems[0].StartTime={time}\nitems[0].EndTime={time}".encode()

    with pytest.raises(TooLarge):
        await search(answer, caps=SearchCaps(pages=5))


@pytest.mark.parametrize(
    ("at", "reply", "error"),
    [
        ("factory.create", (200, b"Error\r\nInvalid Authority!\r\n"), NotSupported),
        ("factory.create", (200, b"result=0\r\n"), Busy),
        ("factory.create", (200, b"result=../../x\r\n"), BadAnswer),
        ("findFile", (200, b"Error\r\n"), BadAnswer),
        ("findFile", (501, b"Error: Not Implemented!"), NotSupported),
        ("findNextFile", (200, b"<html>login</html>"), BadAnswer),
        ("findNextFile", (200, b""), BadAnswer),
        ("findNextFile", (500, b"device busy"), Busy),
        ("findNextFile", (200, b"Error\r\nbusy\r\n"), Busy),
    ],
)
async def test_every_refusal_has_its_error(
    at: str, reply: Answer, error: type[DeviceError]
) -> None:
    def answer(asked: Asked) -> Answer:
        return reply if f"action={at}" in asked.path else Finder([])(asked)

    with pytest.raises(error):
        await search(answer)


async def test_an_unreadable_file_makes_the_answer_incomplete() -> None:
    files = [MORNING, File("soon", "later")]
    answer, _ = await search(Finder(files, ignores_filters=True))
    assert len(answer.segments) == 1
    assert not answer.complete


@pytest.mark.parametrize("length", [0, 3, 7, 40, 110, 200, 260, 340, 400])
async def test_a_page_that_is_cut_off_never_makes_an_empty_or_a_whole_day(length: int) -> None:
    """Some firmware tells no length and hangs up in the middle: nothing but the count shows it."""
    hours = [File(f"2026-11-01 {h:02}:00:00", f"2026-11-01 {h + 1:02}:00:00") for h in (8, 10, 12)]
    finder = Finder(hours)
    cut: list[bytes] = []

    def answer(asked: Asked) -> Answer:
        whole = finder(asked)
        if "findNextFile" not in asked.path or cut or not isinstance(whole, bytes):
            return whole
        *rows, count, _ = whole.split(b"\r\n")
        cut.append(b"\r\n".join([count, *rows])[:length])
        return cut[0]

    try:
        found, _ = await search(answer)
    except DeviceError:
        assert cut
    else:
        assert found.segments
        assert not found.complete


async def test_files_that_come_with_a_count_of_none_are_files() -> None:
    finder = Finder([MORNING])

    def answer(asked: Asked) -> Answer:
        whole = finder(asked)
        return whole.replace(b"found=1", b"found=0") if isinstance(whole, bytes) else whole

    found, _ = await search(answer)
    assert len(found.segments) == 1


@pytest.mark.parametrize("number", [1, 5])
async def test_a_recorder_that_forgets_its_search_at_once_does_not_lack_the_channel(
    number: int,
) -> None:
    """D13"""
    finder = Finder([MORNING])

    def answer(asked: Asked) -> Answer:
        return (400, b"Error\r\n") if "action=findFile" in asked.path else finder(asked)

    with pytest.raises(BadAnswer) as caught:
        await search(answer, number=number)
    assert caught.value.reason is Reason.BAD_ANSWER


async def test_keys_with_spaces_and_short_times_are_read() -> None:
    """As the maker's papers show them, and those who built after them answer."""
    page = (
        b"found = 1\nitems[0]. Channel =1\nitems[0]. StartTime =2026-11-1 8:5:0\n"
        b"items[0]. EndTime =2026-11-1 9:00:00\nitems[0]. Type =dav\n"
    )
    finder = Finder([MORNING])

    def answer(asked: Asked) -> Answer:
        reply = finder(asked)
        return page if isinstance(reply, bytes) and b"items[0]" in reply else reply

    found, _ = await search(answer)
    [segment] = found.segments
    assert segment.start_ms == wall("2026-11-01T08:05:00")
    assert segment.end_ms == wall("2026-11-01T09:00:00")
    assert found.complete

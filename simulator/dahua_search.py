"""The recording index of a Dahua-style recorder: finders that are created, asked and destroyed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from simulator.clocks import DAY_MS, TSI_MS, Base
from simulator.faults import Reply, fault
from simulator.isapi_xml import wall_text
from simulator.recording import Recorded
from simulator.world import Campus, SimDevice

PAGE = 100
MAX_FINDERS = 16
LIFE_MS = 60_000
_FAR_MS = 400 * DAY_MS


@dataclass
class Finder:
    """One search in progress."""

    used_ms: int
    files: list[tuple[int, Recorded]] = field(default_factory=list)
    total: int = 0
    start_ms: int = 0
    position: int = 0
    asked: bool = False


def _bad() -> Reply:
    return Reply(400, b"Error\r\nBad Request!\r\n")


def _time_ms(text: str) -> int:
    wall = dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=dt.UTC)
    return int(wall.timestamp()) * 1000 - TSI_MS


class FileFinders:
    """The mediaFileFind page of one recorder. Channels count from 1 here."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        self._finders: dict[str, Finder] = {}
        self._next = device.seed % 1_000_000 + 10

    def answer(self, action: str, arguments: dict[str, str]) -> Reply:
        """Answer one action of the page."""
        if fault(self._device, "no_search") is not None:
            return Reply(501, b"Error\r\nNot Implemented!\r\n")
        if action == "factory.create":
            return self._create()
        finder = self._finders.get(arguments.get("object", ""))
        now = self._campus.now_ms()
        if finder is None or now - finder.used_ms >= LIFE_MS:
            return _bad()
        finder.used_ms = now
        if action == "findFile":
            return self._find(finder, arguments)
        if action == "findNextFile":
            return self._next_files(finder, arguments)
        # Both spellings are in use among this make's callers.
        action = action.removeprefix("factory.")
        if action in ("close", "destroy"):
            if action == "destroy":
                del self._finders[arguments["object"]]
            return Reply(200, b"OK\r\n")
        return _bad()

    def _create(self) -> Reply:
        now = self._campus.now_ms()
        self._finders = {k: v for k, v in self._finders.items() if now - v.used_ms < LIFE_MS}
        # A caller that forgets to destroy its finders locks itself out, as on the real thing.
        if len(self._finders) >= MAX_FINDERS:
            return _bad()
        self._next += 1
        life = -LIFE_MS if fault(self._device, "search_expires") is not None else 0
        self._finders[str(self._next)] = Finder(now + life)
        return Reply(200, f"result={self._next}\r\n".encode())

    def _find(self, finder: Finder, arguments: dict[str, str]) -> Reply:
        number = arguments.get("condition.Channel", "")
        channel = self._device.channel(int(number)) if number.isdigit() else None
        try:
            start = _time_ms(arguments["condition.StartTime"])
            end = _time_ms(arguments["condition.EndTime"])
        except (KeyError, ValueError):
            return _bad()
        if channel is None or end <= start:
            return _bad()
        finder.position, finder.asked, finder.start_ms = 0, True, start
        value = fault(self._device, "million_results")
        if value is not None:
            finder.total = 1_000_000 if value is True else int(value)
            return Reply(200, b"OK\r\n")
        wanted = [channel]
        if fault(self._device, "ignored_filters") is not None:
            wanted = self._device.channels
            end = self._campus.now_ms()
            start = end - _FAR_MS
        finder.files = []
        if fault(self._device, "empty_search", "findFile") is None:
            for each in wanted:
                files = self._campus.index(self._device, each, start, end, Base.LOCAL)
                finder.files += [(each.number, file) for file in files]
        finder.total = len(finder.files)
        if not finder.files and fault(self._device, "empty_is_error") is not None:
            return _bad()
        return Reply(200, b"OK\r\n")

    def _file(self, finder: Finder, number: int) -> tuple[int, Recorded]:
        if finder.files:
            return finder.files[number]
        start = finder.start_ms + number * 1000
        return 1, Recorded(start, start + 900, "continuous", False)

    def _next_files(self, finder: Finder, arguments: dict[str, str]) -> Reply:
        count = arguments.get("count", "")
        if not finder.asked or not count.isdigit() or not int(count):
            return _bad()
        last = min(finder.total, finder.position + min(PAGE, int(count)))
        found = [self._file(finder, n) for n in range(finder.position, last)]
        if fault(self._device, "endless_search") is None:
            finder.position = last
        text = [f"found={len(found)}"]
        for number, (channel, file) in enumerate(found):
            text += self._item(number, channel, file)
        return Reply(200, ("\r\n".join(text) + "\r\n").encode())

    def _item(self, number: int, channel: int, file: Recorded) -> list[str]:
        start, end = wall_text(file.start_ms, " "), wall_text(file.end_ms, " ")
        day = start[:10]
        span = f"{start[11:].replace(':', '.')}-{end[11:].replace(':', '.')}"
        told = channel if fault(self._device, "zero_based_items") is None else channel - 1
        event = "M" if file.kind == "motion" else "R"
        values: dict[str, Any] = {
            "Channel": told,
            "Cluster": 1000 + number,
            "Disk": 0,
            "EndTime": end,
            "FilePath": f"/mnt/dvr/sda0/{day}/{channel - 1}/dav/{start[11:13]}/{span}[{event}].dav",
            "Flags[0]": "Event" if file.kind == "motion" else "Timing",
            "Length": (file.end_ms - file.start_ms) // 1000 * 256_000,
            "Locked": str(file.locked).lower(),
            "Partition": 0,
            "StartTime": start,
            "Type": "dav",
            "VideoStream": "Main",
        }
        return [f"items[{number}].{name}={value}" for name, value in values.items()]

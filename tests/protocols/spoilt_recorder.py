"""A recorder that repeats what the simulator said, with one of its replies spoilt."""

from __future__ import annotations

import re
from asyncio import StreamWriter
from collections import defaultdict
from collections.abc import Callable

from simulator.faults import Reply
from simulator.http import Request
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply

Handler = Callable[[Request], Reply]
_OPERATION = re.compile(rb":Body[^>]*>\s*<(?:\w+:)?(\w+)")
_POSITION = re.compile(rb"searchResultPostion>(\d+)<")
_VOLATILE = re.compile(r"object=\d+|\d{4}-\d\d-\d\d%20[\d:]+")


def _key(seen: Seen) -> str:
    operation = _OPERATION.search(seen.body)
    position = _POSITION.search(seen.body)
    parts = [seen.method, _VOLATILE.sub("", seen.target)]
    parts += [found[1].decode() for found in (operation, position) if found]
    return " ".join(parts)


class SpoiltRecorder(ScriptedDevice):
    """First `record`s a simulated device without its login; then `replay`s, one reply replaced."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(self._answer)
        self._handler: Handler | None = handler
        self.log: list[tuple[str, int, bytes]] = []  # key, status, body in the order asked
        self._kinds: dict[str, str] = {}
        self._queues: dict[str, list[int]] = {}
        self._asked: dict[str, int] = {}
        self._spoilt: dict[int, tuple[int, bytes]] = {}

    def replay(self, number: int = -1, status: int = 200, body: bytes = b"") -> None:
        """From now on answer as recorded; reply `number` of the log is replaced."""
        self._handler = None
        self._queues = defaultdict(list)
        for index, (key, _, _) in enumerate(self.log):
            self._queues[key].append(index)
        self._asked = defaultdict(int)
        self._spoilt = {number: (status, body)}

    async def _answer(self, seen: Seen, writer: StreamWriter) -> bytes:
        key = _key(seen)
        if self._handler is not None:
            path, _, query = seen.target.partition("?")
            told = self._handler(
                Request(seen.method, seen.target, path, query, seen.headers, seen.body)
            )
            if told.status != 401:
                self.log.append((key, told.status, told.body))
                self._kinds[key] = told.content_type
            headers = tuple(f"{name}: {value}" for name, value in told.headers)
            return reply(told.body, told.status, content_type=told.content_type, headers=headers)
        queue = self._queues.get(key)
        if not queue:
            return reply(b"", 404)
        index = queue[min(self._asked[key], len(queue) - 1)]
        self._asked[key] += 1
        status, body = self._spoilt.get(index, self.log[index][1:])
        return reply(body, status, content_type=self._kinds[key])

"""Simulated recorders on loopback with their rows, and requests about what they recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from core.tsi import from_ms
from footage_requests import hold_tasks
from footage_requests.footage import assembling, fetch_work, store
from footage_requests.footage.running_hashes import RunningHashes
from footage_requests.models import Decision, EvidenceFile, Exhibit, FootageRequest, RequestItem
from inventory.models import Channel, Device, Position
from simulator.campus_file import read_campus
from simulator.recording import Cause, Gap, tsi_midnight
from simulator.world import SimDevice, true_now_ms
from tests.cameras.simulated import Served, enter
from tests.requests.case import Campus

ADDRESS = count(1)
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)


def recorder(key: str = "rec", dialect: str = "onvif", **more: Any) -> dict[str, Any]:
    """A recorder of two channels that recorded without a break."""
    number = next(ADDRESS)
    makers = {"onvif": "Anatolia Vision", "isapi": "Hikvision", "dahua": "Dahua"}
    return {
        "key": key,
        "kind": "recorder",
        "dialect": dialect,
        "address": f"127.99.{number // 250}.{1 + number % 250}",
        "http_port": 0,
        "rtsp_port": 0,
        "maker": makers[dialect],
        "serial": f"{key.upper()}{number:06}",
        "users": {"izleme": "a-password"},
        "recording": {"seam_ms": 0},
        "channels": [
            {"number": 1, "name": "one", "token": "rec1"},
            {"number": 2, "name": "two", "token": "rec2"},
        ],
        **more,
    }


class Recorded(Campus):
    """Recorders that really answer, and the people of a case. `event` is an hour ago, a whole minute."""

    def __init__(self, served: Served) -> None:
        super().__init__()
        self.served = served
        self.sims: dict[str, SimDevice] = {sim.key: sim for sim in served.campus.devices}
        entered = enter(served.campus.devices)
        self.devices: dict[str, Device] = {
            key: entered[sim.address] for key, sim in self.sims.items()
        }
        self.event: dt.datetime = from_ms(true_now_ms() // 60_000 * 60_000) - dt.timedelta(hours=1)

    def channel(self, key: str = "rec", number: int = 1) -> Channel:
        return Channel.objects.get(recorder=self.devices[key], number=number)

    def place(self, key: str = "rec", number: int = 1) -> Position:
        return self.channel(key, number).assignments.get().position

    def ask(
        self,
        *positions: Position,
        seconds: float = 20,
        start: dt.datetime | None = None,
        **more: Any,
    ) -> FootageRequest:
        """A registered request about these positions, from `start` for so long."""
        begins = start or self.event
        return self.request(
            *(positions or (self.place(),)),
            starts_at=begins,
            ends_at=begins + dt.timedelta(seconds=seconds),
            **more,
        )

    def lose(self, start_ms: int, end_ms: int, key: str = "rec", number: int = 1) -> None:
        """The channel recorded nothing in this span."""
        channel = self.sims[key].channels[number - 1]
        channel.plan = channel.plan.changed([Gap(Cause.CAMERA_LOST, start_ms, end_ms)], None, [])

    def overwrite(self, before: dt.datetime, key: str = "rec", number: int = 1) -> None:
        """The recorder no longer has what lies before."""
        channel = self.sims[key].channels[number - 1]
        days = (dt.datetime.now(dt.UTC) - before).total_seconds() / 86_400
        channel.plan = channel.plan.changed([], days, [])

    def approved(self, *positions: Position, **more: Any) -> Decision:
        """A decision that releases everything that was asked for."""
        lines = more.pop("must_be_masked", None)
        request = self.ask(*positions, **more)
        request.take("review", by=self.operator)
        request.take("submit", by=self.operator)
        decision = self.decide(request)
        if lines is not None:
            decision.lines.update(must_be_masked=lines)
        return decision

    def item_of(self, request: FootageRequest) -> RequestItem:
        return request.items.select_related("position").get()


@contextmanager
def recorded(*devices: dict[str, Any]) -> Iterator[Recorded]:
    """Serves recorders and writes their rows."""
    campus = read_campus({"devices": list(devices) or [recorder()]}, tsi_midnight(true_now_ms()))
    with Served(campus) as served:
        yield Recorded(served)


def fetch_all(seconds: float = 600) -> int:
    """Works through the queue as a worker does; returns how many pieces ended."""
    return fetch_work.work(hold_tasks.settled, seconds=seconds)


def export_all() -> int:
    """Fetches what is due and puts packages together; returns how many packages were finished."""
    hashes = RunningHashes()
    fetch_work.work(hold_tasks.settled, hashes, seconds=600)
    return assembling.work_packages(hashes)


def doubt_ms(exhibit: Exhibit) -> int:
    """How far an exhibit's true times may be off: a loaded machine measures a clock less well, and says so."""
    return int(exhibit.facts["clock"]["uncertainty_ms"] or 0)


def plain(file: EvidenceFile | None) -> bytes:
    """The plain content of a stored file."""
    assert file is not None
    with store.open_file(file) as reader:
        return b"".join(reader)

"""Empties the queue: claims due checks, visits many devices at once, saves what comes back.

One event loop in a side thread talks to devices; the main thread owns the database connection. So a slow
device holds nothing but its own place, and a slow database holds no device's connection open for long.
Claims are taken by a conditional UPDATE with a token and a lease. A worker that dies leaves rows whose
lease runs out: they go back to the queue, and at the third loss they become "could not check: INTERNAL".
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from cameras import plans, saving
from cameras.judging import ChannelAsk, ChannelDay, Heard, Recorder, judge_recorder
from cameras.models import DeviceCheck, Run
from cameras.plans import Unvisitable
from cameras.protocols.base import Reason
from cameras.protocols.decoding import Decoder
from cameras.protocols.http import Transport
from cameras.protocols.ntp import ServerClock, server_clock
from cameras.visit_data import UNKNOWN, KindAnswer, VisitOutcome, VisitPlan
from cameras.visits import visit

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=plans.RECORDER_SECONDS + 120)
BATCH_SECONDS = 300
"""With the longest visit on top this stays below the time limit of a task."""
MOST_ATTEMPTS = saving.MOST_ATTEMPTS
POLL_SECONDS = 0.5
RACES = 5

Status = DeviceCheck.Status


@dataclass
class Tools:
    """What all visits of one event loop share."""

    transport: Transport
    decoder: Decoder


Visitor = Callable[[VisitPlan, Tools], Coroutine[Any, Any, VisitOutcome]]


async def visit_device(plan: VisitPlan, tools: Tools) -> VisitOutcome:
    """Visits a device over the network."""
    # Reads the WSDLs: only a worker that visits devices pays for that, not every web process.
    from cameras.protocols import registry

    async def opener(plan: VisitPlan) -> registry.OpenDevice:
        return await registry.open_device(
            tools.transport,
            plan.endpoint,
            plan.login,
            manner=plan.manner,
            expect=plan.expected,
        )

    return await visit(plan, opener, decoder=tools.decoder)


def release_lost(now: datetime) -> int:
    """Puts checks whose worker died back into the queue; after the third time they are given up."""
    lost = DeviceCheck.objects.filter(status=Status.CLAIMED, lease_until__lt=now)
    back = lost.filter(attempt__lt=MOST_ATTEMPTS).update(
        status=Status.DUE, claim=None, lease_until=None, due_at=now
    )
    for check in lost.select_related("run", "device"):
        _give_up(check)
    return back


def _give_up(check: DeviceCheck) -> None:
    """The dead letter: three workers died over it, so a fourth must not try."""
    outcome = _unvisited(check, Reason.INTERNAL, "The check was lost three times.")
    plan = plans.build([check], timezone.now())[0]
    outcome.days = unheard_days(plan.channels, Reason.INTERNAL)
    saving.save(check, None, outcome)


def claim(limit: int, now: datetime, *, run: Run | None = None) -> list[DeviceCheck]:
    """Takes up to `limit` due checks for this worker. Two workers never get the same one."""
    for _race in range(RACES):
        try:
            return _claim(limit, now, run)
        except IntegrityError:
            # Another worker took another check of the same device at this moment.
            continue
    return []


@transaction.atomic
def _claim(limit: int, now: datetime, run: Run | None) -> list[DeviceCheck]:
    visited = DeviceCheck.objects.filter(device=OuterRef("device"), status=Status.CLAIMED)
    due = DeviceCheck.objects.filter(
        status=Status.DUE, due_at__lte=now, run__status=Run.Status.RUNNING
    )
    if run is not None:
        due = due.filter(run=run)
    rows = due.filter(~Exists(visited)).order_by("run__start_at", "due_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    chosen: dict[int, int] = {}
    for pk, device_id in rows.values_list("pk", "device_id")[: 2 * limit]:
        chosen.setdefault(device_id, pk)
    pks = list(chosen.values())[:limit]
    token = uuid.uuid4()
    taken = DeviceCheck.objects.filter(pk__in=pks, status=Status.DUE).update(
        status=Status.CLAIMED,
        claim=token,
        attempt=F("attempt") + 1,
        lease_until=now + LEASE,
        started_at=now,
    )
    if not taken:
        return []
    return list(
        DeviceCheck.objects.filter(claim=token).select_related("run", "device").order_by("pk")
    )


def _put_back(check: DeviceCheck) -> None:
    """Frees a claim whose outcome could not be saved, so that nobody waits for its lease."""
    mine = DeviceCheck.objects.filter(pk=check.pk, claim=check.claim, status=Status.CLAIMED)
    now = timezone.now()
    if check.attempt >= MOST_ATTEMPTS:
        mine.update(lease_until=now)
    else:
        wait = timedelta(seconds=saving.RETRY_SECONDS[0])
        mine.update(status=Status.DUE, claim=None, lease_until=None, due_at=now + wait)


def unheard_days(channels: Iterable[ChannelAsk], reason: str) -> list[ChannelDay]:
    """Every channel and day that was to be asked, answered with one reason."""
    now_ms = time.time_ns() // 1_000_000
    heard = [Heard(ask, day, now_ms, reason=reason) for ask in channels for day in ask.days]
    return judge_recorder(heard, Recorder(histories={}))


def _unvisited(check: DeviceCheck, reason: str, detail: str = "") -> VisitOutcome:
    now_ms = time.time_ns() // 1_000_000
    outcome = VisitOutcome(check.device_id, started_ms=now_ms, ended_ms=now_ms)
    outcome.answers = {kind: KindAnswer(UNKNOWN, reason, detail) for kind in check.kinds}
    return outcome


class _Loop:
    """The event loop in its side thread. Outcomes come back over a queue."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.back: queue.Queue[tuple[DeviceCheck, VisitPlan, VisitOutcome]] = queue.Queue()
        self.loop = asyncio.new_event_loop()
        self.tools: Tools | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.thread = threading.Thread(target=self._run, name="visits", daemon=True)

    def __enter__(self) -> _Loop:
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._begin())
        self.loop.run_forever()
        self.loop.run_until_complete(self._end())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    async def _begin(self) -> None:
        self.tools = Tools(Transport(deadline=settings.DEVICE_DEADLINE_SECONDS), Decoder())

    async def _end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.tools is not None:
            await self.tools.decoder.__aexit__(None, None, None)
            await self.tools.transport.__aexit__(None, None, None)

    def start(self, check: DeviceCheck, plan: VisitPlan) -> None:
        self.loop.call_soon_threadsafe(self._start, check, plan)

    def _start(self, check: DeviceCheck, plan: VisitPlan) -> None:
        task = self.loop.create_task(self._one(check, plan))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _one(self, check: DeviceCheck, plan: VisitPlan) -> None:
        try:
            if self.tools is None:
                raise RuntimeError("The loop has not begun.")
            outcome = await self.visitor(plan, self.tools)
        except Exception:
            log.exception("Visit to device %s was lost", plan.device_id)
            outcome = _unvisited(check, Reason.INTERNAL)
        self.back.put((check, plan, outcome))

    def reference(self) -> ServerClock:
        """This server's clock against the time servers, asked once per batch."""
        asked = asyncio.run_coroutine_threadsafe(server_clock(settings.NTP_SERVERS), self.loop)
        return asked.result(timeout=30)


@dataclass
class Worked:
    """What one batch did."""

    visited: int = 0
    saved: int = 0
    lost: int = 0


def work(
    *,
    seconds: float = BATCH_SECONDS,
    at_once: int | None = None,
    run: Run | None = None,
    visitor: Visitor = visit_device,
) -> Worked:
    """Works until nothing is due or the time is over; visits under way may end in their own time."""
    at_once = at_once or settings.DEVICES_AT_ONCE
    until = time.monotonic() + seconds
    release_lost(timezone.now())
    worked = Worked()
    first = claim(at_once, timezone.now(), run=run)
    if not first:
        return worked
    with _Loop(visitor) as loop:
        batch = _Batch(loop, worked, loop.reference() if settings.NTP_SERVERS else None)
        batch.send(first)
        while batch.under_way:
            batch.take_back()
            room = at_once - batch.under_way
            if room > at_once // 10 and time.monotonic() < until:
                batch.send(claim(room, timezone.now(), run=run))
    return worked


class _Batch:
    """The main thread's side: plans go out, outcomes come back and are saved."""

    def __init__(self, loop: _Loop, worked: Worked, reference: ServerClock | None) -> None:
        self.loop = loop
        self.worked = worked
        self.reference = reference
        self.under_way = 0

    def send(self, checks: list[DeviceCheck]) -> None:
        if not checks:
            return
        for check, plan in zip(checks, plans.build(checks, timezone.now()), strict=True):
            if isinstance(plan, Unvisitable):
                outcome = _unvisited(check, plan.reason)
                outcome.days = unheard_days(plan.channels, plan.reason)
                self._save(check, None, outcome)
            else:
                self.under_way += 1
                self.loop.start(check, plan)

    def take_back(self) -> None:
        """Waits for one outcome and saves it with all that came meanwhile."""
        for check, plan, outcome in self._arrived():
            self.under_way -= 1
            self.worked.visited += 1
            self._save(check, plan, outcome)

    def _arrived(self) -> Iterable[tuple[DeviceCheck, VisitPlan, VisitOutcome]]:
        try:
            yield self.loop.back.get(timeout=POLL_SECONDS)
            while True:
                yield self.loop.back.get_nowait()
        except queue.Empty:
            return

    def _save(self, check: DeviceCheck, plan: VisitPlan | None, outcome: VisitOutcome) -> None:
        try:
            kept = saving.save(check, plan, outcome, reference=self.reference)
        except Exception:
            # One device's trouble must not end the batch: it is asked again, or given up by its lease.
            log.exception("Outcome of device %s could not be saved", check.device_id)
            kept = False
            _put_back(check)
        self.worked.saved += kept
        self.worked.lost += not kept

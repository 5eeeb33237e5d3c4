"""Empties the queue: claims due checks, visits many devices at once, saves what comes back.

One event loop in a side thread talks to devices; the main thread owns the database connection. So a slow
device holds nothing but its own place, and a slow database holds no device's connection open for long.
While it works, it renews the leases of what it holds (see `cameras.night.claims`). A database that restarts is
waited for; what was heard meanwhile is kept in memory and saved afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from cameras.days.judging import ChannelAsk, ChannelDay, Heard, Recorder, judge_recorder
from cameras.models import DeviceCheck, Run
from cameras.night import claims, plans, saving
from cameras.night.pacing import SharedBucket, SitePace
from cameras.night.plans import Unvisitable
from cameras.protocols.base import Reason
from cameras.protocols.decoding import Decoder
from cameras.protocols.http import Transport
from cameras.protocols.ntp import ServerClock, server_clock
from cameras.visiting.visit_data import UNKNOWN, KindAnswer, VisitOutcome, VisitPlan
from cameras.visiting.visits import visit

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH_SECONDS = 300
"""With the longest visit on top this stays below the time limit of a task."""
POLL_SECONDS = 0.5
DATABASE_PAUSES = (0.2, 0.5, 1, 2, 4, 8)
"""A database that restarts is back within these seconds together, or the batch is lost to its leases."""


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
    back, hopeless = claims.release_lost(now)
    for check in hopeless:
        _give_up(check)
    return back


def _give_up(check: DeviceCheck) -> None:
    """The dead letter: three workers died over it, so a fourth must not try."""
    outcome = _unvisited(check, Reason.INTERNAL, "The check was lost three times.")
    try:
        plan = plans.build([check], timezone.now())[0]
        outcome.days = unheard_days(plan.channels, Reason.INTERNAL)
        saving.save(check, None, outcome, given_up=True)
    except Exception:
        # Whatever is wrong with its rows, the run must be able to end.
        log.exception("Device %s is given up with its bare answers", check.device_id)
        saving.save_bare(check, outcome)


def _patiently(job: Callable[[], T]) -> T:
    """Does what needs the database, again after a pause while that restarts or is locked."""
    for pause in DATABASE_PAUSES:
        try:
            return job()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            log.warning("The database did not answer; trying again in %s s", pause)
            close_old_connections()
            time.sleep(pause)
    return job()


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
        self.pace: SitePace | None = None
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
        self.pace = SitePace(SharedBucket(settings.REDIS_URL, settings.SITE_VISITS_PER_SECOND))
        self.tools = Tools(Transport(deadline=settings.DEVICE_DEADLINE_SECONDS), Decoder())

    async def _end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.pace is not None:
            await self.pace.close()
        if self.tools is not None:
            await self.tools.decoder.__aexit__(None, None, None)
            await self.tools.transport.__aexit__(None, None, None)

    def start(self, check: DeviceCheck, plan: VisitPlan, site: int | None = None) -> None:
        self.loop.call_soon_threadsafe(self._start, check, plan, site)

    def _start(self, check: DeviceCheck, plan: VisitPlan, site: int | None) -> None:
        task = self.loop.create_task(self._one(check, plan, site))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _one(self, check: DeviceCheck, plan: VisitPlan, site: int | None) -> None:
        try:
            if self.tools is None or self.pace is None:
                raise RuntimeError("The loop has not begun.")
            await self.pace.turn(site)
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
    between: Callable[[], object] | None = None,
    linger: timedelta = timedelta(0),
) -> Worked:
    """Works until nothing is due or the time is over; visits under way may end in their own time.

    `between` is called now and then. A retry that falls due within `linger` is waited for.
    """
    at_once = at_once or settings.DEVICES_AT_ONCE
    until = time.monotonic() + seconds
    release_lost(timezone.now())
    worked = Worked()
    group = claims.claim_next(at_once, timezone.now(), run=run)
    if not group:
        return worked
    with _Loop(visitor) as loop:
        batch = _Batch(loop, worked, loop.reference() if settings.NTP_SERVERS else None)
        while group:
            batch.send(group)
            fresh = not any(check.lost for check in group)
            while batch.under_way:
                batch.take_back()
                room = at_once - len(batch.under_way)
                if fresh and room > at_once // 10 and time.monotonic() < until:
                    batch.send(batch.more(room, run))
                if between is not None and batch.is_time_for(_BETWEEN):
                    _patiently(between)
            group = []
            while not group and time.monotonic() < until:
                group = _patiently(lambda: claims.claim_next(at_once, timezone.now(), run=run))
                if not group and not _waits_for_retry(linger, run, between):
                    break
    return worked


def _waits_for_retry(
    linger: timedelta, run: Run | None, between: Callable[[], object] | None
) -> bool:
    """Waits for the check that falls due next; False when none does so soon."""
    now = timezone.now()
    due_at = _patiently(lambda: claims.next_due(now, linger, run=run)) if linger else None
    if due_at is None:
        return False
    if between is not None:
        _patiently(between)
    time.sleep(min(1.0, max(0.0, (due_at - now).total_seconds())))
    return True


_BETWEEN, _RENEW, _CLAIM = "between", "renew", "claim"


class _Batch:
    """The main thread's side: plans go out, outcomes come back and are saved."""

    def __init__(self, loop: _Loop, worked: Worked, reference: ServerClock | None) -> None:
        self.loop = loop
        self.worked = worked
        self.reference = reference
        self.under_way: dict[int, DeviceCheck] = {}
        self._pauses = {_BETWEEN: 2.0, _RENEW: claims.RENEW_SECONDS, _CLAIM: POLL_SECONDS}
        self._next = {what: time.monotonic() + pause for what, pause in self._pauses.items()}
        self._queue_was_empty = False
        self._sites: dict[int, int] = {}

    def is_time_for(self, what: str) -> bool:
        """Whether something that is done now and then is due again."""
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + self._pauses[what]
        return True

    def more(self, room: int, run: Run | None) -> list[DeviceCheck]:
        """Fresh checks for free places; an empty queue is not asked again at every outcome."""
        if self._queue_was_empty and not self.is_time_for(_CLAIM):
            return []
        checks = _patiently(lambda: claims.claim(room, timezone.now(), run=run))
        self._queue_was_empty = not checks
        return checks

    def send(self, checks: list[DeviceCheck]) -> None:
        if not checks:
            return
        self.under_way |= {check.pk: check for check in checks}
        self._sites |= _patiently(lambda: plans.sites_of(check.device_id for check in checks))
        for check, plan in self._planned(checks):
            if isinstance(plan, Unvisitable):
                outcome = _unvisited(check, plan.reason)
                outcome.days = unheard_days(plan.channels, plan.reason)
                self._save(check, None, outcome)
            else:
                site = self._sites.get(check.device_id)
                self.loop.start(check, replace(plan, server=self.reference), site)

    def _planned(
        self, checks: list[DeviceCheck]
    ) -> Iterable[tuple[DeviceCheck, VisitPlan | Unvisitable]]:
        now = timezone.now()
        try:
            return list(zip(checks, _patiently(lambda: plans.build(checks, now)), strict=True))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("A batch could not be planned; planning its devices one by one")
        return self._planned_singly(checks, now)

    def _planned_singly(
        self, checks: list[DeviceCheck], now: datetime
    ) -> Iterable[tuple[DeviceCheck, VisitPlan | Unvisitable]]:
        for check in checks:
            try:
                yield check, plans.build([check], now)[0]
            except Exception:
                log.exception("Device %s could not be planned", check.device_id)
                yield check, Unvisitable(Reason.INTERNAL)

    def take_back(self) -> None:
        """Waits for one outcome and saves it with all that came meanwhile."""
        for check, plan, outcome in self._arrived():
            self.worked.visited += 1
            self._save(check, plan, outcome)
        self._renew()

    def _arrived(self) -> Iterable[tuple[DeviceCheck, VisitPlan, VisitOutcome]]:
        try:
            yield self.loop.back.get(timeout=POLL_SECONDS)
            while True:
                yield self.loop.back.get_nowait()
        except queue.Empty:
            return

    def _renew(self) -> None:
        if self.under_way and self.is_time_for(_RENEW):
            held = list(self.under_way.values())
            _patiently(lambda: claims.renew(held, timezone.now()))

    def _save(self, check: DeviceCheck, plan: VisitPlan | None, outcome: VisitOutcome) -> None:
        self._renew()
        try:
            kept = _patiently(lambda: saving.save(check, plan, outcome, reference=self.reference))
        except Exception:
            # One device's trouble must not end the batch: it is asked again, or given up by its lease.
            log.exception("Outcome of device %s could not be saved", check.device_id)
            kept = False
            _patiently(lambda: claims.put_back(check))
        del self.under_way[check.pk]
        self.worked.saved += kept
        self.worked.lost += not kept

"""Empties the queue of pieces: claims them, fetches several at once, stores what comes.

One event loop in a side thread (`fetch_loop`) talks to recorders and seals; the main thread owns the database. Leases
are renewed meanwhile, so that a killed worker's pieces come back within a minute and a living worker's
never do.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cameras.protocols.base import DeviceError, Reason
from core.tsi import day_of, to_ms

from ..models import ExportPace, ExportSlice, SoundSlice
from ..models.holds import Part
from . import cutting, exporting, part_claims, right_channel, sound_work
from .fetch_loop import FetchLoop
from .fetching import Fetched, Order, delivered, failure_of, fetch, unfetched
from .kept_answers import KeptAnswers
from .part_claims import AnyPart
from .recorders import NotReachable, access_to, park_refused
from .running_hashes import RunningHashes

log = logging.getLogger(__name__)

BATCH_SECONDS = 150.0
AT_ONCE = 4
POLL_SECONDS = 0.2
ASK_SECONDS = 2.0
TRIES_FOR_MORE = 3
"""What the index claims and the pictures lack is asked for so many times; then the gap is stated."""

Settled = Callable[[AnyPart], None]


@dataclass
class _Running:
    part: AnyPart
    order: Order
    fetched: Fetched
    future: concurrent.futures.Future[None]
    began: float


def work(
    settled: Settled,
    hashes: RunningHashes | None = None,
    loop: FetchLoop | None = None,
    *,
    seconds: float = BATCH_SECONDS,
    at_once: int = AT_ONCE,
) -> int:
    """Fetches due pieces until none is left or the time is over; returns how many ended.

    `hashes` are kept of what is fetched for exhibits, in `loop` it is fetched. `settled(part)` is called after each
    piece that will not be tried again. What runs when the time is over is finished in its own time.
    """
    until = time.monotonic() + seconds
    part_claims.release_lost()
    first = part_claims.claim_next()
    if first is None:
        return 0
    with nullcontext(loop) if loop is not None else FetchLoop() as used:
        batch = _Batch(used, settled, hashes or RunningHashes())
        batch.start(first)
        while True:
            if time.monotonic() < until:
                batch.fill(at_once)
            if not batch.running:
                return batch.ended
            batch.collect()


class _Batch:
    """The main thread's side."""

    def __init__(self, loop: FetchLoop, settled: Settled, hashes: RunningHashes) -> None:
        self.loop = loop
        self.hashes = hashes
        self.settled = settled
        self.running: list[_Running] = []
        self.answers = KeptAnswers()
        self.ended = 0
        self._renew_at = time.monotonic() + part_claims.RENEW_SECONDS
        self._ask_at = 0.0
        self._asked_without: set[int] = set()

    def fill(self, at_once: int) -> None:
        """Takes more pieces; a queue that had nothing for us is left alone for a while."""
        while len(self.running) < at_once:
            busy = self.recorders
            if time.monotonic() < self._ask_at and busy == self._asked_without:
                return
            part = part_claims.claim_next(busy)
            if part is None:
                self._ask_at = time.monotonic() + ASK_SECONDS
                self._asked_without = busy
                return
            self.start(part)

    @property
    def recorders(self) -> set[int]:
        """A worker takes one piece at a time of each recorder: the next worker takes the other place.

        While a piece that has come is still being stored, the next one begins.
        """
        return {
            each.order.access.recorder_id
            for each in self.running
            if not each.fetched.streamed.done()
        }

    def start(self, part: AnyPart) -> None:
        try:
            access = access_to(part_claims.recorder_of(part))
        except NotReachable as error:
            self._give_back(part, error.reason, is_permanent=True)
            return
        cutting.cut(part, access.clock)
        number = part_claims.channel_of(part).number
        order = Order(access, number, to_ms(part.starts_at), to_ms(part.ends_at))
        fetched = Fetched(access.clock)
        if part.attempt == 1:
            fetched.answers = self.answers
        if isinstance(part, ExportSlice):
            volume = exporting.volume_of(part)
            follows_until_ms = to_ms(volume[-1].ends_at)
            order = replace(order, is_for_exhibit=True, follows_until_ms=follows_until_ms)
            fetched.running = self.hashes.of(part, volume)
        if isinstance(part, SoundSlice):
            order, fetched = sound_work.begin(part, order)
        if isinstance(fetched, sound_work.FetchedSound):
            future = self.loop.start(sound_work.fetch(order, fetched))
        else:
            future = self.loop.start(fetch(order, fetched, self.loop.decoder))
        self.running.append(_Running(part, order, fetched, future, time.monotonic()))

    def collect(self) -> None:
        """Waits a moment, stores what has come, renews the leases of the rest."""
        concurrent.futures.wait(
            [
                each.future if each.fetched.streamed.done() else each.fetched.streamed
                for each in self.running
            ],
            timeout=POLL_SECONDS,
            return_when=concurrent.futures.FIRST_COMPLETED,
        )
        done = [each for each in self.running if each.future.done()]
        self.running = [each for each in self.running if not each.future.done()]
        for each in done:
            self._finish(each)
            if each.order.access.recorder_id not in self.recorders:
                self._ask_at = 0.0
        if time.monotonic() >= self._renew_at:
            self._renew_at = time.monotonic() + part_claims.RENEW_SECONDS
            part_claims.renew(
                [(each.part, each.fetched.bytes) for each in self.running], timezone.now()
            )

    def _finish(self, each: _Running) -> None:
        try:
            with each.fetched.stack:
                self._store(each)
        except Exception:
            # One piece's trouble must not end the batch: it is tried again.
            log.exception("Piece %s could not be stored", each.part.pk)
            self._give_back(each.part, str(Reason.INTERNAL), is_permanent=False)

    def _store(self, each: _Running) -> None:
        part, fetched = each.part, each.fetched
        error = fetched.error or each.future.exception()
        if error is fetched.error and fetched.has_nothing:
            if part_claims.mine(part).update(
                state=Part.State.EMPTY, finished_at=timezone.now(), failure=""
            ):
                self._settle(part)
            return
        if isinstance(part, SoundSlice) and sound_work.settled(part, each.order, fetched, error):
            self._settle(part)
            return
        if error is not None or fetched.report is None or fetched.writer is None:
            self._fail(each, error)
            return
        if unfetched(each.order, fetched) and part.attempt < TRIES_FOR_MORE:
            self._give_back(part, str(Reason.NO_ANSWER), is_permanent=False)
            return
        told = delivered(each.order, fetched, fetched.report)
        if part.attempt < TRIES_FOR_MORE and right_channel.twin_of(
            part_claims.channel_of(part), part.starts_at, part.ends_at, told
        ):
            # A recorder that mixed channels up once may play the right one next.
            self._give_back(part, "SAME_PICTURES", is_permanent=False)
            return
        with transaction.atomic():
            file = fetched.writer.save()
            kept = part_claims.mine(part).update(
                state=Part.State.DONE,
                file=file,
                delivered=told,
                fetched_bytes=file.bytes,
                finished_at=timezone.now(),
                failure="",
                **(
                    {"source": ExportSlice.Source.RECORDER} if isinstance(part, ExportSlice) else {}
                ),
            )
            if not kept:
                raise RuntimeError("The lease was lost; another worker has this piece.")
            _note_pace(each, file.bytes)
        self._settle(part)

    def _fail(self, each: _Running, error: BaseException | None) -> None:
        if isinstance(error, DeviceError):
            park_refused(each.order.access.recorder_id, each.order.access.login, error)
        code, is_permanent = failure_of(error if isinstance(error, Exception) else OSError())
        if code == Reason.INTERNAL:
            log.error("Piece %s failed", each.part.pk, exc_info=error)
        self._give_back(each.part, code, is_permanent=is_permanent)

    def _give_back(self, part: AnyPart, code: str, *, is_permanent: bool) -> None:
        if part_claims.put_back(part, code, is_permanent=is_permanent, now=timezone.now()):
            self._settle(part)

    def _settle(self, part: AnyPart) -> None:
        self.ended += 1
        self.settled(part)


def _note_pace(each: _Running, size: int) -> None:
    """Minutes of footage against minutes of waiting, per recorder and day (REL-14)."""
    pace, _made = ExportPace.objects.get_or_create(
        recorder_id=each.order.access.recorder_id, day=day_of(dt.datetime.now(dt.UTC))
    )
    ExportPace.objects.filter(pk=pace.pk).update(
        footage_ms=F("footage_ms") + each.order.end_ms - each.order.start_ms,
        took_ms=F("took_ms") + round((time.monotonic() - each.began) * 1000),
        bytes=F("bytes") + size,
    )

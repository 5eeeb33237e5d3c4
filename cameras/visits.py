"""One visit to one device: what is asked, in which order, and what is given up when.

Plain data in (`VisitPlan`), plain data out (`VisitOutcome`); asyncio and `cameras.protocols` only, no
Django. A visit always ends: each call has its deadline, the visit has its own, and whatever was learnt
until then is in the outcome. Three answers: YES, NO, and UNKNOWN with its reason.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from cameras import clocks
from cameras.clocks import KnownOffset, Measurement, OffsetHistory
from cameras.judging import (
    ChannelAsk,
    ChannelDay,
    DayAsk,
    Heard,
    Recorder,
    draw_minute,
    judge_recorder,
)
from cameras.proofs import Player, ProofAnswer, play_minute
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    CredentialRefused,
    DeviceClient,
    DeviceError,
    DiskState,
    Endpoint,
    Identity,
    IndexAnswer,
    IndexesRecordings,
    ListsChannels,
    Login,
    Manner,
    NotSupported,
    Picture,
    Reason,
    TakesSnapshots,
    TellsIdentity,
    TellsStorage,
    TellsTime,
    TimeBase,
    TooSlow,
    Unreachable,
    Untrusted,
)
from cameras.protocols.decoding import Decoder

log = logging.getLogger(__name__)
T = TypeVar("T")

YES, NO, UNKNOWN = "YES", "NO", "UNKNOWN"
IDENTITY, CLOCK, RECORDING, PROOF, PICTURE = "IDENTITY", "CLOCK", "RECORDING", "PROOF", "PICTURE"

CALLS_PER_QUESTION = 5
"""A question about a day may need several pages: this many call deadlines bound it."""
SLOW_CALLS_UNTIL_GIVING_UP = 2
QUERY_MARGIN_MS = 5_000
TEMPORARY = frozenset(
    {Reason.CONNECTION_REFUSED, Reason.NO_ANSWER, Reason.TOO_SLOW, Reason.BUSY, Reason.INTERNAL}
)


class VisitIsOver(Exception):
    """Nothing more is worth asking in this visit; the remaining kinds get this error's reason."""

    def __init__(self, error: DeviceError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass(frozen=True)
class VisitPlan:
    """Everything that a visit needs to know. Built from the database, used without it."""

    device_id: int
    is_recorder: bool
    endpoint: Endpoint
    login: Login | None
    manner: Manner
    kinds: frozenset[str]
    no_login_because: str = ""
    expected_serial: str = ""
    channels: tuple[ChannelAsk, ...] = ()
    known_utc: tuple[KnownOffset, ...] = ()
    known_local: tuple[KnownOffset, ...] = ()
    calls_at_once: int = 2
    call_seconds: float = 12.0
    visit_seconds: float = 60.0


@dataclass(frozen=True)
class KindAnswer:
    """One of three answers about one kind of check. `at_ms` is the true time of the evidence."""

    answer: str
    reason: str = ""
    detail: str = ""
    at_ms: int | None = None

    @property
    def is_temporary(self) -> bool:
        return self.answer == UNKNOWN and self.reason in TEMPORARY


@dataclass
class VisitOutcome:
    """What a visit brought home. Half an outcome is an outcome."""

    device_id: int
    started_ms: int
    ended_ms: int = 0
    answers: dict[str, KindAnswer] = field(default_factory=dict)
    identity: Identity | None = None
    clock: Measurement | None = None
    uses_ntp: bool | None = None
    listed: tuple[Channel, ...] | None = None
    disks: tuple[DiskState, ...] | None = None
    days: list[ChannelDay] = field(default_factory=list)
    proofs: list[ProofAnswer] = field(default_factory=list)
    picture: Picture | None = None
    picture_at_ms: int | None = None
    manner: dict[str, Any] | None = None
    refused: str = ""
    answered: bool = False

    @property
    def failed_with(self) -> str:
        """Why the device as a whole gave nothing, or ''."""
        if self.answered or not self.answers:
            return ""
        return next((a.reason for a in self.answers.values() if a.answer == UNKNOWN), "")


Opener = Callable[[Endpoint, Login | None, Manner], Awaitable[DeviceClient]]


async def open_client(endpoint: Endpoint, login: Login | None, manner: Manner) -> DeviceClient:
    """Opens a conversation in the manner learnt earlier, or learns it."""
    # Reads the WSDLs: only a worker that visits devices pays for that, not every web process.
    from cameras.protocols import registry

    return await registry.open_device(endpoint, login, manner=manner)


async def visit(
    plan: VisitPlan, *, opener: Opener = open_client, decoder: Decoder | None = None
) -> VisitOutcome:
    """Visits one device. Never raises for what a device does; never lasts longer than the plan allows."""
    return await _Visit(plan, opener, decoder).run()


class _Visit:
    def __init__(self, plan: VisitPlan, opener: Opener, decoder: Decoder | None) -> None:
        self.plan = plan
        self.decoder = decoder
        self.opener = opener
        self.out = VisitOutcome(plan.device_id, started_ms=_now_ms())
        self.slow_calls = 0
        self.clients: list[DeviceClient] = []
        self.heard: list[Heard] = []

    async def run(self) -> VisitOutcome:
        plan, out = self.plan, self.out
        ending: DeviceError | None = None
        try:
            async with asyncio.timeout(plan.visit_seconds):
                await self._converse()
        except TimeoutError:
            ending = TooSlow("The time for this visit was over.")
        except VisitIsOver as over:
            ending = over.error
        except DeviceError as error:
            ending = error
        except Exception as error:
            # A visit may fail in ways that nobody foresaw; it must never take the batch with it.
            log.exception("Visit to device %s failed", plan.device_id)
            ending = DeviceError(type(error).__name__, reason=Reason.INTERNAL)
        await self._close()
        self._settle(ending)
        out.ended_ms = _now_ms()
        return out

    async def _converse(self) -> None:
        plan = self.plan
        if plan.login is None and plan.no_login_because:
            raise DeviceError(reason=Reason(plan.no_login_because))
        client = await self._call(self.opener(plan.endpoint, plan.login, plan.manner))
        self.clients.append(client)
        # Who it is comes first: nothing more is told to a stranger at this address.
        await self._ask(IDENTITY, self._identity(client))
        await self._ask(CLOCK, self._clock(client))
        if plan.is_recorder and plan.channels:
            await self._recorder(client)
        if PICTURE in plan.kinds:
            await self._ask(PICTURE, self._picture(client))

    async def _ask(self, kind: str, question: Awaitable[KindAnswer]) -> None:
        """Runs one kind's question; a failure becomes its UNKNOWN unless the visit is pointless now."""
        try:
            answer = await question
        except DeviceError as error:
            answer = _unknown(error)
            self._note(error)
            if kind in self.plan.kinds:
                self.out.answers[kind] = answer
            self._give_up_if_pointless(error)
            return
        self.out.answered = True
        if kind in self.plan.kinds:
            self.out.answers[kind] = answer

    def _note(self, error: DeviceError) -> None:
        if isinstance(error, CredentialRefused):
            self.out.refused = error.reason
        if error.reason not in {Reason.CONNECTION_REFUSED, Reason.NO_ANSWER, Reason.TOO_SLOW}:
            self.out.answered = True

    def _give_up_if_pointless(self, error: DeviceError) -> None:
        if isinstance(error, TooSlow):
            self.slow_calls += 1
            if self.slow_calls >= SLOW_CALLS_UNTIL_GIVING_UP or not self.out.answered:
                raise VisitIsOver(error)
        if isinstance(error, CredentialRefused | Unreachable | Untrusted):
            raise VisitIsOver(error)

    async def _call(self, question: Awaitable[T], calls: int = 1) -> T:
        """The transport keeps its own deadlines; this one also bounds a client that forgets."""
        try:
            async with asyncio.timeout(self.plan.call_seconds * calls + 2):
                return await question
        except TimeoutError:
            raise TooSlow from None

    async def _identity(self, client: DeviceClient) -> KindAnswer:
        if not isinstance(client, TellsIdentity):
            raise NotSupported("identity")
        identity = await self._call(client.identity(), 2)
        self.out.identity = identity
        expected = self.plan.expected_serial
        if expected and identity.serial and not same_serial(identity.serial, expected):
            raise Untrusted(f"serial {identity.serial}", reason=Reason.WRONG_DEVICE)
        return KindAnswer(YES, at_ms=_now_ms())

    async def _clock(self, client: DeviceClient) -> KindAnswer:
        if not isinstance(client, TellsTime):
            raise NotSupported("clock")
        watched = _Watched(client)
        measured = await self._call(clocks.measure(watched), 2)
        self.out.clock = measured
        self.out.uses_ntp = watched.uses_ntp
        if measured.offset_ms is None:
            raise BadAnswer("no time told", reason=Reason.CLOCK_UNKNOWN)
        verdict = clocks.classify(measured, self.plan.known_local or self.plan.known_utc)
        answer = YES if verdict.verdict is clocks.Verdict.OK else NO
        return KindAnswer(answer, reason="" if answer == YES else verdict.verdict, at_ms=_now_ms())

    async def _recorder(self, client: DeviceClient) -> None:
        if isinstance(client, ListsChannels):
            await self._quietly(self._list(client))
        if isinstance(client, TellsStorage):
            await self._quietly(self._disks(client))
        asked = RECORDING in self.plan.kinds or PROOF in self.plan.kinds
        if not asked:
            return
        try:
            await self._recordings(client)
        finally:
            # Whatever came in before the time was over is judged all the same.
            self._judge()
        await self._proofs(client)

    async def _quietly(self, question: Awaitable[None]) -> None:
        """Asks what is useful beside the answers; without it the visit goes on."""
        try:
            await question
        except DeviceError as error:
            self._note(error)
            self._give_up_if_pointless(error)

    async def _list(self, client: ListsChannels) -> None:
        self.out.listed = tuple(await self._call(client.channels(), 2))

    async def _disks(self, client: TellsStorage) -> None:
        self.out.disks = tuple(await self._call(client.disks(), 2))

    # --- recordings --------------------------------------------------------------------------

    def _histories(self) -> dict[TimeBase, OffsetHistory]:
        utc, local = list(self.plan.known_utc), list(self.plan.known_local)
        now = self.out.clock
        if now is not None and now.utc_offset_ms is not None:
            utc.append(KnownOffset(now.at_ms, now.utc_offset_ms, now.uncertainty_ms))
        if now is not None and now.local_offset_ms is not None:
            local.append(KnownOffset(now.at_ms, now.local_offset_ms, now.uncertainty_ms))
        return {
            TimeBase.DEVICE_UTC: OffsetHistory(utc),
            TimeBase.DEVICE_LOCAL: OffsetHistory(local),
        }

    async def _recordings(self, client: DeviceClient) -> None:
        if not isinstance(client, IndexesRecordings):
            self._unheard(NotSupported("recordings"))
            return
        histories = self._histories()
        places = asyncio.Semaphore(self.plan.calls_at_once)
        second = _SecondSource(self, client)
        over = asyncio.Event()

        async def one(ask: ChannelAsk, day: DayAsk) -> None:
            async with places:
                if over.is_set():
                    return
                try:
                    self.heard.append(await self._day(client, second, histories, ask, day))
                except VisitIsOver:
                    over.set()
                    raise

        # Day by day, so that a visit that runs out of time has at least the first day whole.
        depth = max((len(ask.days) for ask in self.plan.channels), default=0)
        for place in range(depth):
            results = await asyncio.gather(
                *(one(a, a.days[place]) for a in self.plan.channels if place < len(a.days)),
                return_exceptions=True,
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    async def _day(
        self,
        client: IndexesRecordings,
        second: _SecondSource,
        histories: Mapping[TimeBase, OffsetHistory],
        ask: ChannelAsk,
        day: DayAsk,
    ) -> Heard:
        asked_ms = _now_ms()
        if day.is_exempt:
            return Heard(ask, day, asked_ms)
        channel = self._channel(ask)
        if channel is None:
            return Heard(ask, day, asked_ms, reason=Reason.NO_SUCH_CHANNEL)
        try:
            answer = await self._index(client, histories, channel, day)
            if answer is None:
                return Heard(ask, day, asked_ms, reason=Reason.CLOCK_UNKNOWN)
            self.out.answered = True
            other = await second.ask(answer, histories, channel, day)
            return Heard(ask, day, asked_ms, answer, other)
        except DeviceError as error:
            self._note(error)
            if isinstance(error, CredentialRefused | Unreachable | Untrusted):
                raise VisitIsOver(error) from error
            if isinstance(error, TooSlow):
                self._give_up_if_pointless(error)
            return _not_heard(ask, day, asked_ms, error)

    async def _index(
        self,
        client: IndexesRecordings,
        histories: Mapping[TimeBase, OffsetHistory],
        channel: Channel,
        day: DayAsk,
    ) -> IndexAnswer | None:
        span = histories[client.index_time_base].device_span(
            day.start_ms, day.end_ms, margin_ms=QUERY_MARGIN_MS
        )
        if span is None:
            return None
        return await self._call(client.recordings(channel, *span), CALLS_PER_QUESTION)

    def _channel(self, ask: ChannelAsk) -> Channel | None:
        """The recorder's own row for our channel; without a list, the bare number."""
        if self.out.listed is None:
            return Channel(number=ask.number)
        return next((c for c in self.out.listed if c.number == ask.number), None)

    def _unheard(self, error: DeviceError) -> None:
        """Gives every channel and day that was not heard of the reason why."""
        done = {(item.channel.channel_id, item.day.day) for item in self.heard}
        now_ms = _now_ms()
        for ask in self.plan.channels:
            for day in ask.days:
                if (ask.channel_id, day.day) not in done:
                    self.heard.append(_not_heard(ask, day, now_ms, error))

    def _judge(self) -> None:
        listed = self.out.listed or ()
        self.out.days = judge_recorder(
            self.heard,
            Recorder(
                histories=self._histories(),
                offline=frozenset(c.number for c in listed if c.online is False),
                has_disk_fault=any(disk.healthy is False for disk in self.out.disks or ()),
            ),
        )

    # --- proof and picture -------------------------------------------------------------------

    async def _proofs(self, client: DeviceClient) -> None:
        plan = self.plan
        player = Player(plan.endpoint, plan.login, self.decoder, plan.call_seconds)
        for ask in self.plan.channels:
            channel = self._channel(ask)
            if ask.proof is None or channel is None:
                continue
            judged = next(
                (
                    day
                    for day in self.out.days
                    if day.channel_id == ask.channel_id and day.day == ask.proof.day
                ),
                None,
            )
            minute = (
                draw_minute(judged.coverage, ask.proof.seed) if judged and judged.coverage else None
            )
            if judged is None or minute is None:
                continue  # nothing is claimed, so there is nothing to prove
            history = self._histories()[TimeBase(judged.time_base)]
            self.out.proofs.append(
                await play_minute(client, player, channel, ask, minute, history, _now_ms())
            )

    async def _picture(self, client: DeviceClient) -> KindAnswer:
        if not isinstance(client, TakesSnapshots):
            raise NotSupported("snapshot")
        self.out.picture = await self._call(client.snapshot(Channel(number=1)), 2)
        self.out.picture_at_ms = _now_ms()
        return KindAnswer(YES, at_ms=self.out.picture_at_ms)

    # --- the end -----------------------------------------------------------------------------

    async def _close(self) -> None:
        for client in self.clients:
            try:
                async with asyncio.timeout(2):
                    await client.close()
            except (DeviceError, OSError, TimeoutError):
                log.debug("Device %s did not close properly", self.plan.device_id)
        if self.clients:
            self.out.manner = asdict(self.clients[0].manner)

    def _settle(self, ending: DeviceError | None) -> None:
        """Gives every kind that was to be asked one of the three answers."""
        out, kinds = self.out, self.plan.kinds
        if ending is not None:
            self._note(ending)
        error = ending or DeviceError(reason=Reason.NOT_ASKED)
        if RECORDING in kinds:
            self._unheard(error)
            self._judge()
            out.answers[RECORDING] = recording_answer(out.days)
        if PROOF in kinds:
            out.answers[PROOF] = _proof_answer(out, error)
        for kind in kinds - set(out.answers):
            out.answers[kind] = _unknown(error)


class _SecondSource:
    """The other protocol of the same recorder, opened only when there is something to compare."""

    def __init__(self, visit: _Visit, first: DeviceClient) -> None:
        self.visit = visit
        self.first = first
        self.lock = asyncio.Lock()
        self.client: DeviceClient | None = None
        self.is_missing = first.protocol == "onvif"

    async def ask(
        self,
        answer: IndexAnswer,
        histories: Mapping[TimeBase, OffsetHistory],
        channel: Channel,
        day: DayAsk,
    ) -> IndexAnswer | None:
        """The second index's answer; None where there is none or nothing needs a second opinion."""
        if not (day.sample_second or self._has_gaps(answer, histories, day)):
            return None
        client = await self._open()
        if not isinstance(client, IndexesRecordings):
            return None
        try:
            other = await self.visit._index(client, histories, channel, day)
        except CredentialRefused:
            # ONVIF users may be others than web users: a second opinion is not worth a lock-out.
            self.is_missing = True
            return None
        except DeviceError:
            return None
        return other if other is not None and other.complete else None

    def _has_gaps(
        self, answer: IndexAnswer, histories: Mapping[TimeBase, OffsetHistory], day: DayAsk
    ) -> bool:
        if day.motion_only:
            return not answer.segments
        segments = sorted((s.start_ms, s.end_ms) for s in answer.segments)
        span = histories[answer.time_base].device_span(day.start_ms, day.end_ms)
        if span is None or not segments:
            return True
        reached = span[0] + day.limits.gap_ms
        for start, end in segments:
            if start > reached + day.limits.gap_ms:
                return True
            reached = max(reached, end)
        return reached < span[1] - day.limits.gap_ms

    async def _open(self) -> DeviceClient | None:
        async with self.lock:
            if self.client is None and not self.is_missing:
                plan = self.visit.plan
                manner = Manner(protocol="onvif")
                try:
                    self.client = await self.visit._call(
                        self.visit.opener(plan.endpoint, plan.login, manner)
                    )
                    self.visit.clients.append(self.client)
                    if self.client.protocol == self.first.protocol:
                        self.is_missing, self.client = True, None
                except DeviceError:
                    self.is_missing = True
            return self.client


class _Watched:
    """Passes clock readings on and remembers whether the device says that it uses NTP."""

    def __init__(self, client: TellsTime) -> None:
        self.client = client
        self.uses_ntp: bool | None = None

    async def read_clock(self) -> Any:
        sample = await self.client.read_clock()
        self.uses_ntp = sample.uses_ntp
        return sample


def recording_answer(days: list[ChannelDay]) -> KindAnswer:
    """One answer for a recorder: NO if anything is missing, else UNKNOWN if anything is not known."""
    over = [day for day in days if not day.is_provisional]
    known = [day for day in over if day.result != UNKNOWN]
    at_ms = max((day.asked_ms for day in known), default=None)
    if any(day.result in {"PARTLY", "NOT_RECORDED"} for day in over):
        return KindAnswer(NO, at_ms=at_ms)
    unknown = next((day for day in over if day.result == UNKNOWN), None)
    if unknown is not None:
        return KindAnswer(UNKNOWN, unknown.reason, unknown.detail, at_ms)
    return KindAnswer(YES, at_ms=at_ms) if over else KindAnswer(UNKNOWN, Reason.NOT_ASKED)


def _proof_answer(out: VisitOutcome, error: DeviceError) -> KindAnswer:
    if not out.proofs:
        return _unknown(error)
    at_ms = max(proof.played_ms for proof in out.proofs)
    failed = next((p for p in out.proofs if p.answer == NO), None)
    unknown = next((p for p in out.proofs if p.answer == UNKNOWN), None)
    worst = failed or unknown
    if worst is not None:
        return KindAnswer(worst.answer, worst.reason, worst.detail, at_ms)
    return KindAnswer(YES, at_ms=at_ms)


def _unknown(error: DeviceError) -> KindAnswer:
    return KindAnswer(UNKNOWN, error.reason, error.detail)


def _not_heard(ask: ChannelAsk, day: DayAsk, asked_ms: int, error: DeviceError) -> Heard:
    return Heard(
        ask,
        day,
        asked_ms,
        reason=error.reason,
        detail=error.detail,
        is_temporary=error.reason in TEMPORARY,
    )


def same_serial(one: str, other: str) -> bool:
    """Recorders write the same serial with and without the model before it, and in either case."""
    a, b = one.strip().upper(), other.strip().upper()
    return a == b or (min(len(a), len(b)) >= 6 and (a.endswith(b) or b.endswith(a)))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

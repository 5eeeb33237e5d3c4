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
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from cameras import clocks
from cameras.clocks import KnownOffset, OffsetHistory
from cameras.judging import (
    ChannelAsk,
    ChannelDay,
    DayAsk,
    Heard,
    Recorder,
    draw_minute,
    has_gaps,
    judge_recorder,
)
from cameras.proofs import Player, play_minute
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    CredentialRefused,
    DeviceError,
    IndexAnswer,
    IndexesRecordings,
    ListsChannels,
    NotSupported,
    Reason,
    TellsStorage,
    TellsTime,
    TimeBase,
    TooSlow,
    Unreachable,
    Untrusted,
)
from cameras.protocols.decoding import Decoder
from cameras.protocols.recognition import is_same_device
from cameras.visit_data import (
    CLOCK,
    IDENTITY,
    NO,
    NO_SIGN_OF_LIFE,
    PICTURE,
    PROOF,
    RECORDING,
    TEMPORARY,
    UNKNOWN,
    YES,
    KindAnswer,
    VisitOutcome,
    VisitPlan,
)

if TYPE_CHECKING:
    from cameras.protocols.registry import OpenDevice

log = logging.getLogger(__name__)
T = TypeVar("T")

CALLS_TO_OPEN = 2
CALLS_PER_QUESTION = 5
"""A question about a day may need several pages: this many call deadlines bound it."""
SLOW_CALLS_UNTIL_GIVING_UP = 2
QUERY_MARGIN_MS = 5_000


class VisitIsOver(Exception):
    """Nothing more is worth asking in this visit; the remaining kinds get this error's reason."""

    def __init__(self, error: DeviceError) -> None:
        self.error = error
        super().__init__(str(error))


Opener = Callable[[VisitPlan], Awaitable["OpenDevice"]]


async def visit(plan: VisitPlan, opener: Opener, *, decoder: Decoder | None = None) -> VisitOutcome:
    """Visits one device. Never raises for what a device does; never lasts longer than the plan allows."""
    return await _Visit(plan, opener, decoder).run()


class _Visit:
    def __init__(self, plan: VisitPlan, opener: Opener, decoder: Decoder | None) -> None:
        self.plan = plan
        self.decoder = decoder
        self.opener = opener
        self.out = VisitOutcome(plan.device_id, started_ms=_now_ms())
        self.slow_calls = 0
        self.no_second = False
        self.has_proof_to_play: bool | None = None
        self.device: OpenDevice | None = None
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
        device = self.device = await self._call(self.opener(plan), CALLS_TO_OPEN)
        # Who it is comes first: nothing more is told to a stranger at this address.
        await self._ask(IDENTITY, self._identity(device))
        await self._ask(CLOCK, self._clock(device))
        if plan.is_recorder and plan.channels:
            await self._recorder(device)
        if PICTURE in plan.kinds:
            await self._ask(PICTURE, self._picture(device))

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
        if error.reason not in NO_SIGN_OF_LIFE:
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

    async def _identity(self, device: OpenDevice) -> KindAnswer:
        identity = device.identity
        if identity is None:
            client = device.identity_client
            if client is None:
                raise _why_not(device, "identity")
            identity = await self._call(client.identity(), 2)
        self.out.identity = identity
        expected = self.plan.expected
        if device.other_device or is_same_device(expected, identity) is False:
            raise Untrusted(f"serial {identity.serial}", reason=Reason.WRONG_DEVICE)
        return KindAnswer(YES, at_ms=_now_ms())

    async def _clock(self, device: OpenDevice) -> KindAnswer:
        if device.clock is None:
            raise _why_not(device, "clock")
        watched = _Watched(device.clock)
        measured = await self._call(clocks.measure(watched), 2)
        self.out.clock = measured
        self.out.uses_ntp = watched.uses_ntp
        if measured.offset_ms is None:
            raise BadAnswer("no time told", reason=Reason.CLOCK_UNKNOWN)
        verdict = clocks.classify(measured, self.plan.known_local or self.plan.known_utc)
        answer = YES if verdict.verdict is clocks.Verdict.OK else NO
        return KindAnswer(answer, reason="" if answer == YES else verdict.verdict, at_ms=_now_ms())

    async def _recorder(self, device: OpenDevice) -> None:
        if device.channels is not None:
            await self._quietly(self._list(device.channels))
        if device.disks is not None:
            await self._quietly(self._disks(device.disks))
        if RECORDING not in self.plan.kinds and PROOF not in self.plan.kinds:
            return
        try:
            await self._recordings(device)
        finally:
            # Whatever came in before the time was over is judged all the same.
            self._judge()
        await self._proofs(device)

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
        is_leaping = now is not None and now.is_leaping
        if is_leaping:
            now = None
        if now is not None and now.utc_offset_ms is not None:
            utc.append(KnownOffset(now.at_ms, now.utc_offset_ms, now.uncertainty_ms))
        if now is not None and now.local_offset_ms is not None:
            local.append(KnownOffset(now.at_ms, now.local_offset_ms, now.uncertainty_ms))
        return {
            TimeBase.DEVICE_UTC: OffsetHistory(utc, is_leaping=is_leaping),
            TimeBase.DEVICE_LOCAL: OffsetHistory(local, is_leaping=is_leaping),
        }

    async def _recordings(self, device: OpenDevice) -> None:
        client = device.recordings
        if client is None:
            self._unheard(_why_not(device, "recordings"))
            return
        histories = self._histories()
        places = asyncio.Semaphore(self.plan.calls_at_once)
        over = asyncio.Event()

        async def one(ask: ChannelAsk, day: DayAsk) -> None:
            async with places:
                if over.is_set():
                    return
                try:
                    self.heard.append(await self._day(client, histories, ask, day))
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
            other = await self._second_opinion(answer, histories, channel, day)
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
        history = histories[client.index_time_base]
        if not history.is_trustworthy(day.start_ms, day.end_ms):
            return None
        span = history.device_span(day.start_ms, day.end_ms, margin_ms=QUERY_MARGIN_MS)
        if span is None:
            return None
        return await self._call(client.recordings(channel, *span), CALLS_PER_QUESTION)

    async def _second_opinion(
        self,
        answer: IndexAnswer,
        histories: Mapping[TimeBase, OffsetHistory],
        channel: Channel,
        day: DayAsk,
    ) -> IndexAnswer | None:
        """The other protocol's answer; None where there is none or nothing needs a second opinion."""
        other = self.device.second_index if self.device else None
        if other is None or self.no_second:
            return None
        if not (day.sample_second or has_gaps(answer, histories, day)):
            return None
        try:
            second = await self._index(other, histories, channel, day)
        except CredentialRefused:
            # ONVIF users may be others than web users: a second opinion is not worth a lock-out.
            self.no_second = True
            return None
        except DeviceError as error:
            # A silent one would eat the time of the index that answers.
            self.no_second = isinstance(error, TooSlow | Unreachable | Untrusted)
            return None
        return second if second is not None and second.complete else None

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

    async def _proofs(self, device: OpenDevice) -> None:
        plan = self.plan
        self.has_proof_to_play = False
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
            self.has_proof_to_play = True
            history = self._histories()[TimeBase(judged.time_base)]
            self.out.proofs.append(
                await play_minute(device.playback, player, channel, ask, minute, history, _now_ms())
            )

    async def _picture(self, device: OpenDevice) -> KindAnswer:
        if device.snapshot is None:
            raise _why_not(device, "snapshot")
        picture = await self._call(device.snapshot.snapshot(Channel(number=1)), 2)
        if self.decoder is not None:
            await self.decoder.check_still(picture.data)
        self.out.picture, self.out.picture_at_ms = picture, _now_ms()
        return KindAnswer(YES, at_ms=self.out.picture_at_ms)

    # --- the end -----------------------------------------------------------------------------

    async def _close(self) -> None:
        if self.device is None:
            return
        self.out.manner = asdict(self.device.manner)
        try:
            async with asyncio.timeout(2):
                await self.device.close()
        except (DeviceError, OSError, TimeoutError):
            log.debug("Device %s did not close properly", self.plan.device_id)

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
        drawn = any(ask.proof is not None for ask in self.plan.channels)
        if PROOF in kinds and drawn and self.has_proof_to_play is not False:
            out.answers[PROOF] = _proof_answer(out, error)
        for kind in kinds - set(out.answers) - {PROOF}:
            out.answers[kind] = _unknown(error)


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


def _why_not(device: OpenDevice, capability: str) -> DeviceError:
    """Why the device has no client for a capability."""
    told = (error for name, _protocol, error in device.failures if name == capability)
    return next(told, NotSupported(capability))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

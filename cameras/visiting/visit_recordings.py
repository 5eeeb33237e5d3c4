"""What a visit asks a recorder: channels, disks, the index of every channel and day, and drawn minutes.

Whatever came in before the time of the visit was over is judged all the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from cameras.clocks.history import KnownOffset, OffsetHistory
from cameras.days import power_cuts
from cameras.days.coverage import Interval
from cameras.days.judging import (
    MINUTE_MS,
    ChannelAsk,
    ChannelDay,
    DayAsk,
    Heard,
    Recorder,
    has_gaps,
    judge_recorder,
    true_instant,
)
from cameras.night.drawn_minutes import minute_to_play
from cameras.protocols.base import (
    Channel,
    CredentialRefused,
    DeviceError,
    IndexAnswer,
    IndexesRecordings,
    ListsChannels,
    Reason,
    Streams,
    TellsUptime,
    TimeBase,
    TooSlow,
    Unreachable,
    Untrusted,
)
from cameras.protocols.decoding import Decoder
from cameras.protocols.opened import replay_by_onvif
from cameras.visiting.proofs import Player, ProofAnswer, play_minute, plays_something
from cameras.visiting.replay_probes import Plays
from cameras.visiting.visit_calls import Calls, VisitIsOver, why_not
from cameras.visiting.visit_data import (
    PROOF,
    RECORDING,
    TEMPORARY,
    ToldStart,
    VisitOutcome,
    VisitPlan,
)

if TYPE_CHECKING:
    from cameras.protocols.registry import OpenDevice

CALLS_PER_QUESTION = 5
"""A question about a day may need several pages: this many call deadlines bound it."""
QUERY_MARGIN_MS = 5_000


class RecorderQuestions:
    """The part of a visit that only recorders have. `has_proof_to_play` is None until that is known."""

    def __init__(
        self, plan: VisitPlan, out: VisitOutcome, calls: Calls, decoder: Decoder | None
    ) -> None:
        self.plan = plan
        self.out = out
        self.calls = calls
        self.player = Player(plan.endpoint, plan.login, decoder, plan.call_seconds)
        self.no_second = False
        self.has_proof_to_play: bool | None = None
        self.heard: list[Heard] = []
        self.started_ms: int | None = None

    async def ask(self, device: OpenDevice) -> None:
        """Everything that this recorder is to be asked. Raises VisitIsOver."""
        if device.channels is not None:
            await self.calls.ask_beside(self._list(device.channels))
        await self.calls.ask_beside(self._disks(device))
        if isinstance(device.recordings, TellsUptime):
            await self.calls.ask_beside(self._uptime(device.recordings))
        if RECORDING not in self.plan.kinds and PROOF not in self.plan.kinds:
            return
        try:
            await self._recordings(device)
        finally:
            self._note_start_in_events()
            self._judge()
            self._hold_against_start()
        if PROOF in self.plan.kinds:
            await self._probe(device)
        await self._proofs(device)

    def settle(self, error: DeviceError) -> None:
        """Gives every channel and day that was not heard of the reason why, and judges all of them."""
        self._unheard(error)
        self._judge()

    async def _list(self, client: ListsChannels) -> None:
        self.out.listed = tuple(await self.calls.ask(client.channels(), 2))

    async def _disks(self, device: OpenDevice) -> None:
        try:
            if device.disks is None:
                raise why_not(device, "disks")
            self.out.disks = tuple(await self.calls.ask(device.disks.disks(), 3))
        except DeviceError as error:
            self.out.disks_reason = error.reason
            if device.disks is not None:
                raise

    async def _uptime(self, client: TellsUptime) -> None:
        asked_ms = _now_ms()
        try:
            running_s = await self.calls.ask(client.uptime_s())
        except DeviceError as error:
            self.out.start_reason = error.reason
            raise
        if running_s is None:
            self.out.start_reason = Reason.NOT_SUPPORTED
            return
        # Counted by the device, so its clock does not matter.
        self.started_ms = _now_ms() - 1000 * running_s
        self.out.start = ToldStart(self.started_ms, asked_ms)

    def _note_start_in_events(self) -> None:
        """The last start as an event list tells it; a running time, where there is one, is more exact."""
        answers = [(item.asked_ms, item.answer) for item in self.heard if item.answer is not None]
        if self.out.start is not None or self.out.start_reason or not answers:
            return
        histories = self._histories()
        told = [
            (started_ms, asked_ms)
            for asked_ms, answer in answers
            if (started_ms := true_instant(answer.started_ms, histories[answer.time_base]))
        ]
        if told:
            self.out.start = ToldStart(max(told)[0], min(asked_ms for _started, asked_ms in told))
        else:
            self.out.start_reason = Reason.NOT_SUPPORTED

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
            self._unheard(why_not(device, "recordings"))
            return
        histories = self._histories()
        places = asyncio.Semaphore(self.plan.calls_at_once)
        over = asyncio.Event()

        async def one(ask: ChannelAsk, day: DayAsk) -> None:
            async with places:
                if over.is_set():
                    return
                try:
                    self.heard.append(await self._day(device, client, histories, ask, day))
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
        device: OpenDevice,
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
            other = device.second_index
            second = await self._second_opinion(other, answer, histories, channel, day)
            return Heard(ask, day, asked_ms, answer, second)
        except DeviceError as error:
            self.calls.note(error)
            if isinstance(error, CredentialRefused | Unreachable | Untrusted):
                raise VisitIsOver(error) from error
            if isinstance(error, TooSlow):
                self.calls.give_up_if_pointless(error)
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
        return await self.calls.ask(client.recordings(channel, *span), CALLS_PER_QUESTION)

    async def _second_opinion(
        self,
        other: IndexesRecordings | None,
        answer: IndexAnswer,
        histories: Mapping[TimeBase, OffsetHistory],
        channel: Channel,
        day: DayAsk,
    ) -> IndexAnswer | None:
        """The other protocol's answer; None where there is none or nothing needs a second opinion."""
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

    def _hold_against_start(self) -> None:
        """Doubts what is claimed across the last start, and notes which days could hide a power cut."""
        doubted = power_cuts.against_start(self.heard, self._claimed, self.started_ms)
        self.heard = power_cuts.unseen_without_playing(doubted, self._histories())
        self._judge()

    def _claimed(self, item: Heard) -> tuple[Interval, ...]:
        judged = self._judged(item.channel.channel_id, item.day.day)
        return judged.coverage.intervals if judged and judged.coverage else ()

    async def _probe(self, device: OpenDevice) -> None:
        """Plays into the first day of one channel: where it hides power cuts, and into what is doubted."""
        histories, client = self._histories(), device.playback
        firsts = [item for item in self.heard if item.day == item.channel.days[0]]
        hiding = next((item for item in firsts if item.unseen_cut_ms is not None), None)
        asked = hiding or next((i for i in firsts if power_cuts.doubts_of(i, histories)), None)
        channel = self._channel(asked.channel) if asked is not None else None
        if asked is None or asked.answer is None or channel is None or client is None:
            return
        history = histories[asked.answer.time_base]
        plays = self._plays(client, channel, history, self._claimed(asked))
        if hiding is not None:
            self.heard = await power_cuts.played(self.heard, asked, self._claimed(asked), plays)
        else:
            told_ms = true_instant(asked.answer.started_ms, history)
            started_ms = self.started_ms if told_ms is None else told_ms
            self.heard = await power_cuts.narrowed_doubts(
                self.heard, asked, histories, started_ms, plays
            )
        self._judge()

    def _plays(
        self,
        client: Streams,
        channel: Channel,
        history: OffsetHistory,
        claimed: Sequence[Interval],
    ) -> Plays:
        """Asks one channel for one picture of a minute; `claimed` tells where it should play in any case."""
        player = self.player
        elsewhere: list[bool | None] = []

        async def plays_elsewhere() -> bool | None:
            if not elsewhere:
                start, end = max(claimed, key=lambda span: span[1] - span[0], default=(0, 0))
                minute = ((start + end) // 2, (start + end) // 2 + MINUTE_MS)
                there = end - start >= 2 * MINUTE_MS
                elsewhere.append(
                    await plays_something(client, player, channel, minute, history)
                    if there
                    else None
                )
            return elsewhere[0]

        async def plays(minute: Interval) -> bool | None:
            return await plays_something(
                client, player, channel, minute, history, plays_elsewhere=plays_elsewhere
            )

        return plays

    def _judged(self, channel_id: int, day: date) -> ChannelDay | None:
        days = self.out.days
        return next((one for one in days if (one.channel_id, one.day) == (channel_id, day)), None)

    async def _proofs(self, device: OpenDevice) -> None:
        plan = self.plan
        self.has_proof_to_play = False
        for ask in plan.channels:
            channel = self._channel(ask)
            if ask.proof is None or channel is None:
                continue
            judged = self._judged(ask.channel_id, ask.proof.day)
            minute = (
                minute_to_play(judged.coverage, ask.proof) if judged and judged.coverage else None
            )
            if judged is None or minute is None:
                continue  # nothing is claimed, so there is nothing to prove
            self.has_proof_to_play = True
            history = self._histories()[TimeBase(judged.time_base)]
            proof = await self._play(device, channel, ask, minute, history)
            if proof.reason == Reason.TIME_NOT_PROVEN and replay_by_onvif(device):
                proof = await self._play(device, channel, ask, minute, history)
            self.out.proofs.append(proof)

    async def _play(
        self,
        device: OpenDevice,
        channel: Channel,
        ask: ChannelAsk,
        minute: Interval,
        history: OffsetHistory,
    ) -> ProofAnswer:
        return await play_minute(
            device.playback, self.player, channel, ask, minute, history, _now_ms()
        )


def _not_heard(ask: ChannelAsk, day: DayAsk, asked_ms: int, error: DeviceError) -> Heard:
    return Heard(
        ask,
        day,
        asked_ms,
        reason=error.reason,
        detail=error.detail,
        is_temporary=error.reason in TEMPORARY,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

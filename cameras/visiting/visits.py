"""One visit to one device: what is asked, in which order, and what is given up when.

Plain data in (`VisitPlan`), plain data out (`VisitOutcome`); asyncio and `cameras.protocols` only, no
Django. A visit always ends: each call has its deadline, the visit has its own, and whatever was learnt
until then is in the outcome. Three answers: YES, NO, and UNKNOWN with its reason.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cameras.clocks.measuring import in_true_time, measure
from cameras.clocks.verdicts import Verdict, classify
from cameras.days.judging import ChannelDay
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceError,
    LockedOut,
    Reason,
    TellsTime,
    TooSlow,
    Untrusted,
)
from cameras.protocols.decoding import Decoder
from cameras.protocols.recognition import is_same_device
from cameras.visiting.visit_calls import Calls, VisitIsOver, why_not
from cameras.visiting.visit_data import (
    CLOCK,
    IDENTITY,
    NO,
    PICTURE,
    PROOF,
    RECORDING,
    UNKNOWN,
    YES,
    KindAnswer,
    VisitOutcome,
    VisitPlan,
)
from cameras.visiting.visit_recordings import RecorderQuestions

if TYPE_CHECKING:
    from cameras.protocols.registry import OpenDevice

log = logging.getLogger(__name__)

CALLS_TO_OPEN = 2

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
        self.calls = Calls(plan, self.out)
        self.recorder = RecorderQuestions(plan, self.out, self.calls, decoder)
        self.device: OpenDevice | None = None

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
        device = self.device = await self.calls.ask(self.opener(plan), CALLS_TO_OPEN)
        # Who it is comes first: nothing more is told to a stranger at this address.
        await self._ask(IDENTITY, self._identity(device))
        await self._ask(CLOCK, self._clock(device))
        if plan.is_recorder and plan.channels:
            await self.recorder.ask(device)
        if PICTURE in plan.kinds:
            await self._ask(PICTURE, self._picture(device))
            await self._masks(device)

    async def _ask(self, kind: str, question: Awaitable[KindAnswer]) -> None:
        """Runs one kind's question; a failure becomes its UNKNOWN unless the visit is pointless now."""
        try:
            answer = await question
        except DeviceError as error:
            answer = _unknown(error)
            self.calls.note(error)
            if kind in self.plan.kinds:
                self.out.answers[kind] = answer
            self.calls.give_up_if_pointless(error)
            return
        self.out.answered = True
        if kind in self.plan.kinds:
            self.out.answers[kind] = answer

    async def _identity(self, device: OpenDevice) -> KindAnswer:
        identity = device.identity
        if identity is None:
            client = device.identity_client
            if client is None:
                raise why_not(device, "identity")
            identity = await self.calls.ask(client.identity(), 2)
        self.out.identity = identity
        expected = self.plan.expected
        if device.other_device or is_same_device(expected, identity) is False:
            raise Untrusted(f"serial {identity.serial}", reason=Reason.WRONG_DEVICE)
        return KindAnswer(YES, at_ms=_now_ms())

    async def _clock(self, device: OpenDevice) -> KindAnswer:
        if device.clock is None:
            raise why_not(device, "clock")
        watched = _Watched(device.clock)
        measured = in_true_time(await self.calls.ask(measure(watched), 2), self.plan.server)
        self.out.clock = measured
        self.out.uses_ntp = watched.uses_ntp
        if measured.offset_ms is None:
            raise BadAnswer("no time told", reason=Reason.CLOCK_UNKNOWN)
        verdict = classify(measured, self.plan.known_local or self.plan.known_utc)
        answer = YES if verdict.verdict is Verdict.OK else NO
        return KindAnswer(answer, reason="" if answer == YES else verdict.verdict, at_ms=_now_ms())

    async def _picture(self, device: OpenDevice) -> KindAnswer:
        if device.snapshot is None:
            raise why_not(device, "snapshot")
        picture = await self.calls.ask(device.snapshot.snapshot(Channel(number=1)), 2)
        if self.decoder is not None:
            still = await self.decoder.check_still(picture.data)
            self.out.picture_sketch, self.out.picture_colour = still.sketch, still.colour
        self.out.picture, self.out.picture_at_ms = picture, _now_ms()
        return KindAnswer(YES, at_ms=self.out.picture_at_ms)

    async def _masks(self, device: OpenDevice) -> None:
        """How much of the picture the camera covers itself. Asked beside the picture, and last."""
        try:
            if device.masks is None:
                raise why_not(device, "masks")
            self.out.mask_areas = await self.calls.ask(device.masks.masks(Channel(number=1)), 2)
            self.out.masks_at_ms = _now_ms()
        except LockedOut:
            raise
        except DeviceError as error:
            # An account that may see but not read settings is refused here: no reason to park it.
            self.out.masks_failed = error.reason

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
            self.calls.note(ending)
        error = ending or DeviceError(reason=Reason.NOT_ASKED)
        if RECORDING in kinds:
            self.recorder.settle(error)
            out.answers[RECORDING] = recording_answer(out.days)
        drawn = any(ask.proof is not None for ask in self.plan.channels)
        if PROOF in kinds and drawn and self.recorder.has_proof_to_play is not False:
            out.answers[PROOF] = _proof_answer(out, error)
        if PICTURE in kinds and out.mask_areas is None:
            out.masks_failed = out.masks_failed or error.reason
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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

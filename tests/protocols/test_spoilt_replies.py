"""A recorder's replies, spoilt one at a time: an answer or a device error comes out, never more.

Each part of a reply is cut, dropped, blanked, blown up or renamed. A sample with a fixed seed runs
here; every mutant was tried by hand when the readers were written (docs/bench.md).
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable

import pytest

from cameras.protocols.base import Channel, DeviceError, IndexAnswer, Login, Manner
from cameras.protocols.dahua import DahuaClient
from cameras.protocols.http import Conversation, Transport
from cameras.protocols.isapi import IsapiClient
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.search import SearchLimits
from cameras.protocols.search_budget import SearchCaps
from core.secret import Secret
from simulator.clocks import DAY_MS, HOUR_MS
from simulator.generator import PASSWORD, USERNAME
from simulator.recording import Cause, Gap, RecordingPlan, tsi_midnight
from simulator.running import make_handler
from simulator.world import Auth, Dialect
from tests.protocols.mutations import Mutant, mutants
from tests.protocols.spoilt_recorder import SpoiltRecorder
from tests.simulator.http_probe import one_recorder

START = tsi_midnight(round(time.time() * 1000)) - DAY_MS
END = START + DAY_MS
_GAPS = ((3, 4), (20, 21), (23, 24))
_PLAN = RecordingPlan(
    gaps=tuple(Gap(Cause.CAMERA_LOST, START + a * HOUR_MS, START + b * HOUR_MS) for a, b in _GAPS)
)
_STATUSES = (204, 400, 403, 404, 423, 500, 501, 503)
_LOGIN = Login(USERNAME, Secret(PASSWORD))
Client = OnvifClient | IsapiClient | DahuaClient
_QUESTIONS: tuple[Callable[[Client], Awaitable[object]], ...] = (
    lambda client: client.recordings(Channel(1), START, END),
    lambda client: client.identity(),
    lambda client: client.read_clock(),
    lambda client: client.channels(),
    lambda client: client.playback(Channel(1), START, START + HOUR_MS),
    lambda client: client.snapshot(Channel(1)),
)


def _client(dialect: Dialect, conversation: Conversation) -> Client:
    if dialect is Dialect.ONVIF:
        limits = SearchLimits(pages=60, results=5000, seconds=60, empty_pages=3)
        return OnvifClient(conversation, limits)
    caps = SearchCaps(pages=60, results=5000, seconds=60)
    kind = IsapiClient if dialect is Dialect.ISAPI else DahuaClient
    return kind(conversation, caps=caps)


def _sample(device: SpoiltRecorder, chance: random.Random) -> list[tuple[int, int, Mutant]]:
    every = [
        (number, status, mutant)
        for number, (_, told, body) in enumerate(device.log)
        for status, mutant in [
            *((told, mutant) for mutant in mutants(body)),
            *((status, Mutant(f"HTTP {status}", body, False)) for status in _STATUSES),
        ]
    ]
    return chance.sample(every, min(25, len(every)))


def _beyond_ms(answer: IndexAnswer, whole: IndexAnswer) -> int:
    """What an answer calls recorded in the asked day and the whole one does not."""
    edges = {START, END}
    for segment in (*answer.segments, *whole.segments):
        edges |= {min(max(edge, START), END) for edge in (segment.start_ms, segment.end_ms)}
    ordered = sorted(edges)
    return sum(
        last - first
        for first, last in itertools.pairwise(ordered)
        if any(s.start_ms <= first and last <= s.end_ms for s in answer.segments)
        and not any(s.start_ms <= first and last <= s.end_ms for s in whole.segments)
    )


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_no_spoilt_reply_crashes_hangs_or_adds_a_recording(dialect: Dialect) -> None:
    """D8, D13: only our own errors, within seconds, and a gap stays a gap."""
    chance = random.Random(20261123)
    campus, simulated = one_recorder(dialect, _PLAN)
    simulated.auth = Auth.NONE
    for question in _QUESTIONS:
        async with SpoiltRecorder(make_handler(campus, simulated)) as device, Transport() as talk:

            async def ask(
                login: Login | None,
                question: Callable[[Client], Awaitable[object]] = question,
                device: SpoiltRecorder = device,
                talk: Transport = talk,
            ) -> object:
                conversation = talk.to(device.endpoint, login, Manner())
                try:
                    async with asyncio.timeout(300):
                        return await question(_client(dialect, conversation))
                finally:
                    await conversation.close()

            await ask(_LOGIN)
            device.replay()
            whole = await ask(None)
            for number, status, mutant in _sample(device, chance):
                device.replay(number, status, mutant.body)
                try:
                    answer = await ask(None)
                except DeviceError:
                    continue
                if not isinstance(answer, IndexAnswer) or not isinstance(whole, IndexAnswer):
                    continue
                if answer.complete:
                    assert _beyond_ms(answer, whole) == 0, f"{device.log[number][0]}: {mutant.how}"

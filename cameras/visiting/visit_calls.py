"""The calls of one visit: each within its deadline, and the visit given up when asking on is pointless."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from cameras.protocols.base import (
    CredentialRefused,
    DeviceError,
    NotSupported,
    TooSlow,
    Unreachable,
    Untrusted,
)
from cameras.visiting.visit_data import NO_SIGN_OF_LIFE, VisitOutcome, VisitPlan

if TYPE_CHECKING:
    from cameras.protocols.registry import OpenDevice

T = TypeVar("T")

SLOW_CALLS_UNTIL_GIVING_UP = 2


class VisitIsOver(Exception):
    """Nothing more is worth asking in this visit; the remaining kinds get this error's reason."""

    def __init__(self, error: DeviceError) -> None:
        self.error = error
        super().__init__(str(error))


class Calls:
    """Asks one device, and remembers in the outcome what its failures say about the device as a whole."""

    def __init__(self, plan: VisitPlan, out: VisitOutcome) -> None:
        self.plan = plan
        self.out = out
        self._slow_calls = 0

    async def ask(self, question: Awaitable[T], calls: int = 1) -> T:
        """The answer within `calls` call deadlines.

        The transport keeps its own deadlines; this one also bounds a client that forgets.
        """
        try:
            async with asyncio.timeout(self.plan.call_seconds * calls + 2):
                return await question
        except TimeoutError:
            raise TooSlow from None

    async def ask_beside(self, question: Awaitable[None]) -> None:
        """Asks what is useful beside the answers; without it the visit goes on."""
        try:
            await question
        except DeviceError as error:
            self.note(error)
            self.give_up_if_pointless(error)

    def note(self, error: DeviceError) -> None:
        """Remembers a refused login, and that even an error is a sign of life."""
        if isinstance(error, CredentialRefused):
            self.out.refused = error.reason
        if error.reason not in NO_SIGN_OF_LIFE:
            self.out.answered = True

    def give_up_if_pointless(self, error: DeviceError) -> None:
        """Raises VisitIsOver where the next question would only fail the same way."""
        if isinstance(error, TooSlow):
            self._slow_calls += 1
            if self._slow_calls >= SLOW_CALLS_UNTIL_GIVING_UP or not self.out.answered:
                raise VisitIsOver(error)
        if isinstance(error, CredentialRefused | Unreachable | Untrusted):
            raise VisitIsOver(error)


def why_not(device: OpenDevice, capability: str) -> DeviceError:
    """Why the device has no client for a capability."""
    told = (error for name, _protocol, error in device.failures if name == capability)
    return next(told, NotSupported(capability))

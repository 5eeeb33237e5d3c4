"""What a visit to a device is told and what it brings home: plain data, no Django, no sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cameras.clocks.history import KnownOffset
from cameras.clocks.measuring import Measurement
from cameras.days.judging import ChannelAsk, ChannelDay
from cameras.protocols.base import (
    Channel,
    Endpoint,
    Identity,
    Login,
    Manner,
    Picture,
    Reason,
)
from cameras.protocols.disk_states import DiskState
from cameras.protocols.ntp import ServerClock
from cameras.visiting.proofs import ProofAnswer

YES, NO, UNKNOWN = "YES", "NO", "UNKNOWN"
IDENTITY, CLOCK, RECORDING, PROOF, PICTURE = "IDENTITY", "CLOCK", "RECORDING", "PROOF", "PICTURE"

TEMPORARY = frozenset(
    {Reason.CONNECTION_REFUSED, Reason.NO_ANSWER, Reason.TOO_SLOW, Reason.BUSY, Reason.INTERNAL}
)


SILENCE = frozenset({Reason.CONNECTION_REFUSED, Reason.NO_ANSWER, Reason.TOO_SLOW})
NO_SIGN_OF_LIFE = SILENCE | {
    Reason.NAME_NOT_FOUND,
    Reason.CREDENTIAL_PARKED,
    Reason.NO_CREDENTIAL,
    Reason.NOT_ASKED,
    Reason.INTERNAL,
}


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
    expected: Identity = field(default_factory=Identity)
    channels: tuple[ChannelAsk, ...] = ()
    known_utc: tuple[KnownOffset, ...] = ()
    known_local: tuple[KnownOffset, ...] = ()
    calls_at_once: int = 2
    call_seconds: float = 12.0
    visit_seconds: float = 60.0
    server: ServerClock | None = None
    """This server's clock against the time servers; None where there are none."""


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


@dataclass(frozen=True)
class ToldStart:
    """When a device was started last, and when it told so: true time, milliseconds."""

    started_ms: int
    asked_ms: int


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
    disks_reason: str = ""  # why they could not be asked: a Reason
    start: ToldStart | None = None
    start_reason: str = ""
    days: list[ChannelDay] = field(default_factory=list)
    proofs: list[ProofAnswer] = field(default_factory=list)
    picture: Picture | None = None
    picture_at_ms: int | None = None
    picture_sketch: bytes = b""
    picture_colour: int = 0
    mask_areas: int | None = None
    masks_at_ms: int | None = None
    masks_failed: str = ""
    manner: dict[str, Any] | None = None
    refused: str = ""
    answered: bool = False

    @property
    def failed_with(self) -> str:
        """Why the device as a whole gave nothing, or ''."""
        if self.answered or not self.answers:
            return ""
        return next((a.reason for a in self.answers.values() if a.answer == UNKNOWN), "")

    @property
    def is_silent(self) -> bool:
        """We asked, and nothing usable came. A device that we did not even ask is not silent."""
        return not self.answered and self.failed_with in SILENCE

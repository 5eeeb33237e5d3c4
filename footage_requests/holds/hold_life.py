"""The life of holds without people: kept, asked again each morning, released, destroyed, listed.

Each function is a sweep over rows: running it twice changes nothing, and a crash costs one interval.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.models import Entry
from cameras.days.coverage import total
from cameras.protocols.base import DeviceError, Reason
from core.steps import InvalidTransition
from core.tsi import to_ms, today
from inventory.models import Device

from .. import said
from ..footage import store
from ..footage.recorders import Access, NotReachable, access_to, conversation, park_refused
from ..models import FootageRequest, Hold, HoldPart, Package, RequestItem
from ..models.holds import Part
from . import holding

log = logging.getLogger(__name__)

SYSTEM = "holds"
ENDED = (
    FootageRequest.Status.REFUSED,
    FootageRequest.Status.NO_RECORDING,
    FootageRequest.Status.CLOSED,
    FootageRequest.Status.ARCHIVED,
    FootageRequest.Status.WITHDRAWN,
    FootageRequest.Status.MERGED,
)
WARN_SHARES = (20, 10)
ASK_SECONDS = 60.0


def settle(hold: Hold) -> None:
    """After a piece ended: when none is left to fetch, the hold is kept, or says what went wrong."""
    states = list(hold.parts.values_list("state", "failure"))
    if not states or any(
        state in {Part.State.WAITING, Part.State.CLAIMED} for state, _failure in states
    ):
        return
    holding.close_use(hold)
    failed = [failure for state, failure in states if state == Part.State.FAILED]
    failure = ""
    if failed:
        failure = pieces_failed(failed[0], len(failed), len(states))
    elif all(state == Part.State.EMPTY for state, _failure in states):
        failure = said.NOTHING_RECORDED
    Hold.objects.filter(pk=hold.pk).update(failure=failure)
    hold.refresh_from_db()
    if hold.status == Hold.Status.REQUESTED and any(s == Part.State.DONE for s, _f in states):
        try:
            hold.take("keep", by=SYSTEM, because=hold.reason, held_at=timezone.now())
        except InvalidTransition:
            log.info("Hold %s was released while it was fetched", hold.pk)


def failure_word(code: str) -> str:
    """Words for what a piece failed with."""
    return said.read(said.reason(code))


def pieces_failed(code: str, failed: int, of: int) -> str:
    """That so many pieces could not be fetched, and why the first: to be stored as a failure."""
    return said.text_of(said.say("PIECES_FAILED", failed=failed, all=of, reason=said.reason(code)))


def make_missing() -> int:
    """Holds for requests whose message was lost, or whose cameras were named by another door.

    What a person has released with a reason stays released.
    """
    made = Hold.objects.filter(item=OuterRef("pk"))
    items = RequestItem.objects.filter(
        ~Exists(made), is_included=True, request__status__in=FootageRequest.BEFORE_DECISION
    )
    requests = FootageRequest.objects.filter(pk__in=items.values("request"))
    return sum(len(holding.hold_request(request, SYSTEM)) for request in requests)


def plan_releases() -> int:
    """Requests that ended without a release, and phone calls that nobody confirmed in writing."""
    planned = 0
    ended = Hold.objects.filter(status__in=Hold.KEPT, release_on=None, request__status__in=ENDED)
    for hold in ended.select_related("request"):
        state = said.say("STATE", code=hold.request.status)
        because = said.because("REQUEST_ENDED", state=state)
        holding.release(hold, by=SYSTEM, because=because)
        planned += 1
    calls = Hold.objects.filter(
        status__in=Hold.KEPT,
        release_on=None,
        keep_until__lt=today(),
        request__kind__starts_preservation_only=True,
        request__status__in=FootageRequest.OPEN,
    )
    for hold in calls:
        because = said.because("NOT_CONFIRMED")
        holding.release(hold, by=SYSTEM, because=because, on=today())
        planned += 1
    return planned


def release_due() -> int:
    """Releases what falls due today or before, except what a legal hold keeps."""
    released = 0
    due = Hold.objects.filter(status__in=Hold.KEPT, release_on__lte=today())
    for hold in due.exclude(Exists(legal_holds())):
        try:
            with transaction.atomic():
                hold.take("release", by=SYSTEM, because=hold.reason, released_at=timezone.now())
                holding.end_pieces(hold)
        except InvalidTransition:
            continue
        released += 1
    return released


def destroy_due() -> int:
    """Destroys released footage: first the keys, then the bytes, then the step with its entry.

    Not while an export of the same request may still need it, nor while a legal hold keeps it.
    """
    destroyed = 0
    busy = Package.objects.filter(status=Package.Status.EXPORTING).values("request")
    released = Hold.objects.filter(status=Hold.Status.RELEASED).exclude(request__in=busy)
    for hold in released.exclude(Exists(legal_holds())):
        if hold.parts.filter(state=Part.State.CLAIMED).exists():
            continue
        files = [part.file for part in hold.parts.select_related("file") if part.file is not None]
        for file in files:
            store.destroy(file)
        try:
            _destroyed(hold, len(files))
        except InvalidTransition:
            continue
        destroyed += 1
    return destroyed


def _destroyed(hold: Hold, files: int) -> Entry:
    because = said.because("FILES_DESTROYED", count=files)
    return hold.take("destroy", by=SYSTEM, because=because, destroyed_at=timezone.now())


def ask_again() -> int:
    """The morning after: is the held span still on the recorder (PRE-11)? Asked once a day per hold."""
    now = timezone.now()
    due = Hold.objects.filter(status__in=Hold.KEPT).filter(
        Q(seen_again_at=None) | Q(seen_again_at__lt=now - dt.timedelta(hours=20))
    )
    by_recorder: dict[int, list[Hold]] = defaultdict(list)
    for hold in due.select_related("channel__recorder"):
        by_recorder[hold.channel.recorder_id].append(hold)
    for holds in by_recorder.values():
        _ask_recorder_again(holds[0].channel.recorder, holds)
    return sum(len(holds) for holds in by_recorder.values())


def _ask_recorder_again(recorder: Device, holds: list[Hold]) -> None:
    try:
        access = access_to(recorder)
    except NotReachable as error:
        answers = {
            hold.pk: said.say("NOT_ASKED", reason=said.reason(error.reason)) for hold in holds
        }
    else:
        answers, failure = asyncio.run(_still_there(access, holds))
        if failure is not None:
            park_refused(recorder.pk, access.login, failure)
    for hold in holds:
        Hold.objects.filter(pk=hold.pk).update(
            seen_again_at=timezone.now(), seen_again=said.text_of(answers[hold.pk])
        )


async def _still_there(
    access: Access, holds: Iterable[Hold]
) -> tuple[dict[int, said.Said], DeviceError | None]:
    answers: dict[int, said.Said] = {}
    failure: DeviceError | None = None
    holds = list(holds)
    try:
        async with asyncio.timeout(ASK_SECONDS), conversation(access) as talk:
            for hold in holds:
                start_ms, end_ms = to_ms(hold.starts_at), to_ms(hold.ends_at)
                heard = await talk.recorded(hold.channel.number, start_ms, end_ms)
                gone = total(heard.gaps)
                answers[hold.pk] = (
                    said.say("STILL_THERE")
                    if gone < 1000
                    else said.say("GONE", gone=said.say("LENGTH", ms=gone))
                )
    except TimeoutError:
        failure = DeviceError(reason=Reason.TOO_SLOW)
    except DeviceError as error:
        failure = error
    for hold in holds:
        reason = said.reason(str(failure.reason)) if failure else ""
        answers.setdefault(hold.pk, said.say("NOT_ASKED", reason=reason))
    return answers, failure


def legal_holds() -> QuerySet[RequestItem]:
    """For Exists() beside holds: cameras of other open requests that forbid destruction, whose time meets the hold's.

    The recorder may have overwritten it meanwhile: then what another case holds is all that is left.
    """
    return (
        RequestItem.objects.filter(
            position=OuterRef("item__position"),
            starts_at__lt=OuterRef("ends_at"),
            ends_at__gt=OuterRef("starts_at"),
            request__kind__forbids_destruction=True,
            request__status__in=FootageRequest.OPEN,
        )
        .exclude(request=OuterRef("request"))
        .exclude(is_included=False)
        .order_by()
    )


def is_outliving() -> Q:
    """The condition of a kept hold whose request has ended or whose day has passed (PRE-10)."""
    return Q(request__status__in=ENDED) | Q(keep_until__lt=today())


def ends_soon() -> Q:
    """The condition of a hold of an open case whose day to be looked at again is near; what lapses has its own."""
    last = today() + dt.timedelta(days=settings.HOLD_REVIEW_WARN_DAYS)
    near = Q(keep_until__range=(today(), last), request__kind__lapses_after_working_days=None)
    return near & ~Q(request__status__in=ENDED)


def outliving() -> list[Hold]:
    """Kept holds that outlive their request."""
    kept = Hold.objects.filter(is_outliving(), status__in=Hold.KEPT)
    rows = kept.select_related("request", "channel__recorder", "item__position")
    return list(rows.order_by("keep_until", "pk"))


@dataclass(frozen=True)
class Protected:
    """What is really sealed of a hold, in true time, against what was asked for (PRE-5)."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    covers: bool


def protected(hold: Hold, parts: Iterable[HoldPart]) -> Protected | None:
    """From the fetched pieces; None while there is none. A gap of the recorder itself is no lack of the hold."""
    done = [part for part in parts if part.state == Part.State.DONE]
    if not done:
        return None
    start = min(part.starts_at for part in done)
    end = max(part.ends_at for part in done)
    is_whole = all(part.state in {Part.State.DONE, Part.State.EMPTY} for part in parts)
    reaches = start <= hold.item.starts_at and end >= hold.item.ends_at
    return Protected(start, end, is_whole and reaches)


@dataclass(frozen=True)
class StoreShare:
    """How much of the evidence store's disk held footage takes. `warns_at` is 0 while all is well."""

    held_bytes: int
    disk_bytes: int
    free_bytes: int

    @property
    def percent(self) -> int:
        return self.held_bytes * 100 // self.disk_bytes if self.disk_bytes else 0

    @property
    def warns_at(self) -> int:
        return next((share for share in WARN_SHARES if self.percent >= share), 0)

    @property
    def is_full(self) -> bool:
        return self.free_bytes < settings.EVIDENCE_RESERVE_GB * 1024**3


def store_share(held_bytes: int | None = None) -> StoreShare:
    """The share of the disk that holds use (PRE-6); `held_bytes` where they have been counted already."""
    folder = Path(settings.EVIDENCE_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk = shutil.disk_usage(folder)
    held = holding.held_bytes() if held_bytes is None else held_bytes
    return StoreShare(held, disk.total, disk.free)


def settle_finished() -> int:
    """Holds whose last piece ended while the worker was killed before it could say so."""
    rows = Hold.objects.filter(status=Hold.Status.REQUESTED, failure="").exclude(
        confirmation=Hold.Confirmation.WAITING
    )
    unfinished = HoldPart.objects.filter(state__in=[Part.State.WAITING, Part.State.CLAIMED]).values(
        "hold"
    )
    finished = list(rows.exclude(pk__in=unfinished).filter(parts__isnull=False).distinct())
    for hold in finished:
        settle(hold)
    return len(finished)


def sweep() -> None:
    """Everything that falls due, in the order in which it matters."""
    make_missing()
    settle_finished()
    plan_releases()
    release_due()
    destroy_due()

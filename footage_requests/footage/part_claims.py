"""The queue of pieces to fetch: parts of holds, slices of exports and released sound, one mechanism for all.

A claim is a conditional UPDATE with a lease, as in `cameras.night.claims`: a worker that is killed stops
renewing, and its pieces come back. No recorder gets more pieces at once than FETCHES_PER_RECORDER,
whoever asks. Pieces with a lower turn go first, so a long export never keeps a short one waiting.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from inventory.models import Channel, Device

from .. import said
from ..models import ExportSlice, Hold, HoldPart, Package, SoundSlice
from ..models.holds import Part

LEASE = dt.timedelta(seconds=60)
RENEW_SECONDS = 10.0
MOST_EXPORT_ATTEMPTS = 6
MOST_HOLD_ATTEMPTS = 60
MOST_SOUND_ATTEMPTS = 3
SILENT_HOLD_ATTEMPTS = 5
"""After so many tries, about five minutes, a hold says that it cannot be fetched; it is tried on."""
FIRST_PAUSE = dt.timedelta(seconds=20)
LONGEST_PAUSE = dt.timedelta(minutes=30)

AnyPart = HoldPart | ExportSlice | SoundSlice


def recorder_of(part: AnyPart) -> Device:
    """The recorder from which a piece is fetched."""
    return channel_of(part).recorder


def channel_of(part: AnyPart) -> Channel:
    """The channel of which a piece is."""
    return part.hold.channel if isinstance(part, HoldPart) else part.channel


def claim_next(busy: Collection[int] = (), now: dt.datetime | None = None) -> AnyPart | None:
    """Takes one due piece of a recorder that has room and is not `busy`; None when there is none."""
    now = now or timezone.now()
    skipped: set[int] = set(busy)
    while True:
        with transaction.atomic():
            full = _full_recorders() | skipped
            chosen = _first_due(now, full)
            if chosen is None:
                return None
            recorder_id = recorder_of(chosen).pk
            if not _lock_recorder(recorder_id):
                skipped.add(recorder_id)
                continue
            # Counted again under the lock: two workers may have seen the same free place.
            if _claimed_per_recorder()[recorder_id] >= settings.FETCHES_PER_RECORDER:
                skipped.add(recorder_id)
                continue
            if _take(chosen, now):
                return chosen


def _first_due(now: dt.datetime, full: Collection[int]) -> AnyPart | None:
    holds = _due_parts(now).exclude(hold__channel__recorder__in=full).first()
    slices = _due_slices(ExportSlice, now).exclude(channel__recorder__in=full).first()
    sounds = _due_slices(SoundSlice, now).exclude(channel__recorder__in=full).first()
    # What may be overwritten goes before what a person waits for, within the same turn; sound comes last.
    due = [part for part in (holds, slices, sounds) if part is not None]
    return min(due, key=lambda part: part.turn, default=None)


def _due_parts(now: dt.datetime) -> QuerySet[HoldPart]:
    return (
        HoldPart.objects.filter(
            state=Part.State.WAITING, due_at__lte=now, hold__status__in=Hold.KEPT
        )
        .select_related("hold__channel__recorder")
        .order_by("turn", "due_at", "pk")
    )


def _due_slices(model: type[ExportSlice] | type[SoundSlice], now: dt.datetime) -> QuerySet[Any]:
    return (
        model._base_manager.filter(
            state=Part.State.WAITING,
            due_at__lte=now,
            package__status=Package.Status.EXPORTING,
        )
        .select_related("channel__recorder", "package", "line")
        .order_by("turn", "due_at", "pk")
    )


def _claimed_per_recorder() -> Counter[int]:
    recorders = [
        model._base_manager.filter(state=Part.State.CLAIMED).order_by().values_list(path)
        for model, path in (
            (HoldPart, "hold__channel__recorder"),
            (ExportSlice, "channel__recorder"),
            (SoundSlice, "channel__recorder"),
        )
    ]
    # One question, since it is asked twice for every piece.
    first, *others = recorders
    return Counter(recorder for (recorder,) in first.union(*others, all=True))


def _full_recorders() -> set[int]:
    most = settings.FETCHES_PER_RECORDER
    return {recorder for recorder, count in _claimed_per_recorder().items() if count >= most}


def _lock_recorder(recorder_id: int) -> bool:
    """One worker at a time takes places of a recorder. SQLite has one writer at a time anyway."""
    if not connection.features.has_select_for_update_skip_locked:
        return True
    rows = Device.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    return rows.filter(pk=recorder_id).values("pk").first() is not None


def _take(part: AnyPart, now: dt.datetime) -> bool:
    lease = uuid.uuid4()
    taken = (
        type(part)
        ._base_manager.filter(pk=part.pk, state=Part.State.WAITING)
        .update(
            state=Part.State.CLAIMED,
            lease=lease,
            lease_until=now + LEASE,
            attempt=F("attempt") + 1,
            fetched_bytes=0,
        )
    )
    part.state, part.lease = Part.State.CLAIMED, lease
    part.attempt += 1
    return bool(taken)


def renew(parts: Iterable[tuple[AnyPart, int]], now: dt.datetime) -> None:
    """Prolongs leases and notes how many bytes have come so far."""
    for part, fetched in parts:
        mine(part).update(lease_until=now + LEASE, fetched_bytes=fetched)


def mine(part: AnyPart) -> QuerySet[Any]:
    """The row of a claimed piece, if the claim still holds: who lost it saves nothing."""
    return type(part)._base_manager.filter(pk=part.pk, lease=part.lease, state=Part.State.CLAIMED)


def release_lost(now: dt.datetime | None = None) -> int:
    """Puts pieces whose worker died back into the queue."""
    now = now or timezone.now()
    back = 0
    for model in (HoldPart, ExportSlice, SoundSlice):
        back += model._base_manager.filter(state=Part.State.CLAIMED, lease_until__lt=now).update(
            state=Part.State.WAITING, lease=None, lease_until=None, due_at=now
        )
    return back


def put_back(part: AnyPart, failure: str, *, is_permanent: bool, now: dt.datetime) -> bool:
    """Ends a try that gave nothing: again after a pause, or FAILED. Returns whether it failed for good.

    A hold is tried for as long as the footage may be there; what a person waits for ends sooner.
    """
    is_hold = isinstance(part, HoldPart)
    most = MOST_HOLD_ATTEMPTS if is_hold else MOST_EXPORT_ATTEMPTS
    if isinstance(part, SoundSlice):
        most = MOST_SOUND_ATTEMPTS
    has_failed = part.attempt >= most or (is_permanent and not is_hold)
    pause = (
        LONGEST_PAUSE
        if is_permanent
        else min(FIRST_PAUSE * 2 ** min(part.attempt - 1, 10), LONGEST_PAUSE)
    )
    changes = {"failure": failure[:300], "lease": None, "lease_until": None}
    if has_failed:
        mine(part).update(state=Part.State.FAILED, finished_at=now, **changes)
    else:
        mine(part).update(state=Part.State.WAITING, due_at=now + pause, **changes)
        if isinstance(part, HoldPart) and (is_permanent or part.attempt >= SILENT_HOLD_ATTEMPTS):
            # Tried for days, but said at once: a person may be able to help, and the footage may go meanwhile.
            told = said.text_of(said.say("PIECES_WAIT", reason=said.reason(failure)))
            Hold.objects.filter(pk=part.hold_id).exclude(failure=told).update(failure=told)
    return has_failed

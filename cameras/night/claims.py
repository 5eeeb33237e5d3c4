"""Places in the queue: taken with a token and a lease, renewed while the work goes on, freed when it is lost.

A claim is a conditional UPDATE: two workers never hold the same check, and never the same device. A worker
that dies stops renewing; its checks come back when the lease runs out. One of them may be what killed it,
so checks that were lost are tried in small groups and then alone: a poisonous one takes nobody with it, and
is given up at the third loss.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Exists, F, Min, OuterRef, Q, Value, When
from django.utils import timezone

from cameras.models import DeviceCheck, Run

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 10.0
SET_BACK = timedelta(minutes=10)
"""From this length on a step back of this server's clock is noticed; a shorter one delays by its length."""
MOST_LOSSES = 3
FEW = 8
"""So many checks that were lost once are tried together."""
RACES = 5
AGAIN_AFTER = timedelta(seconds=5)

Status = DeviceCheck.Status


def claim_next(limit: int, now: datetime, *, run: Run | None = None) -> list[DeviceCheck]:
    """Takes the next group for a worker that holds nothing: fresh checks, else a few lost ones, else one."""
    for losses, most in ((0, limit), (1, min(FEW, limit)), (2, 1)):
        checks = claim(most, now, run=run, losses=losses)
        if checks:
            return checks
    return []


def claim(
    limit: int, now: datetime, *, run: Run | None = None, losses: int = 0
) -> list[DeviceCheck]:
    """Takes up to `limit` due checks that were lost `losses` times so far."""
    for _race in range(RACES):
        try:
            return _claim(limit, now, run, losses)
        except IntegrityError:
            # Another worker took another check of the same device at this moment.
            continue
    return []


@transaction.atomic
def _claim(limit: int, now: datetime, run: Run | None, losses: int) -> list[DeviceCheck]:
    visited = DeviceCheck.objects.filter(device=OuterRef("device"), status=Status.CLAIMED)
    due = DeviceCheck.objects.filter(
        Q(due_at__lte=now) | Q(due_at__gt=now + _farthest_due()),
        status=Status.DUE,
        run__status=Run.Status.RUNNING,
    )
    due = due.filter(lost=losses) if losses < MOST_LOSSES - 1 else due.filter(lost__gte=losses)
    if run is not None:
        due = due.filter(run=run)
    rows = due.filter(~Exists(visited)).order_by(_urgency(), "run__start_at", "due_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    chosen: dict[int, int] = {}
    for pk, device_id in rows.values_list("pk", "device_id")[: 2 * limit]:
        chosen.setdefault(device_id, pk)
    pks = list(chosen.values())[:limit]
    if not pks:
        return []
    token = uuid.uuid4()
    taken = DeviceCheck.objects.filter(pk__in=pks, status=Status.DUE).update(
        status=Status.CLAIMED,
        claim=token,
        attempt=F("attempt") + 1,
        lease_until=now + LEASE,
        started_at=now,
    )
    if not taken:
        return []
    return list(
        DeviceCheck.objects.filter(claim=token).select_related("run", "device").order_by("pk")
    )


def _farthest_due() -> timedelta:
    """Nothing is put off for longer: what is due later stems from before this server's clock was set back."""
    return SET_BACK + timedelta(seconds=settings.NIGHT_JITTER_SECONDS)


def _urgency() -> Case:
    """A person waits for a check on demand; nobody waits for the past days of a first start."""
    return Case(
        When(run__kind=Run.Kind.CHECK_NOW, then=Value(0)),
        When(run__kind=Run.Kind.BACKFILL, then=Value(2)),
        default=Value(1),
    )


def next_due(now: datetime, within: timedelta, *, run: Run | None = None) -> datetime | None:
    """When the next check falls due, if that is soon: a retry is worth waiting for."""
    rows = DeviceCheck.objects.filter(
        status=Status.DUE, run__status=Run.Status.RUNNING, due_at__range=(now, now + within)
    )
    if run is not None:
        rows = rows.filter(run=run)
    return rows.aggregate(first=Min("due_at"))["first"]


def renew(checks: Collection[DeviceCheck], now: datetime) -> None:
    """Prolongs the leases of checks that are still being worked on."""
    DeviceCheck.objects.filter(
        pk__in=[check.pk for check in checks],
        claim__in={check.claim for check in checks},
        status=Status.CLAIMED,
    ).update(lease_until=now + LEASE)


def release_lost(now: datetime) -> tuple[int, list[DeviceCheck]]:
    """Puts checks whose worker died back into the queue. Returns their number, and those to be given up."""
    lost = DeviceCheck.objects.filter(
        Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + SET_BACK), status=Status.CLAIMED
    )
    back = lost.filter(lost__lt=MOST_LOSSES - 1).update(
        status=Status.DUE, claim=None, lease_until=None, due_at=now, lost=F("lost") + 1
    )
    return back, list(lost.filter(lost__gte=MOST_LOSSES - 1).select_related("run", "device"))


def put_back(check: DeviceCheck) -> None:
    """Frees a claim whose outcome could not be saved, so that nobody waits for its lease."""
    now = timezone.now()
    mine = DeviceCheck.objects.filter(pk=check.pk, claim=check.claim, status=Status.CLAIMED)
    if check.lost >= MOST_LOSSES - 1:
        mine.update(lease_until=now)
    else:
        mine.update(
            status=Status.DUE,
            claim=None,
            lease_until=None,
            due_at=now + AGAIN_AFTER,
            lost=F("lost") + 1,
        )

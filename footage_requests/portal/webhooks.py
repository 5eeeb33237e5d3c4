"""Telling the portal of changes: events become rows in the change's transaction, rows are sent and retried.

The row is the queue (decision 0002): a claim is a conditional UPDATE with a lease, so a killed worker's
message goes out again. Receivers may get a message twice or out of order; the event's id tells.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import random
import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone, translation
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

import audit
from vault.errors import VaultError

from ..casework.changes import deadline_extended, fee_changed, step_taken
from ..models import FootageRequest, WebhookDelivery, WebhookEndpoint, WebhookTry
from . import endpoints
from .status_words import Told, deadline_of, owes_fee, told, told_of
from .targets import Outcome

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

Event = WebhookDelivery.Event
State = WebhookDelivery.State
AT_ONCE = 20
# Of one endpoint at a time: one that does not answer must not use up all places.
PER_ENDPOINT = 4
LEASE = dt.timedelta(seconds=60)
MOST_TRIES = 14
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 6 * 3600.0
JITTER = 0.2
KEPT = dt.timedelta(days=90)
SIGNATURE, EVENT_ID = "CCTV-Signature", "CCTV-Event-Id"


def listen() -> None:
    """Called once when Django is ready."""
    step_taken.connect(_on_step, dispatch_uid="portal-webhooks")
    deadline_extended.connect(_on_extension, dispatch_uid="portal-webhooks")
    fee_changed.connect(_on_fee, dispatch_uid="portal-webhooks")


def _on_step(request: FootageRequest, step: str, before: str, **_told: Any) -> None:
    # The answer to the filing call says already that it was received.
    if step == "register" or told(before, owes=owes_fee(request)) == told_of(request):
        return
    is_missing = told_of(request) == Told.INFO_MISSING
    note(request, Event.INFO_MISSING if is_missing else Event.STATUS_CHANGED)


def _on_fee(request: FootageRequest, owed: bool, **_told: Any) -> None:
    if told(request.status, owes=owed) != told_of(request):
        note(request, Event.STATUS_CHANGED)


def _on_extension(request: FootageRequest, **_told: Any) -> None:
    note(request, Event.DEADLINE_EXTENDED)


def note(request: FootageRequest, event: str) -> None:
    """Puts an event into the queue of every endpoint that follows the request's filer."""
    if request.door != FootageRequest.Door.PORTAL:
        return
    following = list(WebhookEndpoint.objects.filter(person=request.filer_id, is_active=True))
    for endpoint in following:
        ident = uuid.uuid4()
        WebhookDelivery.objects.create(
            uuid=ident,
            endpoint=endpoint,
            request=request,
            event=event,
            payload=_payload(request, event, ident),
        )
    if following:
        transaction.on_commit(_wake, robust=True)


def _payload(request: FootageRequest, event: str, ident: uuid.UUID) -> dict[str, Any]:
    """Number, state, words and deadline: nothing that the receiver would have to keep safe."""
    state, deadline = told_of(request), deadline_of(request)
    words = {}
    for language in ("tr", "en"):
        with translation.override(language):
            words[language] = str(state.label)
    return {
        "id": str(ident),
        "event": str(event),
        "at": timezone.now().isoformat(),
        "number": request.number,
        "status": state.value,
        "words": words,
        "deadline": deadline.isoformat() if deadline else None,
    }


def body_of(delivery: WebhookDelivery) -> bytes:
    """The bytes that are signed and sent, the same at every try."""
    return json.dumps(
        delivery.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def send_due(now: dt.datetime | None = None) -> int:
    """Sends what is due, AT_ONCE messages at a time; how many were tried. Safe to run twice at once."""
    now = now or timezone.now()
    release_lost(now)
    claimed = claim(now)
    if not claimed:
        return 0
    outcomes = asyncio.run(_send_all(claimed))
    for delivery, outcome in zip(claimed, outcomes, strict=True):
        settle(delivery, outcome)
    return len(claimed)


def claim(now: dt.datetime) -> list[WebhookDelivery]:
    """Takes due messages, oldest first, and few of each endpoint: a long queue of one delays no other."""
    due = WebhookDelivery.objects.filter(
        state=State.WAITING, due_at__lte=now, endpoint__is_active=True
    )
    waiting = due.values("endpoint").annotate(first=Min("due_at")).order_by("first")
    taken: list[WebhookDelivery] = []
    for endpoint in waiting.values_list("endpoint", flat=True)[:AT_ONCE]:
        rows = due.filter(endpoint=endpoint).select_related("endpoint").order_by("due_at", "pk")
        for row in rows[: min(PER_ENDPOINT, AT_ONCE - len(taken))]:
            row.lease = uuid.uuid4()
            if _take(row, now):
                taken.append(row)
    return taken


def _take(row: WebhookDelivery, now: dt.datetime) -> bool:
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=State.WAITING)
    changes = {"state": State.CLAIMED, "lease": row.lease, "lease_until": now + LEASE}
    row.attempt += 1
    return bool(mine.update(attempt=F("attempt") + 1, **changes))


def release_lost(now: dt.datetime) -> int:
    """Puts messages whose worker died back into the queue."""
    lost = WebhookDelivery.objects.filter(state=State.CLAIMED, lease_until__lt=now)
    return lost.update(state=State.WAITING, lease=None, lease_until=None)


async def _send_all(rows: list[WebhookDelivery]) -> list[Outcome]:
    prepared = [_headers(row) for row in rows]
    return list(
        await asyncio.gather(
            *(_send(row, headers) for row, headers in zip(rows, prepared, strict=True))
        )
    )


async def _send(row: WebhookDelivery, headers: dict[str, str] | None) -> Outcome:
    if headers is None:
        return Outcome(None, "NO_SECRET", 0)
    from . import transport  # aiohttp, which only workers need

    return await transport.send(row.endpoint.url, body_of(row), headers)


def _headers(row: WebhookDelivery) -> dict[str, str] | None:
    timestamp = int(timezone.now().timestamp())
    try:
        signed = endpoints.signature(row.endpoint, timestamp, body_of(row))
    except VaultError:
        log.warning("The secret of webhook %s cannot be opened.", row.endpoint_id)
        return None
    return {
        "Content-Type": "application/json",
        SIGNATURE: signed,
        EVENT_ID: str(row.uuid),
    }


def settle(row: WebhookDelivery, outcome: Outcome) -> None:
    """Writes down what came of a try: done, again after a pause, or given up after MOST_TRIES."""
    now = timezone.now()
    changes: dict[str, Any] = {"lease": None, "lease_until": None}
    if outcome.is_taken:
        changes |= {"state": State.DELIVERED, "ended_at": now}
    elif row.attempt >= MOST_TRIES:
        changes |= {"state": State.GIVEN_UP, "ended_at": now}
    else:
        changes |= {"state": State.WAITING, "due_at": now + pause_after(row.attempt)}
    mine = WebhookDelivery.objects.filter(pk=row.pk, lease=row.lease, state=State.CLAIMED)
    with transaction.atomic():
        if mine.update(**changes):
            WebhookTry.objects.create(
                delivery=row,
                status=outcome.status,
                failure=outcome.failure,
                took_ms=outcome.took_ms,
            )


def pause_after(attempt: int) -> dt.timedelta:
    """Twice as long each time, and never the same for many at once."""
    seconds = min(FIRST_PAUSE_S * 2 ** (attempt - 1), LONGEST_PAUSE_S)
    return dt.timedelta(seconds=seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311


def send_again(delivery: WebhookDelivery, *, by: Person) -> bool:
    """Puts a delivered or given up message back into the queue, as the same event."""
    ended = WebhookDelivery.objects.filter(
        pk=delivery.pk, state__in=[State.DELIVERED, State.GIVEN_UP]
    )
    with transaction.atomic():
        again = ended.update(state=State.WAITING, attempt=0, due_at=timezone.now(), ended_at=None)
        if again:
            audit.record(
                "webhook.send_again",
                actor=by,
                target=delivery.endpoint,
                event=delivery.event,
                id=str(delivery.uuid),
            )
            transaction.on_commit(_wake, robust=True)
    return bool(again)


def given_up(now: dt.datetime | None = None) -> QuerySet[Any]:
    """What nobody received in the last week, of endpoints that are in use."""
    since = (now or timezone.now()) - dt.timedelta(days=7)
    return WebhookDelivery.objects.filter(
        state=State.GIVEN_UP, ended_at__gte=since, endpoint__is_active=True
    )


def forget(now: dt.datetime | None = None) -> int:
    """Drops what ended more than KEPT ago; how many rows."""
    before = (now or timezone.now()) - KEPT
    return WebhookDelivery.objects.filter(ended_at__lt=before).delete()[0]


def _wake() -> None:
    from .tasks import send_webhooks

    try:
        send_webhooks.apply_async(retry=False)
    except (OperationalError, RedisError, OSError) as error:
        # The rows are there: the next sweep finds them without a message.
        log.warning("The broker could not be told of webhooks: %s", error)

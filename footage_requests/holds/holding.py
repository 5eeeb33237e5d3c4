"""Holds: footage is fetched into the sealed store before anybody decides, and nobody may view it.

A hold is made by itself as soon as a request names cameras, with the least that keeps the event safe:
the asked time, a margin, and what the clock leaves unsure. Above the limits an operator confirms. A
hold without a request cannot exist; the reason and the request's number stand on it.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Sum, Value
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from cameras.models import RecorderUse
from core.tsi import day_bounds, from_ms, to_ms, today
from inventory.models import Channel

from ..casework import deadlines
from ..errors import Refused
from ..footage import cutting
from ..footage.clock_windows import Window
from ..models import FootageRequest, Hold, HoldPart, RequestItem
from ..models.holds import Part
from .availability import windows

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
PURPOSE = "hold"
LONGEST_KEEP = dt.timedelta(days=5 * 365)
# A hold that an operator turned down before it began is not made a second time.
_STANDS = Q(status__in=Hold.KEPT) | Q(confirmation=Hold.Confirmation.WAITING)


@dataclass(frozen=True)
class _Planned:
    item: RequestItem
    channel: Channel
    window: Window

    @property
    def asked_ms(self) -> int:
        start = max(self.window.start_ms, self.window.kept_start_ms)
        return max(0, min(self.window.end_ms, self.window.kept_end_ms) - start)


def hold_request(request: FootageRequest, by: Person | str, because: str = "") -> list[Hold]:
    """Makes the holds that a request still lacks. Safe to run twice; starts after the commit.

    Within the limits they begin at once; above them they wait for an operator.
    """
    with transaction.atomic():
        row = FootageRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
        if row.status not in {*row.BEFORE_DECISION, row.Status.APPROVED}:
            return []
        planned = _planned(row)
        made = [_make(row, plan, by, because, room) for plan, room in _within_limits(row, planned)]
    if made:
        wake()
    return made


def _planned(request: FootageRequest) -> list[_Planned]:
    standing = list(request.holds.filter(_STANDS).order_by("starts_at"))
    planned = []
    for item in request.items.filter(is_included=True).select_related("position"):
        for channel, window in windows(item):
            kept = [
                (to_ms(hold.starts_at), to_ms(hold.ends_at))
                for hold in standing
                if (hold.item_id, hold.channel_id) == (item.pk, channel.pk)
            ]
            if not any(a <= window.start_ms and b >= window.end_ms for a, b in kept):
                planned += _lacking(_Planned(item, channel, window), kept)
    return planned


def _lacking(plan: _Planned, kept: list[tuple[int, int]]) -> list[_Planned]:
    """A window that was made longer is held from where the hold of its beginning ends."""
    start_ms = plan.window.kept_start_ms
    for first, last in kept:
        if first <= start_ms < last:
            start_ms = last
    if start_ms >= plan.window.end_ms and start_ms > plan.window.kept_start_ms:
        return []
    return [replace(plan, window=plan.window.within(start_ms, None))]


def _within_limits(
    request: FootageRequest, planned: list[_Planned]
) -> list[tuple[_Planned, Hold.Confirmation]]:
    """Each planned hold with whether it may begin by itself."""
    holds = request.holds.filter(status__in=Hold.KEPT).exclude(
        confirmation=Hold.Confirmation.WAITING
    )
    channels = set(holds.values_list("channel", flat=True))
    spent_ms = sum(_asked_ms(hold) for hold in holds.select_related("item"))
    day_ms = _spent_today_ms(request)
    told = []
    for plan in planned:
        more = channels | {plan.channel.pk}
        fits = (
            len(more) <= settings.HOLD_CHANNELS
            and spent_ms + plan.asked_ms <= settings.HOLD_CHANNEL_HOURS * HOUR_MS
            and day_ms + plan.asked_ms <= settings.HOLD_CHANNEL_HOURS_PER_DAY * HOUR_MS
        )
        if fits:
            channels = more
            spent_ms += plan.asked_ms
            day_ms += plan.asked_ms
        told.append((plan, Hold.Confirmation.NOT_NEEDED if fits else Hold.Confirmation.WAITING))
    return told


def _spent_today_ms(request: FootageRequest) -> int:
    """What the requests of the same person hold by themselves since this morning."""
    start, _end = day_bounds(today())
    mine = Hold.objects.filter(
        request__filer=request.filer_id,
        asked_at__gte=start,
        confirmation=Hold.Confirmation.NOT_NEEDED,
    ).exclude(request=request)
    return sum(_asked_ms(hold) for hold in mine.select_related("item"))


def _asked_ms(hold: Hold) -> int:
    """The asked part of a hold: the margin does not count against the limits."""
    start, end = max(hold.starts_at, hold.item.starts_at), min(hold.ends_at, hold.item.ends_at)
    return max(0, to_ms(end) - to_ms(start))


def _make(
    request: FootageRequest,
    plan: _Planned,
    by: Person | str,
    because: str,
    confirmation: Hold.Confirmation,
) -> Hold:
    window = plan.window
    # What lies in the future has not been recorded yet.
    end_ms = min(window.kept_end_ms, max(to_ms(timezone.now()), window.end_ms))
    hold = Hold.objects.create(
        request=request,
        item=plan.item,
        channel=plan.channel,
        starts_at=from_ms(window.kept_start_ms),
        ends_at=from_ms(end_ms),
        reason=(because or request.number)[:300],
        confirmation=confirmation,
        keep_until=_keep_until(request),
    )
    audit.record(
        "hold.request",
        actor=by,
        target=hold,
        because=hold.reason,
        request=request.number,
        channel=plan.channel.pk,
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        confirmation=str(confirmation),
        clock=window.clock_sentence(),
    )
    if confirmation == Hold.Confirmation.NOT_NEEDED:
        _begin(hold)
    return hold


def _keep_until(request: FootageRequest) -> dt.date:
    """A phone call lapses unless it is confirmed in writing; the rest is looked at again in time."""
    lapses = deadlines.lapses_on(request)
    return lapses or today() + dt.timedelta(days=settings.HOLD_KEEP_DAYS)


def _begin(hold: Hold) -> None:
    """Puts a hold's pieces into the queue and marks its recorder as in use."""
    spans = cutting.planned(hold.channel, hold.starts_at, hold.ends_at)
    HoldPart.objects.bulk_create(
        HoldPart(hold=hold, starts_at=start, ends_at=end, turn=turn)
        for turn, (start, end) in enumerate(spans)
    )
    Hold.objects.filter(pk=hold.pk, started_at=None).update(started_at=timezone.now())
    open_use(hold)


def open_use(hold: Hold) -> None:
    """While its pieces are fetched nothing may be written to the recorder, its clock least of all."""
    RecorderUse.objects.get_or_create(
        recorder_id=hold.channel.recorder_id,
        purpose=PURPOSE,
        holder_uuid=hold.uuid,
        ends_at=None,
    )


def close_use(hold: Hold) -> None:
    RecorderUse.objects.filter(purpose=PURPOSE, holder_uuid=hold.uuid, ends_at=None).update(
        ends_at=timezone.now()
    )


def end_pieces(hold: Hold) -> None:
    """Of a hold that was released nothing more is fetched."""
    hold.parts.filter(state=Part.State.WAITING).update(state=Part.State.FAILED)
    close_use(hold)


def confirm(hold: Hold, *, by: Person) -> None:
    """An operator lets a hold above the limits begin."""
    with transaction.atomic():
        waiting = Hold.objects.filter(
            pk=hold.pk, confirmation=Hold.Confirmation.WAITING, status=Hold.Status.REQUESTED
        )
        if not waiting.update(confirmation=Hold.Confirmation.GIVEN, confirmed_by=by):
            raise Refused(_("This hold does not wait for a confirmation."))
        hold.refresh_from_db()
        audit.record("hold.confirm", actor=by, target=hold, request=hold.request.number)
        _begin(hold)
    wake()


def extend(hold: Hold, *, until: dt.date, by: Person, because: str) -> None:
    """Keeps a hold for longer. Raises Refused for a date that makes no sense."""
    if not because.strip():
        raise Refused(_("Say why the footage is kept for longer."))
    if until <= today() or until > today() + LONGEST_KEEP:
        raise Refused(_("Choose a day after today, at most five years from now."))
    hold.take("extend", by=by, because=because, keep_until=until, release_on=None)


def release(hold: Hold, *, by: Person | str, because: str, on: dt.date | None = None) -> None:
    """The footage is no longer needed: it is destroyed on that day, by default after the set days."""
    if not because.strip():
        raise Refused(_("Say why the footage is no longer needed."))
    day = on or today() + dt.timedelta(days=settings.HOLD_RELEASE_DAYS)
    with transaction.atomic():
        rows = Hold.objects.filter(pk=hold.pk, status__in=Hold.KEPT).exclude(release_on=day)
        if not rows.update(release_on=day):
            return
        audit.record("hold.plan_release", actor=by, target=hold, because=because, release_on=day)
    hold.release_on = day


def keep_again(hold: Hold, *, by: Person | str, because: str) -> None:
    """A planned release is taken back: the case goes on."""
    with transaction.atomic():
        rows = Hold.objects.filter(pk=hold.pk, status__in=Hold.KEPT, release_on__isnull=False)
        if rows.update(release_on=None):
            audit.record("hold.keep_on", actor=by, target=hold, because=because)
    hold.release_on = None


def try_again(hold: Hold, *, by: Person) -> int:
    """Puts the pieces that failed back into the queue."""
    with transaction.atomic():
        count = hold.parts.filter(state=Part.State.FAILED).update(
            state=Part.State.WAITING, attempt=0, due_at=timezone.now(), failure=""
        )
        count += hold.parts.filter(state=Part.State.WAITING).update(due_at=timezone.now())
        if count:
            open_use(hold)
            audit.record("hold.try_again", actor=by, target=hold, parts=count)
    wake()
    return count


def held() -> QuerySet[Any]:
    """What held footage takes on the disk in bytes, as the second column of at most one row."""
    kept = HoldPart.objects.filter(file__destroyed_at=None).order_by()
    return kept.values_list(Value(1)).annotate(Sum("file__bytes"))


def held_bytes() -> int:
    """What held footage takes on the disk."""
    return next((bytes_ for _one, bytes_ in held()), None) or 0


def wake() -> None:
    """Calls workers once this transaction is committed; a lost call costs one sweep."""
    from ..hold_tasks import call_workers

    transaction.on_commit(call_workers, robust=True)

"""What a recorder still has of a request's window, and until when.

`check_item` asks the recorder's own index; what it says is stored on the item together with the gaps,
the oldest recording, known faults and the clock. "Hours left" is the event's time plus the lowest
retention of the last seven measurements, minus now: measured, never a promise of a data sheet.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.clocks.rows import store_clock
from cameras.days.coverage import clip, merge, subtract, total
from cameras.drawing.strips import length
from cameras.models import ChannelCondition, DeviceCondition, Finding
from cameras.protocols.base import DeviceError, Reason
from core.tsi import from_ms, to_ms
from inventory.models import Channel, ChannelAssignment

from .. import said
from ..footage.clock_windows import RecorderClock, Window, clock_of, window_of
from ..footage.recorders import (
    Access,
    Conversation,
    Heard,
    NotReachable,
    access_to,
    conversation,
    park_refused,
)
from ..models import FootageRequest, Hold, RequestItem
from . import nightly_proof

YES, PARTLY, NO, UNKNOWN = "YES", "PARTLY", "NO", "UNKNOWN"
CHECK_SECONDS = 90.0
MEASURED_WITHIN = dt.timedelta(hours=24)
MOST_GAPS = 2000
SEAM_MS = 1_000
DAY_MS = 86_400_000


@dataclass(frozen=True)
class ChannelAnswer:
    """What was found out about one channel; `heard` is None where nobody could be asked."""

    channel: Channel
    window: Window
    heard: Heard | None = None
    reason: str = ""


@dataclass(frozen=True)
class HoursLeft:
    """How long a request's footage is still there. `lost_at` is that of its most urgent camera."""

    request_id: int
    lost_at: dt.datetime | None
    is_unknown: bool
    is_held: bool

    @property
    def hours(self) -> float | None:
        """Hours until the first recording is overwritten; negative = already; None = not known."""
        if self.lost_at is None or self.is_unknown:
            return None
        return (self.lost_at - timezone.now()).total_seconds() / 3600

    @property
    def sort_key(self) -> tuple[int, float]:
        """Held last, unknown first, then the most urgent."""
        if self.is_held:
            return 2, 0.0
        hours = self.hours
        return (0, 0.0) if hours is None else (1, hours)

    def words(self) -> str:
        """For lists: "held", "not known", "overwritten", "5 h 20 min"."""
        hours = self.hours
        if self.is_held:
            return _("held")
        if hours is None:
            return _("not known")
        if hours <= 0:
            return _("probably overwritten")
        return length(round(hours * 60) * 60_000)


def windows(item: RequestItem) -> list[tuple[Channel, Window]]:
    """Every channel that recorded the item's position in its window, with both times and the kept span.

    Asks no device. What the channel recorded before or after it belonged to the position stays out.
    """
    rows = (
        ChannelAssignment.objects.during(item.starts_at, item.ends_at)
        .filter(position=item.position_id)
        .select_related("channel__recorder")
        .order_by("channel__recorder_id", "channel__number", "starts_at")
    )
    clocks: dict[int, RecorderClock] = {}
    told = []
    for row in rows:
        recorder = row.channel.recorder
        if recorder.pk not in clocks:
            clocks[recorder.pk] = clock_of(recorder)
        first_ms = to_ms(row.starts_at)
        last_ms = to_ms(row.ends_at) if row.ends_at else None
        start_ms, end_ms = max(to_ms(item.starts_at), first_ms), to_ms(item.ends_at)
        window = window_of(clocks[recorder.pk], start_ms, min(end_ms, last_ms or end_ms))
        told.append((row.channel, window.within(first_ms, last_ms)))
    return told


def check_request(request: FootageRequest) -> None:
    """Asks about every item that is not excluded. Not inside a transaction: it talks to recorders."""
    for item in request.items.exclude(is_included=False).select_related("position"):
        check_item(item)


def check_item(item: RequestItem) -> dict[str, Any]:
    """Asks the recorders of an item and stores `checked`, `checked_at` and `lost_at`."""
    by_recorder: dict[int, list[tuple[Channel, Window]]] = defaultdict(list)
    for channel, window in windows(item):
        by_recorder[channel.recorder_id].append((channel, window))
    answers: list[ChannelAnswer] = []
    for asked in by_recorder.values():
        answers += _ask_recorder(asked)
    checked = _judge(item, answers)
    lost_at, measured_at = _lost_at(item, answers)
    now = timezone.now()
    # Of a window that was moved while the recorder was asked this says nothing.
    same_window = RequestItem.objects.filter(
        pk=item.pk, starts_at=item.starts_at, ends_at=item.ends_at
    )
    same_window.update(checked=checked, checked_at=now, lost_at=lost_at, retention_at=measured_at)
    item.checked, item.checked_at = checked, now
    item.lost_at, item.retention_at = lost_at, measured_at
    return checked


def _ask_recorder(asked: Sequence[tuple[Channel, Window]]) -> list[ChannelAnswer]:
    recorder = asked[0][0].recorder
    try:
        access = access_to(recorder)
    except NotReachable as error:
        return [ChannelAnswer(channel, window, reason=error.reason) for channel, window in asked]
    answers, failure, talk = asyncio.run(_ask(access, asked))
    if failure is not None:
        park_refused(recorder.pk, access.login, failure)
    _store_clock(recorder.pk, talk)
    return answers


async def _ask(
    access: Access, asked: Sequence[tuple[Channel, Window]]
) -> tuple[list[ChannelAnswer], DeviceError | None, Conversation | None]:
    """Every channel within one deadline; what is not answered then has a reason."""
    answers: list[ChannelAnswer] = []
    failure: DeviceError | None = None
    talk: Conversation | None = None
    try:
        async with asyncio.timeout(CHECK_SECONDS), conversation(access) as talk:
            await talk.measure_clock()
            for channel, known in asked:
                window = known
                if not known.is_measured:
                    # Only now is there a measurement; the narrower of both windows is meant.
                    window = window_of(talk.clock, known.start_ms, known.end_ms)
                    window = window.within(known.kept_start_ms, known.kept_end_ms)
                try:
                    heard = await talk.recorded(channel.number, window.start_ms, window.end_ms)
                    answers.append(ChannelAnswer(channel, window, heard))
                except DeviceError as error:
                    failure = error
                    answers.append(ChannelAnswer(channel, window, reason=str(error.reason)))
    except TimeoutError:
        failure = DeviceError(reason=Reason.TOO_SLOW)
    except DeviceError as error:
        failure = error
    done = {answer.channel.pk for answer in answers}
    reason = str(failure.reason) if failure else str(Reason.NOT_ASKED)
    answers += [ChannelAnswer(c, w, reason=reason) for c, w in asked if c.pk not in done]
    return answers, failure, talk


def _store_clock(recorder_id: int, talk: Conversation | None) -> None:
    """The clock read on this visit is the first reading after the event: it is kept."""
    if talk is None or talk.measured is None:
        return
    with transaction.atomic():
        condition, _made = DeviceCondition.objects.get_or_create(pk=recorder_id)
        store_clock(condition, talk.measured, None, None)


def _judge(item: RequestItem, answers: Sequence[ChannelAnswer]) -> dict[str, Any]:
    start_ms, end_ms = to_ms(item.starts_at), to_ms(item.ends_at)
    heard = [answer for answer in answers if answer.heard is not None]
    recorded = merge(span for each in heard if each.heard for span in each.heard.recorded)
    doubted = merge(span for each in heard if each.heard for span in each.heard.doubted)
    missing = subtract([(start_ms, end_ms)], recorded)
    # What one channel doubts and the other has is there.
    unsure = [span for span in clip(doubted, missing) if span[1] - span[0] > SEAM_MS]
    gaps = [gap for gap in subtract(missing, unsure) if gap[1] - gap[0] > SEAM_MS]
    silent = next((answer.reason for answer in answers if answer.heard is None), "")
    is_whole = all(each.heard.is_complete for each in heard if each.heard)
    if not answers:
        answer, silent = UNKNOWN, "NO_CHANNEL"
    elif recorded and not gaps and not unsure:
        answer = YES
    elif not heard or silent or not is_whole:
        answer = UNKNOWN if not recorded else PARTLY
    elif unsure and not recorded:
        answer, silent = UNKNOWN, "END_NOT_TOLD"
    else:
        answer = PARTLY if recorded else NO
    oldest = [each.heard.oldest_ms for each in heard if each.heard and each.heard.oldest_ms]
    return {
        "asked_at": timezone.now().isoformat(timespec="seconds"),
        "answer": answer,
        "reason": silent,
        "gaps": [list(gap) for gap in gaps[:MOST_GAPS]],
        "gap_count": len(gaps),
        "gap_ms": sum(b - a for a, b in gaps),
        "unsure": [list(span) for span in unsure[:MOST_GAPS]],
        "unsure_ms": total(unsure),
        "oldest_ms": min(oldest, default=None),
        "faults": _faults(item, answers),
        "clock": _once(told for each in answers for told in each.window.clock_said()),
        "night": nightly_proof.proved(item, (each.channel for each in answers)),
        "channels": [_channel_data(each) for each in answers],
    }


def _channel_data(answer: ChannelAnswer) -> dict[str, Any]:
    heard, window = answer.heard, answer.window
    return {
        "channel": answer.channel.pk,
        "number": answer.channel.number,
        "recorder": str(answer.channel.recorder),
        "reason": answer.reason,
        "answer": _answer_of(heard),
        "gaps": [list(gap) for gap in (heard.gaps if heard else [])[:MOST_GAPS]],
        "unsure": [list(span) for span in (heard.unsure if heard else [])[:MOST_GAPS]],
        "oldest_ms": heard.oldest_ms if heard else None,
        "source": heard.source if heard else "",
        "offset_ms": window.offset.offset_ms,
        "uncertainty_ms": window.offset.uncertainty_ms,
        "window": window.as_data(),
    }


def _answer_of(heard: Heard | None) -> str:
    """What one channel has of the window; a doubt is neither recorded nor lost."""
    if heard is None or (heard.doubted and not heard.recorded):
        return UNKNOWN
    if not heard.recorded:
        return NO
    return PARTLY if heard.gaps or heard.doubted else YES


def _once(told: Iterable[said.Said]) -> list[said.Said]:
    """Each sentence at its first place only."""
    found: list[said.Said] = []
    for each in told:
        if each not in found:
            found.append(each)
    return found


def _faults(item: RequestItem, answers: Sequence[ChannelAnswer]) -> list[said.Said]:
    """Faults that were open in the window, and what the recorder says of itself now."""
    told = []
    for answer in answers:
        if answer.heard is not None and answer.heard.is_online is False:
            told.append(said.say("CAMERA_OFF"))
        if answer.reason:
            told.append(said.say("FAULT_NOT_ASKED", reason=said.reason(answer.reason)))
    recorders = {answer.channel.recorder_id for answer in answers}
    during = Finding.objects.filter(opened_at__lt=item.ends_at).filter(
        Q(closed_at=None) | Q(closed_at__gt=item.starts_at)
    )
    about = Q(subject_kind=Finding.Subject.POSITION, subject_id=item.position_id) | Q(
        subject_kind=Finding.Subject.DEVICE, subject_id__in=recorders
    )
    told += [said.of_finding(finding) for finding in during.filter(about)[:10]]
    return _once(told)


def _lost_at(
    item: RequestItem, answers: Sequence[ChannelAnswer]
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """When the item's first minute is overwritten, and when that was measured.

    The longest-keeping channel counts: as long as one has it, it is there.
    """
    conditions = ChannelCondition.objects.in_bulk([answer.channel.pk for answer in answers])
    now = timezone.now()
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for answer in answers:
        kept: list[dt.timedelta] = []
        measured_at = None
        condition = conditions.get(answer.channel.pk)
        if condition is not None:
            kept, measured_at = _measured(condition, now)
        if answer.heard is not None and answer.heard.oldest_ms is not None:
            kept.append(now - from_ms(answer.heard.oldest_ms))
            measured_at = now
        if kept and measured_at is not None:
            found.append((item.starts_at + min(kept), measured_at))
    return max(found, default=(None, None))


def _measured(
    condition: ChannelCondition, now: dt.datetime
) -> tuple[list[dt.timedelta], dt.datetime | None]:
    """The last seven retentions of a channel, and when it was last measured."""
    kept = [dt.timedelta(days=float(days)) for _at, days in condition.recent]
    if condition.earliest_at is None:
        return kept, None
    kept.append(condition.asked_at - condition.earliest_at)
    return kept, condition.asked_at


def refresh_lost(now: dt.datetime | None = None) -> int:
    """Reads "until when" of every open request anew out of what the nights measured. Few queries."""
    now = now or timezone.now()
    items = list(
        RequestItem.objects.filter(request__status__in=FootageRequest.OPEN).exclude(
            is_included=False
        )
    )
    if not items:
        return 0
    first, last = min(i.starts_at for i in items), max(i.ends_at for i in items)
    rows = ChannelAssignment.objects.during(first, last).filter(
        position__in={item.position_id for item in items}
    )
    by_position: dict[int, list[ChannelAssignment]] = defaultdict(list)
    for row in rows:
        by_position[row.position_id].append(row)
    conditions = ChannelCondition.objects.in_bulk(
        {r.channel_id for rs in by_position.values() for r in rs}
    )
    changed = []
    for item in items:
        found = []
        for row in by_position[item.position_id]:
            is_then = row.starts_at < item.ends_at and (
                row.ends_at is None or row.ends_at > item.starts_at
            )
            condition = conditions.get(row.channel_id)
            if not is_then or condition is None:
                continue
            kept, measured_at = _measured(condition, now)
            if kept and measured_at is not None:
                found.append((item.starts_at + min(kept), measured_at))
        if not found:
            continue
        lost_at, measured_at = max(found)
        if item.retention_at is None or measured_at > item.retention_at:
            item.lost_at, item.retention_at = lost_at, measured_at
            changed.append(item)
    RequestItem.objects.bulk_update(changed, ["lost_at", "retention_at"], batch_size=200)
    return len(changed)


def hours_left(request_ids: Iterable[int]) -> dict[int, HoursLeft]:
    """For each of these requests until when its footage is there, in one query."""
    fresh = timezone.now() - MEASURED_WITHIN
    of_item = Hold.objects.filter(item=OuterRef("pk"), status__in=Hold.KEPT)
    kept = of_item.filter(Hold.WHOLE)
    # What the recorder has nothing of waits for nothing.
    open_holds = of_item.exclude(Hold.WHOLE).exclude(failure=said.NOTHING_RECORDED)
    safe = Q(has_kept=True, has_open=False)
    rows = (
        RequestItem.objects.filter(request__in=list(request_ids))
        .exclude(is_included=False)
        .annotate(has_kept=Exists(kept), has_open=Exists(open_holds))
        .order_by()
        .values("request_id")
        .annotate(
            first=Min("lost_at", filter=~safe),
            unknown=Count(
                "pk",
                filter=~safe & (Q(lost_at=None) | Q(retention_at=None) | Q(retention_at__lt=fresh)),
            ),
            unheld=Count("pk", filter=~safe),
        )
    )
    return {
        row["request_id"]: HoursLeft(
            row["request_id"], row["first"], bool(row["unknown"]), not row["unheld"]
        )
        for row in rows
    }

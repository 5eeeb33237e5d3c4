"""Limits, confirmation, extension, release and destruction of holds; none without a request."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Entry
from cameras.models import RecorderUse
from core.steps import InvalidTransition
from core.tsi import today
from footage_requests import said
from footage_requests.casework import clocks
from footage_requests.decisions import deciding
from footage_requests.errors import Refused
from footage_requests.footage import store
from footage_requests.holds import hold_life, hold_today, holding
from footage_requests.holds.availability import hours_left
from footage_requests.models import FootageRequest, Hold, HoldPart
from footage_requests.models.holds import Part
from inventory.models import Channel
from tests.requests.case import Campus
from tests.sheets.rows import client_of

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


def request_for(campus: Campus, cameras: int, hours: float = 0.25, **more: Any) -> FootageRequest:
    now = timezone.now()
    span = {"starts_at": now - 30 * HOUR, "ends_at": now - 30 * HOUR + dt.timedelta(hours=hours)}
    return campus.request(*(campus.camera() for _ in range(cameras)), **{**span, **more})


def fetched(hold: Hold) -> None:
    """As if a worker had fetched every piece."""
    for part in hold.parts.all():
        with store.StoreWriter("video/mp4") as writer:
            writer.write(b"sealed footage")
            file = writer.save()
        part.file, part.state = file, Part.State.DONE
        part.save()
    hold_life.settle(hold)
    hold.refresh_from_db()


def test_pieces_are_at_most_five_minutes(campus):
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    spans = [(part.starts_at, part.ends_at) for part in hold.parts.all()]
    assert spans[0][0] == hold.starts_at
    assert spans[-1][1] == hold.ends_at
    assert all(end - start <= dt.timedelta(minutes=5) for start, end in spans)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))


def test_the_ninth_channel_waits_for_an_operator(campus):
    """PRE-8: automatic holds are capped; nothing above the cap is lost from sight."""
    holds = holding.hold_request(request_for(campus, 9), campus.clerk)
    waiting = [hold for hold in holds if hold.confirmation == "WAITING"]
    assert len(waiting) == 1
    assert not waiting[0].parts.exists()

    holding.confirm(waiting[0], by=campus.operator)
    assert waiting[0].parts.exists()
    with pytest.raises(Refused):
        holding.confirm(waiting[0], by=campus.operator)


def test_what_an_operator_turned_down_is_not_made_again(campus):
    request = request_for(campus, 9)
    holds = holding.hold_request(request, campus.clerk)
    waiting = next(hold for hold in holds if hold.confirmation == "WAITING")
    holding.release(waiting, by=campus.operator, because="the other eight show it", on=today())
    hold_life.sweep()
    hold_life.sweep()
    waiting.refresh_from_db()
    assert waiting.status == "DESTROYED"
    assert holding.hold_request(request, campus.clerk) == []
    assert request.holds.count() == 9


def test_what_a_person_released_is_not_fetched_again(campus):
    request = request_for(campus, 1)
    (hold,) = holding.hold_request(request, campus.clerk)
    fetched(hold)
    holding.release(hold, by=campus.operator, because="the event was elsewhere", on=today())
    hold_life.sweep()
    hold_life.sweep()
    hold.refresh_from_db()
    assert hold.status == "DESTROYED"
    assert request.holds.count() == 1


def test_more_than_four_channel_hours_wait_for_an_operator(campus):
    holds = holding.hold_request(request_for(campus, 3, hours=2), campus.clerk)
    assert [hold.confirmation for hold in holds] == ["NOT_NEEDED", "NOT_NEEDED", "WAITING"]


def test_one_person_holds_only_so_much_a_day_by_himself(campus, settings):
    settings.HOLD_CHANNEL_HOURS_PER_DAY = 4
    for _ in range(2):
        holding.hold_request(request_for(campus, 1, hours=2), campus.clerk)
    (third,) = holding.hold_request(request_for(campus, 1, hours=1), campus.clerk)
    assert third.confirmation == "WAITING"


def test_a_hold_without_a_request_is_impossible(campus):
    """PRE-10."""
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(request=None)


def test_a_legal_hold_keeps_what_another_case_holds_of_its_camera(campus):
    """The recorder may have overwritten it meanwhile: what a refused case holds is all that is left."""
    camera = campus.camera()
    request = campus.submitted(camera)
    (hold,) = holding.hold_request(request, campus.clerk)
    fetched(hold)
    file: Any = hold.parts.all()[0].file
    campus.code()
    campus.decide(request, "REFUSE", codes=["T04"])
    Hold.objects.filter(pk=hold.pk).update(release_on=today())
    law = campus.request(camera, kind=campus.kind("LAW", forbids_destruction=True))
    elsewhen = campus.request(
        camera, kind=law.kind, starts_at=law.starts_at - 9 * DAY, ends_at=law.ends_at - 9 * DAY
    )

    hold_life.sweep()
    hold.refresh_from_db()
    assert hold.status == "HELD"
    page = client_of(campus.head).get("/requests/holds/").content.decode()
    assert page.count("başka bir talebin hukuki koruması var") == 1
    Hold.objects.filter(pk=hold.pk).update(status="RELEASED", released_at=timezone.now())
    hold_life.sweep()
    assert store.measure_again(file)

    FootageRequest.objects.filter(pk=law.pk).update(status="CLOSED")
    hold_life.sweep()
    hold.refresh_from_db()
    assert elsewhen.is_open
    assert hold.status == "DESTROYED"


def test_a_refusal_releases_after_the_set_days_and_the_footage_is_destroyed(campus, settings):
    """REL-17, PRE-3: released by itself, first the keys, then the bytes, every step in the log."""
    settings.HOLD_RELEASE_DAYS = 30
    request = campus.submitted()
    (hold,) = holding.hold_request(request, campus.clerk)
    fetched(hold)
    file: Any = hold.parts.all()[0].file
    campus.code()
    campus.decide(request, "REFUSE", codes=["T04"])

    hold_life.sweep()
    hold.refresh_from_db()
    assert hold.status == "HELD"
    assert hold.release_on == today() + 30 * DAY
    Hold.objects.filter(pk=hold.pk).update(release_on=today())
    hold_life.sweep()
    hold_life.sweep()
    hold.refresh_from_db()
    file.refresh_from_db()
    assert hold.status == "DESTROYED"
    assert file.wrapped_key == ""
    assert not store.path_of(file.uuid).exists()
    steps = list(
        Entry.objects.filter(action__startswith="hold.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert steps == [
        "hold.request",
        "hold.keep",
        "hold.plan_release",
        "hold.release",
        "hold.destroy",
    ]


def test_a_hold_is_extended_with_a_reason_and_a_day(campus):
    """PRE-1, PRE-3."""
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    fetched(hold)
    with pytest.raises(Refused):
        holding.extend(hold, until=today() + 90 * DAY, by=campus.operator, because=" ")
    with pytest.raises(Refused):
        holding.extend(hold, until=today(), by=campus.operator, because="the court asks for time")
    holding.extend(hold, until=today() + 90 * DAY, by=campus.operator, because="the court asks")
    assert hold.status == "EXTENDED"
    assert hold.keep_until == today() + 90 * DAY


def test_a_destroyed_hold_comes_back_by_no_step(campus):
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    fetched(hold)
    Hold.objects.filter(pk=hold.pk).update(status="DESTROYED")
    hold.refresh_from_db()
    with pytest.raises(InvalidTransition):
        hold.take("keep_again", by=campus.operator)


def test_a_phone_call_lapses_when_nobody_writes(campus):
    """Decisions: a call only starts preservation and lapses."""
    kind = campus.kind(starts_preservation_only=True, lapses_after_working_days=3)
    request = request_for(campus, 1, kind=kind, arrived_at=timezone.now() - 10 * DAY)
    (hold,) = holding.hold_request(request, campus.clerk)
    fetched(hold)
    hold_life.sweep()
    hold.refresh_from_db()
    assert hold.status == "DESTROYED"


def test_holds_that_outlive_their_request_are_listed(campus):
    """PRE-10."""
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    assert hold_life.outliving() == []
    Hold.objects.filter(pk=hold.pk).update(keep_until=today() - DAY)
    assert hold_life.outliving() == [hold]


def test_a_recorder_stays_in_use_until_its_pieces_are_fetched(campus):
    """CLK-12: a clock must not be set while footage of it is being saved."""
    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    assert RecorderUse.is_in_use(campus.recorder)
    fetched(hold)
    assert not RecorderUse.is_in_use(campus.recorder)


def test_the_share_of_held_footage_warns_at_ten_and_twenty_percent():
    """PRE-6."""
    shares = [hold_life.StoreShare(held, 100, 50 * 1024**3).warns_at for held in (9, 10, 19, 20)]
    assert shares == [0, 10, 10, 20]


def test_a_removed_recorder_is_refused_loudly(campus):
    """PRE-7: what cannot be fetched any more says so; it never looks held."""
    from footage_requests import hold_tasks
    from footage_requests.footage import fetch_work

    (hold,) = holding.hold_request(request_for(campus, 1), campus.clerk)
    campus.recorder.status = "REMOVED"
    campus.recorder.save()
    fetch_work.work(hold_tasks.settled, seconds=5)
    part = hold.parts.all()[0]
    assert part.failure == "RECORDER_NOT_IN_SERVICE"
    hold.refresh_from_db()
    assert (hold.status, hold.is_whole) == ("REQUESTED", False)
    assert said.code_of(hold.failure) == "PIECES_WAIT"
    told = [line.key for line in hold_today.lines(campus.operator)]
    assert "trouble" in told


def part_of(hold, state, failure=""):
    with store.StoreWriter("video/mp4") as writer:
        writer.write(b"pictures")
        file = writer.save()
    count = hold.parts.count()
    return HoldPart.objects.create(
        hold=hold,
        starts_at=hold.starts_at + count * MINUTE,
        ends_at=hold.starts_at + (count + 1) * MINUTE,
        state=state,
        failure=failure,
        file=file if state == "DONE" else None,
    )


def test_a_hold_of_which_a_piece_is_missing_is_not_called_held(campus):
    """PRE-4, REL-18: partial success is visible, and what is not fetched can still be lost."""
    request = request_for(campus, 1)
    (hold,) = holding.hold_request(request, campus.clerk)
    hold.parts.all().delete()
    lost_at = timezone.now() + 5 * HOUR
    request.items.update(lost_at=lost_at, retention_at=timezone.now())
    part_of(hold, "DONE")
    missing = part_of(hold, "FAILED", "TOO_SLOW")
    hold_life.settle(hold)
    assert (hold.status, hold.is_whole) == ("HELD", False)
    left = hours_left([request.pk])[request.pk]
    assert (left.is_held, left.lost_at) == (False, lost_at)
    assert not deciding.summary(request).lines[0].is_held
    (row,) = clocks.with_cameras(FootageRequest.objects.filter(pk=request.pk))
    assert row.lost_at == lost_at

    HoldPart.objects.filter(pk=missing.pk).update(state="EMPTY", failure="")
    hold_life.settle(hold)
    assert hold.is_whole
    assert hours_left([request.pk])[request.pk].is_held
    assert deciding.summary(request).lines[0].is_held


def test_a_second_channel_that_recorded_nothing_alarms_nobody(campus):
    """REL-18: the camera's other recorder has it all, and it is held."""
    request = request_for(campus, 1)
    (hold,) = holding.hold_request(request, campus.clerk)
    hold.parts.all().delete()
    part_of(hold, "DONE")
    hold_life.settle(hold)
    other = Hold.objects.create(
        request=request,
        item=hold.item,
        channel=Channel.objects.create(recorder=campus.recorder, number=60),
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        reason=request.number,
    )
    assert not hours_left([request.pk])[request.pk].is_held
    part_of(other, "EMPTY")
    hold_life.settle(other)
    assert hours_left([request.pk])[request.pk].is_held


def test_a_camera_on_another_recorder_is_held_where_it_recorded_then(campus):
    """PRE-7: the hold names the channel of the event, whatever records the camera today."""
    from inventory import moves
    from inventory.models import Channel
    from tests.inventory import rows

    request = request_for(campus, 1)
    item = request.items.get()
    old = item.position.assignments.get().channel
    now = timezone.now() - HOUR
    moves.release_channel(old, now, "test")
    new = Channel.objects.create(recorder=rows.device("RECORDER"), number=1)
    moves.assign_channel(new, item.position, now, "test")
    (hold,) = holding.hold_request(request, campus.clerk)
    assert hold.channel == old

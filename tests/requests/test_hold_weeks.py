"""PRE-10: every week a filed paper of holds that outlive their requests, and a letter to the head."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from core.tsi import day_of, today
from footage_requests.holds import hold_life, hold_weeks
from footage_requests.models import FootageRequest, Hold, HoldPart, HoldWeek
from footage_requests.release.record_rows import hold_row
from tests.requests import sealing_rows
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold(campus, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "private"
    request = campus.request(campus.camera())
    item = request.items.get()
    return Hold.objects.create(
        request=request,
        item=item,
        channel=item.position.channels_on(item.starts_at.date())[0],
        starts_at=item.starts_at - dt.timedelta(minutes=5),
        ends_at=item.ends_at + dt.timedelta(minutes=5),
        status="HELD",
        reason=request.number,
    )


def monday():
    day = today()
    return day - dt.timedelta(days=day.weekday())


def test_the_paper_is_filed_once_a_week_and_told_to_the_head(campus, hold):
    """PRE-10."""
    campus.head.email = "amir@example.org"
    campus.head.save()
    Hold.objects.update(keep_until=today() - dt.timedelta(days=3))

    hold_weeks.sweep()
    hold_weeks.sweep()

    (row,) = HoldWeek.objects.all()
    assert (row.week, row.count) == (monday(), 1)
    assert row.content["holds"][0]["request"] == hold.request.number
    data = hold_weeks.read(row)
    assert data is not None
    assert data.startswith(b"%PDF")
    assert row.sha256 in Entry.objects.get(action="holdweek.file").canon
    (letter,) = mail.outbox
    assert letter.to == ["amir@example.org"]
    assert hold.request.number not in letter.body
    hold_weeks.sweep(timezone.now() + dt.timedelta(days=7))
    assert HoldWeek.objects.count() == 2


def test_a_week_without_such_a_hold_is_filed_and_told_to_nobody(campus, hold):
    campus.head.email = "amir@example.org"
    campus.head.save()
    FootageRequest.objects.update(status="REGISTERED")

    hold_weeks.sweep()

    assert HoldWeek.objects.get().count == 0
    assert mail.outbox == []


def test_the_paper_is_opened_on_the_page_and_a_changed_one_is_not(campus, hold):
    hold_weeks.sweep()
    row = HoldWeek.objects.get()
    url = reverse("footage_requests:hold_week", args=[row.pk])
    client = client_of(campus.head)

    assert url in client.get(reverse("footage_requests:holds")).content.decode()
    assert client.get(url).content == hold_weeks.read(row)
    assert Entry.objects.filter(action="holdweek.open").count() == 1
    assert client_of(campus.deliverer).get(url).status_code == 403
    hold_weeks.path_of(row).write_bytes(b"%PDF another")
    assert client.get(url).status_code == 404


def test_the_really_protected_span_is_stated_against_the_asked_one(campus, hold, english):
    """PRE-5."""
    item = hold.item
    middle = item.starts_at + dt.timedelta(minutes=10)
    spans = [(hold.starts_at, middle), (middle, hold.ends_at)]
    first, second = (
        HoldPart.objects.create(
            hold=hold, starts_at=a, ends_at=b, state="DONE", file=sealing_rows.stored(b"x")
        )
        for a, b in spans
    )
    real = hold_life.protected(hold, [first, second])
    assert real is not None
    assert (real.starts_at, real.ends_at, real.covers) == (hold.starts_at, hold.ends_at, True)
    page = client_of(campus.head).get(reverse("footage_requests:holds")).content.decode()
    assert f"{day_of(hold.starts_at):%d.%m.%Y}" in page

    second.state = "FAILED"
    half = hold_life.protected(hold, [first, second])
    assert half is not None
    assert (half.ends_at, half.covers) == (middle, False)
    assert hold_life.protected(hold, []) is None
    from footage_requests.release.record_content import _hold

    assert "all that was asked for is inside" in hold_row(_hold(hold))["protected"]

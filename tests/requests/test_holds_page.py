"""The page of all holds, what may be done on it, and what holds put on Bugün."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from core.tsi import day_text, today
from footage_requests import said
from footage_requests.holds import hold_life, hold_today, holding
from footage_requests.models import Hold
from tests.inventory import rows
from tests.requests.case import Campus
from tests.requests.recorded import fetch_all, recorded

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def held(campus: Campus, cameras: int = 1) -> list[Hold]:
    now = timezone.now()
    request = campus.request(
        *(campus.camera() for _ in range(cameras)),
        starts_at=now - 3 * HOUR,
        ends_at=now - 2.8 * HOUR,
    )
    return holding.hold_request(request, campus.clerk)


def test_the_list_shows_every_camera_with_its_outcome(campus, client):
    """PRE-4: what went well and what did not, and until when it is kept."""
    holds = held(campus, 2)
    holds[0].parts.update(state="EMPTY")
    hold_life.settle(holds[0])
    client.force_login(campus.operator)
    page = client.get(reverse("footage_requests:holds")).content.decode()
    for hold in holds:
        assert hold.item.position.name in page
        assert hold.keep_until is not None
        assert day_text(hold.keep_until) in page
    holds[0].refresh_from_db()
    with translation.override("tr"):
        assert said.read(holds[0].failure) in page
    found = client.get(reverse("footage_requests:holds"), {"q": holds[1].item.position.code})
    assert holds[0].item.position.name not in found.content.decode()


def test_what_waits_is_confirmed_extended_and_released_on_the_page(campus, client, settings):
    """PRE-3."""
    settings.HOLD_CHANNELS = 1
    waiting = next(hold for hold in held(campus, 2) if hold.confirmation == "WAITING")
    client.force_login(campus.operator)
    page = client.get(reverse("footage_requests:holds"), {"view": "waiting"}).content.decode()
    assert waiting.item.position.name in page
    client.post(reverse("footage_requests:hold_confirm", args=[waiting.pk]))
    waiting.refresh_from_db()
    assert waiting.confirmed_by == campus.operator
    Hold.objects.update(status="HELD")
    until = today() + dt.timedelta(days=200)
    order = {"until": day_text(until), "because": "the court asked"}
    client.post(reverse("footage_requests:hold_extend", args=[waiting.pk]), order)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.keep_until) == ("EXTENDED", until)
    client.post(reverse("footage_requests:hold_release", args=[waiting.pk]), {"because": " "})
    waiting.refresh_from_db()
    assert waiting.release_on is None
    client.post(reverse("footage_requests:hold_release", args=[waiting.pk]), {"because": "settled"})
    waiting.refresh_from_db()
    assert waiting.release_on is not None


def test_another_building_sees_no_hold(campus, client):
    (hold,) = held(campus)
    other = rows.building()
    stranger = rows.person("OPERATOR", scope_kind="BUILDING", scope_id=other.pk)
    client.force_login(stranger)
    page = client.get(reverse("footage_requests:holds")).content.decode()
    assert hold.item.position.name not in page
    answer = client.post(reverse("footage_requests:hold_again", args=[hold.pk]))
    assert answer.status_code == 404


def test_bugun_tells_what_waits_for_a_person(campus, settings):
    """PRE-6, PRE-10: above the limits, outliving their request."""
    settings.HOLD_CHANNELS = 1
    holds = held(campus, 2)
    Hold.objects.filter(pk=holds[0].pk).update(keep_until=today() - dt.timedelta(days=1))
    told = " ".join(line.sentence for line in hold_today.lines(campus.operator))
    assert "1 hold above the limits" in told
    assert "outlives its request" in told
    assert list(hold_today.lines(campus.clerk)) == []


def test_the_next_morning_the_recorder_is_asked_again(settings, tmp_path):
    """PRE-11: still there, or how much is gone."""
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path / "evidence", 0
    settings.HOLD_MARGIN_MINUTES = settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    with recorded() as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        fetch_all()
        assert hold_life.ask_again() == 1
        hold.refresh_from_db()
        assert said.read(hold.seen_again) == "still there"
        assert hold_life.ask_again() == 0
        Hold.objects.update(seen_again_at=timezone.now() - 30 * HOUR)
    hold_life.ask_again()
    hold.refresh_from_db()
    assert "refuses the connection" in said.read(hold.seen_again)

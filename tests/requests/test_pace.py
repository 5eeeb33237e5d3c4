"""Export times per recorder come from its own measured slices, and stand where somebody decides or exports."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from core.tsi import today
from footage_requests.footage import pace
from footage_requests.models import ExportPace
from tests.requests.case import Campus

pytestmark = pytest.mark.django_db
HOUR = 3_600_000


def measured(campus: Campus, footage_ms: int, took_ms: int, days_ago: int = 1) -> None:
    ExportPace.objects.create(
        recorder=campus.recorder,
        day=today() - dt.timedelta(days=days_ago),
        footage_ms=footage_ms,
        took_ms=took_ms,
        bytes=footage_ms * 500,
    )


def test_the_estimate_follows_what_the_recorder_gave(campus: Campus, english: None) -> None:
    """REL-14."""
    row = campus.request(campus.camera(), campus.camera())
    assert str(campus.recorder) in pace.estimate(row).words
    measured(campus, HOUR, HOUR // 4, 1)
    measured(campus, HOUR, HOUR // 2, 2)
    measured(campus, HOUR, 100 * HOUR, pace.COUNTED_DAYS + 1)
    # Two cameras of thirty minutes: an hour, at 2 hours in three quarters of one.
    assert pace.estimate(row).seconds == 22.5 * 60
    assert "23 min" in pace.estimate(row).words


def test_excluded_cameras_take_no_time(campus: Campus) -> None:
    row = campus.request()
    campus.item(row, campus.camera(), included=False)
    assert pace.estimate(row).words == ""


def test_the_table_lists_amounts_per_recorder(campus: Campus, english: None) -> None:
    """REL-14."""
    measured(campus, 2 * HOUR, HOUR)
    (line,) = pace.table(campus.operator)
    assert line.times == ["8 min", "30 min", "120 min", "12 h"]
    assert line.bytes_of_an_hour == 500 * HOUR
    client = Client()
    client.force_login(campus.operator, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/requests/statistics/").content.decode()
    assert str(campus.recorder) in page
    assert "30 dk" in page or "30 min" in page


def test_the_screen_of_the_decision_says_how_long_it_takes(campus: Campus) -> None:
    row = campus.submitted()
    measured(campus, HOUR, HOUR)
    client = Client()
    client.force_login(campus.superior, backend="django.contrib.auth.backends.ModelBackend")
    assert pace.estimate(row).seconds == 30 * 60
    for address in (f"/requests/{row.pk}/decide/", f"/requests/{row.pk}/"):
        assert "30 dk" in client.get(address).content.decode(), address

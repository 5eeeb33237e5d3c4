"""Figures and clocks in the words and the decimal sign of each language."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone, translation

from cameras.drawing import strips
from cameras.models import ClockMeasurement
from cameras.wording import evidence_words
from core.templatetags.page import percent
from core.tsi import day_bounds_ms
from tests.inventory import rows
from tests.pages import scene

DAY = dt.date(2026, 3, 10)


@pytest.mark.parametrize(
    ("language", "told"), [("tr", ["%93,14", "%99,99", "–"]), ("en", ["93.14%", "99.99%", "–"])]
)
def test_shares_are_written_as_each_language_does_and_never_rounded_up_to_all(language, told):
    with translation.override(language):
        assert [percent(93.14), percent(99.9999), percent(None)] == told


@pytest.mark.parametrize(
    ("offset", "uncertainty", "turkish", "english"),
    [
        (None, None, "ölçülmedi", "not measured"),
        (20, 80, "tam (± 0,1 sn)", "exact (± 0.1 s)"),
        (-2_430, 101, "2,4 sn geri (± 0,2 sn)", "2.4 s behind (± 0.2 s)"),
        (3_600_010, None, "1 sa 00 dk ileri", "1 h 00 min ahead"),
    ],
)
def test_a_clocks_error_is_told_in_words(offset, uncertainty, turkish, english):
    with translation.override("tr"):
        assert strips.offset_words(offset, uncertainty) == turkish
    with translation.override("en"):
        assert strips.offset_words(offset, uncertainty) == english


def test_a_wrong_clock_says_what_it_shows_at_noon():
    with translation.override("tr"):
        row = ClockMeasurement(measured_at=timezone.now(), offset_ms=89_644, uncertainty_ms=50)
        told = evidence_words.clock_sentence(row)
    assert told == "1 dk 30 sn ileri gidiyor: saat 12:00:00 iken 12:01:29 gösteriyor."


@pytest.mark.django_db
def test_an_unknown_clock_is_said_with_the_evidence():
    row = scene.proof(rows.channel(), offset_ms=None)

    with translation.override("en"):
        assert "clock of that time is not known" in evidence_words.evidence_words(row)


@pytest.mark.django_db
def test_gaps_longer_than_a_minute_carry_their_length_without_overlapping():
    row = scene.proof(
        rows.channel(), DAY, gaps=((2, 2.5), (2.6, 2.7), (12, 12 + 1 / 240), (20, 21))
    )

    with translation.override("en"):
        strip = strips.day_strip(DAY, row, [day_bounds_ms(DAY)])
    assert [mark.text for mark in strip.labels] == ["30 min", "1 h 00 min"]


@pytest.mark.django_db
def test_the_recorders_own_hours_stand_under_the_strip_when_its_clock_is_wrong():
    fast = scene.proof(rows.channel(), DAY, offset_ms=3_600_000)
    right = scene.proof(rows.channel(), DAY, offset_ms=900)

    whole = [day_bounds_ms(DAY)]
    marks = {mark.text: mark.x for mark in strips.day_strip(DAY, fast, whole).device_hours}
    assert marks["03"] == "8.33"  # 02:00 true time
    assert strips.day_strip(DAY, right, whole).device_hours == ()


@pytest.mark.django_db
def test_time_without_motion_is_no_gap():
    row = scene.proof(rows.channel(), DAY, gaps=((0, 5), (6, 24)))
    whole = [day_bounds_ms(DAY)]

    kinds = {piece.kind for piece in strips.day_strip(DAY, row, whole, motion_only=True).stretches}
    assert kinds == {"outside", "RECORDED"}
    assert "NOT_RECORDED" in {piece.kind for piece in strips.day_strip(DAY, row, whole).stretches}


@pytest.mark.django_db
def test_a_day_of_which_nothing_is_known_is_hatched_and_not_green_or_red():
    unknown = scene.proof(rows.channel(), DAY, result="UNKNOWN", reason="NO_ANSWER", source="")
    unknown.recorded_ms = 0
    whole = [day_bounds_ms(DAY)]

    for row in (unknown, None):
        strip = strips.day_strip(DAY, row, whole)
        assert {piece.kind for piece in strip.stretches} == {"UNKNOWN"}

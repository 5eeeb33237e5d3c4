"""Explaining exceptions one by one or in groups."""

from __future__ import annotations

import pytest

from audit.models import Entry
from cameras.daily_sheets.sheets import view_of
from cameras.models import ClockMeasurement
from core import tsi

from .rows import Campus, client_of, person, recorder

pytestmark = pytest.mark.django_db


def post(campus: Campus, **fields: object) -> str:
    sheet = campus.sheet()
    client = client_of(person("OPERATOR"))
    answer = client.post(f"/sheets/{sheet.day}/explain/", fields, follow=True)
    return answer.content.decode()


def test_one_explanation_covers_all_exceptions_of_a_recorder(campus: Campus) -> None:
    """REC-22"""
    down = recorder()
    for number in (1, 2, 3):
        campus.camera("UNKNOWN", on=down, number=number)
    other = campus.camera("NOT_RECORDED")

    post(campus, group=str(down.pk), text="Kayıt cihazının elektriği kesildi")

    view = view_of(campus.sheet())
    assert [row["key"] for row in view.unexplained] == [f"c{other.pk}"]
    assert len(view.content["explanations"]) == 1
    assert Entry.objects.filter(action="dailysheet.explain").count() == 1


def test_a_single_row_is_explained_and_a_later_word_counts(campus: Campus) -> None:
    position = campus.camera("PARTLY")
    post(campus, row=f"c{position.pk}", text="Bilinmiyor")
    post(campus, row=f"c{position.pk}", text="Anahtar değişti")

    view = view_of(campus.sheet())
    assert view.explained[f"c{position.pk}"]["text"] == "Anahtar değişti"
    assert len(view.content["explanations"]) == 2


def test_rows_that_are_no_exceptions_cannot_be_chosen(campus: Campus) -> None:
    healthy = campus.camera()

    post(campus, row=[f"c{healthy.pk}", "c999999", "x", ""], text="neden?")

    assert view_of(campus.sheet()).content["explanations"] == []


def test_typed_words_are_kept_when_no_row_was_ticked(campus: Campus) -> None:
    campus.camera("PARTLY")

    assert "Uzun bir açıklama" in post(campus, text="Uzun bir açıklama")


def test_a_recorder_with_a_wrong_clock_is_an_exception(campus: Campus) -> None:
    wrong = recorder()
    campus.camera(on=wrong)
    ClockMeasurement.objects.create(
        device=wrong,
        measured_at=campus.run.finished_at or tsi.at(campus.day, 12),
        offset_ms=3_600_000,
        uncertainty_ms=100,
        method="EDGE",
        verdict="SUMMER_TIME",
    )

    assert [row["key"] for row in view_of(campus.sheet()).exceptions] == [f"r{wrong.pk}"]


def test_hostile_words_stay_words_on_the_page(campus: Campus) -> None:
    """F4"""
    position = campus.camera("PARTLY", name="<script>alert(1)</script>")

    page = post(campus, row=f"c{position.pk}", text="<img src=x onerror=alert(1)>")

    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_a_position_nobody_asked_about_could_not_be_checked(campus: Campus) -> None:
    """Three answers: a missing answer is never green."""
    position = campus.camera()
    position.days.all().delete()

    row = view_of(campus.sheet()).cameras[0]
    assert (row["result"], row["reason"], row["is_exception"]) == ("UNKNOWN", "NOT_ASKED", True)

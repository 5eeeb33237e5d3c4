"""Columns and counts are called and written as people of the page's language do."""

from __future__ import annotations

import pytest
from django.utils import translation

from cameras.reports.reports import text_of
from core import tsi
from inventory.models import Building, Floor, Position
from inventory.words import column_name


@pytest.mark.parametrize(
    ("model", "column", "name"),
    [
        (Building, "site", "yerleşke"),
        (Floor, "building", "bina"),
        (Position, "floor", "kat"),
        (Position, "code", "kod"),
    ],
)
def test_a_column_without_words_of_its_own_is_called_as_what_it_points_to(
    model: type[Building | Floor | Position], column: str, name: str
) -> None:
    with translation.override("tr"):
        assert column_name(model._meta.get_field(column)) == name


@pytest.mark.parametrize(("language", "count"), [("tr", "12.345"), ("en", "12,345")])
def test_counts_of_reports_and_days_are_grouped(language: str, count: str) -> None:
    with translation.override(language):
        assert text_of(12_345) == count
        assert tsi.duration(12_345 * 86_400).startswith(count)

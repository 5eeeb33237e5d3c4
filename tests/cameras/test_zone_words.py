"""A zone is read out of what each maker writes, and what is not understood is shown as it is."""

from __future__ import annotations

import pytest
from django.utils import translation

from cameras.wording.zone_words import zone_words


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("TRT-3", "UTC+3"),
        ("<+03>-3", "UTC+3"),
        ("CST-3:00:00", "UTC+3"),
        ("CST-3:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00", "UTC+3"),
        ("IST-5:30", "UTC+5:30"),
        ("EST5EDT,M3.2.0,M11.1.0", "UTC-5"),
        ("UTC0", "UTC"),
        # Nobody knows which way the device counts.
        ("GMT-03:00", "GMT-03:00"),
        ("UTC+3", "UTC+3"),
        ("Istanbul", "Istanbul"),
        ("Europe/Istanbul", "Europe/Istanbul"),
        ("99", "no. 99 in the device's list"),
        ("", ""),
    ],
)
def test_a_zone_is_told_as_people_compare_it(told: str, words: str) -> None:
    """CLK-7."""
    with translation.override("en"):
        assert zone_words(told) == words

"""What the benchmark of many exports at once counts and tells; the whole of it takes a minute even when it is small."""

from __future__ import annotations

import argparse

import pytest
from django.conf import settings
from django.utils import timezone

from benchmarks import exports
from benchmarks.parts.export_child import most_per_recorder
from footage_requests.footage import part_claims
from tests.requests.case import Campus
from tests.requests.test_exports_under_faults import many


@pytest.mark.django_db
def test_the_busiest_recorder_is_counted_and_stays_within_its_limit() -> None:
    """50 exports from 10 recorders, small: as many slices at once as are allowed, and no more."""
    many(Campus(), recorders=2, exports=3, slices=2)
    assert most_per_recorder() == 0
    while part_claims.claim_next(now=timezone.now()) is not None:
        pass
    assert most_per_recorder() == settings.FETCHES_PER_RECORDER


def test_the_figures_are_those_of_the_packages_in_the_order_in_which_they_came_through() -> None:
    options = argparse.Namespace(recorders=2, seconds=30)
    told = {"most_per_recorder": 2, "ends": [1.04, 2.06, 9.96]}
    figures = exports._figures(options, told, 123.45)
    figures.pop("load")
    assert figures == {
        "benchmark": "exports",
        "exports": 3,
        "recorders": 2,
        "seconds_of_footage": 30,
        "most_per_recorder": 2,
        "first_s": 1.0,
        "median_s": 2.1,
        "last_s": 10.0,
        "workers_mb": 123.5,
    }

"""The quick rows say exactly what DRF's own, slower serializers would say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from rest_framework import serializers

from cameras import api as cameras
from cameras.models import ClockMeasurement, CoverageRevision
from core.api import Listing
from core.quick import Row
from inventory import api as inventory
from tests.api.conftest import Caller
from tests.api.rows import address, finding, place, proven, run

VIEWS = [
    *(inventory.Sites, inventory.Buildings, inventory.Floors, inventory.Positions),
    *(inventory.Devices, inventory.Channels, inventory.Installations),
    *(inventory.ChannelAssignments, cameras.Coverage, cameras.PositionDays, cameras.Clocks),
    *(cameras.Findings, cameras.Runs),
]


def slowly(serializer: Any, instance: Any) -> Any:
    """The row as ModelSerializer writes it, nested rows included."""
    quick = Row.to_representation
    try:
        Row.to_representation = serializers.ModelSerializer.to_representation  # type: ignore[method-assign]
        return serializer.to_representation(instance)
    finally:
        Row.to_representation = quick  # type: ignore[method-assign]


@pytest.mark.parametrize("view_class", VIEWS, ids=lambda view: view.__name__)
@pytest.mark.parametrize("action", ["list", "retrieve"])
def test_a_quick_row_says_the_same(head: Caller, view_class: type[Listing], action: str) -> None:
    at = place()
    address(at.camera, "10.20.0.7")
    proof = proven(at)
    revision = {"number": 1, "result": "RECORDED", "asked_at": timezone.now(), "canonical": "{}"}
    CoverageRevision.objects.create(coverage_day=proof, sha256="1" * 64, **revision)
    ClockMeasurement.objects.create(
        device=at.camera,
        measured_at=dt.datetime(2026, 3, 10, tzinfo=dt.UTC),
        offset_ms=None,
        utc_offset_ms=5,
        uncertainty_ms=1,
        method="edge",
        verdict="GOOD",
    )
    finding(at.camera, covers=[at.position.pk])
    run(asked_by=head.token.person, counts={"YES": 1})
    view: Any = view_class()
    view.action, view.request = action, None
    row = view.rows(head.token.person).first()
    serializer = view.get_serializer_class()()
    assert serializer.to_representation(row) == slowly(serializer, row)

"""Field history of inventory rows: who changed what, and never a secret."""

from __future__ import annotations

import re

import pytest
from django.apps import apps

from inventory.models import Position

from . import rows

SECRET = re.compile(r"passw|secret|token|cipher|sealed|credential|(^|_)key($|_)|fingerprint")
WITH_HISTORY = {
    "Address",
    "Building",
    "Channel",
    "ChannelAssignment",
    "Device",
    "Disk",
    "Floor",
    "Installation",
    "Network",
    "Position",
    "PositionGroup",
    "RecordingSchedule",
    "Site",
}


def historical_models():
    return [model for model in apps.get_models() if hasattr(model, "history_type")]


def test_no_historical_model_has_a_field_that_looks_like_a_secret():
    """C14."""
    found = {
        f"{model.__name__}.{field.name}"
        for model in historical_models()
        for field in model._meta.get_fields()
        if SECRET.search(field.name)
    }

    assert historical_models()
    assert found == set()


def test_every_inventory_row_has_a_history():
    names = {model.__name__.removeprefix("Historical") for model in historical_models()}

    assert names >= WITH_HISTORY
    assert "Credential" not in names
    assert "Person" not in names


@pytest.mark.django_db
def test_a_step_appears_in_the_field_history_with_the_person():
    head = rows.person("UNIT_HEAD")
    place = rows.position(status="PLANNED")

    place.activate(on_date=rows.D, by=head, document="x")

    latest = Position.history.filter(id=place.pk).first()
    assert (latest.status, latest.history_user) == ("ACTIVE", head)

"""Who may stop a check: one for the whole campus stays out of reach of those who see one building."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import RoleGrant
from cameras.models import Run
from cameras.night import nights
from inventory import moves
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db


def operator_of_a_building():
    """An operator for one building, and a camera in it."""
    place, camera = rows.position(), rows.device()
    moves.install(camera, place, rows.at(), "test")
    building = place.floor.building
    kind = RoleGrant.ScopeKind.BUILDING
    return rows.person("OPERATOR", scope_kind=kind, scope_id=building.pk), camera


def test_the_night_of_the_campus_is_not_stopped_by_an_operator_of_one_building():
    person, _camera = operator_of_a_building()
    run = nights.check_now(by="test")

    answer = scene.browser(person, "en").post(reverse("cameras:cancel", args=[run.pk]))

    assert answer.status_code == 403
    assert Run.objects.get(pk=run.pk).status == "RUNNING"


def test_whoever_asked_for_a_check_may_stop_it():
    person, camera = operator_of_a_building()
    run = nights.check_now(by=person, devices=[camera])

    answer = scene.browser(person, "en").post(reverse("cameras:cancel", args=[run.pk]))

    assert answer.status_code == 302
    assert Run.objects.get(pk=run.pk).status == "CANCELLED"

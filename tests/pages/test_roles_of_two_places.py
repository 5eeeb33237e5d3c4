"""A person with one role here and another role there has each of them only where it was given."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import RoleGrant
from cameras.models import LastPicture
from cameras.saving import picture_place
from inventory import moves
from tests.inventory import rows
from tests.pages import scene
from vault.crypto import seal_bytes

pytestmark = pytest.mark.django_db


def camera_with_a_picture():
    place, camera = rows.position(), rows.device()
    moves.install(camera, place, rows.at(), "test")
    LastPicture.objects.create(
        device=camera,
        sealed=seal_bytes(b"\xff\xd8", picture_place(camera.pk)),
        content_type="image/jpeg",
        size=2,
        taken_at=rows.at(),
    )
    return place


def test_who_audits_the_campus_and_operates_one_building_sees_pictures_of_that_building():
    here, there = camera_with_a_picture(), camera_with_a_picture()
    kind = RoleGrant.ScopeKind.BUILDING
    person = rows.person("OPERATOR", scope_kind=kind, scope_id=here.floor.building.pk)
    RoleGrant.objects.create(person=person, role="AUDITOR", starts_on=rows.D, document="order")
    browser = scene.browser(person)

    statuses = [
        browser.get(reverse("cameras:picture", args=[place.pk])).status_code
        for place in (here, there)
    ]

    assert statuses == [200, 403]

"""A person with one role here and another role there has each of them only where it was given."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import RoleGrant
from cameras import permissions as cameras_permissions
from cameras.models import Finding, LastPicture, Run
from cameras.night.saving import picture_place
from inventory import moves
from inventory import permissions as inventory_permissions
from tests.inventory import rows
from tests.pages import scene
from vault import permissions as vault_permissions
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


def operator_here_and_auditor_of_the_campus(here):
    kind = RoleGrant.ScopeKind.BUILDING
    person = rows.person("OPERATOR", scope_kind=kind, scope_id=here.floor.building.pk)
    RoleGrant.objects.create(person=person, role="AUDITOR", starts_on=rows.D, document="order")
    return person


def test_files_are_added_and_findings_closed_only_where_the_role_was_given():
    here, there = camera_with_a_picture(), camera_with_a_picture()
    person = operator_here_and_auditor_of_the_campus(here)
    mine, other = (place.installations.get().device for place in (here, there))
    findings = [finding(mine), finding(other), finding(None)]
    browser = scene.browser(person)

    for near, far in ((mine, other), (here, there)):
        may = inventory_permissions.can_attach
        assert (may(person), may(person, near), may(person, far)) == (True, True, False)
    closed = [
        browser.post(reverse("cameras:acknowledge", args=[row.pk]), {"because": "x"}).status_code
        for row in findings
    ]

    assert not inventory_permissions.can_change_contracts(person)
    assert closed == [302, 403, 403]


def finding(device):
    kinds = Finding.Subject
    return Finding.objects.create(
        kind="SERIAL_CHANGED",
        subject_kind=kinds.DEVICE if device else kinds.SYSTEM,
        subject_id=device.pk if device else 0,
        opened_at=rows.at(),
        seen_at=rows.at(),
    )


def test_devices_are_changed_logged_in_and_checked_only_where_the_role_was_given():
    here, there = camera_with_a_picture(), camera_with_a_picture()
    person = operator_here_and_auditor_of_the_campus(here)
    mine, other = (place.installations.get().device for place in (here, there))

    for may in (
        inventory_permissions.can_change_devices,
        vault_permissions.can_set_credential,
        cameras_permissions.can_check_now,
    ):
        assert (may(person), may(person, mine), may(person, other)) == (True, True, False)


def test_a_check_of_everything_asks_only_the_devices_of_the_own_building():
    here, there = camera_with_a_picture(), camera_with_a_picture()
    mine, other = (place.installations.get().device for place in (here, there))
    browser = scene.browser(operator_here_and_auditor_of_the_campus(here))

    refused = browser.post(reverse("cameras:check_now"), {"device": other.pk})
    browser.post(reverse("cameras:check_now"), {"all": "1"})

    assert refused.status_code == 403
    assert [run.devices for run in Run.objects.all()] == [[mine.pk]]


def test_a_device_of_another_building_is_shown_and_not_changed():
    here, there = camera_with_a_picture(), camera_with_a_picture()
    mine, other = (place.installations.get().device for place in (here, there))
    browser = scene.browser(operator_here_and_auditor_of_the_campus(here))

    statuses = [
        browser.get(reverse(name, args=[device.pk])).status_code
        for name in ("inventory:device", "inventory:device_edit", "inventory:device_address")
        for device in (mine, other)
    ]

    assert statuses == [200, 200, 200, 403, 200, 403]

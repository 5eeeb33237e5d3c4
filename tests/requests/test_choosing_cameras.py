"""Cameras are named or proposed, each is in or out and why, and nothing is submitted before that is known."""

from __future__ import annotations

import pytest
from django.urls import reverse

from footage_requests.casework import choosing
from footage_requests.errors import Refused
from footage_requests.models import Hold
from inventory.models import Position
from tests.inventory import rows
from tests.requests import cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return rows.person("OPERATOR")


def beside(place: Position) -> Position:
    """Another camera on the same floor."""
    other = rows.position(place.floor.building)
    other.floor = place.floor
    other.save()
    return other


def test_cameras_around_a_named_one_are_proposed_with_the_reason(operator):
    """REL-19."""
    place = rows.position()
    near = beside(place)
    row = cases.filed()
    choosing.name_cameras(row, [place], by=operator)

    item = row.items.get(position=near)
    assert item.is_proposed
    assert item.is_included is None
    assert place.name in item.proposed_because


def test_each_camera_is_in_or_out_with_a_reason(operator):
    """REL-19."""
    place = rows.position()
    near = beside(place)
    row = cases.filed()
    choosing.name_cameras(row, [place], by=operator)
    item = row.items.get(position=near)
    with pytest.raises(Refused):
        choosing.decide_item(item, include=False, because=" ", by=operator)

    choosing.decide_item(item, include=False, because="looks at the wall", by=operator)
    item.refresh_from_db()
    assert (item.is_included, item.reason) == (False, "looks at the wall")


def test_naming_a_proposed_camera_takes_it_in(operator):
    place = rows.position()
    near = beside(place)
    row = cases.filed()
    choosing.name_cameras(row, [place], by=operator)
    choosing.name_cameras(row, [near], by=operator, because="seen on the plan")

    assert row.items.get(position=near).is_included
    assert row.items.count() == 2


def test_an_undecided_camera_keeps_the_request_from_the_superior(operator):
    """REL-19."""
    place = rows.position()
    beside(place)
    row = cases.filed()
    choosing.name_cameras(row, [place], by=operator)
    cases.checked(row)
    with pytest.raises(Refused):
        choosing.submit(row, by=operator)

    assert choosing.exclude_rest(row, because="other corridor", by=operator) == 1
    choosing.submit(row, by=operator)
    row.refresh_from_db()
    assert row.status == "AWAITING_DECISION"


def test_a_camera_that_was_not_asked_about_keeps_it_as_well(operator):
    """REL-20: gaps and faults are known before anybody approves."""
    row = cases.filed(positions=[rows.position()])
    with pytest.raises(Refused):
        choosing.submit(row, by=operator)

    choosing.submit(cases.checked(row), by=operator)


def test_what_the_kind_requires_and_an_opinion_it_needs_keep_it_too(operator):
    row = cases.filed(positions=[rows.position()], reference_no="", accept_missing=True)
    assert len(choosing.obstacles(cases.checked(row))) == 1
    subject = cases.filed(code="DATA_SUBJECT", positions=[rows.position()])

    assert len(choosing.obstacles(cases.checked(subject))) == 1


def test_a_call_is_never_submitted(operator):
    row = cases.filed(code="PHONE_CALL", positions=[rows.position()])

    with pytest.raises(Refused):
        choosing.submit(cases.checked(row), by=operator)


def test_naming_cameras_starts_the_work_counts_the_version_and_holds(operator):
    """PRE-8: preserved before approval."""
    place = rows.position()
    channel = rows.channel()
    from inventory import moves

    moves.assign_channel(channel, place, rows.at(), "test")
    row = cases.filed()
    choosing.name_cameras(row, [place], by=operator)

    row.refresh_from_db()
    assert (row.status, row.content_version) == ("IN_REVIEW", 2)
    assert Hold.objects.get(request=row).channel == channel


def test_no_more_cameras_than_a_person_can_judge(operator):
    place = rows.position()
    places = [beside(place) for _number in range(choosing.MOST_CAMERAS)]
    row = cases.filed()

    with pytest.raises(Refused):
        choosing.name_cameras(row, [place, *places], by=operator)


def test_cameras_are_found_by_words_and_taken_in_on_the_page(operator, client):
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    place = rows.position()
    row = cases.filed()
    page = client.get(reverse("footage_requests:cameras", args=[row.pk]), {"find": place.code})
    assert place in page.context["found"]

    client.post(reverse("footage_requests:name_cameras", args=[row.pk]), {"position": [place.pk]})
    assert row.items.get().position == place

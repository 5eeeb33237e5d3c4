"""The inventory over the API: what it shows, whom, and how it is asked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.utils import timezone

from core.secret import Secret
from inventory.models import Channel, Device, Installation, Position
from tests.api.conftest import Caller
from tests.api.rows import LONG_AGO, address, place
from tests.inventory import rows
from vault import store

LISTS = [
    "sites",
    "buildings",
    "floors",
    "positions",
    "devices",
    "channels",
    "installations",
    "channel-assignments",
]


def test_a_position_shows_its_place_its_camera_and_its_channel(head: Caller) -> None:
    at = place()
    row = head.get(f"positions/{at.position.pk}/").json()
    assert row["floor"]["building"]["site"]["id"] == at.building.site_id
    assert row["installations"][0]["device"]["serial"] == at.camera.serial
    assert row["channels"][0]["channel"]["number"] == at.channel.number


def test_a_device_shows_the_address_of_now(head: Caller) -> None:
    at = place()
    address(at.camera, "10.20.0.7")
    row = head.get(f"devices/{at.camera.pk}/").json()
    assert [known["ip"] for known in row["addresses"]] == ["10.20.0.7"]
    assert row["installations"][0]["position"]["code"] == at.position.code


def test_no_login_and_no_token_of_a_channel_is_ever_told(head: Caller) -> None:
    at = place()
    store(at.recorder, "admin-name", Secret("very secret"), by="test", because="test")
    Channel.objects.filter(pk=at.channel.pk).update(token="profile-token")
    told = json.dumps([head.get(f"{name}/").json() for name in LISTS])
    for secret in ("admin-name", "very secret", "profile-token", "ciphertext"):
        assert secret not in told


@pytest.mark.parametrize("name", LISTS)
def test_rows_of_another_building_are_not_there(
    make_caller: Callable[..., Caller], name: str
) -> None:
    """API-4: guessing an id gives the same answer as an id that never was."""
    mine, other = place(), place()
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.building.pk)
    caller, everybody = make_caller(person), make_caller(rows.person("OPERATOR"))
    hidden = set(everybody.ids(f"{name}/")) - set(caller.ids(f"{name}/"))
    assert hidden
    assert other.position.pk not in caller.ids("positions/")
    absent = caller.get(f"{name}/987654321/")
    for pk in hidden:
        answer = caller.get(f"{name}/{pk}/")
        assert answer.status_code == 404
        assert answer.content == absent.content


def test_a_device_that_has_moved_does_not_tell_where_it_hangs_now(
    make_caller: Callable[..., Caller],
) -> None:
    mine, other = place(), rows.position()
    old = Installation.objects.get(device=mine.camera)
    old.end(timezone.now() - dt.timedelta(days=2))
    Installation.objects.create(
        device=mine.camera, position=other, starts_at=timezone.now() - dt.timedelta(days=1)
    )
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.building.pk)
    assert make_caller(person).get(f"devices/{mine.camera.pk}/").json()["installations"] == []


def test_search_is_turkish(head: Caller) -> None:
    row = rows.position()
    Position.objects.filter(pk=row.pk).update(name="IŞIK KAPISI")
    row.refresh_from_db()
    row.save()
    rows.position()
    assert head.ids("positions/?search=ışık") == [row.pk]


def test_sites_and_buildings_are_searched_in_turkish_too(head: Caller) -> None:
    building = rows.building()
    building.name = "İKTİSAT FAKÜLTESİ"
    building.save()
    rows.building()
    assert head.ids("buildings/?search=iktisat fakültesi") == [building.pk]


def test_devices_are_found_by_address_and_place(head: Caller) -> None:
    at, _other = place(), place()
    address(at.camera, "10.20.0.9")
    assert head.ids("devices/?ip=10.20.0.9") == [at.camera.pk]
    assert head.ids("devices/?search=10.20.0.9") == [at.camera.pk]
    both = {at.camera.pk, at.recorder.pk}
    assert set(head.ids(f"devices/?building={at.building.pk}")) == both
    assert head.ids(f"devices/?building={at.building.pk}&kind=RECORDER") == [at.recorder.pk]


def test_positions_are_filtered_by_place_state_and_device(head: Caller) -> None:
    at, _other = place(), place()
    planned = rows.position(status="PLANNED")
    assert head.ids(f"positions/?building={at.building.pk}") == [at.position.pk]
    assert head.ids(f"positions/?site={at.building.site_id}") == [at.position.pk]
    assert head.ids(f"positions/?device={at.camera.pk}") == [at.position.pk]
    assert head.ids("positions/?status=PLANNED") == [planned.pk]


def test_wiring_is_asked_for_an_instant(head: Caller) -> None:
    at = place()
    row = Installation.objects.get(device=at.camera)
    row.end(timezone.now() - dt.timedelta(days=1))
    before = (LONG_AGO + dt.timedelta(days=1)).isoformat().replace("+", "%2B")
    assert head.ids("installations/?current=true") == []
    assert head.ids("installations/?current=false") == [row.pk]
    assert head.ids(f"installations/?at={before}") == [row.pk]
    assert len(head.ids(f"channel-assignments/?recorder={at.recorder.pk}&current=true")) == 1


def test_the_order_is_chosen_from_a_list(head: Caller) -> None:
    first, second = rows.device(model="A"), rows.device(model="B")
    assert head.ids("devices/?ordering=model") == [first.pk, second.pk]
    assert head.ids("devices/?ordering=-model") == [second.pk, first.pk]


@pytest.mark.parametrize("name", LISTS)
def test_queries_do_not_grow_with_the_rows(  # type: ignore[no-untyped-def]
    head: Caller, name: str, django_assert_max_num_queries
) -> None:
    head.get("sites/")  # notes the use of the token
    for _number in range(8):
        address(place().camera, f"10.20.1.{_number + 1}")
    with django_assert_max_num_queries(6):
        assert len(head.ids(f"{name}/?page_size=2")) == 2
    with django_assert_max_num_queries(6):
        assert len(head.ids(f"{name}/?page_size=8")) == 8


def test_reading_changes_nothing_whatever_is_sent(head: Caller) -> None:
    row = rows.device()
    for call in (head.client.put, head.client.patch, head.client.delete, head.client.post):
        answer = call(
            f"/api/v1/devices/{row.pk}/", {"status": "STOCK"}, content_type="application/json"
        )
        assert answer.status_code == 405
    assert Device.objects.get(pk=row.pk).status == "IN_SERVICE"

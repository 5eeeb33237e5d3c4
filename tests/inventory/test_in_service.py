"""What counts on a day: a fault never leaves the sum, a repair leaves it only with an exemption."""

from __future__ import annotations

import datetime as dt

import pytest

from inventory import moves
from inventory.models import Device, Position

from . import rows

pytestmark = pytest.mark.django_db
D = rows.D


def fitted(status: str = "IN_SERVICE", position_status: str = "ACTIVE") -> tuple[Device, Position]:
    device, place = rows.device(status=status), rows.position(status=position_status)
    moves.install(device, place, rows.at(D - dt.timedelta(days=9)), "test")
    return device, place


def counts(place: Position, day: dt.date = D) -> bool:
    return place in Position.objects.in_service_on(day)


@pytest.mark.parametrize("status", ["IN_SERVICE", "FAULTY", "OUT_FOR_REPAIR"])
def test_a_position_counts_with_a_device_in_service_faulty_or_out_for_repair(status):
    _, place = fitted(status)

    assert counts(place)


@pytest.mark.parametrize("status", ["STOCK", "COMMISSIONING", "REMOVED", "SCRAPPED"])
def test_a_position_does_not_count_with_any_other_device(status):
    _, place = fitted(status)

    assert not counts(place)


@pytest.mark.parametrize("status", ["PLANNED", "CLOSED"])
def test_a_position_that_is_not_active_does_not_count(status):
    _, place = fitted(position_status=status)

    assert not counts(place)


def test_a_position_without_any_device_does_not_count():
    assert not counts(rows.position())


def test_a_position_counts_only_from_the_day_of_the_installation():
    _, place = fitted()

    assert counts(place, D - dt.timedelta(days=9))
    assert not counts(place, D - dt.timedelta(days=10))


def test_the_past_is_answered_with_the_states_of_then():
    device, place = fitted("STOCK")
    by = rows.person("OPERATOR")
    device.start_commissioning(on_date=D, by=by, document="x")
    device.put_in_service(on_date=D, by=by, document="x")
    device.report_fault(on_date=D + dt.timedelta(days=2), by=by, document="x")
    device.remove(on_date=D + dt.timedelta(days=4), by=by, document="x")

    days = [counts(place, D + dt.timedelta(days=n)) for n in range(-1, 6)]

    assert days == [False, True, True, True, True, False, False]
    assert device.status_on(D + dt.timedelta(days=3)) == "FAULTY"
    assert device in Device.objects.in_service_on(D + dt.timedelta(days=3))
    assert device not in Device.objects.in_service_on(D + dt.timedelta(days=4))


def test_a_position_that_was_closed_later_still_counts_before():
    _, place = fitted(position_status="PLANNED")
    by = rows.person("UNIT_HEAD")
    place.activate(on_date=D, by=by, document="x")
    place.close(on_date=D + dt.timedelta(days=1), by=by, document="x")

    assert [counts(place, D + dt.timedelta(days=n)) for n in (-1, 0, 1)] == [False, True, False]


def test_a_camera_taken_down_for_repair_without_substitute_still_counts():
    device, place = fitted("FAULTY")
    by = rows.person("OPERATOR")
    moves.uninstall(place, rows.at(D), by)
    device.send_for_repair(on_date=D, by=by, document="x")

    assert counts(place, D + dt.timedelta(days=1))


def test_a_substitute_takes_the_place_of_the_device_out_for_repair():
    device, place = fitted("FAULTY")
    by = rows.person("OPERATOR")
    device.send_for_repair(on_date=D, by=by, document="x")
    substitute = rows.device()

    moves.replace_device(place, substitute, rows.at(D, 12), by, "x")

    assert counts(place, D + dt.timedelta(days=1))
    assert place.device_at(rows.at(D, 13)) == substitute
    assert Device.objects.get(pk=device.pk).status == "OUT_FOR_REPAIR"


def test_a_multi_lens_camera_puts_each_of_its_positions_in_service():
    device, first = fitted()
    second = rows.position()
    moves.install(device, second, rows.at(), "test", lens_no=2)

    assert set(Position.objects.in_service_on(D)) == {first, second}

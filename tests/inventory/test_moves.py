"""Replacing, rewiring and renumbering keep the history."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from audit.models import Entry
from inventory import moves
from inventory.errors import Overlap
from inventory.models import Channel, Device

from . import rows

pytestmark = pytest.mark.django_db
D = rows.D
NOON = rows.at(D, 12)
BEFORE = rows.at(D - dt.timedelta(days=5))


def test_a_replaced_device_leaves_the_position_its_history():
    """INV-13: recordings stay attributable to the serial that was fitted then."""
    old, new, place, channel = rows.device(), rows.device(), rows.position(), rows.channel()
    clerk = rows.person("OPERATOR")
    moves.install(old, place, BEFORE, clerk)
    moves.assign_channel(channel, place, BEFORE, clerk)

    moves.replace_device(place, new, NOON, clerk, "Work order 7")

    assert place.device_at(rows.at(D, 11)) == old
    assert place.device_at(NOON) == new
    assert list(place.channels_on(D)) == [channel]
    assert Device.objects.get(pk=old.pk).status == "REMOVED"
    assert old.steps.get().document == "Work order 7"


def test_a_failed_replacement_changes_nothing():
    old, place, other = rows.device(), rows.position(), rows.position()
    busy = rows.device()
    clerk = rows.person("OPERATOR")
    moves.install(old, place, BEFORE, clerk)
    moves.install(busy, other, BEFORE, clerk)
    written = Entry.objects.count()

    with pytest.raises(Overlap):
        moves.replace_device(place, busy, NOON, clerk, "x")

    assert place.device_at(NOON) == old
    assert Device.objects.get(pk=old.pk).status == "IN_SERVICE"
    assert Entry.objects.count() == written


def test_a_device_that_looks_from_another_position_too_is_not_removed():
    twin, first, second = rows.device(), rows.position(), rows.position()
    clerk = rows.person("OPERATOR")
    moves.install(twin, first, BEFORE, clerk)
    moves.install(twin, second, BEFORE, clerk, lens_no=2)

    moves.replace_device(first, rows.device(), NOON, clerk, "x")

    assert Device.objects.get(pk=twin.pk).status == "IN_SERVICE"
    assert second.device_at(NOON) == twin


def test_which_camera_was_on_channel_7_last_march_is_one_query():
    """Duty 11."""
    channel = rows.channel(number=7)
    first, second = rows.position(), rows.position()
    old, new = rows.device(), rows.device()
    moves.install(old, first, BEFORE, "test")
    moves.install(new, second, BEFORE, "test")
    moves.assign_channel(channel, first, BEFORE, "test")
    moves.assign_channel(channel, second, NOON, "test")

    then = channel.assignments.at(rows.at(D, 9)).get().position
    now = channel.assignments.at(rows.at(D, 13)).get().position

    assert (then.device_at(rows.at(D, 9)), now.device_at(rows.at(D, 13))) == (old, new)
    assert list(first.channels_on(D)) == [channel]
    assert not first.channels_on(D + dt.timedelta(days=1)).exists()


def test_a_position_may_have_two_channels():
    place, one, two = rows.position(), rows.channel(), rows.channel()
    for channel in (one, two):
        moves.assign_channel(channel, place, BEFORE, "test")

    assert set(place.channels_on(D)) == {one, two}


def test_the_same_mac_on_another_address_is_the_same_device():
    """INV-10: the old address is closed and stays as history, with an entry that tells of the move."""
    net = rows.network()
    camera = rows.device(mac="00:11:22:33:44:55")
    moves.move_address(camera, net, "10.20.0.5", BEFORE, "test")

    move = moves.move_address(camera, net, "10.20.0.77", NOON, "night")

    assert move.is_new
    assert move.previous == camera.address_at(rows.at(D, 11))
    assert move.address == camera.address_at(NOON)
    history = camera.addresses.order_by("starts_at").values_list("ip", "ends_at")
    assert list(history) == [("10.20.0.5", NOON), ("10.20.0.77", None)]
    assert Entry.objects.filter(action="address.move", actor_name="night").count() == 1


def test_the_address_that_it_has_already_changes_nothing():
    net, camera = rows.network(), rows.device(mac="00:11:22:33:44:55")
    moves.move_address(camera, net, "10.20.0.5", BEFORE, "test")

    move = moves.move_address(camera, net, "10.20.0.5", NOON, "night")

    assert not move.is_new
    assert camera.addresses.count() == 1


def test_a_recorder_is_not_fitted_at_a_position():
    with pytest.raises(ValidationError):
        moves.install(rows.device("RECORDER"), rows.position(), NOON, "test")


def test_cameras_without_channel_and_channels_without_camera_are_listed():
    """INV-14."""
    wired, loose = rows.device(), rows.device()
    place, other, empty = rows.position(), rows.position(), rows.position()
    good, unused, blind = (rows.channel() for _ in range(3))
    moves.install(wired, place, BEFORE, "test")
    moves.install(loose, other, BEFORE, "test")
    moves.assign_channel(good, place, BEFORE, "test")
    moves.assign_channel(blind, empty, BEFORE, "test")

    assert list(Device.objects.cameras_without_channel(NOON)) == [loose]
    assert set(Channel.objects.without_camera(NOON)) == {unused, blind}

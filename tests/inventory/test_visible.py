"""Everybody sees the part of the campus that his roles cover."""

from __future__ import annotations

import pytest

from inventory import moves, permissions
from inventory.models import (
    Address,
    Building,
    Channel,
    ChannelAssignment,
    Device,
    Disk,
    Floor,
    Installation,
    Network,
    Position,
    PositionGroup,
    RecordingSchedule,
    Site,
)

from . import rows

pytestmark = pytest.mark.django_db
MODELS = [Address, Building, Channel, ChannelAssignment, Device, Disk, Floor, Installation]
MODELS += [Network, Position, PositionGroup, RecordingSchedule, Site]


@pytest.fixture
def campus():
    """Two buildings of two sites, each with a camera on a recorder of its own; one device in stock."""
    here, there = rows.building(), rows.building()
    fitted = []
    for building in (here, there):
        place, camera, channel = rows.position(building), rows.device(), rows.channel()
        moves.install(camera, place, rows.at(), "test")
        moves.assign_channel(channel, place, rows.at(), "test")
        Disk.objects.create(recorder=channel.recorder, slot="1", fitted_on=rows.D)
        RecordingSchedule.objects.create(position=place, kind="ALWAYS", valid_from=rows.D)
        moves.move_address(
            camera, rows.network(), f"10.20.9.{building.pk % 200 + 1}", rows.at(), "test"
        )
        fitted.append((place, camera, channel))
    rows.device(status="STOCK")
    return here, there, fitted


@pytest.mark.parametrize("model", MODELS)
def test_without_a_role_one_sees_nothing(campus, model):
    assert not model.objects.visible_to(rows.person()).exists()


@pytest.mark.parametrize("model", MODELS)
def test_a_role_for_everything_sees_everything(campus, model):
    assert model.objects.visible_to(rows.person("OPERATOR")).count() == model.objects.count()


@pytest.mark.parametrize("role", ["REGISTRY_CLERK", "WEB_EDITOR", "HANDOVER", "LEGAL"])
def test_roles_without_devices_in_their_work_see_none(campus, role):
    assert not Device.objects.visible_to(rows.person(role)).exists()


@pytest.mark.parametrize("kind", ["site", "building"])
def test_a_role_for_one_place_sees_only_that_place(campus, kind):
    here, _, fitted = campus
    place, camera, channel = fitted[0]
    scope_id = here.site_id if kind == "site" else here.pk
    person = rows.person("OPERATOR", scope_kind=kind, scope_id=scope_id)

    assert list(Position.objects.visible_to(person)) == [place]
    assert set(Device.objects.visible_to(person)) == {camera, channel.recorder}
    assert list(Channel.objects.visible_to(person)) == [channel]
    assert list(Building.objects.visible_to(person)) == [here]
    assert list(Site.objects.visible_to(person)) == [here.site]
    assert Address.objects.visible_to(person).get().device == camera
    assert Installation.objects.visible_to(person).get().position == place
    assert Disk.objects.visible_to(person).get().recorder == channel.recorder


def test_a_position_elsewhere_may_not_be_changed(campus):
    here, _, fitted = campus
    person = rows.person("OPERATOR", scope_kind="building", scope_id=here.pk)

    assert permissions.can_change_positions(person, fitted[0][0])
    assert not permissions.can_change_positions(person, fitted[1][0])
    assert not permissions.can_change_schedules(person, fitted[0][0])
    assert not permissions.can_change_networks(person)


def test_a_device_that_moved_to_another_building_is_changed_from_there_only(campus):
    """Where it hung once gives a right to see it, not to enter its login or to take its steps."""
    here, there, fitted = campus
    _, camera, channel = fitted[0]
    other = rows.position(there)
    moves.uninstall(fitted[0][0], rows.at(hour=10), "test")
    moves.assign_channel(channel, other, rows.at(hour=10), "test")
    before, now = (
        rows.person("OPERATOR", scope_kind="building", scope_id=building.pk)
        for building in (here, there)
    )
    recorder = channel.recorder
    assert permissions.can_change_devices(before, camera), "it hangs nowhere: its last place counts"
    moves.install(camera, other, rows.at(hour=11), "test")
    for device in (camera, recorder):
        assert permissions.can_change_devices(now, device)
        assert not permissions.can_change_devices(before, device)
        assert Device.objects.visible_to(before).filter(pk=device.pk).exists()

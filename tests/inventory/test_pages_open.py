"""Every page of the inventory opens for those who may see it, and for nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from inventory import counting, moves
from inventory.models import Contract, Contractor, ModelLife, RecordingSchedule

from .rows import at, building, channel, device, network, person, position

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked() -> dict[str, int]:
    """One of each, wired up."""
    head = person("UNIT_HEAD")
    place = position(building())
    camera = device(status="STOCK")
    line = channel()
    moves.install(camera, place, at(), head)
    moves.assign_channel(line, place, at(), head)
    moves.move_address(camera, network(), "10.20.0.5", at(), head)
    firm = Contractor.objects.create(name="Firm", phone="0312 000 00 00", response_hours=4)
    day = dt.date(2020, 1, 1)
    paper = Contract.objects.create(
        name="Care", contractor=firm, starts_on=day, last_day=dt.date(2099, 1, 1)
    )
    paper.devices.add(camera)
    life = ModelLife.objects.create(maker="Maker", model="M")
    plan = RecordingSchedule.objects.create(
        position=place, kind="HOURS", hours={"0": [["08:00", "18:00"]]}, valid_from=day
    )
    disk = line.recorder.disks.create(slot="1", fitted_on=day)
    count = counting.start(place.floor.building, by=head)
    return {
        "device": camera.pk,
        "recorder": line.recorder_id,
        "position": place.pk,
        "channel": line.pk,
        "disk": disk.pk,
        "schedule": plan.pk,
        "building": place.floor.building_id,
        "floor": place.floor_id,
        "site": place.floor.building.site_id,
        "group": place.group_id,
        "network": camera.addresses.get().network_id,
        "contract": paper.pk,
        "contractor": firm.pk,
        "model": life.pk,
        "count": count.pk,
        "line": count.lines.get(device=camera).pk,
    }


def addresses(ids: dict[str, int]) -> list[str]:
    """Every page of the inventory, with real ids."""
    made = [
        reverse(f"inventory:{name}")
        for name in (
            "devices", "positions", "buildings", "networks", "groups", "contracts", "contractors",
            "models", "counts", "device_new", "position_new", "site_new", "building_new",
            "floor_new", "group_new", "network_new", "contractor_new", "contract_new", "model_new",
        )
    ]  # fmt: skip
    for what in ("device", "position", "building", "network", "contract", "contractor", "count"):
        made.append(reverse(f"inventory:{what}", args=[ids[what]]))
    for what in (
        "device", "position", "site", "building", "floor", "group", "network", "channel", "disk",
        "contractor", "contract", "model",
    ):  # fmt: skip
        made.append(reverse(f"inventory:{what}_edit", args=[ids[what]]))
    for name, what in (
        ("device_address", "device"), ("device_channels", "recorder"), ("device", "recorder"),
        ("channel_assign", "channel"), ("channel_release", "channel"), ("disk_remove", "disk"),
        ("install", "position"), ("replace", "position"), ("uninstall", "position"),
        ("assign", "position"), ("schedule", "position"), ("schedule_end", "schedule"),
        ("contract_devices", "contract"), ("count_new", "building"), ("count_surplus", "count"),
        ("count_close", "count"), ("device_attach", "device"), ("position_attach", "position"),
    ):  # fmt: skip
        made.append(reverse(f"inventory:{name}", args=[ids[what]]))
    made += [
        reverse("inventory:device_step", args=[ids["device"], "start_commissioning"]),
        reverse("inventory:position_step", args=[ids["position"], "close"]),
        reverse("inventory:contract_drop", args=[ids["contract"], ids["device"]]),
        reverse("inventory:count_line", args=[ids["count"], ids["line"]]),
        reverse("inventory:disk_new") + f"?recorder={ids['recorder']}",
        reverse("inventory:channel_new") + f"?recorder={ids['recorder']}",
        reverse("vault:login", args=[ids["device"]]),
        reverse("vault:retry", args=[ids["device"]]),
    ]
    return made


def test_every_page_opens_for_the_head_of_the_unit(stocked: dict[str, int], client: Client) -> None:
    client.force_login(person("UNIT_HEAD"))

    answers = {url: client.get(url).status_code for url in addresses(stocked)}

    assert {url: code for url, code in answers.items() if code != 200} == {}


def test_nobody_without_a_role_opens_any_page(stocked: dict[str, int], client: Client) -> None:
    client.force_login(person())

    answers = {url: client.get(url).status_code for url in addresses(stocked)}

    assert set(answers.values()) <= {403, 404}


def test_an_auditor_reads_everything_and_changes_nothing(
    stocked: dict[str, int], client: Client
) -> None:
    client.force_login(person("AUDITOR"))

    answers = {url: client.get(url).status_code for url in addresses(stocked)}
    posts = {url: client.post(url, {}).status_code for url in addresses(stocked)}

    assert set(answers.values()) == {200, 403}
    assert set(posts.values()) <= {403, 405}


def test_a_stranger_to_the_building_sees_none_of_it(
    stocked: dict[str, int], client: Client
) -> None:
    """Another building's operator gets 404 for this one's rows."""
    other = building()
    client.force_login(person("OPERATOR", scope_kind="building", scope_id=other.pk))

    for what in ("device", "position", "building", "count"):
        url = reverse(f"inventory:{what}", args=[stocked[what]])
        assert client.get(url).status_code == 404, url

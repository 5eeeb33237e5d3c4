"""The next free address: each of many who ask at once gets another one (INV-9)."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from inventory import moves
from inventory.errors import Overlap
from inventory.models import Address, Device

from . import rows


@pytest.mark.django_db
def test_the_lowest_free_address_is_given() -> None:
    net = rows.network("10.60.0.0/29")
    moves.move_address(rows.device(), net, "10.60.0.1", rows.at(), "test")
    moves.move_address(rows.device(), net, "10.60.0.3", rows.at(), "test")

    given = moves.give_free_address(rows.device(), net, rows.at(), "test")

    assert given.address.ip == "10.60.0.2"


@pytest.mark.django_db
def test_an_address_promised_for_later_is_not_free() -> None:
    net = rows.network("10.60.0.0/29")
    moves.move_address(rows.device(), net, "10.60.0.1", rows.at(hour=12), "test")

    assert moves.give_free_address(rows.device(), net, rows.at(), "test").address.ip == "10.60.0.2"


@pytest.mark.django_db
def test_a_full_network_is_said() -> None:
    net = rows.network("10.60.0.0/30")
    for _ in range(2):
        moves.give_free_address(rows.device(), net, rows.at(), "test")

    with pytest.raises(ValidationError):
        moves.give_free_address(rows.device(), net, rows.at(), "test")


@pytest.mark.django_db
def test_a_double_mac_is_not_solved_by_another_address() -> None:
    net = rows.network("10.60.0.0/24")
    mac = "00:11:22:33:44:55"
    moves.move_address(rows.device(), net, "10.60.0.1", rows.at(), "test", mac=mac)

    with pytest.raises(Overlap):
        moves.give_free_address(rows.device(), net, rows.at(), "test", mac=mac)


@pytest.mark.django_db
def test_an_empty_field_asks_for_the_next_free_one(client: Client) -> None:
    net, camera = rows.network("10.60.0.0/24"), rows.device()
    client.force_login(rows.person("OPERATOR"))
    data = {"network": net.pk, "ip": "", "at": "2026-03-10T08:00"}

    client.post(reverse("inventory:device_address", args=[camera.pk]), data)

    assert camera.addresses.get().ip == "10.60.0.1"


@pytest.mark.django_db(transaction=True)
def test_sixteen_who_ask_at_once_get_sixteen_addresses() -> None:
    net = rows.network("10.60.0.0/24")
    devices = [rows.device() for _ in range(16)]
    ready = threading.Barrier(16)
    give_up = time.monotonic() + 240

    def ask(device: Device) -> None:
        try:
            ready.wait(240)
            while time.monotonic() < give_up:
                try:
                    moves.give_free_address(device, net, rows.at(), "test")
                    return
                except (
                    OperationalError
                ):  # SQLite locks its tables, PostgreSQL ends who waits in a circle
                    time.sleep(random.uniform(0, 0.2))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)

    ips = set(Address.objects.values_list("ip", flat=True))
    assert ips == {f"10.60.0.{n}" for n in range(1, 17)}

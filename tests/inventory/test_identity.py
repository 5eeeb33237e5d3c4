"""Maker, model, serial, MAC and addresses in one spelling; a serial once per maker."""

from __future__ import annotations

import ipaddress

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.text import fold
from inventory.addresses import check_dialable, check_in_network, normal_ip
from inventory.errors import AddressRefused
from inventory.models import Address, Device
from inventory.text import normal_mac, serial_key

from . import rows


@pytest.mark.django_db
def test_a_serial_is_unique_per_maker_whatever_its_case():
    """INV-1."""
    Device.objects.create(kind="CAMERA", maker="Acme", serial="Ab 12")

    with pytest.raises(IntegrityError), transaction.atomic():
        Device.objects.create(kind="CAMERA", maker="ACME ", serial=" AB12")
    other = Device.objects.create(kind="CAMERA", maker="Bolt", serial="AB12")

    assert other.pk


@pytest.mark.django_db
def test_the_form_names_the_double_serial():
    Device.objects.create(kind="CAMERA", maker="Acme", serial="AB12")
    twin = Device(kind="CAMERA", maker="acme", serial="ab12")

    with pytest.raises(ValidationError, match=r"serial|seri"):
        twin.full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "word", ["", "N/A", "n.a.", "0", "000000", "123456", "Unknown", "-", "yok"]
)
def test_a_placeholder_is_no_serial(word):
    """INV-1: unique unless blank or a placeholder."""
    for _ in range(2):
        Device.objects.create(kind="CAMERA", maker="Acme", serial=word)

    assert Device.objects.filter(serial_key="").count() == 2


@pytest.mark.django_db
def test_a_changed_maker_changes_the_unique_key_too():
    device = Device.objects.create(kind="CAMERA", maker="Acme", serial="AB12")
    device.maker = "Bolt"
    device.save(update_fields=["maker"])

    device.refresh_from_db()
    assert device.serial_key == serial_key("Bolt", "AB12")


@pytest.mark.django_db
def test_a_device_is_found_in_turkish_letters():
    device = rows.device(model="Gözcü", purpose="IŞIK")

    for typed in ("ışık", "IŞIK", "isik", "GÖZCÜ"):
        assert Device.objects.get(search_text__contains=fold(typed)) == device


@pytest.mark.parametrize("text", ["aa-bb-cc-dd-ee-0f", "AABB.CCDD.EE0F", " aa:bb:cc:dd:ee:0f"])
def test_a_mac_is_stored_in_capitals_with_colons(text):
    assert normal_mac(text) == "AA:BB:CC:DD:EE:0F"


@pytest.mark.parametrize("text", ["aa:bb", "gg:bb:cc:dd:ee:ff", "aa:bb:cc:dd:ee:ff:00"])
def test_a_wrong_mac_is_refused(text):
    with pytest.raises(ValueError, match="MAC"):
        normal_mac(text)


@pytest.mark.parametrize(
    "text", ["10.20.0.5", " 10.20.0.5 ", "::ffff:10.20.0.5", "169082885", "0x0a140005", "10.20.5"]
)
def test_every_spelling_of_an_address_is_one_address(text):
    """D5: IPv6-mapped and decimal forms are the address that would be dialled."""
    assert normal_ip(text) == "10.20.0.5"


@pytest.mark.parametrize(
    "text", ["", "camera-1", "010.20.0.5", "10.20.0.256", "fe80::1%eth0", "4294967296"]
)
def test_what_is_no_plain_address_is_refused(text):
    with pytest.raises(AddressRefused):
        normal_ip(text)


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "127.0.0.1",
        "2130706433",
        "::ffff:127.0.0.1",
        "169.254.1.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
    ],
)
def test_an_address_outside_the_device_networks_is_refused(text):
    """D5."""
    with pytest.raises(AddressRefused):
        check_dialable(text, [ipaddress.ip_network("10.0.0.0/8")])


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"]
)
def test_everything_does_not_list_the_special_ranges(text):
    with pytest.raises(AddressRefused):
        check_dialable(text, [ipaddress.ip_network("0.0.0.0/0")])


def test_a_loopback_range_counts_when_it_is_listed_itself():
    assert check_dialable("127.64.3.1", [ipaddress.ip_network("127.64.0.0/10")]) == "127.64.3.1"


@pytest.mark.django_db
def test_an_address_must_lie_in_its_network():
    with pytest.raises(AddressRefused):
        Address.objects.create(
            device=rows.device(),
            network=rows.network("10.20.0.0/24"),
            ip="10.30.0.1",
            starts_at=rows.at(),
        )


@pytest.mark.django_db
def test_an_inner_network_may_lie_outside_the_device_networks():
    inner = rows.network("192.168.254.0/24", via=rows.device("RECORDER"))

    assert check_in_network("192.168.254.7", inner) == "192.168.254.7"
    with pytest.raises(AddressRefused):
        check_in_network("192.168.254.7", rows.network("192.168.254.0/24"))

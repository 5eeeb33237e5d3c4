"""Words sort as in a Turkish dictionary and addresses as numbers, on both databases."""

from __future__ import annotations

import random

import pytest

from core.sorting import ByAddress, Turkish, address_key, turkish_key
from inventory.models import Address, Site
from inventory.tables import NETWORKS
from tests.inventory import rows

WORDS = [
    "Ahır", "Can", "Çan", "Dam", "Gar", "Ğ", "Halı", "Irak", "Isı", "İğde", "İz", "Kapı 2",
    "Kapı 10", "Oda", "Öd", "Sal", "Şal", "Uzun", "Üzüm", "Zil",
]  # fmt: skip
ADDRESSES = ["9.255.0.1", "10.0.0.2", "10.0.0.10", "10.0.1.1", "172.16.0.1", "fd00::2", "fd00::10"]


def shuffled(words: list[str]) -> list[str]:
    mixed = list(words)
    random.Random(7).shuffle(mixed)
    return mixed


def test_the_keys_of_sqlite_sort_as_the_words_and_numbers_do() -> None:
    assert sorted(shuffled(WORDS), key=turkish_key) == WORDS  # type: ignore[arg-type]
    assert sorted(shuffled(ADDRESSES), key=address_key) == ADDRESSES  # type: ignore[arg-type]
    assert turkish_key(None) is address_key(None) is None


@pytest.mark.parametrize("text", ["", "not an address", "10.0.0.300", "😀", "\u0130", "a" * 5000])
def test_no_text_breaks_a_key(text: str) -> None:
    assert isinstance(turkish_key(text), bytes)
    assert isinstance(address_key(text), bytes)


@pytest.mark.django_db
def test_the_database_sorts_names_as_turkish_words() -> None:
    for number, word in enumerate(shuffled(WORDS)):
        Site.objects.create(name=word, code=str(number))

    assert [site.name for site in Site.objects.all()] == WORDS
    backwards = Site.objects.order_by(Turkish("name").desc())
    assert [site.name for site in backwards] == WORDS[::-1]


@pytest.mark.django_db
def test_the_database_sorts_addresses_and_ranges_as_numbers() -> None:
    net = rows.network("0.0.0.0/0", via=rows.device("RECORDER"))
    six = rows.network("fd00::/8", via=rows.device("RECORDER"))
    for ip in shuffled(ADDRESSES):
        Address.objects.create(
            device=rows.device(), network=six if ":" in ip else net, ip=ip, starts_at=rows.at()
        )
    rows.network("10.3.0.0/16")
    rows.network("10.20.0.0/16")

    by_ip = Address.objects.order_by(ByAddress("ip")).values_list("ip", flat=True)
    ranges, _order = NETWORKS.sorted(NETWORKS.rows(rows.person("UNIT_HEAD")), "cidr")

    assert list(by_ip) == ADDRESSES
    assert [row.cidr for row in ranges] == ["0.0.0.0/0", "10.3.0.0/16", "10.20.0.0/16", "fd00::/8"]

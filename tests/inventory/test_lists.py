"""Lists: Turkish-aware search, filters, an allow-list of orders, few queries, and files of what is shown."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from audit.models import Entry
from inventory import moves
from inventory.sheets.writing import as_csv, as_xlsx

from .rows import at, channel, device, network, person, position

pytestmark = pytest.mark.django_db
DEVICES = "/inventory/devices/"
HOSTILE = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠1", "  =1"]


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(person("UNIT_HEAD"))
    return client


def serials(client: Client, query: str) -> set[str]:
    page = client.get(DEVICES + query, follow=True).context["page"]
    return {row.serial for row in page}


def test_search_knows_turkish_letters(signed_in: Client) -> None:
    """ "ışık" finds "IŞIK"."""
    device(serial="A", model="IŞIK 5")
    device(serial="B", model="Gölge")

    assert serials(signed_in, "?search=ışık") == {"A"}
    assert serials(signed_in, "?search=ISIK") == {"A"}


def test_search_finds_by_address_and_place(signed_in: Client) -> None:
    camera, place = device(serial="A", status="STOCK"), position()
    moves.install(camera, place, at(), "test")
    moves.move_address(camera, network(), "10.20.0.77", at(), "test")
    device(serial="B")

    assert serials(signed_in, "?search=10.20.0.77") == {"A"}
    assert serials(signed_in, f"?search={place.name}") == {"A"}


def test_filters_narrow(signed_in: Client) -> None:
    camera, place = device(serial="A"), position()
    moves.install(camera, place, at(), "test")
    line = channel()
    moves.assign_channel(line, place, at(), "test")
    device(serial="B", status="STOCK", warranty_ends_on="2020-01-01")
    recorder = line.recorder.serial

    assert serials(signed_in, "?kind=RECORDER") == {recorder}
    assert serials(signed_in, "?status=STOCK") == {"B"}
    assert serials(signed_in, f"?building={place.floor.building_id}") == {"A", recorder}
    assert serials(signed_in, "?where=loose") == {"B"}
    assert serials(signed_in, "?warranty=expired") == {"B"}


def test_nonsense_in_the_address_narrows_nothing(signed_in: Client) -> None:
    device(serial="A")

    for query in ("?kind=X", "?building=99999999999999999999", "?sort=password", "?page=-1",
                  "?page=99999999999999", "?warranty=1;drop", "?search=%00"):  # fmt: skip
        assert signed_in.get(DEVICES + query, follow=True).status_code == 200, query


def test_the_view_is_remembered_and_can_be_forgotten(signed_in: Client) -> None:
    device(serial="A")
    device(serial="B", status="STOCK")
    signed_in.get(DEVICES + "?status=STOCK&page=1")

    assert serials(signed_in, "") == {"B"}
    assert serials(signed_in, "?all=1") == {"A", "B"}
    assert serials(signed_in, "") == {"A", "B"}


@pytest.mark.parametrize("name", ["devices", "positions", "buildings", "networks"])
def test_a_list_asks_the_same_number_of_queries_for_any_size(signed_in: Client, name: str) -> None:
    url = reverse(f"inventory:{name}") + "?all=1"

    def make(count: int) -> None:
        for number in range(count):
            camera, place = device(status="STOCK"), position()
            moves.install(camera, place, at(), "test")
            moves.move_address(
                camera, network(f"10.{number + 40 + count}.0.0/16"),
                f"10.{number + 40 + count}.0.1", at(), "test",
            )  # fmt: skip

    make(1)
    signed_in.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        signed_in.get(url)
    make(12)
    with CaptureQueriesContext(connection) as many:
        signed_in.get(url)

    assert len(many) == len(few) <= 15


def test_the_file_has_what_the_list_shows(signed_in: Client) -> None:
    """The same rows in the same order, and it is audited that they left."""
    for serial in ("C", "A", "B"):
        device(serial=serial, model=serial)
    device(serial="D", status="STOCK")

    answer = signed_in.get(DEVICES + "?status=IN_SERVICE&sort=-model&format=csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    place = rows[0].index(next(title for title in rows[0] if title in ("Model",)))
    assert [row[place] for row in rows[1:]] == ["C", "B", "A"]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert Entry.objects.filter(action="inventory.export").count() == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_an_excel_file_is_a_formula(text: str) -> None:
    """F5: type s, letter by letter."""
    book = load_workbook(io.BytesIO(as_xlsx("T", ["h"], [[text]])))
    cell: Any = book.worksheets[0]["A2"]

    assert cell.data_type == "s"
    assert cell.value.replace("\r", "\n") == text.replace("\r", "\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    """F5: a leading apostrophe."""
    data = as_csv(["h"], [[text]])

    cell = next(
        iter(list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))[1:])
    )[0]
    assert cell == f"'{text}"
    assert data.startswith(b"\xef\xbb\xbf")


def test_control_characters_do_not_break_a_workbook() -> None:
    """D20."""
    data = as_xlsx("a/b:c[d]*'?" * 5, ["h"], [["a\x00b\x0bc\ud800"], ["x" * 40_000]])

    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet["A2"].value == "abc"
    assert len(str(sheet["A3"].value)) == 32_767

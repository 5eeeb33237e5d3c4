"""An import names every bad cell, writes all rows or none, and works once the file is corrected (G4, INV-11)."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Person
from audit.models import Entry
from inventory import importing, moves, tasks
from inventory.models import Address, Device, Installation, Position, UploadedSheet
from inventory.sheets.writing import as_csv, as_xlsx
from inventory.tables import DEVICES

from .rows import at, device, network, person, position
from .sheets import HEADERS, cameras, xlsx

pytestmark = pytest.mark.django_db
IMPORT = "/inventory/import/devices/"


@pytest.fixture
def head() -> Person:
    return person("UNIT_HEAD")


def faults(data: bytes, by: Person, table: str = "devices") -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in importing.check(data, table, by).faults]


def upload(data: bytes, by: Person, table: str = "devices") -> UploadedSheet:
    checked = importing.check(data, table, by)
    assert checked.faults == []
    return UploadedSheet.objects.create(
        table=table, file_name="a.xlsx", sha256="0", content=data, status="CHECKED", uploaded_by=by
    )


def test_a_good_file_becomes_devices_with_addresses_and_places(head: Person) -> None:
    """Rows, history and audit entries of one import, in one go."""
    net, place = network("10.30.0.0/16"), position()
    rows = cameras(3, network=net.name)
    rows[0][6:] = [place.code, place.floor.building.name]

    importing.carry_out(upload(xlsx(rows), head), head)

    camera = Device.objects.get(serial="IMP000000")
    assert camera.status == "STOCK"
    assert camera.addresses.get().ip == "10.30.0.1"
    assert camera.installations.get().position == place
    assert Device.history.filter(history_user=head).count() == 3
    assert Entry.objects.filter(action="device.create").count() == 3
    assert Entry.objects.filter(action="address.give").count() == 3
    assert Entry.objects.filter(action="inventory.import").count() == 1


def test_one_bad_row_among_many_changes_nothing(head: Person) -> None:
    """Row 733 is bad: it is named with its column, and nothing is written (G4)."""
    net = network("10.30.0.0/16")
    rows = cameras(800, network=net.name)
    rows[731][5] = "10.99.0.1"

    assert faults(xlsx(rows), head) == [(733, "ip")]
    assert Device.objects.count() == 0

    rows[731][5] = "10.30.200.200"
    importing.carry_out(upload(xlsx(rows), head), head)
    assert Device.objects.count() == 800


def test_every_bad_cell_is_named(head: Person) -> None:
    """Duplicates inside the file and against the inventory, unknown places, dates, formulas (G4)."""
    net = network("10.30.0.0/16")
    old = device(serial="OLD1")
    moves.move_address(old, net, "10.30.9.9", at(), head)
    headers = (*HEADERS, "purchased_on", "http_port")
    rows: list[list[object]] = [
        ["CAMERA", "Maker", "M", "A1", net.name, "10.30.0.1", None, None, dt.date(2020, 1, 2), 80],
        ["CAMERA", "Maker", "M", "a1", net.name, "10.30.0.1", None, None, "32.13.2020", 0],
        ["CAMERA", "maker", "M", "old1", "Nowhere", "10.30.0.3", None, "Atlantis", None, None],
        ["DRONE", None, "=1+1", "A4", net.name, "10.30.9.9", "X-99", None, 43831, "80x"],
    ]

    assert set(faults(xlsx(rows, headers), head)) == {
        (3, "serial"),
        (3, "ip"),
        (3, "purchased_on"),
        (3, "http_port"),
        (4, "serial"),
        (4, "network"),
        (4, "building"),
        (5, "kind"),
        (5, "maker"),
        (5, "model"),
        (5, "ip"),
        (5, "position_code"),
        (5, "purchased_on"),
        (5, "http_port"),
    }
    assert Device.objects.count() == 1


def test_unknown_double_and_missing_headers_are_named(head: Person) -> None:
    data = xlsx([["CAMERA", "x", "y"]], ("kind", "KIND", "colour"))

    maker = next(str(column.title) for column in DEVICES.columns if column.key == "maker")
    assert set(faults(data, head)) == {(1, "KIND"), (1, "colour"), (1, maker)}


def test_a_column_too_many_hides_no_fault_of_a_row(head: Person) -> None:
    """INV-11: whoever mends the file learns everything at once."""
    headers = ("kind", "maker", "model", "colour", "purchased_on")
    data = xlsx([["CAMERA", "x", "y", "red", "32.13.2020"]], headers)

    assert faults(data, head) == [(1, "colour"), (2, "purchased_on")]


def test_dates_of_a_mac_workbook_are_the_same_days(head: Person) -> None:
    """A 1904 calendar shifts nothing (G4)."""
    data = xlsx(
        [["CAMERA", "Maker", dt.date(2024, 2, 29)]],
        ("kind", "maker", "purchased_on"),
        mac_dates=True,
    )

    importing.carry_out(upload(data, head), head)

    assert Device.objects.get().purchased_on == dt.date(2024, 2, 29)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16", "cp1254"])
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_csv_of_any_usual_spelling_is_read(head: Person, encoding: str, ending: str) -> None:
    """BOM, CRLF, the Turkish code page, semicolons (G4)."""
    lines = [
        "kind;maker;model;serial;audio_off",
        "camera;Işık;Gözcü;Ş1;evet",
        "recorder;Çağ;;Ş2;no",
    ]
    data = ending.join([*lines, ""]).encode(encoding)

    importing.carry_out(upload(data, head), head)

    assert Device.objects.get(serial="Ş1").maker == "Işık"
    assert Device.objects.get(serial="Ş2").audio_off is False


def test_the_export_comes_back_as_it_was(head: Person) -> None:
    """Same columns out and in: a re-import of an export changes nothing (INV-11)."""
    net = network("10.30.0.0/16")
    place = position()
    camera = device(status="STOCK", purpose="=HYPERLINK(1)", firmware="+1")
    moves.install(camera, place, at(), head)
    moves.move_address(camera, net, "10.30.0.7", at(), head)
    headers = [str(column.title) for column in DEVICES.filed]
    rows = [[c.value(row) for c in DEVICES.filed] for row in DEVICES.rows(head)]

    for data in (as_xlsx("Devices", headers, rows), as_csv(headers, rows)):
        checked = importing.check(data, "devices", head)
        assert checked.faults == []
        assert checked.summary == {"rows": 1, "new": 0, "changed": 0}


def test_a_row_with_a_number_changes_that_device(head: Person) -> None:
    old = device(serial="S1", model="Old")
    data = xlsx([[old.pk, "CAMERA", "Maker", "New"]], ("no", "kind", "maker", "model"))

    importing.carry_out(upload(data, head), head)

    old.refresh_from_db()
    assert (old.model, old.serial) == ("New", "S1")
    entry = Entry.objects.get(action="device.change")
    assert '"Old"' in entry.canon


def test_positions_are_read_in(head: Person) -> None:
    place = position()
    row = ["N-1", "North", place.floor.building.name, place.floor.name, place.group.name]
    data = xlsx([row], ("code", "name", "building", "floor", "group"))

    importing.carry_out(upload(data, head, "positions"), head)

    assert Position.objects.get(code="N-1").status == "PLANNED"


def test_an_upload_is_imported_once(head: Person) -> None:
    sheet = upload(xlsx(cameras(1, network=network("10.30.0.0/16").name)), head)
    importing.carry_out(sheet, head)

    with pytest.raises(importing.TooLate):
        importing.carry_out(sheet, head)
    assert Device.objects.count() == 1


def test_an_address_taken_between_check_and_import_refuses_the_whole_file(head: Person) -> None:
    net = network("10.30.0.0/16")
    sheet = upload(xlsx(cameras(2, network=net.name)), head)
    moves.move_address(device(), net, "10.30.0.2", at(), head)

    checked = importing.carry_out(sheet, head)

    assert [(fault.row, fault.column) for fault in checked.faults] == [(3, "ip")]
    assert Device.objects.count() == 1
    assert Address.objects.count() == 1
    assert Installation.objects.count() == 0


def test_the_corrected_file_is_taken_at_the_second_upload(head: Person, client: Client) -> None:
    """Upload, list of faults, correction, dry run, import: as a person does it (G4)."""
    net = network("10.30.0.0/16")
    client.force_login(head)
    rows = cameras(2, network=net.name)
    wrong = [rows[0], [*rows[1][:5], "10.30.0.1", None, None]]

    sent = client.post(IMPORT, {"file": SimpleUploadedFile("a.xlsx", xlsx(wrong))})
    tasks.work_imports()
    assert b"10.30.0.1" in client.get(sent.headers["Location"]).content
    assert Device.objects.count() == 0

    client.post(IMPORT, {"file": SimpleUploadedFile("a.xlsx", xlsx(rows))})
    tasks.work_imports()
    token = UploadedSheet.objects.latest("pk").token
    client.post(reverse("inventory:import_confirm", args=[token]))
    tasks.work_imports()
    assert Device.objects.count() == 2


def test_nobody_confirms_the_upload_of_somebody_else(head: Person, client: Client) -> None:
    sheet = upload(xlsx(cameras(1, network=network("10.30.0.0/16").name)), head)
    client.force_login(person("UNIT_HEAD"))

    answer = client.post(reverse("inventory:import_confirm", args=[sheet.token]))

    assert answer.status_code == 404
    assert Device.objects.count() == 0


def test_the_empty_file_has_the_columns_of_the_export(head: Person, client: Client) -> None:
    client.force_login(head)

    answer = client.get(reverse("inventory:import", args=["devices"]) + "?format=xlsx")

    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [str(c.title) for c in DEVICES.filed]

"""From arrival to destruction in a real browser: five and more people, a recorder that really plays, and a
receiver who checks what he got with the tools on his desk.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from audit.verifying import verify as verify_log
from core.paper_rows import PaperForm, PaperRevision
from core.tsi import to_ms
from footage_requests.models import FootageRequest, Hold, Package
from footage_requests.sealing import keys
from inventory.models import Floor
from simulator.video import read_strip
from tests.requests import cases
from tests.requests.recorded import Recorded, doubt_ms, plain, recorded, recorder
from tests.requests.sealing_rows import measured, tool
from tests.requests.walking import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)

AHEAD_MS = 7 * 60_000 + 15_000
SECONDS = 40


@pytest.fixture(autouse=True)
def _own_place(
    db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forms, a store and a temporary folder of our own; what is left in them can be looked through."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 1
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    settings.HOLD_RELEASE_DAYS = 0
    settings.NTP_SERVERS = []
    (tmp_path / "temp").mkdir()
    # A transactional test before may have emptied the tables.
    for form in PaperForm.values:
        PaperRevision.objects.get_or_create(
            form=form,
            revision_no=0,
            defaults={
                "document_no": "KİB",
                "published_on": dt.date(2026, 1, 1),
                "revised_on": dt.date(2026, 1, 1),
            },
        )
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))


@pytest.fixture
def campus() -> Iterator[Recorded]:
    """A recorder that is seven minutes fast, measured the night before, with two cameras on one floor."""
    fast = recorder(clock={"offset_ms": AHEAD_MS}, recording={"seam_ms": 0, "file_ms": 60_000})
    with recorded(fast) as made:
        floor: Floor = made.place().floor
        neighbour = made.place(number=2)
        neighbour.floor = floor
        neighbour.save()
        measured(made.devices["rec"], made.event - dt.timedelta(hours=10), AHEAD_MS)
        yield made


@pytest.fixture
def office(chromium: Browser, live_server: LiveServer, campus: Recorded) -> Iterator[Office]:
    made = Office(chromium, live_server.url)
    yield made
    made.close()


def choose(office: Office, campus: Recorded, row: FootageRequest) -> None:
    """The operator names the camera; its footage is held and fetched, the neighbour is left out."""
    place, neighbour = campus.place(), campus.place(number=2)
    page = office.at(office.operator, f"/requests/{row.pk}/cameras/?find={place.code}")
    page.check(f"input[name=position][value='{place.pk}']")
    page.click("form[action$='/name/'] button")
    page.wait_for_selector(f"text={neighbour.name}")
    assert row.holds.get().item.position == place
    office.fetch()
    office.ask_recorders(row)

    item = row.items.get(position=neighbour)
    page = office.at(office.operator, f"/requests/{row.pk}/cameras/")
    page.fill(f"#why-{item.pk}", "Başka kapıya bakıyor.")
    page.click(f"form[action$='/items/{item.pk}/'] button[value='0']")
    page.wait_for_selector("text=Başka kapıya bakıyor.")
    assert row.holds.get().status == Hold.Status.HELD
    assert row.holds.get().item.checked["answer"] in {"YES", "PARTLY"}


def export(office: Office, row: FootageRequest) -> Package:
    office.press(office.operator, row, "form[action$='/export/'] button")
    office.fetch()
    package = row.packages.get()
    assert package.failure == ""
    return package


def unpacked(place: Path, passphrase: str) -> Path:
    """What the receiver does first, with 7-Zip alone."""
    opened = tool(["7z", "x", f"-p{passphrase}", "copy.zip"], place)
    assert opened.returncode == 0, opened.stdout
    assert tool("7z x package.zip", place).returncode == 0
    (folder,) = [path for path in place.iterdir() if path.is_dir()]
    return folder


def check_as_receiver(folder: Path) -> None:
    """REL-7: sha256sum, openssl and pdfsig accept the folder; one flipped bit is found."""
    sums = tool("sha256sum -c 4_VERIFY/SHA256SUMS.txt", folder)
    assert sums.returncode == 0, sums.stdout
    cms = tool(
        "openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json"
        " -CAfile ca.pem -purpose any -out /dev/null",
        folder / "4_VERIFY",
    )
    assert cms.returncode == 0, cms.stderr
    signed = tool("pdfsig -nocert 3_RECORDS/release_statement.pdf", folder).stdout
    assert b"Signature is Valid" in signed

    film = next(folder.rglob("*.mp4"))
    data = bytearray(film.read_bytes())
    data[len(data) // 2] ^= 1
    film.write_bytes(data)
    assert tool("sha256sum -c 4_VERIFY/SHA256SUMS.txt", folder).returncode != 0
    data[len(data) // 2] ^= 1
    film.write_bytes(data)


def instants(film: Path) -> list[int]:
    """The instants that the pictures themselves show."""
    with av.open(str(film)) as clip:
        found = [read_strip(frame.to_ndarray(format="gray")) for frame in clip.decode(video=0)]
    return [read[1] for read in found if read is not None]


def text_of(path: Path) -> str:
    told = tool(["pdftotext", "-raw", str(path), "-"], path.parent).stdout.decode()
    return re.sub(r"\s+", " ", told)


def close_and_destroy(office: Office, row: FootageRequest, package: Package) -> None:
    office.act(office.operator, f"/requests/{row.pk}/close/")
    office.end_holds()
    assert not row.holds.exclude(status="DESTROYED").exists()
    office.destroy(package)
    office.act(office.operator, f"/requests/{row.pk}/archive/")
    row.refresh_from_db()
    package.refresh_from_db()
    assert (row.status, package.status) == ("ARCHIVED", "DESTROYED")


def lies_in_plain(tmp_path: Path, footage: list[bytes]) -> list[Path]:
    """Files of the store and of the temporary folder in which footage could be read."""
    files = [
        path
        for name in ("evidence", "temp")
        for path in (tmp_path / name).rglob("*")
        if path.is_file()
    ]
    assert files, "the store was looked for in the wrong place"
    contents = {path: path.read_bytes() for path in files}
    return [
        path
        for path, data in contents.items()
        if b"ftyp" in data[:64] or any(sample in data for sample in footage)
    ]


def end_is_clean(
    office: Office, package: Package, tmp_path: Path, footage: list[bytes], people: int
) -> None:
    """No plain footage on the disk, the log proves every step, and each part had its own person."""
    assert lies_in_plain(tmp_path, footage) == []
    office.seal_log()
    assert verify_log().faults == []
    assert office.complaints == []
    parts = ("filer", "approver", "exporter", "verifier", "deliverer")
    assert len({getattr(package, f"{part}_id") for part in parts}) == people


def samples(package: Package) -> list[bytes]:
    """A stretch out of the middle of every exhibit, by which it would be recognised."""
    found = []
    for exhibit in package.exhibits.all():
        data = plain(exhibit.file)
        found.append(data[len(data) // 2 :][:64])
    return found


def test_a_prosecutors_letter(
    office: Office, campus: Recorded, sealing_key: keys.EvidenceKey, tmp_path: Path
) -> None:
    """REL-1, REL-2, REL-5..8, REL-20, REL-22, REL-24, PRE-8, CLK-10, CLK-11, B11."""
    row = office.file(
        campus.event,
        SECONDS,
        kind=str(cases.kind().pk),
        building=str(campus.place().floor.building.pk),
        organisation="İskenderun Cumhuriyet Başsavcılığı",
        reference_no="2026/4412",
        place="Kütüphane girişi",
    )
    choose(office, campus, row)
    office.act(office.operator, f"/requests/{row.pk}/submit/")
    office.decide(row)
    package = export(office, row)
    exhibit = package.exhibits.get(kind="ORIGINAL")
    office.verify(package, exhibit.pk)
    package.refresh_from_db()
    assert package.status == Package.Status.SEALED
    footage = samples(package)
    assert lies_in_plain(tmp_path, footage) == []

    passphrase = office.copy(package, "İskenderun Cumhuriyet Başsavcılığı")
    page = office.at(office.deliverer, f"/requests/{row.pk}/")
    out = tmp_path / "out"
    out.mkdir()
    office.save(page, "#release a[download][href*='/copies/']", out / "copy.zip")
    folder = unpacked(out, passphrase)
    check_as_receiver(folder)
    start, end = to_ms(row.starts_at), to_ms(row.ends_at)
    shown = [at - AHEAD_MS for film in folder.glob("1_*/*.mp4") for at in instants(film)]
    assert shown
    off = doubt_ms(exhibit)
    assert start - 1_000 - off <= min(shown) <= start + 1_000 + off
    assert end - 1_000 - off <= max(shown) < end + off
    (block,) = json.loads((folder / "3_RECORDS" / "clock_statement.json").read_text())
    words = block["clocks"][0]["words"]["en"][0]
    showed, true = (
        dt.datetime.strptime(text, "%d.%m.%Y %H:%M:%S").replace(tzinfo=dt.UTC)
        for text in re.findall(r"(\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d) TSİ", words)[:2]
    )
    assert abs(showed - true - dt.timedelta(milliseconds=AHEAD_MS)) <= dt.timedelta(
        milliseconds=2_000 + off
    )

    assert re.search(r"7 dk 1\d sn ileri", hand_over(office, row, tmp_path))
    office.act(office.clerk, f"/requests/{row.pk}/ebys/", ebys_number="E-2026-991")
    close_and_destroy(office, row, package)
    end_is_clean(office, package, tmp_path, footage, people=5)


def hand_over(office: Office, row: FootageRequest, tmp_path: Path, **typed: str) -> str:
    """On a stick out of the stock; returns what the printed record says."""
    page = office.at(office.deliverer, "/requests/stock/")
    page.select_option("[name=kind]", "USB")
    page.fill("[name=change]", "3")
    page.fill("[name=document]", "fatura 12")
    page.click("main form .card-footer button")
    page.wait_for_selector("text=fatura 12")
    told: dict[str, Any] = {
        "place": "Kamera odası",
        "receiver_name": "Ali Veli",
        "receiver_office": "Savcılık kalemi",
        "receiver_identity": "kurum kimliği",
        "identity_checked": "",
        "medium": "USB",
        "medium_serial": "U-1",
        "medium_count": "1",
        "seal_no": "M-1",
        **typed,
    }
    page = office.act(office.deliverer, f"/requests/{row.pk}/records/copy/", **told)
    place = office.printed(page, "form[action$='/print/'] button", tmp_path / "record.pdf")
    office.sign_paper(row)
    return text_of(place)


def draw_masks(office: Office, package: Package, exhibit_pk: int) -> None:
    """The exporter draws one area by keys alone; the worker makes the masked copy, which he hands on."""
    page = office.open_player(office.operator, exhibit_pk, "MASK")
    press = page.keyboard.press
    page.focus("[data-add]")
    press("Enter")
    press("Shift+ArrowLeft")  # the whole area, which has the focus now
    page.focus("[data-does='0 corner']")
    press("Enter")
    press("Enter")  # still on the button, although the list was made anew
    page.focus(".handle >> nth=1")
    press("ArrowUp")
    press("Delete")
    page.focus("[data-undo]")
    press("Enter")
    page.check("[name=style][value=SOLID]")
    page.focus("[data-save-button]")
    press("Enter")
    page.wait_for_selector("[data-told].state-RECORDED")
    plan = package.exhibits.get(pk=exhibit_pk).mask_plans.get()
    assert [key["points"] for key in plan.shapes[0]["keys"]] == [
        [[3500, 3400], [5500, 3500], [5500, 5000], [5500, 6500], [3500, 6500], [3500, 5000]]
    ]
    office.mask(plan)
    office.press(office.operator, package.request, "form[action$='/offer/'] button")


def middle_of(film: Path) -> float:
    """How bright the middle of the picture is at most, over all pictures."""
    with av.open(str(film)) as clip:
        pictures = [frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]
    heights, widths = pictures[0].shape
    return max(
        float(
            one[
                heights * 4 // 10 : heights * 6 // 10, widths * 45 // 100 : widths * 55 // 100
            ].max()
        )
        for one in pictures[: len(pictures) * 9 // 10]
    )


def collect(office: Office, row: FootageRequest, place: Path) -> None:
    """The student opens the link, enters the code and downloads."""
    copy = row.packages.get().copies.get()
    page = office.at(office.deliverer, f"/requests/copies/{copy.uuid}/link/")
    page.fill("[name=recipient_contact]", "ogrenci@example.org")
    page.click("main form button[type=submit]")
    address = page.input_value("#link-address")
    code = page.inner_text("main dd.h2").strip()
    office.leave()
    student = office.stranger()
    student.goto(address)
    student.fill("#code", code)
    student.click("form button[type=submit]")
    office.save(student, "a[download]", place)
    student.context.close()


def test_a_students_own_data(
    office: Office, campus: Recorded, sealing_key: keys.EvidenceKey, tmp_path: Path
) -> None:
    """REL-1, REL-3, REL-7, REL-9, REL-11, REL-20, REL-24, B10."""
    begins = to_ms(campus.event)
    campus.lose(begins + 10_000, begins + 16_000)
    row = office.file(
        campus.event,
        SECONDS,
        kind=str(cases.kind("DATA_SUBJECT").pk),
        building=str(campus.place().floor.building.pk),
        requester_name="Ayşe Işık",
        national_id=cases.NATIONAL_ID,
        ebys_number="E-2026-17",
        place="Kütüphane girişi",
    )
    choose(office, campus, row)
    office.act(
        office.operator, f"/requests/{row.pk}/opinion/", offices="PRIVACY", question="Verilir mi?"
    )
    page = office.at(office.privacy, f"/requests/{row.pk}/opinion/give/")
    page.check("[name=advice][value=LIMIT]")
    page.fill("[name=text]", "Başkaları maskelenerek verilir.")
    page.click("main .card-footer button[type=submit]")
    page.wait_for_load_state()
    office.act(office.operator, f"/requests/{row.pk}/submit/")
    page = office.at(office.superior, f"/requests/{row.pk}/decide/")
    assert page.locator(".state-PARTLY").count() == 1
    office.decide(row)
    package = export(office, row)
    assert package.status == Package.Status.MASKING
    original = package.exhibits.get(kind="ORIGINAL")
    (gap,) = original.facts["gaps"]
    off = 1_000 + doubt_ms(original)
    assert abs(gap[0] - begins - 10_000) <= off
    assert abs(gap[1] - begins - 16_000) <= off
    draw_masks(office, package, original.pk)
    masked = package.exhibits.get(kind="MASKED")
    assert masked.parent_sha256 == original.file.sha256
    office.verify(package, masked.pk)
    footage = samples(package)
    assert lies_in_plain(tmp_path, footage) == []

    passphrase = office.copy(package, "Ayşe Işık")
    out = tmp_path / "out"
    out.mkdir()
    collect(office, row, out / "copy.zip")
    folder = unpacked(out, passphrase)
    check_as_receiver(folder)
    (film,) = folder.rglob("*.mp4")
    assert "masked" in film.name.lower()
    assert middle_of(film) <= 40
    shown = [at - AHEAD_MS for at in instants(film)]
    assert not [at for at in shown if gap[0] + off < at < gap[1] - off]
    hand_over(
        office, row, tmp_path, medium="DOWNLOAD", medium_serial="", medium_count="0", seal_no=""
    )
    close_and_destroy(office, row, package)
    end_is_clean(office, package, tmp_path, footage, people=5)

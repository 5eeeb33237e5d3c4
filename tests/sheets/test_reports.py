"""Reports: what they count, what they leave out and say so, their files and their scope."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from audit.models import Entry
from cameras.daily_sheets.sheet_words import recording_word
from cameras.models import (
    ChannelCondition,
    ClockMeasurement,
    CoverageDay,
    DeviceCondition,
    LastPicture,
    PlaybackProof,
    Run,
)
from cameras.reports.clocks import clock_report
from cameras.reports.history import history_report
from cameras.reports.lists import last_days_report, warranty_report
from cameras.reports.monthly import monthly_report
from cameras.reports.papers import history_period
from cameras.reports.reports import Period, Report, month_of, period_of, text_of
from cameras.wording.mask_words import mask_words
from cameras.wording.reasons import not_checked
from core import tsi
from core.models import Holiday, PaperRevision
from inventory import moves
from inventory.models import ChannelAssignment, Contract, Device, Installation, RecordingSchedule
from tests.inventory import rows
from tests.inventory.rows import person as person_with_scope

from .rows import Campus, client_of, person, recorder

pytestmark = pytest.mark.django_db


def texts(report: Report, section: int = 0) -> list[list[str]]:
    return [[text_of(value) for value in row] for row in report.sections[section].rows]


def fact(report: Report, number: int) -> str:
    return text_of(report.facts[number][1])


def one_day(campus: Campus) -> Period:
    return Period(campus.day, campus.day)


def clock(device: Device, at: dt.datetime, offset_ms: int, verdict: str) -> None:
    ClockMeasurement.objects.create(
        device=device,
        measured_at=at,
        offset_ms=offset_ms,
        uncertainty_ms=100,
        method="EDGE",
        verdict=verdict,
    )


def test_a_month_s_continuity_leaves_out_what_is_not_known(campus: Campus) -> None:
    """REC-13: a reason where the share could not be computed."""
    campus.camera("RECORDED")
    campus.camera("NOT_RECORDED")
    campus.camera("UNKNOWN")
    report = monthly_report(person("UNIT_HEAD"), one_day(campus))

    (building,) = texts(report)
    assert building[1] == "3"
    assert "50" in building[2]
    assert building[3:] == ["1", "0", "1", "1", "0"]


def test_a_building_without_any_known_day_says_why(campus: Campus) -> None:
    campus.camera("UNKNOWN")

    (building,) = texts(monthly_report(person("UNIT_HEAD"), one_day(campus)))
    assert "%" not in building[2]


def test_recording_on_motion_has_no_percentage(campus: Campus) -> None:
    """REC-21: nothing is missing between two motions."""
    quiet = campus.camera("RECORDED")
    quiet.days.update(recorded_ms=60_000)
    RecordingSchedule.objects.create(
        position=quiet, kind="MOTION", valid_from=campus.day - dt.timedelta(days=5)
    )
    reader = person("UNIT_HEAD")

    assert texts(monthly_report(reader, one_day(campus)), 1) == []
    assert "%" not in texts(last_days_report(reader, one_day(campus)))[0][3]


def test_gaps_that_touch_at_midnight_are_one(campus: Campus) -> None:
    position = campus.camera("PARTLY", on=recorder())
    channel = ChannelAssignment.objects.get(position=position).channel
    midnight = tsi.day_bounds_ms(campus.day)[0]
    before = campus.day - dt.timedelta(days=1)
    for day, gap in (
        (before, [midnight - 60_000, midnight, "NO_STREAM"]),
        (campus.day, [midnight, midnight + 60_000, "UNKNOWN"]),
    ):
        CoverageDay.objects.create(
            channel=channel, day=day, result="PARTLY", gaps=[gap], gap_count=1, is_complete=True,
            source="ISAPI_SEARCH", asked_at=tsi.from_ms(midnight), canonical="x", sha256="x",
        )  # fmt: skip

    report = monthly_report(person("UNIT_HEAD"), Period(before, campus.day))

    assert [row[1] for row in texts(report, 3)] == ["1"]


def test_retention_is_short_long_or_not_measured(campus: Campus) -> None:
    """REC-6 and REC-23: longer than the policy is listed as well."""
    now = tsi.at(campus.day, 12)
    device = recorder()
    for number, days in enumerate((10, 30, 45), 1):
        position = campus.camera(on=device, number=number)
        ChannelCondition.objects.create(
            channel=ChannelAssignment.objects.get(position=position).channel,
            asked_at=now,
            earliest_at=now - dt.timedelta(days=days),
            held_days=days,
        )
    campus.camera(on=device, number=4)

    section = monthly_report(person("UNIT_HEAD"), one_day(campus)).sections[2]

    assert [text_of(row[2])[:2] for row in section.rows] == ["10", "45"]
    assert section.rows[0][4] != section.rows[1][4]


def test_the_clock_report_tells_a_wrong_stretch_with_its_correction(campus: Campus) -> None:
    """CLK-7, CLK-8: logged, discrepancy included, before and after the correction."""
    device = recorder()
    campus.camera(on=device)
    start = tsi.at(campus.day, 3)
    clock(device, start, 200, "OK")
    clock(device, start + dt.timedelta(hours=1), 3_600_000, "SUMMER_TIME")
    clock(device, start + dt.timedelta(hours=2), 3_600_500, "SUMMER_TIME")
    clock(device, start + dt.timedelta(hours=3), 100, "OK")

    lines = [
        row
        for row in texts(clock_report(person("UNIT_HEAD"), one_day(campus)))
        if "3600" in row[6] or row[6] != "–"
    ]

    wrong, last = lines
    assert "3600" in wrong[6].replace(".", "").replace(",", "")
    assert wrong[8] == text_of(start + dt.timedelta(hours=3))
    assert last[8] == "–"


def test_a_device_whose_clock_was_not_measured_is_never_called_right(campus: Campus) -> None:
    campus.camera(on=recorder())
    report = clock_report(person("UNIT_HEAD"), one_day(campus))

    assert fact(report, 1) == "0"
    assert len(report.sections[0].rows) == 2


def test_the_last_days_count_known_days_and_the_newest_recording(campus: Campus) -> None:
    """REC-5b: one row per camera; a day nobody asked about is not a recorded day."""
    position = campus.camera("RECORDED", on=recorder())
    CoverageDay.objects.create(
        channel=ChannelAssignment.objects.get(position=position).channel, day=campus.day,
        result="RECORDED", recorded_ms=1, source="ISAPI_SEARCH", canonical="x", sha256="x",
        asked_at=tsi.at(campus.day + dt.timedelta(days=1), 2),
    )  # fmt: skip
    period = Period(campus.day - dt.timedelta(days=6), campus.day)

    (row,) = texts(last_days_report(person("UNIT_HEAD"), period))

    assert row[5] == "1 / 7"
    assert row[8] == text_of(tsi.day_bounds(campus.day)[1])


def test_the_last_days_tell_the_rate_of_the_minute_played_last_and_the_last_picture(
    campus: Campus,
) -> None:
    """REC-5b: recorded bit rate with its day, last picture; without an answer the mask is not checked."""
    position = campus.camera("RECORDED", on=recorder())
    channel = ChannelAssignment.objects.get(position=position).channel
    taken_at = tsi.at(campus.day, 3)
    for day, bits in ((1, 900_000), (0, 2_048_400)):
        PlaybackProof.objects.create(
            channel=channel, day=campus.day - dt.timedelta(days=day), seed=str(day), answer="YES",
            frame_sha256="0" * 64, bits_per_second=bits,
            played_at=tsi.at(campus.day - dt.timedelta(days=day), 2),
        )  # fmt: skip
    LastPicture.objects.create(
        device=Device.objects.cameras().get(), sealed=b"x", content_type="image/jpeg", size=1,
        taken_at=taken_at,
    )  # fmt: skip

    (row,) = texts(last_days_report(person("UNIT_HEAD"), one_day(campus)))

    assert row[12:15] == [text_of(2048), tsi.day_text(campus.day), text_of(taken_at)]
    assert row[15] == not_checked()


def test_the_last_days_tell_whether_masks_are_on(campus: Campus) -> None:
    """REC-5b: on, off or not to be asked, with the day, and as well in the files."""
    said_at = tsi.at(campus.day, 3)
    for areas, reason in ((2, "NO_ANSWER"), (0, ""), (None, "NOT_SUPPORTED")):
        device = Installation.objects.get(position=campus.camera("RECORDED")).device
        DeviceCondition.objects.create(
            device=device, mask_areas=areas, mask_reason=reason,
            mask_at=None if areas is None else said_at,
        )  # fmt: skip
    reader = person("UNIT_HEAD")

    masks = [row[15] for row in texts(last_days_report(reader, one_day(campus)))]

    day = tsi.day_text(campus.day)
    assert masks == [
        f"{mask_words(2, '')} ({day})",
        f"{mask_words(0, '')} ({day})",
        mask_words(None, "NOT_SUPPORTED"),
    ]
    answer = client_of(reader).get("/reports/last-days/?format=csv")
    assert masks[2] in answer.content.decode("utf-8-sig")


def test_the_history_tells_device_place_address_and_status_of_that_day(campus: Campus) -> None:
    """REC-16: a device that was replaced since then is told as it was."""
    position = campus.camera("UNKNOWN", reason="NO_ANSWER")
    before = Device.objects.cameras().get()
    network = rows.network()
    moves.move_address(before, network, "10.20.0.9", tsi.at(campus.day, 1), "test")
    later = tsi.at(campus.day + dt.timedelta(days=1), 0)
    moves.replace_device(position, rows.device(), later, by="test", document="test")
    moves.move_address(before, network, "10.20.0.10", later, "test")

    (row,) = texts(history_report(person("UNIT_HEAD"), one_day(campus)))

    assert row[2] == str(before)
    assert row[3] == "Kütüphane"
    assert position.code in row[4]
    assert row[5] == "10.20.0.9"
    assert row[6].startswith("Kontrol edilemedi") or row[6].startswith("Could not check")


def test_the_history_counts_the_channels_that_a_recorder_told_about(campus: Campus) -> None:
    """REC-16, REC-18: a recorder that told nothing could not be checked."""
    machine = recorder()
    for number, result in ((1, "RECORDED"), (2, "UNKNOWN")):
        position = campus.camera(result, on=machine, number=number)
        CoverageDay.objects.create(
            channel=ChannelAssignment.objects.get(position=position).channel, day=campus.day,
            result=result, reason="NO_ANSWER" if result == "UNKNOWN" else "", source="ISAPI_SEARCH",
            canonical="x", sha256="x", asked_at=tsi.at(campus.day + dt.timedelta(days=1), 2),
        )  # fmt: skip

    told = texts(history_report(person("UNIT_HEAD"), one_day(campus)))
    assert told[0][2] == str(machine)
    assert {"1", "2"} <= set(told[0][6].split())

    CoverageDay.objects.update(result="UNKNOWN", reason="NO_ANSWER")
    told = texts(history_report(person("UNIT_HEAD"), one_day(campus)))
    assert told[0][6] == recording_word("UNKNOWN")


def test_the_history_is_a_month_at_most() -> None:
    assert history_period({"from": "2020-01-01"}).days == 31
    assert history_period({}).days == 1


def test_the_later_of_warranty_and_contract_counts() -> None:
    today = tsi.today()
    soon = rows.device(warranty_ends_on=today + dt.timedelta(days=10))
    extended = rows.device(warranty_ends_on=today + dt.timedelta(days=5))
    rows.device(warranty_ends_on=today + dt.timedelta(days=200))
    contract = Contract.objects.create(
        kind="WARRANTY", name="Ek garanti", starts_on=today, last_day=today + dt.timedelta(days=20)
    )
    contract.devices.add(extended)

    report = warranty_report(person("UNIT_HEAD"), 30)

    assert [row[2] for row in texts(report)] == [soon.serial, extended.serial]
    assert [row[8] for row in texts(report)] == ["10", "20"]


@pytest.mark.parametrize("name", ["clocks", "monthly", "warranty", "last-days", "history"])
@pytest.mark.parametrize("form", ["", "pdf", "xlsx", "csv"])
def test_each_report_is_a_page_a_pdf_and_a_workbook(campus: Campus, name: str, form: str) -> None:
    """Issue 3, item 5; F4 and F5: hostile names stay texts."""
    campus.camera("PARTLY", on=recorder('=HYPERLINK("x")'), name="<script>alert(1)</script>")
    client = client_of(person("UNIT_HEAD"))

    answer = client.get(f"/reports/{name}/?format={form}&from=x&to=2999-01-01&month=%00&days=-1")

    assert answer.status_code == 200
    if form == "":
        assert "<script>alert" not in answer.content.decode()
    if form == "pdf":
        assert answer.content.startswith(b"%PDF")
    if form == "xlsx":
        sheets = load_workbook(io.BytesIO(answer.content)).worksheets
        assert all(cell.data_type != "f" for sheet in sheets for row in sheet for cell in row)


def test_people_of_one_building_get_reports_of_their_building(campus: Campus) -> None:
    campus.camera(name="Bizim oda")
    other = rows.building()
    outside = person_with_scope("OPERATOR", scope_kind="building", scope_id=other.pk)
    inside = person_with_scope("OPERATOR", scope_kind="building", scope_id=campus.floor.building_id)

    assert texts(last_days_report(outside, one_day(campus))) == []
    assert len(texts(last_days_report(inside, one_day(campus)))) == 1


def test_a_device_has_a_card_with_a_label(campus: Campus) -> None:
    """INV: envanter fişi, one page."""
    from tests.papers.pictures import page_texts

    campus.camera()
    device = Device.objects.cameras().get()
    answer = client_of(person("ASSET_CLERK")).get(f"/reports/devices/{device.pk}/")

    pages = page_texts(answer.content)
    assert len(pages) == 1
    assert pages[0].count(device.serial) >= 2


def test_queries_of_the_reports_do_not_grow_with_cameras(campus: Campus) -> None:
    reader, device = person("UNIT_HEAD"), recorder()
    campus.camera(on=device)
    period = one_day(campus)

    def count() -> list[int]:
        numbers = []
        for build in (clock_report, monthly_report, last_days_report, history_report):
            with CaptureQueriesContext(connection) as queries:
                build(reader, period)
            numbers.append(len(queries))
        return numbers

    count()  # the reader's roles are read once
    few = count()
    for number in range(2, 12):
        campus.camera("PARTLY", on=device, number=number)
    assert count() == few


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("2026-11-01", "2026-11-22")),
        ("2026-10", ("2026-10-01", "2026-10-31")),
        ("2027-01", ("2026-11-01", "2026-11-22")),
        ("x", ("2026-11-01", "2026-11-22")),
    ],
)
def test_a_month_ends_yesterday_at_the_latest(text: str, expected: tuple[str, str]) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC), tick=False):
        month = month_of(text)
        week = period_of("", "2999-01-01", usual_days=7)

    assert (month.first.isoformat(), month.last.isoformat()) == expected
    assert (week.days, week.last) == (7, dt.date(2026, 11, 22))


def test_a_revision_of_a_form_is_added_on_the_page_and_never_before_the_last() -> None:
    client = client_of(person("UNIT_HEAD"))
    told = {"what": "revision", "form": "DAILY_SHEET", "document_no": "X.1", "because": "oda"}

    early = client.post("/reports/forms/", {**told, "revised_on": "2025-01-01"})
    client.post("/reports/forms/", {**told, "revised_on": tsi.today().isoformat()})
    client.post("/reports/forms/", {"what": "head", "university": "Işık Üniversitesi"})

    assert early.status_code == 422
    assert PaperRevision.objects.filter(form="DAILY_SHEET").count() == 2
    assert Entry.objects.filter(action__in=["paper.revise", "paper.head"]).count() == 2


def test_a_holiday_is_added_and_taken_out_with_its_audit() -> None:
    client = client_of(person("UNIT_HEAD"))
    client.post("/reports/holidays/", {"day": "2026-12-24", "name": "İdari izin"})
    row = Holiday.objects.get(name="İdari izin")
    twice = client.post("/reports/holidays/", {"day": "2026-12-24", "name": "İdari izin"})
    client.post("/reports/holidays/", {"drop": str(row.pk)})

    assert twice.status_code == 422
    assert not Holiday.objects.filter(pk=row.pk).exists()
    assert Entry.objects.filter(action__startswith="holiday.").count() == 2
    assert Run.objects.count() == 0


def test_a_clock_that_was_not_corrected_is_said_in_the_sentence_that_people_sign(
    campus: Campus,
) -> None:
    device = recorder()
    campus.camera(on=device)
    reader, at_noon = person("UNIT_HEAD"), tsi.at(campus.day, 12)
    right = clock_report(reader, one_day(campus)).sentence
    clock(device, at_noon, 90_000, "OFF")

    wrong = clock_report(reader, one_day(campus)).sentence

    assert wrong.startswith(right)
    assert "1" in wrong.removeprefix(right)


def test_no_row_of_a_table_is_cut_by_the_end_of_a_page(campus: Campus) -> None:
    """Pages.md, Papers: tables do not break in the middle of a row."""
    import dataclasses

    from cameras.reports.papers import paper_of
    from cameras.reports.reports import Column, Section
    from core.papers import render_pdf
    from tests.papers.pictures import page_texts

    campus.camera()
    words = [[f"begin{n:03} {'satır uzun ' * 40} end{n:03}"] for n in range(60)]
    report = monthly_report(person("UNIT_HEAD"), one_day(campus))
    long = dataclasses.replace(report, sections=[Section("Uzun", [Column("Metin")], words)])

    pages = page_texts(render_pdf(paper_of(long)))

    assert len(pages) > 3
    for n in range(60):
        (page,) = [text for text in pages if f"begin{n:03}" in text]
        assert f"end{n:03}" in page
    assert "Bilgilerinize" in pages[-1] or "information" in pages[-1]


def test_no_column_of_the_widest_report_is_cut_by_the_edge(campus: Campus) -> None:
    """REC-5b: sixteen columns, and the last of them says whether the camera masks anything."""
    import dataclasses

    from cameras.reports.papers import paper_of
    from core.papers import render_pdf
    from tests.papers.pictures import page_picture

    device = campus.camera(name="Yüksek gerilim laboratuvarı").installations.get().device
    DeviceCondition.objects.create(device=device, mask_reason="CONNECTION_REFUSED")
    report = last_days_report(person("UNIT_HEAD"), one_day(campus))
    row = [*report.sections[0].rows[0]]
    # As a recorder fills it: instants are what makes a column wide.
    row[7:9] = [tsi.at(campus.day, 1), tsi.at(campus.day, 2)]
    section = dataclasses.replace(report.sections[0], rows=[row])

    pdf = render_pdf(paper_of(dataclasses.replace(report, sections=[section])))
    picture = page_picture(pdf, dpi=60)

    assert picture[:, -14:].min() > 200


def test_the_card_shows_the_newest_photo_redrawn(campus: Campus, tmp_path, settings) -> None:  # type: ignore[no-untyped-def]
    """The uploaded bytes never reach the printer; a broken file prints the card without it."""
    from PIL import Image

    from cameras.reports.device_card import device_paper
    from core.papers import render_pdf
    from inventory import attachments

    settings.MEDIA_ROOT = tmp_path
    campus.camera()
    device, by = Device.objects.cameras().get(), person("ASSET_CLERK")
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    row = attachments.add(device, "foto.png", "Foto", picture.getvalue(), by=by)

    with_photo = device_paper(device, "https://x.example/devices/1/")
    pdf = render_pdf(with_photo)
    attachments.path_of(row).write_bytes(b"broken")

    assert with_photo.pictures["photo"][1] != picture.getvalue()
    assert b"/Image" in pdf
    assert device_paper(device, "https://x.example/devices/1/").pictures == {}


def test_the_card_leaves_as_a_workbook_too(campus: Campus) -> None:
    """The same facts, and no cell is a formula."""
    from openpyxl import load_workbook

    campus.camera()
    device = Device.objects.cameras().get()
    Device.objects.filter(pk=device.pk).update(purpose="=1+1")
    head = person("UNIT_HEAD", language="en")

    answer = client_of(head).get(f"/reports/devices/{device.pk}/?format=xlsx")

    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert cells[0] == ["Inventory card", "What", "Value"]
    assert ["Device", "Serial number", device.serial] in cells
    assert ["Device", "Purpose", "=1+1"] in cells
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n"}

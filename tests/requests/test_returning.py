"""A medium that comes back is looked at, measured again, and what happens next is recorded (REL-8b)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.papers import render_pdf
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import store
from footage_requests.models import CustodyEvent, HandOverRecord, Package
from footage_requests.release import destroying, handing_over, returning
from footage_requests.release.record_papers import destruction_paper, record_paper
from tests.requests.test_handing_over import facts as handed
from tests.requests.test_handing_over import sealed
from tests.requests.test_release_pages import url
from tests.sheets.rows import client_of


@pytest.fixture
def record(campus):
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    return handing_over.hand_over(sealed(campus), handed(), by=campus.deliverer)


def back(**changes):
    return {
        "place": "Kamera odası",
        "return_reason": "BROUGHT",
        "receiver_name": "Komiser Ali Veli",
        "seal_no": "M-17",
        "seal_intact": True,
        "next_step": "KEPT",
        "note": "ekranı kırık",
        **changes,
    }


def test_what_came_back_is_measured_and_stands_in_the_register(campus, record):
    """REL-8b."""
    inner = record.package.inner_file.sha256
    told = back(measured_sha256=inner.upper(), note="")

    row = returning.take_back(record, told, by=campus.deliverer)

    event = CustodyEvent.objects.get(act="RETURNED")
    assert (event.sha256, event.matched, event.seal_no) == (inner, True, "M-17")
    assert row.number in event.note
    assert row.content["returned"]["takes_back"] == record.number
    assert row.content["returned"]["matched"] is True
    assert Package.objects.get().status == Package.Status.HANDED_OVER
    with pytest.raises(Refused):
        returning.take_back(record, told, by=campus.deliverer)
    pdf = render_pdf(record_paper(row), timezone.now())
    assert pdf.startswith(b"%PDF")


def test_another_content_is_said_and_not_hidden(campus, record):
    row = returning.take_back(
        record, back(measured_sha256="0" * 64, seal_intact=False), by=campus.deliverer
    )

    event = CustodyEvent.objects.get(act="RETURNED")
    assert event.matched is False
    assert (row.content["returned"]["seal_intact"], row.seal_intact) == (False, False)


@pytest.mark.parametrize(
    "hole",
    [
        {"return_reason": ""},
        {"next_step": ""},
        {"seal_intact": None},
        {"receiver_name": "", "witness": None},
        {"measured_sha256": "12ab"},
        {"measured_sha256": "", "note": ""},
    ],
)
def test_a_return_with_a_hole_is_refused(campus, record, hole):
    with pytest.raises(Refused):
        returning.take_back(record, back(**hole), by=campus.deliverer)
    assert not CustodyEvent.objects.filter(act="RETURNED").exists()
    record.refresh_from_db()
    assert not record.is_taken_back


def test_the_database_takes_no_half_return(campus, record):
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOverRecord.objects.filter(pk=record.pk).update(kind="RETURNED")


def test_a_wrong_medium_is_taken_back_and_the_right_one_handed_over(campus, record):
    again = back(return_reason="WRONG", next_step="AGAIN")
    with pytest.raises(NotThisPerson):
        returning.take_back(record, again, by=campus.superior)
    returning.take_back(record, again, by=campus.deliverer)
    package = Package.objects.get()
    assert package.status == Package.Status.SEALED

    second = handing_over.hand_over(
        package, handed(medium_serial="USB-0043", seal_no="M-18"), by=campus.deliverer
    )

    acts = list(CustodyEvent.objects.values_list("act", flat=True))
    assert acts == ["HANDED_OVER", "RETURNED", "HANDED_OVER"]
    assert second.number != record.number
    assert handing_over.stock()["USB"] == 1


def test_nothing_is_handed_over_again_that_is_damaged_here(campus, record):
    path = store.path_of(record.package.inner_file.uuid)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(Refused):
        returning.take_back(record, back(next_step="AGAIN"), by=campus.deliverer)


def test_three_people_destroy_the_medium_and_the_register_says_so(campus, record):
    """REL-8b, REL-24."""
    row = returning.take_back(record, back(next_step="DESTROYED"), by=campus.deliverer)
    made = destroying.prepare_medium(row, by=campus.operator, reason="kopya geri geldi")
    with pytest.raises(Refused):
        destroying.prepare_medium(row, by=campus.operator, reason="kopya geri geldi")
    with pytest.raises(NotThisPerson):
        destroying.verify(made, by=campus.operator)
    destroying.verify(made, by=campus.head)
    destroying.approve(made, by=campus.superior)
    destroying.carry_out(made, by=campus.operator)

    assert CustodyEvent.objects.latest("pk").act == "DESTROYED"
    assert "USB-0042" in CustodyEvent.objects.latest("pk").note
    assert Package.objects.get().status == Package.Status.HANDED_OVER  # our own copy stays
    assert b"%PDF" in render_pdf(destruction_paper(made), timezone.now())[:10]


def test_what_was_kept_goes_out_again_after_all(campus, record):
    """REL-8b: the signed record stays as it is, the register says what was decided later."""
    row = returning.take_back(record, back(), by=campus.deliverer)
    client = client_of(campus.deliverer)
    page = url("record_again", row.uuid)
    assert page in client.get(url("case", record.request_id)).content.decode()
    assert client.post(page, {"because": ""}).status_code == 422
    assert client.post(page, {"because": "makam yeniden istedi"}).status_code == 302

    assert Package.objects.get().status == Package.Status.SEALED
    event = CustodyEvent.objects.latest("pk")
    assert (event.act, event.matched) == ("MEASURED", True)
    assert "makam yeniden istedi" in event.note
    assert client.get(page).context["why_not"]
    assert row.package is not None
    again = handing_over.hand_over(
        row.package, handed(medium_serial="USB-0043", seal_no="M-18"), by=campus.deliverer
    )
    # It is out now: what was kept once is not offered a second time, nor destroyed by its old record.
    assert client.get(page).context["why_not"]
    assert client.post(page, {"because": "noch einmal"}).status_code == 422
    with pytest.raises(Refused):
        destroying.prepare_medium(row, by=campus.operator, reason="artık gerekmiyor")
    row.refresh_from_db()
    assert (row.next_step, again.package) == ("KEPT", row.package)


def test_what_was_kept_is_destroyed_in_the_end(campus, record):
    row = returning.take_back(record, back(), by=campus.deliverer)
    made = destroying.prepare_medium(row, by=campus.operator, reason="artık gerekmiyor")
    assert made.evidence[0]["serial"] == "USB-0042"
    assert not returning.may_go_again(row)


def test_the_return_is_recorded_on_its_page(campus, record):
    client = client_of(campus.deliverer)
    case = client.get(url("case", record.request_id)).content.decode()
    page = url("record_return", record.uuid)
    assert page in case
    told = {**back(), "seal_intact": "no"}
    told["happened_at"] = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    assert client.get(page).status_code == 200
    assert client.post(page, {**told, "seal_intact": ""}).status_code == 422

    assert client.post(page, told).status_code == 302

    row = HandOverRecord.objects.get(kind="RETURNED")
    assert row.seal_intact is False
    case = client.get(url("case", record.request_id)).content.decode()
    assert page not in case
    assert row.number in case

"""The pages from approval to destruction: each button does its step, for those who may, and says what came of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.models import Entry
from core.jobs import Job
from footage_requests.exhibits import verifying
from footage_requests.footage import store
from footage_requests.models import (
    Destruction,
    DownloadLink,
    FootageRequest,
    HandOverRecord,
    Package,
    RequestAttachment,
    Viewing,
)
from footage_requests.release import destroying, handing_over, links, release_work
from footage_requests.release.letter_frame import addressed
from tests.inventory import rows
from tests.requests.test_handing_over import sealed
from tests.sheets.rows import client_of
from vault.crypto import seal

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


@pytest.fixture
def package(campus):
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    return sealed(campus)


def url(name, *args):
    return reverse(f"footage_requests:{name}", args=args)


def body(answer):
    return b"".join(answer.streaming_content)


def copy_of(campus, package):
    """A copy whose file and passphrase stand as the worker leaves them."""
    copy = release_work.queue_copy(package, "Av. Ayşe Işık", by=campus.deliverer)
    with store.StoreWriter("application/zip") as writer:
        writer.write(b"PK encrypted" * 1000)
        copy.file = writer.save()
    copy.passphrase_sealed = seal("elma armut kiraz", release_work.place_of(copy))
    copy.save()
    return copy


def test_a_package_is_handed_over_on_its_page_and_its_record_printed(campus, package):
    """REL-22."""
    client = client_of(campus.deliverer)
    page = url("record_new", package.request_id, "copy")
    told = {
        "place": "Kamera odası",
        "happened_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "receiver_name": "Ali Veli",
        "receiver_office": "Savcılık",
        "receiver_identity": "kurum kimliği",
        "identity_checked": "on",
        "medium": "USB",
        "medium_serial": "U-1",
        "medium_count": "1",
        "seal_no": "M-1",
        "is_encrypted": "on",
    }
    assert client.get(page).status_code == 200
    assert client.post(page, {**told, "seal_no": ""}).status_code == 422
    assert client.post(page, told).status_code == 302

    row = HandOverRecord.objects.get()
    prints = [client.post(url("record_paper", row.uuid)) for _ in range(2)]
    assert all(paper.content.startswith(b"%PDF") for paper in prints)
    row.refresh_from_db()
    assert row.prints == 2


def test_the_record_of_a_viewing_begins_with_what_the_player_has_recorded(campus, package):
    """REL-23."""
    viewing = verifying.open_for_viewing(
        package.exhibits.get(), "SHOW", by=campus.deliverer, note="Ali Veli"
    )
    began = timezone.now().replace(second=20, microsecond=0) - dt.timedelta(minutes=40)
    Viewing.objects.filter(pk=viewing.pk).update(
        opened_at=began, closed_at=began + dt.timedelta(minutes=7)
    )
    page = url("record_new", package.request_id, "viewing")
    client = client_of(campus.deliverer)

    form = client.get(page).context["form"]
    told = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    told = {name: value for name, value in told.items() if value is not None}

    minutes = [
        timezone.localtime(began + dt.timedelta(minutes=more)).strftime("%Y-%m-%dT%H:%M")
        for more in (0, 7)
    ]
    assert [told["happened_at"], told["viewing_until"]] == minutes

    turned = {**told, "attendees": "Ali Veli", "viewing_until": minutes[0]}
    refused = client.post(page, turned | {"happened_at": minutes[1]})
    assert refused.status_code == 422
    assert "viewing_until" in refused.context["form"].errors
    assert client.post(page, {**told, "attendees": "Ali Veli"}).status_code == 302


def test_the_signed_paper_comes_back_and_completes_the_record(campus, package):
    row = handing_over.record_not_collected(
        package, {"place": "Oda", "note": "gelmedi"}, by=campus.deliverer
    )
    client = client_of(campus.clerk)
    page = url("record_signed", row.uuid)

    wrong = client.post(page, {"file": SimpleUploadedFile("a.pdf", b"MZ not a paper")})
    right = client.post(page, {"file": SimpleUploadedFile("a.pdf", PDF)})

    row.refresh_from_db()
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert RequestAttachment.objects.get(title=row.number).kind == "SIGNED_PAPER"


def test_the_passphrase_is_shown_once_to_who_made_the_copy(campus, package):
    copy = copy_of(campus, package)
    page = url("copy_passphrase", copy.uuid)
    other = client_of(rows.person(Role.HANDOVER))
    client = client_of(campus.deliverer)

    assert "elma" not in client.get(page).content.decode()
    assert "elma" not in other.post(page).content.decode()
    shown = client.post(page)
    again = client.post(page)

    assert "elma armut kiraz" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert "elma" not in again.content.decode()


def test_a_passphrase_that_nobody_read_is_wiped(campus, package):
    copy = copy_of(campus, package)
    job = Job.objects.get(pk=copy.job_id)
    job.start()
    job.finish()
    assert release_work.forget_passphrases() == 0
    later = timezone.now() + dt.timedelta(hours=2)
    assert release_work.forget_passphrases(later) == 1
    copy.refresh_from_db()
    assert copy.passphrase_sealed == ""


def test_writing_a_copy_to_a_medium_is_an_act_of_custody(campus, package):
    copy = copy_of(campus, package)

    answer = client_of(campus.deliverer).get(url("copy_file", copy.uuid))

    assert body(answer) == b"PK encrypted" * 1000
    assert (
        package.custody.get(act="WRITTEN").sha256
        == hashlib.sha256(b"PK encrypted" * 1000).hexdigest()
    )
    assert client_of(campus.superior).get(url("copy_file", copy.uuid)).status_code == 403
    assert client_of(campus.clerk).get(url("copy_file", copy.uuid)).status_code == 403


def collected(campus, package):
    """A recipient's client with the address of the link and its code."""
    copy = copy_of(campus, package)
    page = client_of(campus.deliverer).post(
        url("link_new", copy.uuid),
        {
            "recipient_name": "Av. Ayşe Işık",
            "recipient_contact": "ayse@example.org",
            "days": 3,
            "downloads_allowed": 2,
        },
    )
    text = page.content.decode()
    (address,) = re.findall(r"https?://[^\s<]*?(/requests/collect/[^\s<]+)", text)
    (code,) = re.findall(r">(\d{8})<", text)
    return Client(), address, code


def test_a_recipient_collects_with_link_and_code(campus, package):
    """REL-9, B15, B16."""
    client, address, code = collected(campus, package)

    assert client.get(address + "file/").status_code == 404
    assert client.get(address).status_code == 200
    assert client.post(address, {"code": "1"}).status_code == 403
    assert client.post(address, {"code": code}).status_code == 200
    whole = client.get(address + "file/")
    part = client.get(address + "file/", headers={"Range": "bytes=3-12"})

    assert body(whole) == b"PK encrypted" * 1000
    assert body(part) == b"encrypted" + b"P"
    assert DownloadLink.objects.get().downloads == 1
    assert Client().get(address + "file/").status_code == 404, "the ticket stays with one browser"


def test_the_address_of_a_link_is_told_to_nobody_and_a_browser_may_send_the_code(campus):
    """A page with "no-referrer" makes browsers send "Origin: null", which the guard of forms refuses."""
    page = Client().get("/requests/collect/" + "a" * 32 + "/")

    assert page["Referrer-Policy"] == "strict-origin"


def test_a_revoked_link_ends_the_next_range(campus, package):
    """B17."""
    client, address, code = collected(campus, package)
    client.post(address, {"code": code})
    link = DownloadLink.objects.get()
    asked = {"headers": {"Range": "bytes=0-9"}}
    assert client.get(address + "file/", **asked).status_code == 206
    client_of(campus.deliverer).post(url("link_revoke", link.uuid), {"because": "yanlış kişi"})

    assert client.get(address + "file/", **asked).status_code == 404
    assert Entry.objects.get(action="downloadlink.revoke").because == "yanlış kişi"


def test_a_link_that_never_was_looks_like_one_that_ended(campus):
    client = Client()
    page = "/requests/collect/" + "a" * 32 + "/"

    assert client.get(page).status_code == 200
    assert client.post(page, {"code": "12345678"}).status_code == 403


def test_destruction_goes_through_three_people_on_the_pages(campus, package):
    """REL-24."""
    handing_over.record_not_collected(
        package, {"place": "Oda", "note": "gelmedi"}, by=campus.deliverer
    )
    clients = [client_of(person) for person in (campus.operator, campus.head, campus.superior)]
    clients[0].post(
        url("destruction_new", package.pk), {"trigger": "PERIODIC", "reason": "süre doldu"}
    )
    row = Destruction.objects.get()

    for client, step in zip(clients, ("verify", "verify", "approve"), strict=True):
        client.post(url("destruction_step", row.uuid, step))
    paper = clients[0].post(url("destruction_paper", row.uuid))
    clients[0].post(url("destruction_step", row.uuid, "carry-out"))

    row.refresh_from_db()
    package.refresh_from_db()
    assert (row.verified_by, row.approved_by) == (campus.head, campus.superior)
    assert (row.status, package.status) == (Destruction.Status.DONE, Package.Status.DESTROYED)
    assert paper.content.startswith(b"%PDF")


def test_the_case_offers_each_step_of_a_destruction_only_to_who_may_take_it(campus, package):
    handing_over.record_not_collected(
        package, {"place": "Oda", "note": "gelmedi"}, by=campus.deliverer
    )
    row = destroying.prepare(package, by=campus.operator, reason="süre doldu")
    people = (campus.operator, campus.second_operator, campus.superior, campus.deliverer)

    def offered() -> list[list[str]]:
        return [destroying.steps_for(row, person) for person in people]

    assert offered() == [["cancel"], ["verify", "cancel"], ["cancel"], []]
    page = client_of(campus.deliverer).get(url("case", package.request_id)).content.decode()
    assert str(row.uuid) in page
    assert url("destruction_step", row.uuid, "verify") not in page
    destroying.verify(row, by=campus.second_operator)
    assert offered() == [["cancel"], ["cancel"], ["approve", "cancel"], []]
    destroying.approve(row, by=campus.superior)
    assert offered() == [["carry-out", "cancel"], ["carry-out", "cancel"], ["cancel"], []]
    destroying.carry_out(row, by=campus.operator)
    assert offered() == [[], [], [], []]


def test_the_signed_paper_is_asked_of_those_who_may_scan_it_in(campus, package):
    row = handing_over.record_not_collected(
        package, {"place": "Oda", "note": "gelmedi"}, by=campus.deliverer
    )
    operator, deliverer = (
        client_of(person).get(url("case", package.request_id)).content.decode()
        for person in (campus.operator, campus.deliverer)
    )

    assert url("record_signed", row.uuid) in operator
    assert url("record_signed", row.uuid) not in deliverer


def test_the_stock_page_takes_media_in(campus):
    client = client_of(campus.deliverer)
    page = url("stock")

    assert client.post(page, {"kind": "DVD", "change": 5, "document": "fatura"}).status_code == 200
    assert client.post(page, {"kind": "DVD", "change": -9, "document": "x"}).status_code == 200
    assert handing_over.stock()["DVD"] == 5


def test_letters_end_as_the_addressee_is_due(campus):
    """domain.md 2.7: to an authority "arz ederim", to a person "Bilgilerinize sunulur."."""
    court = campus.submitted(kind=campus.kind(closing="TO_SUPERIOR"))
    person = campus.submitted(kind=campus.kind(closing="TO_PERSON", is_judicial=False))
    campus.decide(court)
    campus.decide(person, "REFUSE", codes=[campus.code().code])
    client = client_of(campus.operator)

    told = [client.get(url("letters", row.pk)).content.decode() for row in (court, person)]

    assert "arz ederim." in told[0]
    assert "CUMHURİYET BAŞSAVCILIĞINA" in told[0]
    assert "(EBYS verir)" in told[0]
    assert "Sayın Ayşe IŞIK" in told[1]
    assert "Kişisel Verileri Koruma Kuruluna" in told[1]
    assert told[1].count("Bilgilerinize sunulur.") == 1


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("İskenderun Cumhuriyet Başsavcılığı", "İSKENDERUN CUMHURİYET BAŞSAVCILIĞINA"),
        ("2. Asliye Ceza Mahkemesi", "2. ASLİYE CEZA MAHKEMESİNE"),
        ("İl Emniyet Müdürlüğü", "İL EMNİYET MÜDÜRLÜĞÜNE"),
        ("Ağrı Valilik", "AĞRI VALİLİK"),
    ],
)
def test_an_office_is_addressed_in_capitals_and_the_dative(name, wanted):
    assert addressed(name) == wanted


def test_a_case_is_closed_on_its_page_when_nothing_is_missing(campus, package):
    request = package.request
    row = handing_over.record_not_collected(
        package, {"place": "Oda", "note": "gelmedi"}, by=campus.deliverer
    )
    client = client_of(campus.operator)
    page = url("close", request.pk)
    last = (timezone.localdate() + dt.timedelta(days=30)).isoformat()
    client.post(page, {"delete_by": last})
    request.refresh_from_db()
    assert request.status == FootageRequest.Status.APPROVED

    FootageRequest.objects.filter(pk=request.pk).update(ebys_number="E-1")
    client.post(url("record_signed", row.uuid), {"file": SimpleUploadedFile("a.pdf", PDF)})
    client.post(page, {"delete_by": last})

    request.refresh_from_db()
    assert request.status == FootageRequest.Status.CLOSED


def test_the_case_page_shows_what_can_be_done_with_its_package(campus, package):
    page = url("case", package.request_id)

    told = client_of(campus.deliverer).get(page).content.decode()

    assert package.number in told
    assert url("copy_new", package.pk) in told
    assert url("copy_new", package.pk) not in client_of(campus.clerk).get(page).content.decode()


def test_a_sealing_job_says_what_is_in_the_way(campus, package):
    Package.objects.filter(pk=package.pk).update(status="VERIFIED", inner_file=None)
    package.refresh_from_db()
    job = release_work.queue_sealing(package, by=campus.second_operator)
    assert release_work.queue_sealing(package, by=campus.second_operator) == job

    release_work.seal_now(package, job, campus.second_operator)

    job.refresh_from_db()
    assert job.is_finished
    assert job.error


def test_what_was_asked_for_while_the_broker_was_away_is_done_later(campus, package, monkeypatch):
    """A8: the row is the queue."""
    called: list[int] = []
    monkeypatch.setattr(release_work, "_send_copy", called.append)
    copy = release_work.queue_copy(package, "Av. Ayşe Işık", by=campus.deliverer)

    assert release_work.wake_waiting() == 0
    assert release_work.wake_waiting(timezone.now() + dt.timedelta(minutes=2)) == 1
    assert called == [copy.pk]


def test_links_are_not_made_by_the_superior(campus, package):
    copy = copy_of(campus, package)
    assert client_of(campus.superior).get(url("link_new", copy.uuid)).status_code == 403
    assert links.find("x") is None

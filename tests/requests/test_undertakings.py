"""Cases and footage open only to people whose confidentiality undertaking is on file and still holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Person
from audit.models import Entry
from core.papers import render_html
from core.tsi import today
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.models import Undertaking
from footage_requests.secrecy import access_today, undertakings
from footage_requests.secrecy.undertaking_paper import blank_paper, signed_paper
from footage_requests.secrecy.undertakings import Standing, State
from tests.browsing import PASSWORD, with_password
from tests.inventory import rows
from tests.requests import cases
from tests.requests.case import Campus

pytestmark = pytest.mark.django_db
SCAN = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
PAGE = "/requests/undertaking/"


def unsworn(*roles: str) -> Person:
    person = with_password(rows.person(*roles))
    Undertaking.objects.filter(person=person).delete()
    return person


def desk(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def signed(person: Person, days_ago: int) -> State:
    Undertaking.objects.filter(person=person).update(
        signed_on=today() - dt.timedelta(days=days_ago)
    )
    return undertakings.state_of(person)


def test_who_has_not_signed_is_led_to_the_text_and_back_to_the_case() -> None:
    row = cases.filed(positions=[rows.position()])
    person = unsworn("OPERATOR")
    client = desk(person)
    case = f"/requests/{row.pk}/"

    led = client.get(case)
    assert led.status_code == 302
    assert led.headers["Location"].startswith(PAGE)
    page = client.get(led.headers["Location"])
    text = undertakings.current_text()
    assert text.sha256 in page.content.decode()
    assert (
        client.post(PAGE, {"seen": text.sha256, "password": "wrong", "next": case}).status_code
        == 422
    )
    assert not Undertaking.objects.filter(person=person).exists()

    done = client.post(PAGE, {"seen": text.sha256, "password": PASSWORD, "next": case})
    assert done.headers["Location"] == case
    assert client.get(case).status_code == 200
    assert Entry.objects.filter(action="undertaking.sign").count() == 1


def test_footage_and_papers_are_closed_and_entering_a_request_is_not() -> None:
    client = desk(unsworn("OPERATOR", "REGISTRY_CLERK"))
    for page in ("", "list/", "holds/", "exhibits/1/", "packages/1/verify/", "1/cameras/"):
        assert client.get(f"/requests/{page}").headers["Location"].startswith(PAGE), page
    assert client.get("/requests/new/").status_code == 200
    assert client.get("/requests/rules/").status_code == 200
    board = client.get("/requests/", headers={"HX-Request": "true"})
    assert board.headers["HX-Redirect"].startswith(PAGE)


def test_a_link_to_another_site_is_not_followed_after_the_signature() -> None:
    person = unsworn("OPERATOR")
    text = undertakings.current_text()
    sent = {"seen": text.sha256, "password": PASSWORD, "next": "https://example.org/"}
    assert desk(person).post(PAGE, sent).headers["Location"] == "/requests/"


def test_a_signature_holds_for_the_months_of_the_text_and_warns_before() -> None:
    person = rows.person("OPERATOR")
    assert signed(person, 0).standing == Standing.HOLDS
    assert signed(person, 340).standing == Standing.ENDS_SOON
    assert signed(person, 340).holds
    assert signed(person, 366).standing == Standing.ENDED
    assert not signed(person, 366).holds


def test_a_changed_text_is_signed_again_and_another_number_of_months_is_not() -> None:
    head, person = rows.person("UNIT_HEAD"), rows.person("OPERATOR")
    text = undertakings.current_text()
    facts: dict[str, Any] = {"text_tr": text.text_tr, "text_en": text.text_en, "by": head}
    undertakings.change_text(**facts, valid_months=24)
    assert undertakings.state_of(person).standing == Standing.HOLDS
    assert undertakings.change_text(**facts, valid_months=24).version == 2

    undertakings.change_text(**{**facts, "text_tr": "Yeni metin."}, valid_months=24)
    assert undertakings.state_of(person).standing == Standing.OLD_TEXT
    with pytest.raises(Refused):
        undertakings.sign(person, seen_sha256=text.sha256)
    undertakings.sign(person, seen_sha256=undertakings.current_text().sha256)
    assert undertakings.state_of(person).standing == Standing.HOLDS


def test_a_paper_is_filed_sealed_by_somebody_else(campus: Campus) -> None:
    person = unsworn("OPERATOR")
    row = undertakings.file_paper(person, "imza.pdf", SCAN, signed_on=today(), by=campus.head)
    assert undertakings.state_of(person).holds
    with undertakings.open_scan(row, by=campus.head) as reader:
        assert b"".join(reader) == SCAN
    with pytest.raises(NotThisPerson):
        undertakings.file_paper(campus.head, "x.pdf", SCAN, signed_on=today(), by=campus.head)
    with pytest.raises(ValidationError):
        undertakings.file_paper(person, "x.exe", b"MZ", signed_on=today(), by=campus.head)
    tomorrow = today() + dt.timedelta(days=1)
    with pytest.raises(Refused):
        undertakings.file_paper(person, "x.pdf", SCAN, signed_on=tomorrow, by=campus.head)


def test_the_database_lets_nobody_sign_for_another(campus: Campus) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Undertaking.objects.create(
            person=campus.operator,
            text=undertakings.current_text(),
            how="PASSWORD",
            signed_on=today(),
            entered_by=campus.head,
        )


def test_the_paper_carries_the_text_and_says_how_it_was_signed(
    campus: Campus, english: None
) -> None:
    row = Undertaking.objects.get(person=campus.operator)
    paper = render_html(signed_paper(row), row.entered_at)
    assert "6698" in paper
    assert row.text.sha256 in paper
    assert "no qualified electronic signature" in paper
    blank = render_html(blank_paper(campus.operator, row.text), row.entered_at)
    assert "Name and signature" in blank


def test_the_unit_head_sees_who_lacks_one_and_files_the_scan(campus: Campus, english: None) -> None:
    person = unsworn("OPERATOR")
    campus.request()
    said = [line.sentence for line in access_today.lines(campus.head)]
    assert any(sentence.startswith("1 person has no valid") for sentence in said)
    (own,) = access_today.lines(person)
    assert own.url == PAGE

    client = desk(campus.head)
    assert person.full_name in client.get("/requests/undertakings/").content.decode()
    sent = {
        "signed_on": today().isoformat(),
        "file": SimpleUploadedFile("imza.pdf", SCAN, "application/pdf"),
    }
    assert client.post(f"/requests/sworn/{person.pk}/file/", sent).status_code == 302
    row = Undertaking.objects.get(person=person)
    answer = client.get(f"/requests/undertakings/{row.pk}/scan/")
    assert b"".join(answer.streaming_content) == SCAN  # type: ignore[attr-defined]


def test_the_unit_changes_the_text_on_its_page(campus: Campus) -> None:
    client = desk(campus.head)
    sent = {"text_tr": "Kısa metin.", "text_en": "Short text.", "valid_months": "6"}
    assert (
        client.post("/requests/undertaking/text/", sent | {"valid_months": "0"}).status_code == 422
    )
    assert client.post("/requests/undertaking/text/", sent).status_code == 302
    assert undertakings.current_text().text_tr == "Kısa metin."
    assert not undertakings.state_of(campus.head).holds

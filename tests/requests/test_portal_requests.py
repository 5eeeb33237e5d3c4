"""The portal files requests for its people and follows them, and sees nothing else (API-4, API-5)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from audit.models import Entry
from core.tsi import today
from footage_requests.casework import arriving, fees
from footage_requests.models import FootageRequest, RequestAttachment, RequesterKind
from tests.inventory import rows
from tests.requests import cases
from tests.requests.case import Campus, package_of
from tests.requests.portal_calls import BASE, Portal

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture(autouse=True)
def _store(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0


def test_a_request_is_filed_by_the_person_behind_the_token(portal: Portal) -> None:
    """API-5."""
    answer = portal.file()
    row = FootageRequest.objects.get()
    told = answer.json()
    assert (answer.status_code, told["number"], told["status"]) == (201, row.number, "RECEIVED")
    assert told["words"] == "Your request has been received."
    assert row.deadline_at is not None
    assert told["deadline"] == (today() + (row.deadline_at - row.arrived_at)).isoformat()[:10]
    assert (row.door, row.filer, row.status) == ("PORTAL", portal.person, "REGISTERED")
    assert portal.on_behalf_of not in row.on_behalf_of_hash
    assert len(row.on_behalf_of_hash) == 64
    assert Entry.objects.get(action="footagerequest.file").session_hash.startswith("token:")


def test_the_state_is_told_in_the_language_that_is_asked_for() -> None:
    portal = Portal(language="tr")
    told = portal.file().json()
    assert told["words"] == "Talebiniz alındı."
    assert told["kind_name"] == RequesterKind.objects.get(code="PETITION").name_tr


@pytest.mark.parametrize("word", ["", "two words", "ışık", "x" * 129])
def test_a_call_that_does_not_say_for_whom_is_refused(portal: Portal, word: str) -> None:
    portal.on_behalf_of = word.encode().decode("latin-1")
    for answer in (portal.get(), portal.file()):
        assert answer.status_code == 400
        assert "On-Behalf-Of" in answer.json()["errors"]


def test_somebody_elses_request_is_not_there(portal: Portal) -> None:
    """API-4: for another person of the portal, for another program, and by another door."""
    row = portal.filed()
    neighbour = Portal(portal.person, on_behalf_of="user-0001")
    stranger = Portal(on_behalf_of=portal.on_behalf_of)
    by_letter = cases.filed(portal.person)
    absent = {"status": 404, "code": "not_found"}
    for caller, number in (
        (neighbour, row.number),
        (stranger, row.number),
        (portal, by_letter.number),
        (portal, "T-2026-99999"),
    ):
        for answer in (caller.get(f"{number}/"), caller.post(f"{number}/withdraw/")):
            assert absent.items() <= answer.json().items()
        assert row.number not in [each["number"] for each in caller.get().json()["results"]] or (
            caller is portal
        )
    assert [each["number"] for each in portal.get().json()["results"]] == [row.number]
    row.refresh_from_db()
    assert row.status == "REGISTERED"


def test_a_token_of_the_portal_opens_nothing_else(portal: Portal) -> None:
    """API-1: scopes."""
    for path in ("positions/", "devices/", "findings/", "coverage/", "runs/"):
        assert portal.client.get(f"/api/v1/{path}").status_code == 403
    other = Portal(portal.person, scopes=("inventory:read",))
    assert other.get().status_code == 403
    assert other.file().status_code == 403


def test_a_person_who_may_not_file_files_nothing_by_the_portal_either() -> None:
    assert Portal(rows.person("AUDITOR")).file().status_code == 403


def test_a_browser_is_not_the_portal(client: Any) -> None:
    person = rows.person("REGISTRY_CLERK")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/api/v1/portal/requests/", headers={"On-Behalf-Of": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "token_needed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "PROSECUTOR"}, "kind"),
        ({"kind": "PHONE_CALL"}, "kind"),
        ({"kind": "DATA_SUBJECT"}, "national_id"),
        ({"kind": "DATA_SUBJECT", "national_id": "12345678901"}, "national_id"),
        ({"kind": "LAWYER", "national_id": cases.NATIONAL_ID}, "reference_no"),
        ({"place": None}, "place"),
        ({"building": "NOWHERE"}, "building"),
        ({"requester_name": None}, "requester_name"),
        ({"starts_at": "2026-11-20T10:00:00"}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2031-01-01T10:00:00Z", "ends_at": "2031-01-01T11:00:00Z"}, "starts_at"),
        ({"starts_at": "2026-10-01T10:00:00Z", "ends_at": "2026-11-20T11:00:00Z"}, "ends_at"),
        ({"starts_at": "2026-11-20T12:00:00Z", "ends_at": "2026-11-20T11:00:00Z"}, "ends_at"),
        ({"basis": "NONE"}, "basis"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(
    portal: Portal, changes: dict[str, Any], field: str
) -> None:
    """B6, F19: nothing is guessed, and nothing is kept of a refused request."""
    answer = portal.file(**changes)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert not FootageRequest.objects.exists()


def test_what_a_requester_may_not_set_is_not_taken_from_the_body(portal: Portal) -> None:
    """F16, and it is said: a field that means nothing here may be a misspelt one."""
    sent = {"status": "APPROVED", "ebys_number": "E-1", "door": "WEB", "buildng": "KTP"}
    answer = portal.file(**sent)
    assert answer.status_code == 400
    assert answer.json()["errors"] == {name: ["There is no such field here."] for name in sent}
    row = portal.filed()
    for step, more in (("withdraw", {}), ("complete", {"message": "x"})):
        told = portal.post(f"{row.number}/{step}/", {"reason": "x", **more})
        assert (told.status_code, list(told.json()["errors"])) == (400, ["reason"])
    assert portal.paper(row.number, PDF, caption="x").status_code == 400
    assert FootageRequest.objects.get().status == "REGISTERED"
    assert not RequestAttachment.objects.exists()


@pytest.mark.parametrize("code", ["colour", "\ud800", "x" * 4000])
def test_an_answer_to_a_question_that_nobody_asked_is_refused(portal: Portal, code: str) -> None:
    """API-5: it would be lost unseen; what the portal sent is told back as far as it can be."""
    for text in ("red", ["red"]):
        answer = portal.file(answers={code: text})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["answers"])
    assert not FootageRequest.objects.exists()


def test_what_a_program_does_wrong_at_first_is_said(client: Any, portal: Portal) -> None:
    """API-1: an address without its slash, a token without its word, a body of another form."""
    headers, token = portal.headers(**{"Idempotency-Key": "first-steps"}), portal.authorization
    for call in (portal.client.get, portal.client.post):
        answer = call(BASE.rstrip("/"), headers=headers)
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"Addresses end with a slash: {BASE}"
    for written in (token.removeprefix("Bearer "), token.replace("Bearer", "Token")):
        answer = client.get(BASE, headers={**headers, "Authorization": written})
        assert answer.status_code == 401
        assert "Bearer" in answer.json()["detail"]
    form = portal.client.post(BASE, {"kind": "PETITION"}, headers=headers)
    assert (form.status_code, "application/json" in form.json()["detail"]) == (415, True)
    chunked = portal.client.generic(
        "POST",
        BASE,
        content_type="application/json",
        headers={**headers, "Transfer-Encoding": "chunked"},
    )
    assert (chunked.status_code, "Content-Length" in chunked.json()["detail"]) == (400, True)


def test_a_fee_that_is_due_is_told_until_it_is_paid(portal: Portal) -> None:
    """API-5: unpaid, the request counts as withdrawn; so it is a state and not small print."""
    row = portal.filed(kind="INFORMATION", national_id=cases.NATIONAL_ID)
    superior = rows.person("SUPERIOR")
    fee = fees.notify(
        row,
        amount=Decimal("120.50"),
        basis="Tariff",
        pay_to="Cash desk",
        notified_on=today(),
        by=superior,
    )
    told = portal.get(f"{row.number}/").json()
    assert (told["status"], told["deadline"]) == ("FEE_DUE", None)
    assert told["words"] == "A fee has to be paid before your request goes on."
    assert told["fee"] == {
        "amount": "120.50",
        "until": fee.due_on.isoformat(),
        "pay_to": "Cash desk",
    }
    fees.pay(row, paid_on=today(), document="R-1", by=superior)
    told = portal.get(f"{row.number}/").json()
    assert (told["status"], told["fee"]) == ("RECEIVED", None)
    assert told["deadline"] is not None


def test_the_identity_number_is_sealed_and_never_given_out(portal: Portal) -> None:
    answer = portal.file(kind="DATA_SUBJECT", national_id=cases.NATIONAL_ID)
    row = FootageRequest.objects.get()
    assert row.identity_sealed.startswith("v1:")
    everything = answer.content + portal.get().content
    everything += json.dumps([str(entry.__dict__) for entry in Entry.objects.all()]).encode()
    assert cases.NATIONAL_ID.encode() not in everything


def test_only_words_for_requesters_leave(campus: Campus, portal: Portal) -> None:
    """API-5: no camera, no hold, no name of the unit's people, no reason of a decision."""
    row = portal.filed(building=campus.building.code)
    position = campus.camera()
    campus.item(row, position)
    row.take("review", by=campus.operator)
    row.take("submit", by=campus.operator)
    reason = "SECRET-REASON"
    campus.decide(row, "REFUSE", reason=reason, codes=[campus.code().code])
    told = portal.get(f"{row.number}/")
    text = told.content.decode()
    assert told.json()["status"] == "REFUSED"
    assert told.json()["answer"] == "Belirsizdir."
    for kept in (
        reason,
        position.code,
        position.name,
        campus.operator.full_name,
        campus.superior.full_name,
        campus.recorder.serial,
    ):
        assert kept not in text
    assert told.json()["building"] == campus.building.name


def test_before_the_decision_there_is_no_answer(campus: Campus, portal: Portal) -> None:
    row = portal.filed(building=campus.building.code)
    campus.item(row, campus.camera())
    row.take("review", by=campus.operator)
    row.take("submit", by=campus.operator)
    told = portal.get(f"{row.number}/").json()
    assert (told["status"], told["answer"]) == ("UNDER_REVIEW", "")


def test_what_is_missing_is_told_and_completed(portal: Portal) -> None:
    """API-5."""
    row = portal.filed(kind="INFORMATION", national_id=cases.NATIONAL_ID)
    operator = rows.person("OPERATOR")
    until = today() + dt.timedelta(days=15)
    arriving.ask_missing(row, what="Which door?", until=until, by=operator)
    told = portal.get(f"{row.number}/").json()
    assert told["status"] == "INFO_MISSING"
    assert told["missing"] == {"what": "Which door?", "until": until.isoformat()}
    answer = portal.post(f"{row.number}/complete/", {"place": "Door B", "message": "It was B"})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["status"], answer.json()["missing"]) == ("UNDER_REVIEW", None)
    row.refresh_from_db()
    assert (row.place, row.content_version) == ("Door B", 2)
    assert Entry.objects.get(action="footagerequest.complete").actor_id == str(portal.person.pk)


def test_nothing_is_completed_that_nobody_asked_for(portal: Portal) -> None:
    row = portal.filed()
    answer = portal.post(f"{row.number}/complete/", {"place": "Door B", "message": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_missing")
    row.refresh_from_db()
    assert row.place == "Kütüphane girişi"


def test_a_request_is_withdrawn_once(portal: Portal) -> None:
    row = portal.filed()
    first = portal.post(f"{row.number}/withdraw/", {"because": "It was found"})
    second = portal.post(f"{row.number}/withdraw/")
    assert (first.status_code, first.json()["status"]) == (200, "WITHDRAWN")
    assert (first.json()["deadline"], second.status_code) == (None, 409)
    assert portal.get("?open=true").json()["count"] == 0
    assert portal.get("?open=false").json()["count"] == 1


def test_what_has_been_sealed_is_no_longer_withdrawn(campus: Campus, portal: Portal) -> None:
    row = portal.filed(building=campus.building.code)
    campus.item(row, campus.camera())
    row.take("review", by=campus.operator)
    row.take("submit", by=campus.operator)
    decision = campus.decide(row, "COPY", reason="as asked")
    sealed = {"manifest_sha256": "0" * 64, "verifier": campus.second_operator, "is_watched": True}
    package_of(campus, decision, status="SEALED", **sealed)
    answer = portal.post(f"{row.number}/withdraw/")
    assert (answer.status_code, answer.json()["detail"]) == (409, "It can no longer be withdrawn.")


def test_a_paper_is_judged_sealed_and_kept_back(portal: Portal) -> None:
    row = portal.filed()
    answer = portal.paper(row.number, PDF, kind="IDENTITY", title="Card")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["title"], answer.json()["state"]) == ("Card", "taken")
    assert [paper["kind"] for paper in portal.get(f"{row.number}/").json()["papers"]] == [
        "IDENTITY"
    ]


def test_papers_of_the_unit_are_not_the_requesters(portal: Portal) -> None:
    row = portal.filed()
    operator = rows.person("OPERATOR")
    arriving.add_attachment(row, "a.pdf", PDF, kind="OPINION", title="Opinion", by=operator)
    arriving.add_attachment(row, "b.pdf", PDF, kind="LETTER", title="Note", by=operator)
    assert portal.get(f"{row.number}/").json()["papers"] == []


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"MZ\x90\x00", "letter.pdf"),
        (b"<html><script>", "letter.pdf.html"),
        (PDF.replace(b"<<>>", b"<</JavaScript 1>>"), "letter.pdf"),
        (b"", "empty.pdf"),
        (b"%PDF-1.4" + bytes(21 * 1024 * 1024), "large.pdf"),
    ],
)
def test_what_is_no_paper_is_refused(portal: Portal, data: bytes, name: str) -> None:
    """F6."""
    row = portal.filed()
    assert portal.paper(row.number, data, name).status_code == 400
    assert not RequestAttachment.objects.exists()


def test_a_decided_request_takes_no_more_papers(portal: Portal) -> None:
    row = portal.filed()
    portal.post(f"{row.number}/withdraw/")
    assert portal.paper(row.number, PDF).status_code == 409


def test_the_choices_are_kinds_and_buildings_of_the_person(portal: Portal) -> None:
    building = rows.building()
    twin = rows.building()
    twin.code = building.code
    twin.save()
    answer = portal.client.get("/api/v1/portal/choices/", headers={"Accept-Language": "tr"})
    told = answer.json()
    assert {kind["code"] for kind in told["kinds"]} == {
        "DATA_SUBJECT",
        "INFORMATION",
        "PETITION",
        "UNIT_MANAGER",
        "LAWYER",
    }
    codes = {each["code"] for each in told["buildings"]}
    assert f"{building.site.code}/{building.code}" in codes
    assert f"{twin.site.code}/{twin.code}" in codes
    assert building.code not in codes


def test_a_person_of_one_building_files_for_it_alone() -> None:
    mine, other = rows.building(), rows.building()
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.pk)
    portal = Portal(person)
    assert portal.file(building=mine.code).status_code == 201
    assert portal.file(building=other.code).status_code == 400


def test_the_queries_of_a_list_do_not_grow_with_it(
    portal: Portal, django_assert_max_num_queries: Any
) -> None:
    for _number in range(6):
        portal.filed()
    with django_assert_max_num_queries(9):
        assert len(portal.get().json()["results"]) == 6

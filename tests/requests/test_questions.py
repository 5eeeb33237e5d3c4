"""What a kind requires is data: facts that the unit marks, and questions of its own on form, portal and paper."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Person
from core.tsi import today
from footage_requests.casework import arriving, facts, fees, questions
from footage_requests.casework.request_paper import request_paper
from footage_requests.decisions import content
from footage_requests.models import FootageRequest, KindQuestion
from tests.inventory import rows
from tests.requests import cases
from tests.requests.portal_calls import Portal, install_rules

pytestmark = pytest.mark.django_db


def desk(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def question(code: str = "PROSECUTOR", **more: object) -> KindQuestion:
    return KindQuestion.objects.create(
        kind=cases.kind(code), code="plate", name_tr="Plaka", name_en="Number plate", **more
    )


def test_a_fact_that_the_rule_requires_is_missed_and_asked_for() -> None:
    """REL-1."""
    kind = cases.kind()
    kind.required_facts = ["address", "purpose"]
    kind.save()
    with pytest.raises(ValidationError) as refused:
        cases.filed()
    assert set(refused.value.error_dict) == {"address", "purpose"}
    row = cases.filed(accept_missing=True, address="Merkez Mah. 1")
    assert set(facts.missing_facts(row)) == {"purpose"}


def test_a_question_of_the_unit_is_answered_kept_and_part_of_what_is_decided() -> None:
    """REL-1."""
    asked = question()
    with pytest.raises(ValidationError) as refused:
        cases.filed()
    assert set(refused.value.error_dict) == {questions.name_of(asked)}

    row = cases.filed(answers={"plate": "31 AB 123"})
    before = content.sha256_of(row)
    arriving.edit(row, {"answers": {"plate": "31 AB 124"}}, by=row.filer)
    row.refresh_from_db()
    assert content.sha256_of(row) != before
    assert questions.answered(row) == [("Plaka", "31 AB 124")]
    assert "31 AB 124" in str(request_paper(row, "").data)


def test_requests_without_questions_keep_their_hash() -> None:
    row = cases.filed()
    assert "answers" not in content.content_of(row)


def test_answers_to_unknown_questions_and_too_long_ones_are_refused() -> None:
    question()
    with pytest.raises(ValidationError):
        cases.filed(answers={"plate": "x" * 301})
    row = cases.filed(answers={"plate": "x", "colour": "red"})
    assert row.answers == {"plate": "x"}
    other = cases.kind("COURT")
    arriving.edit(row, {"kind": other, "basis": other.bases.first()}, by=row.filer)
    row.refresh_from_db()
    assert row.answers == {}


def test_the_unit_edits_both_on_the_page_of_rules() -> None:
    """REL-1."""
    client = desk(rows.person("UNIT_HEAD"))
    kind = cases.kind("LAWYER")
    new = "/requests/rules/questions/new/"
    sent = {
        "kind": kind.pk,
        "code": "file_no",
        "name_tr": "Büro dosya no",
        "name_en": "File no.",
        "is_required": "on",
        "is_active": "on",
        "order": "1",
    }
    assert client.post(new, sent | {"name_tr": ""}).status_code == 422
    assert client.post(new, sent).status_code == 302
    made = KindQuestion.objects.get()
    assert "Büro dosya no" in client.get("/requests/rules/").content.decode()
    page = client.get(f"/requests/rules/questions/{made.pk}/")
    assert page.status_code == 200
    shown = client.get(f"/requests/rules/kinds/{kind.pk}/")
    form = shown.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    data = {name: value for name, value in data.items() if value is not False}
    data["bases"] = [basis.pk for basis in kind.bases.all()]
    data["required_facts"] = ["address", "nonsense"]
    assert client.post(f"/requests/rules/kinds/{kind.pk}/", data).status_code == 422
    data["required_facts"] = ["address"]
    assert client.post(f"/requests/rules/kinds/{kind.pk}/", data).status_code == 302
    kind.refresh_from_db()
    assert kind.required_facts == ["address"]


def test_the_form_asks_the_question_and_keeps_the_answer() -> None:
    asked = question()
    client = desk(rows.person("REGISTRY_CLERK"))
    page = client.get("/requests/new/").content.decode()
    assert f'name="{questions.field_of(asked)}"' in page
    kind = asked.kind
    sent = {
        "kind": kind.pk,
        "basis": kind.bases.values_list("pk", flat=True)[0],
        "door": "WEB",
        "requester_name": "Ali Veli",
        "reference_no": "2026/1",
        "place": "Kapı",
        "wants": "COPY",
        "first_day": (today() - dt.timedelta(days=1)).isoformat(),
        "first_time": "10:00",
        "last_time": "10:10",
        "arrived_day": today().isoformat(),
        "arrived_time": "00:01",
    }
    refused = client.post("/requests/new/", sent)
    assert refused.status_code == 422
    assert questions.field_of(asked) in refused.context["form"].errors
    answer = {questions.field_of(asked): "31 AB 1"}
    assert client.post("/requests/new/", sent | answer).status_code == 302
    row = FootageRequest.objects.get()
    assert row.answers == {"plate": "31 AB 1"}
    assert "31 AB 1" in desk(rows.person("UNIT_HEAD")).get(f"/requests/{row.pk}/").content.decode()


def test_the_portal_asks_answers_and_tells_what_is_missing(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    install_rules()
    question("PETITION")
    portal = Portal()
    choices = portal.client.get("/api/v1/portal/choices/", headers={"Accept-Language": "en"}).json()
    (kind,) = [one for one in choices["kinds"] if one["code"] == "PETITION"]
    assert kind["questions"] == [{"code": "plate", "question": "Number plate", "is_required": True}]
    refused = portal.file()
    assert refused.status_code == 400
    assert "answers.plate" in str(refused.json())
    told = portal.file(answers={"plate": "31 AB 9"}).json()
    row = FootageRequest.objects.get(number=told["number"])
    assert row.answers == {"plate": "31 AB 9"}
    assert told["fee"] is None
    row.kind.fee_pay_working_days = 15
    row.kind.save()
    due = fees.notify(
        row,
        amount=Decimal("5"),
        basis="tariff",
        pay_to="IBAN",
        notified_on=today(),
        by=row.filer,
    ).due_on
    told = portal.get(f"{row.number}/").json()
    assert told["fee"] == {"amount": "5.00", "until": due.isoformat(), "pay_to": "IBAN"}
    assert told["deadline"] is None

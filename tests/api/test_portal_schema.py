"""What the portal is answered is what the description says, for requests that exist (F13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections

from tests.api.test_schema import CHECKS, OPERATIONS, SCHEMA
from tests.api.test_stateful import walk
from tests.requests.portal_calls import Portal, petition

PATH = "/api/v1/portal/requests/"
ENDS = (signals.request_started, signals.request_finished)


@pytest.fixture
def portal(db: None, settings: Any, tmp_path: Any) -> Iterator[Portal]:
    settings.API_CALLS_PER_MINUTE = 10**6
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path, 0
    keep_the_connection()
    yield Portal()
    for signal in ENDS:
        signal.connect(close_old_connections)


def keep_the_connection() -> None:
    """The whole test is one transaction; Django's test client connects the signals again."""
    for signal in ENDS:
        signal.disconnect(close_old_connections)


def headers(portal: Portal, **more: str) -> dict[str, str]:
    return {"Authorization": portal.authorization, **portal.headers(**more)}


def call(portal: Portal, label: str, body: Any = None, **more: Any) -> Any:
    """The described call, with all checks; the answer."""
    key = {"Idempotency-Key": f"a-key-of-{label[-12:]}".replace("/", "-").replace(" ", "-")}
    media = more.pop("media_type", "application/json")
    sent = {"body": body, "media_type": media} if body is not None else {}
    case = OPERATIONS[label].Case(**sent, **more)
    return case.call_and_validate(headers=headers(portal, **key), checks=CHECKS)


def test_filing_following_and_withdrawing_are_answered_as_described(portal: Portal) -> None:
    """F13, API-5."""
    made = call(portal, f"POST {PATH}", petition())
    where = {"path_parameters": {"number": made.json()["number"]}}
    assert made.status_code == 201
    assert call(portal, f"GET {PATH}").json()["count"] == 1
    assert call(portal, f"GET {PATH}{{number}}/", **where).status_code == 200
    assert (
        call(portal, f"POST {PATH}{{number}}/complete/", {"message": "x"}, **where).status_code
        == 409
    )
    assert call(portal, f"POST {PATH}{{number}}/withdraw/", {}, **where).status_code == 200
    assert call(portal, "GET /api/v1/portal/choices/").status_code == 200
    assert call(portal, "GET /api/v1/public/counters/").status_code == 200


def test_a_paper_is_answered_as_described(portal: Portal) -> None:
    row = portal.filed()
    answer = portal.client.post(
        f"{PATH}{row.number}/papers/",
        {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF\n"), "kind": "LETTER"},
        headers=portal.headers(),
    )
    described = OPERATIONS[f"POST {PATH}{{number}}/papers/"].definition.raw["responses"]["201"]
    schema = described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    required = SCHEMA.raw_schema["components"]["schemas"][schema]["required"]
    assert answer.status_code == 201
    assert set(required) <= set(answer.json())


def test_one_call_of_the_portal_leads_to_the_next(portal: Portal) -> None:
    """F13: the links carry the number and for whom it was asked."""
    for _number in range(3):
        portal.filed()
    keep_the_connection()
    seen = walk(headers(portal), 10, SCHEMA.include(path_regex="/portal/"))
    rows = {(label, status) for label, status in seen if PATH in label}
    followed = {label for label, status in rows if status in {200, 409} and "{number}" in label}
    assert f"GET {PATH}{{number}}/" in followed, sorted(rows)
    assert not {status for _label, status in rows} - {200, 201, 400, 404, 405, 409, 415}

"""What holds for every call: strict parameters, bounded pages, entity tags, one form of errors, limits."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from tests.api.conftest import BASE, Caller
from tests.api.rows import finding, place, proven
from tests.inventory import rows


@pytest.mark.parametrize(
    "query",
    [
        "positions/?page_size=0",
        "positions/?page_size=201",
        "positions/?page_size=1000000000",
        "positions/?page_size=-5",
        "positions/?page=-1",
        "positions/?page=0",
        "positions/?page=1e3",
        "positions/?page=١",
        "positions/?page=201",
        "coverage/?page=1",
        "coverage/?page_size=201",
        "coverage/?cursor=nonsense",
        "coverage/?cursor=WyItZGF5IiwgIjIwMjYtMDEtMDEiLCAiMSJd",
        "positions/?ordering=search_text",
        "devices/?ordering=credential__ciphertext",
        "coverage/?ordering=sha256",
        "positions/?colour=red",
        "positions/?search=a&search=b",
        "positions/?search=%00",
        "positions/?building=1x",
        "positions/?building=",
        "positions/?status=active",
        "devices/?warranty_ends_before=22.11.2026",
        "coverage/?day=2026-13-01",
        "coverage/?day=0001-01-01",
        "coverage/?from=yesterday",
        "coverage/?result=GREEN",
        "findings/?open=maybe",
        "sites/1/?expand=all",
    ],
)
def test_what_is_malformed_is_refused(head: Caller, query: str) -> None:
    """F15: sizes, depths, orders and values outside the lists are 400, never guessed."""
    answer = head.get(query)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"status", "code", "detail", "errors"}


@pytest.mark.parametrize(
    "query",
    [
        "installations/?at=2026-11-20T10:00:00",
        "findings/?opened_from=2026-11-20T10:00:00",
        "clock-measurements/?from=2026-11-20 10:00",
        "was-recording/?position=1&at=2026-11-20T10:00:00",
    ],
)
def test_a_time_without_a_zone_is_refused(head: Caller, query: str) -> None:
    """F19: local time without a zone is 400, never guessed."""
    answer = head.get(query)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_times_are_told_with_their_zone(head: Caller) -> None:
    place()
    row = head.get("installations/").json()["results"][0]
    assert dt.datetime.fromisoformat(row["starts_at"]).utcoffset() is not None


def test_a_page_beyond_the_end_is_not_there(head: Caller) -> None:
    assert head.get("positions/?page=2").status_code == 404


def test_pages_follow_one_another(head: Caller) -> None:
    made = [rows.position().pk for _number in range(5)]
    first = head.get("positions/?page_size=3").json()
    second = head.client.get(first["next"]).json()
    assert first["count"] == 5
    assert {row["id"] for row in first["results"] + second["results"]} == set(made)


def test_a_keyset_walks_through_every_row_once(head: Caller) -> None:
    at = [place() for _number in range(3)]
    today = dt.date(2026, 3, 10)
    made = {
        proven(here, today - dt.timedelta(days=number)).pk for here in at for number in range(3)
    }
    for ordering in ("-day", "day"):
        seen: list[int] = []
        address: str | None = f"{BASE}coverage/?page_size=2&ordering={ordering}"
        while address:
            page = head.client.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
        assert len(seen) == 9
        assert set(seen) == made


def test_a_cursor_of_the_other_order_is_refused(head: Caller) -> None:
    at = place()
    for number in range(3):
        proven(at, dt.date(2026, 3, 10 + number))
    following = head.get("coverage/?page_size=1").json()["next"]
    assert head.client.get(f"{following}&ordering=day").status_code == 400


@pytest.mark.parametrize("path", ["positions/", "positions/{}/", "coverage/", "schema/"])
def test_an_unchanged_answer_is_not_sent_again(head: Caller, path: str) -> None:
    at = place()
    path = path.format(at.position.pk)
    tag = head.get(path).headers["ETag"]
    again = head.get(path, if_none_match=tag)
    assert again.status_code == 304
    assert again.content == b""
    proven(at)
    at.position.name = "Another name"
    at.position.save()
    if path != "schema/":
        assert head.get(path, if_none_match=tag).status_code == 200


def test_answers_are_kept_apart_by_caller(head: Caller) -> None:
    answer = head.get("sites/")
    assert "private" in answer.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_anonymous_callers_are_told_to_sign_in(client: Client, db: None) -> None:
    for path in ("positions/", "positions/1/", "runs/", "schema/", "was-recording/"):
        answer = client.get(BASE + path)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authenticated"


def test_an_address_that_is_none_is_a_404_in_json(client: Client, db: None) -> None:
    for path in (
        "",
        "cameras/",
        "positions/x/",
        "positions/-1/",
        "positions/99999999999999999999/",
    ):
        answer = client.get(BASE + path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


def test_somebody_without_a_role_is_refused(make_caller: Callable[..., Caller]) -> None:
    answer = make_caller(rows.person()).get("positions/")
    assert answer.status_code == 403


def test_errors_are_in_the_language_that_is_asked_for(head: Caller) -> None:
    answer = head.get("positions/?page=0", accept_language="en")
    assert answer.json()["errors"] == {"page": ["Write a whole number from 1."]}


def test_a_browser_reads(browser: Callable[[Person], Client]) -> None:
    row = rows.position()
    answer = browser(rows.person("OPERATOR")).get(f"{BASE}positions/")
    assert [known["id"] for known in answer.json()["results"]] == [row.pk]


def test_a_browser_changes_nothing_with_or_without_a_csrf_token(
    browser: Callable[[Person], Client],
) -> None:
    """F3: a page of another origin can do nothing with somebody's session."""
    row = finding(rows.device())
    client = browser(rows.person("OPERATOR"))
    address = f"{BASE}findings/{row.pk}/acknowledge/"
    body = {"because": "x"}
    assert client.post(address, body, content_type="application/json").status_code == 403
    client.get("/accounts/profile/")
    token = client.cookies["csrftoken"].value
    answer = client.post(
        address, body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "token_needed")
    row.refresh_from_db()
    assert row.closed_at is None


def test_too_many_calls_are_told_when_to_come_back(head: Caller, settings: Any) -> None:
    """F12: 429 with Retry-After, per token."""
    settings.API_CALLS_PER_MINUTE = 3
    in_a_minute = timezone.now().replace(second=10, microsecond=0) + dt.timedelta(days=1)
    with time_machine.travel(in_a_minute, tick=False):
        statuses = [head.get("sites/").status_code for _number in range(4)]
        last = head.get("sites/")
    assert statuses == [200, 200, 200, 429]
    assert (last.headers["Retry-After"], last.json()["code"]) == ("50", "throttled")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[1, 2]",
        b'{"because": NaN}',
        b'{"because": "\\u0000"}',
        b'{"because": "\\ud800"}',
        b'{"because": ["x"]}',
        b'{"because": "  "}',
        b"[" * 30_000,
        json.dumps({"because": "x" * 70_000}).encode(),
    ],
)
def test_a_hostile_body_is_refused(head: Caller, body: bytes) -> None:
    row = finding(rows.device())
    answer = head.client.post(
        f"{BASE}findings/{row.pk}/acknowledge/", body, content_type="application/json"
    )
    assert answer.status_code == 400
    row.refresh_from_db()
    assert row.closed_at is None


def test_a_body_that_is_no_json_is_refused(head: Caller) -> None:
    row = finding(rows.device())
    answer = head.client.post(f"{BASE}findings/{row.pk}/acknowledge/", {"because": "x"})
    assert answer.status_code == 415, answer.content

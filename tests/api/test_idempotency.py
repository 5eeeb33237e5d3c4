"""The same call twice is one call, when the program names it (API-2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts import idempotency
from accounts.models import ApiAnswer
from cameras.models import Run
from tests.api.conftest import BASE, Caller
from tests.api.rows import finding
from tests.inventory import rows

KEY = "4f1c7a1e-check"
REPLAYED = "Idempotency-Replayed"


def post(caller: Caller, path: str, data: Any, key: str) -> Any:
    return caller.client.post(
        BASE + path, data, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_a_repeated_check_is_the_same_check(head: Caller) -> None:
    """API-2."""
    rows.device("RECORDER")
    first, second = (post(head, "runs/", {"everything": True}, KEY) for _time in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (REPLAYED in first.headers, second.headers[REPLAYED]) == (False, "true")
    assert Run.objects.count() == 1


def test_another_body_or_address_under_the_same_key_is_a_conflict(head: Caller) -> None:
    """API-2, F14."""
    device = rows.device("RECORDER")
    row = finding(device)
    post(head, "runs/", {"everything": True}, KEY)
    other = post(head, "runs/", {"devices": [device.pk]}, KEY)
    elsewhere = post(head, f"findings/{row.pk}/acknowledge/", {"because": "x"}, KEY)
    for answer in (other, elsewhere):
        assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    row.refresh_from_db()
    assert row.closed_at is None


def test_the_key_of_one_person_means_nothing_for_another(head: Caller) -> None:
    rows.device("RECORDER")
    other = Caller(rows.person("UNIT_HEAD"))
    numbers = {
        post(each, "runs/", {"everything": True}, KEY).json()["id"] for each in (head, other)
    }
    assert len(numbers) == 2


def test_what_was_refused_may_be_tried_again_under_its_key(head: Caller) -> None:
    row = finding(rows.device())
    path = f"findings/{row.pk}/acknowledge/"
    assert post(head, path, {"because": ""}, KEY).status_code == 400
    assert not ApiAnswer.objects.exists()
    assert post(head, path, {"because": "Planned"}, KEY).status_code == 200
    assert post(head, path, {"because": "Planned"}, KEY).status_code == 200


def test_calls_without_a_key_stay_as_they_were(head: Caller) -> None:
    row = finding(rows.device())
    path = f"findings/{row.pk}/acknowledge/"
    statuses = [head.post(path, {"because": "x"}).status_code for _time in range(2)]
    assert statuses == [200, 409]
    assert not ApiAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", "short", "with blank", "x" * 101, "ışıkışık"])
def test_a_key_that_is_none_is_refused(head: Caller, key: str) -> None:
    answer = post(head, "runs/", {"everything": True}, key.encode().decode("latin-1"))
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]


def test_answers_are_kept_for_two_days(head: Caller) -> None:
    """F14: 24 hours later the answer is still the same; the row goes after 48."""
    rows.device("RECORDER")
    post(head, "runs/", {"everything": True}, KEY)
    now = timezone.now()
    assert idempotency.forget_answers(now + dt.timedelta(hours=25)) == 0
    assert idempotency.forget_answers(now + dt.timedelta(hours=49)) == 1

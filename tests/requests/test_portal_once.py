"""However often the portal sends a request, it is filed once (F14)."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import ApiAnswer
from footage_requests.models import FootageRequest, RequestAttachment
from tests.requests.portal_calls import BASE, Portal, install_rules, petition
from tests.requests.test_portal_requests import PDF

KEY = "9b6d2c52-7d1f-4b7e-9d3e-portal"


@pytest.mark.django_db
def test_a_request_needs_a_key() -> None:
    portal = Portal()
    answer = portal.post("", petition())
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]
    assert not FootageRequest.objects.exists()


@pytest.mark.django_db
def test_the_same_key_and_body_get_the_same_answer_for_a_day() -> None:
    portal, body = Portal(), petition()
    first = portal.post("", body, **{"Idempotency-Key": KEY})
    FootageRequest.objects.get().take("review", by="test")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24), tick=False):
        second = portal.post("", body, **{"Idempotency-Key": KEY})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert FootageRequest.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_or_for_another_person_is_told() -> None:
    portal, body = Portal(), petition()
    portal.post("", body, **{"Idempotency-Key": KEY})
    other_body = portal.post("", body | {"place": "Elsewhere"}, **{"Idempotency-Key": KEY})
    portal.on_behalf_of = "user-0001"
    other_person = portal.post("", body, **{"Idempotency-Key": KEY})
    for answer in (other_body, other_person):
        assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert FootageRequest.objects.count() == 1


@pytest.mark.django_db
def test_a_paper_sent_twice_is_there_once(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path, 0
    portal = Portal()
    row = portal.filed()
    answers = [portal.paper(row.number, PDF, key=KEY) for _time in range(2)]
    other = portal.paper(row.number, PDF + b"%%EOF\n", key=KEY)
    assert answers[0].content == answers[1].content
    assert (other.status_code, RequestAttachment.objects.count()) == (409, 1)


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_one_request() -> None:
    """F14."""
    install_rules()
    portal, body = Portal(), petition()

    def send(_number: int) -> Any:
        try:
            return portal.client.post(
                BASE,
                body,
                content_type="application/json",
                headers=portal.headers(**{"Idempotency-Key": KEY}),
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert FootageRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_call_whose_twin_takes_too_long_is_told_to_ask_again() -> None:
    """F14: needs a server, which lets a writer wait for another one's row."""
    install_rules()
    portal, body = Portal(), petition()
    row = ApiAnswer(
        person=portal.person, key_sha256=hashlib.sha256(KEY.encode()).hexdigest(), call_sha256="x"
    )
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                row.save(force_insert=True)
                is_held.set()
                may_end.wait(300)
                transaction.set_rollback(True)
        finally:
            connection.close()

    twin = threading.Thread(target=hold)
    twin.start()
    assert is_held.wait(300)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    waiting = portal.post("", body, **{"Idempotency-Key": KEY})
    may_end.set()
    twin.join(30)
    after = portal.post("", body, **{"Idempotency-Key": KEY})
    connection.close()
    assert (waiting.status_code, waiting.json()["code"]) == (409, "still_running")
    assert (after.status_code, FootageRequest.objects.count()) == (201, 1)

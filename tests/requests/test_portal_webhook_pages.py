"""The page of webhooks: secrets are shown once, messages are told in words and sent again."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from footage_requests.casework import arriving
from footage_requests.models import WebhookDelivery, WebhookEndpoint
from footage_requests.portal import webhooks
from tests.inventory import rows
from tests.requests.portal_calls import Portal
from tests.requests.receivers import receiving

pytestmark = pytest.mark.django_db
PAGE = "/requests/webhooks/"


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PORTAL_HOSTS = ["127.0.0.1"]
    settings.PORTAL_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]


def browser(person: Person) -> Client:
    person.language = "en"
    person.save()
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def enter(client: Client, portal: Portal, url: str = "http://127.0.0.1:8443/hooks") -> Any:
    data = {"name": "Portal", "url": url, "person": portal.person.pk}
    return client.post(f"{PAGE}new/", data)


def secret_in(answer: Any) -> str:
    found = re.search(r"whsec_[\w-]{43}", answer.content.decode())
    assert found is not None
    return found.group()


def test_a_secret_is_shown_once_and_a_new_one_once() -> None:
    client = browser(rows.person("ADMIN"))
    made = enter(client, Portal())
    first = secret_in(made)
    row = WebhookEndpoint.objects.get()
    second = secret_in(client.post(f"{PAGE}{row.pk}/rotate/"))
    assert first != second
    assert "no-store" in made.headers["Cache-Control"]
    page = client.get(PAGE).content.decode()
    assert "whsec_" not in page
    assert "the old one until" in page


def test_an_address_that_is_not_allowed_is_told_and_the_form_stays_filled() -> None:
    client = browser(rows.person("UNIT_HEAD"))
    answer = enter(client, Portal(), "https://elsewhere.example.edu/")
    assert answer.status_code == 422
    assert "PORTAL_HOSTS" in answer.content.decode()
    assert "https://elsewhere.example.edu/" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_the_same_address_twice_for_one_person_is_refused() -> None:
    client, portal = browser(rows.person("UNIT_HEAD")), Portal()
    assert enter(client, portal).status_code == 200
    assert enter(client, portal).status_code == 422


def test_messages_are_told_in_words_and_sent_again() -> None:
    client, portal = browser(rows.person("UNIT_HEAD")), Portal()
    with receiving(503) as server:
        enter(client, portal, server.url())
        arriving.review(portal.filed(), by=rows.person("OPERATOR"))
        webhooks.send_due()
        row = WebhookDelivery.objects.get()
        page = client.get(f"{PAGE}?state=WAITING").content.decode()
        assert row.request.number in page
        assert "1 try · 503 · refused" in page
        assert client.post(f"{PAGE}messages/{row.pk}/again/").status_code == 302
        row.refresh_from_db()
        assert row.attempt == 1
        WebhookDelivery.objects.update(state="GIVEN_UP", ended_at=row.created_at)
        client.post(f"{PAGE}messages/{row.pk}/again/")
        row.refresh_from_db()
    assert (row.state, row.attempt) == ("WAITING", 0)


def test_an_endpoint_is_switched_off_and_on() -> None:
    client = browser(rows.person("UNIT_HEAD"))
    enter(client, Portal())
    row = WebhookEndpoint.objects.get()
    for on in (False, True):
        client.post(f"{PAGE}{row.pk}/switch/", {"on": "1" if on else "0"})
        row.refresh_from_db()
        assert row.is_active is on


def test_an_auditor_reads_and_changes_nothing() -> None:
    client = browser(rows.person("AUDITOR"))
    assert client.get(PAGE).status_code == 200
    assert enter(client, Portal()).status_code == 403
    assert browser(rows.person("OPERATOR")).get(PAGE).status_code == 403

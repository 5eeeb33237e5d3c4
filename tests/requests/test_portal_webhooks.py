"""The portal is told of changes: signed, once per event, retried, and to allowed addresses only (API-3)."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import subprocess
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from audit.models import Entry
from core import panels
from core.tsi import today
from docs.examples.portal_client import is_ours
from footage_requests.casework import arriving, fees
from footage_requests.errors import Refused
from footage_requests.models import FootageRequest, WebhookDelivery, WebhookEndpoint, WebhookTry
from footage_requests.portal import endpoints, targets, tasks, transport, webhooks
from tests.inventory import rows
from tests.requests import cases
from tests.requests.portal_calls import Portal
from tests.requests.receivers import endless, receiving, redirect, silent

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PORTAL_HOSTS = ["127.0.0.1", "localhost"]
    settings.PORTAL_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def head() -> Person:
    return rows.person("UNIT_HEAD")


def endpoint(portal: Portal, url: str, by: Person | None = None) -> tuple[WebhookEndpoint, str]:
    row, secret = endpoints.add(
        name="Portal", url=url, person=portal.person, by=by or rows.person("UNIT_HEAD")
    )
    return row, secret.reveal()


def changed(portal: Portal) -> WebhookDelivery:
    """A request of the portal that somebody began to work on: one message."""
    arriving.review(portal.filed(), by=rows.person("OPERATOR"))
    row: WebhookDelivery = WebhookDelivery.objects.latest("pk")
    return row


def later(**span: int) -> dt.datetime:
    return timezone.now() + dt.timedelta(**span)


def test_a_change_is_told_signed_and_with_nothing_but_the_state(portal: Portal) -> None:
    """API-3: the receiver of docs/examples takes it, once."""
    with receiving() as server:
        _row, secret = endpoint(portal, server.url())
        delivery = changed(portal)
        assert webhooks.send_due() == 1
        assert webhooks.send_due() == 0
    (headers, body), told = server.got[0], json.loads(server.got[0][1])
    assert len(server.got) == 1
    assert is_ours([secret], headers["CCTV-Signature"], body)
    assert headers["CCTV-Event-Id"] == told["id"] == str(delivery.uuid)
    assert set(told) == {"id", "event", "at", "number", "status", "words", "deadline"}
    assert (told["event"], told["status"]) == ("request.status_changed", "UNDER_REVIEW")
    assert told["words"] == {
        "tr": "Talebiniz inceleniyor.",
        "en": "Your request is being looked into.",
    }
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED


def test_a_message_that_was_changed_kept_or_signed_otherwise_is_not_ours(portal: Portal) -> None:
    with receiving() as server:
        _row, secret = endpoint(portal, server.url())
        changed(portal)
        webhooks.send_due()
    headers, body = server.got[0]
    signature = headers["CCTV-Signature"]
    assert not is_ours([secret], signature, body.replace(b"UNDER_REVIEW", b"APPROVED"))
    assert not is_ours(["whsec_other"], signature, body)
    assert not is_ours([secret], signature, body, now=timezone.now().timestamp() + 301)
    assert not is_ours([secret], signature.replace("t=", "t=1"), body)


def test_missing_information_and_a_longer_deadline_are_events_of_their_own(portal: Portal) -> None:
    endpoint(portal, "http://127.0.0.1:1024/")
    row = portal.filed(kind="INFORMATION", national_id=cases.NATIONAL_ID)
    operator = rows.person("OPERATOR")
    arriving.extend_deadline(row, by=operator, because="Another unit is asked")
    arriving.ask_missing(row, what="SECRET?", until=today() + dt.timedelta(9), by=operator)
    arriving.complete(row, by=operator, because="It came")
    told = WebhookDelivery.objects.order_by("pk")
    assert [each.event for each in told] == [
        "request.deadline_extended",
        "request.info_missing",
        "request.status_changed",
    ]
    assert told[0].payload["deadline"] > (today() + dt.timedelta(days=25)).isoformat()
    assert "SECRET" not in str([each.payload for each in told])


def test_a_fee_is_told_when_it_is_due_when_it_is_paid_and_when_it_was_not(portal: Portal) -> None:
    """API-3, API-5: in the days of a fee the clock stands still, and then the request is over."""
    endpoint(portal, "http://127.0.0.1:1024/")
    superior = rows.person("SUPERIOR")
    paid, unpaid = (
        portal.filed(kind="INFORMATION", national_id=cases.NATIONAL_ID) for _number in range(2)
    )
    for row in (paid, unpaid):
        fees.notify(
            row,
            amount=Decimal(120),
            basis="Tariff",
            pay_to="Cash desk",
            notified_on=today(),
            by=superior,
        )
    # What the unit does meanwhile changes nothing for whoever has to pay.
    arriving.review(FootageRequest.objects.get(pk=paid.pk), by=rows.person("OPERATOR"))
    fees.pay(paid, paid_on=today(), document="R-1", by=superior)
    assert fees.lapse_due(later(days=60), by="system") == 1
    told = WebhookDelivery.objects.order_by("pk").values_list("request__number", "payload__status")
    assert list(told) == [
        (paid.number, "FEE_DUE"),
        (unpaid.number, "FEE_DUE"),
        (paid.number, "UNDER_REVIEW"),
        (unpaid.number, "WITHDRAWN"),
    ]


def test_what_the_requester_does_not_see_is_not_told(portal: Portal) -> None:
    endpoint(portal, "http://127.0.0.1:1024/")
    row = portal.filed()
    assert not WebhookDelivery.objects.exists()
    operator = rows.person("OPERATOR")
    arriving.review(row, by=operator)
    row.take("ask_opinion", by=operator)
    row.take("give_opinion", by=operator)
    row.take("submit", by=operator)
    assert WebhookDelivery.objects.count() == 1


def test_only_requests_of_the_portals_person_by_the_portal_are_told(portal: Portal) -> None:
    endpoint(portal, "http://127.0.0.1:1024/")
    operator = rows.person("OPERATOR")
    arriving.review(Portal().filed(), by=operator)
    arriving.review(cases.filed(portal.person), by=operator)
    assert not WebhookDelivery.objects.exists()


def test_a_change_that_is_undone_is_not_told(portal: Portal) -> None:
    endpoint(portal, "http://127.0.0.1:1024/")
    row = portal.filed()
    with transaction.atomic():
        arriving.review(row, by=rows.person("OPERATOR"))
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("status", "act", "failure"),
    [(500, None, "REFUSED"), (404, None, "REFUSED"), (0, redirect, "REDIRECTED")],
)
def test_a_message_that_is_not_taken_goes_out_again_later(
    portal: Portal, status: int, act: Any, failure: str
) -> None:
    """API-3: with a pause that grows; a redirect is not followed."""
    with receiving(status, act) as server:
        endpoint(portal, server.url())
        delivery = changed(portal)
        webhooks.send_due()
        assert webhooks.send_due() == 0
        delivery.refresh_from_db()
        assert delivery.state == State.WAITING
        assert later(seconds=20) < delivery.due_at < later(seconds=40)
        server.status, server.act = 204, None
        assert webhooks.send_due(later(seconds=41)) == 1
    bodies = {body for _headers, body in server.got}
    assert (len(server.got), len(bodies)) == (2, 1)
    assert [row.failure for row in delivery.tries.all()] == [failure, ""]


def test_nobody_there_is_a_failure_like_others(portal: Portal) -> None:
    with receiving() as server:
        url = server.url()
    endpoint(portal, url)
    delivery = changed(portal)
    webhooks.send_due()
    assert delivery.tries.get().failure == "UNREACHABLE"


def test_after_many_tries_it_is_given_up_shown_and_sent_again_by_a_person(
    portal: Portal, head: Person
) -> None:
    """API-3."""
    with receiving(503) as server:
        endpoint(portal, server.url())
        delivery = changed(portal)
        for number in range(webhooks.MOST_TRIES):
            assert webhooks.send_due(later(days=number + 1)) == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.tries.count()) == (State.GIVEN_UP, webhooks.MOST_TRIES)
        lines = [line for line in panels.today_lines(head) if line.kind == "webhook"]
        assert len(lines) == 1
        assert not [line for line in panels.today_lines(portal.person) if line.kind == "webhook"]
        server.status = 200
        assert webhooks.send_again(delivery, by=head)
        assert not webhooks.send_again(delivery, by=head)
        webhooks.send_due(later(seconds=1))
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert Entry.objects.filter(action="webhook.send_again").count() == 1


def test_pauses_double_up_to_six_hours_and_are_never_the_same() -> None:
    pauses = [webhooks.pause_after(number).total_seconds() for number in range(1, 15)]
    assert 24 <= pauses[0] <= 36
    assert pauses[5] > 10 * pauses[0]
    assert max(pauses) <= 1.2 * 6 * 3600
    assert len({webhooks.pause_after(3) for _time in range(20)}) > 1


def test_a_message_whose_worker_was_killed_goes_out_again(portal: Portal) -> None:
    """The row is the queue: a claim ends with its lease, and who lost it writes nothing."""
    with receiving() as server:
        endpoint(portal, server.url())
        delivery = changed(portal)
        lost = webhooks.claim(timezone.now())
        assert [row.pk for row in lost] == [delivery.pk]
        assert webhooks.send_due() == 0
        assert webhooks.send_due(later(seconds=61)) == 1
        webhooks.settle(lost[0], targets.Outcome(500, "REFUSED", 1))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, len(server.got)) == (State.DELIVERED, 2, 1)


def test_one_endpoint_does_not_use_up_all_places(portal: Portal) -> None:
    other = Portal()
    busy, _secret = endpoint(portal, "http://127.0.0.1:1024/a")
    quiet, _secret = endpoint(other, "http://127.0.0.1:1024/b")
    first = changed(portal)
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint=busy, request=first.request, event=first.event, payload=first.payload
        )
        for _number in range(2 * webhooks.AT_ONCE * webhooks.PER_ENDPOINT)
    )
    changed(other)
    taken = [row.endpoint_id for row in webhooks.claim(timezone.now())]
    assert taken.count(busy.pk) == webhooks.PER_ENDPOINT
    assert taken.count(quiet.pk) == 1


def test_a_switched_off_endpoint_is_left_in_peace(portal: Portal, head: Person) -> None:
    row, _secret = endpoint(portal, "http://127.0.0.1:1024/")
    changed(portal)
    assert endpoints.switch(row, on=False, by=head)
    assert not endpoints.switch(row, on=False, by=head)
    changed(portal)
    assert webhooks.send_due() == 0
    assert WebhookDelivery.objects.count() == 1


def test_a_new_secret_signs_beside_the_old_one_for_a_day(portal: Portal, head: Person) -> None:
    """API-3: rotation without a gap."""
    with receiving() as server:
        row, old = endpoint(portal, server.url())
        changed(portal)
        new = endpoints.rotate(row, by=head).reveal()
        webhooks.send_due()
        headers, body = server.got[0]
        for secret in (old, new):
            assert is_ours([secret], headers["CCTV-Signature"], body)
        with pytest.raises(Refused):
            endpoints.rotate(row, by=head)
        row.refresh_from_db()
        after = endpoints.signature(row, 1, body, later(hours=25))
        assert after.count("v1=") == 1
        assert endpoints.forget_old_secrets(later(hours=25)) == 1
    row.refresh_from_db()
    assert row.old_secret_sealed == ""


def test_secrets_are_sealed_and_stand_nowhere_else(portal: Portal, head: Person) -> None:
    """C12: not in the row, the log, the deliveries or the tries."""
    with receiving(500) as server:
        row, secret = endpoint(portal, server.url(), by=head)
        new = endpoints.rotate(row, by=head).reveal()
        changed(portal)
        webhooks.send_due()
    models: Any = (WebhookEndpoint, WebhookDelivery, WebhookTry, Entry)
    everything = str([each.__dict__ for model in models for each in model.objects.all()])
    for plain in (secret, new):
        assert plain not in everything
    row.refresh_from_db()
    assert row.secret_sealed.startswith("v1:")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portal.example.edu",
        "ftp://portal.example.edu/",
        "http://portal.example.edu/",
        "https://elsewhere.example.edu/",
        "https://user:password@portal.example.edu/",
        "https://portal.example.edu:22/",
        "https://portal.example.edu/#part",
        "https://portal.example.edu\\@elsewhere/",
        "https://portal.example.edu:99999/",
        "https://2130706433/",
        "https://portal.example.edu/" + "x" * 500,
        "https://portal.example.edu/a b",
        "https://[::1",
    ],
)
def test_an_address_that_is_not_allowed_is_not_entered(
    portal: Portal, settings: Any, url: str
) -> None:
    settings.PORTAL_HOSTS = ["portal.example.edu"]
    with pytest.raises(ValidationError) as refused:
        endpoint(portal, url)
    assert "url" in refused.value.error_dict
    assert not WebhookEndpoint.objects.exists()


def test_in_production_plain_http_and_loopback_are_refused(settings: Any) -> None:
    targets.check_url("http://localhost:8080/")
    settings.PRODUCTION = True
    with pytest.raises(ValidationError):
        targets.check_url("http://localhost:8080/")
    assert not targets.is_allowed(ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:4001::1", True),
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("192.168.1.1", False),
        ("::ffff:192.168.1.1", False),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("100.64.0.1", False),
    ],
)
def test_private_networks_are_closed_unless_they_are_set(
    settings: Any, address: str, allowed: bool
) -> None:
    settings.PORTAL_NETWORKS = [ipaddress.ip_network("10.1.0.0/16")]
    assert targets.is_allowed(ipaddress.ip_address(address)) is allowed


def test_a_name_that_leads_into_a_closed_network_gets_nothing(settings: Any) -> None:
    settings.PORTAL_NETWORKS = []
    with receiving() as server:
        outcome = asyncio.run(transport.send(server.url(host="localhost"), b"{}", {}))
    assert (outcome.failure, server.got) == ("FORBIDDEN_ADDRESS", [])


def test_a_host_that_left_the_list_gets_nothing_more(settings: Any) -> None:
    settings.PORTAL_HOSTS = []
    with receiving() as server:
        outcome = asyncio.run(transport.send(server.url(), b"{}", {}))
    assert (outcome.failure, server.got) == ("NOT_ALLOWED", [])


def test_an_endless_answer_is_not_read() -> None:
    with receiving(act=endless) as server:
        outcome = asyncio.run(transport.send(server.url(), b"{}", {}))
    assert outcome.is_taken


def test_a_slow_answer_ends_at_the_deadline() -> None:
    with receiving(act=silent) as server:
        outcome = asyncio.run(transport.send(server.url(), b"{}", {}, deadline_s=0.2))
    assert outcome.failure == "TOO_SLOW"


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Any) -> None:
    with receiving(tls=self_signed(tmp_path)) as server:
        outcome = asyncio.run(transport.send(server.url("https", "localhost"), b"{}", {}))
    assert (outcome.failure, server.got) == ("TLS", [])


def self_signed(folder: Any) -> ssl.SSLContext:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=240,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_what_ended_long_ago_is_dropped(portal: Portal) -> None:
    with receiving() as server:
        endpoint(portal, server.url())
        changed(portal)
        webhooks.send_due()
    assert webhooks.forget(later(days=89)) == 0
    assert webhooks.forget(later(days=91)) > 0


def test_the_sweeps_send_and_tidy_up(portal: Portal) -> None:
    """E9: each may come twice."""
    with receiving() as server:
        endpoint(portal, server.url())
        for _number in range(webhooks.PER_ENDPOINT + 1):
            changed(portal)
        for _time in range(2):
            tasks.send_webhooks()
            tasks.forget()
    assert len(server.got) == webhooks.PER_ENDPOINT + 1
    assert {row.state for row in WebhookDelivery.objects.all()} == {State.DELIVERED}

"""The page of a step that cannot be taken now says why and what can be done; it shows no form."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from footage_requests.casework import arriving
from footage_requests.models import FootageRequest
from tests.inventory import rows
from tests.pages.scene import browser
from tests.requests import cases
from tests.requests.case import Campus, package_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
EVERYTHING = ("REGISTRY_CLERK", "OPERATOR", "UNIT_HEAD", "SUPERIOR", "LEGAL", "HANDOVER")
STEPS = (
    *("register", "complete", "submit", "ask_missing", "ask_opinion", "give_opinion", "writing"),
    *("fee", "fee_paid", "fee_waive", "extend_deadline", "merge", "withdraw", "edit", "ebys"),
    *("decide", "close"),
)


def shown(client: Client, name: str, *args: Any) -> Any:
    answer = client.get(reverse(f"footage_requests:{name}", args=args))
    assert answer.status_code == 200, name
    return answer


def assert_no_form(answer: Any, *, says: str) -> None:
    page = answer.content.decode()
    assert says in " ".join(answer.context["why_not"])
    assert "novalidate" not in page
    assert "What can be done now" in page or "You can do nothing here now" in page


def test_a_merged_case_offers_no_step_and_leads_to_the_other() -> None:
    row, into = cases.filed(), cases.filed()
    arriving.merge(row, into, by=row.filer, because="same matter")
    client = browser(rows.person(*EVERYTHING))

    for name in STEPS:
        answer = shown(client, name, row.pk)
        assert_no_form(answer, says="is “Merged”")
        assert [each["url"] for each in answer.context["instead"]] == [
            reverse("footage_requests:case", args=[into.pk])
        ]


def test_a_registered_case_offers_what_its_state_allows_and_nothing_else() -> None:
    row = cases.filed()
    client = browser(rows.person(*EVERYTHING))
    possible = {"ask_missing", "ask_opinion", "merge", "withdraw", "edit", "ebys", "submit"}
    offered = {
        name for name in STEPS if "why_not" not in (shown(client, name, row.pk).context or {})
    }
    if row.kind.extended_days:
        possible.add("extend_deadline")
    assert offered == possible

    answer = shown(client, "decide", row.pk)
    assert_no_form(answer, says="is “Registered”: “Decide” is not possible in it")
    instead = {each["url"] for each in answer.context["instead"]}
    assert reverse("footage_requests:submit", args=[row.pk]) in instead


def test_what_is_sent_too_late_keeps_what_was_typed() -> None:
    """Another person was faster: the sentence is the service's, and the words are still there."""
    row = cases.filed()
    client = browser(row.filer)
    arriving.withdraw(row, by=row.filer, because="not wanted")
    answer = client.post(
        reverse("footage_requests:withdraw", args=[row.pk]), {"because": "they wrote again"}
    )
    assert answer.status_code == 422
    assert "they wrote again" in answer.content.decode()
    assert answer.context["refusals"]


def test_packages_records_and_destructions_say_their_state(campus: Campus) -> None:
    row = campus.submitted()
    client = browser(rows.person(*EVERYTHING))
    for kind in ("copy", "viewing", "not-collected"):
        assert_no_form(shown(client, "record_new", row.pk, kind), says="no package")
        address = reverse("footage_requests:record_new", args=[row.pk, kind])
        assert client.post(address, {}).status_code == 404
    for kind, says in (("no-recording", "Waiting for a decision"), ("hold", "Nothing is held")):
        assert_no_form(shown(client, "record_new", row.pk, kind), says=says)

    package = package_of(campus, campus.decide(row), status="VERIFYING", verifier=None)
    assert FootageRequest.objects.get().status == "APPROVED"
    for name, args in (
        ("record_new", (row.pk, "copy")),
        ("destruction_new", (package.pk,)),
    ):
        assert_no_form(shown(client, name, *args), says=package.get_status_display())
    assert_no_form(shown(client, "copy_new", package.pk), says="Only a sealed package")
    assert_no_form(shown(client, "archive", row.pk), says="is “Approved”")

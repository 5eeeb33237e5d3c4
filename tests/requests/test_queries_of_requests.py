"""Pages of requests ask the database as often for thirty cases as for three."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from footage_requests import today
from footage_requests.casework import case_view
from footage_requests.holds import holding
from footage_requests.models import FootageRequest, Package
from tests.inventory import rows
from tests.pages.scene import browser
from tests.requests import cases
from tests.requests.case import package_of
from tests.requests.test_handing_over import sealed

pytestmark = pytest.mark.django_db

MOST = {"/": 15, "/requests/": 15, "/requests/list/": 15}


def some(count: int) -> None:
    """Cases of all sorts."""
    building = rows.building()
    for number in range(count):
        row = cases.checked(
            cases.filed(positions=[rows.position(building)], event=f"olay {number}")
        )
        row.items.update(lost_at=timezone.now() + dt.timedelta(days=2), retention_at=timezone.now())
        cases.filed(code="INFORMATION", building=building)
        cases.filed(code="PHONE_CALL")


def queries(client: Client, url: str) -> int:
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "url",
    [
        "/requests/",
        "/requests/list/",
        "/requests/list/?footage=soon",
        "/requests/statistics/",
        "/search/?q=T-20",
        "/",
    ],
)
def test_queries_do_not_grow_with_the_cases(url):
    client = browser(rows.person("UNIT_HEAD"))
    some(3)
    client.get(url)
    few = queries(client, url)
    some(12)

    assert queries(client, url) <= few
    assert few <= MOST.get(url, 25)


def test_a_cases_queries_do_not_grow_with_its_cameras():
    head = rows.person("UNIT_HEAD")
    client = browser(head)
    building = rows.building()
    row = cases.checked(cases.filed(positions=[rows.position(building) for _n in range(3)]))
    address = f"/requests/{row.pk}/"
    client.get(address)
    few = queries(client, address)
    more = cases.checked(cases.filed(positions=[rows.position(building) for _n in range(20)]))
    client.get(f"/requests/{more.pk}/")

    assert queries(client, f"/requests/{more.pk}/") <= few


@pytest.mark.parametrize("status", [*Package.Status])
def test_a_cases_page_asks_below_thirty_times_in_every_state_of_its_package(campus, client, status):
    package = sealed(campus)
    campus.item(package.request, campus.camera(), included=False)
    is_sealed = status not in {*Package.BEFORE_SEALING, Package.Status.CANCELLED}
    Package.objects.filter(pk=package.pk).update(
        status=status,
        manifest_sha256=package.manifest_sha256 if is_sealed else "",
        verified_at=timezone.now(),
        delivered_at=timezone.now() if status in Package.DELIVERED else None,
    )
    client.force_login(campus.operator)
    address = f"/requests/{package.request_id}/"
    assert package.number in client.get(address).content.decode()

    assert queries(client, address) < 30


@pytest.mark.parametrize("step", ["submitted", "approved"])
def test_a_cases_page_asks_below_thirty_times_before_its_export(campus, client, step):
    row = campus.submitted(*(campus.camera() for _n in range(3)))
    if step == "approved":
        campus.decide(row)
    client.force_login(campus.operator)
    address = f"/requests/{row.pk}/"
    client.get(address)

    assert queries(client, address) < 30


def test_many_urgent_cases_become_few_lines_of_today():
    some(12)
    head = rows.person("UNIT_HEAD")
    lines = list(today.lines(head))

    assert FootageRequest.objects.count() == 36
    assert len(lines) <= 4 * (today.MOST_EACH + 1)
    assert any("more" in line.sentence or "daha" in line.sentence for line in lines)


def test_today_says_when_it_does_not_look_at_every_case(monkeypatch):
    """Nobody takes the lines of the first 500 cases for all of them."""
    monkeypatch.setattr(today, "MOST_CASES", 4)
    some(2)
    head = rows.person("UNIT_HEAD")
    (told,) = [line for line in today.lines(head) if line.kind == "request-not-all"]
    assert "6" in told.sentence
    assert "4" in told.sentence
    monkeypatch.setattr(today, "MOST_CASES", 6)
    assert not [line for line in today.lines(head) if line.kind == "request-not-all"]


def test_the_history_of_a_case_has_every_state_of_its_package_and_holds(campus, client):
    """One line of time: who verified, sealed or destroyed stands beside who filed and decided."""
    request = campus.submitted()
    (hold,) = holding.hold_request(request, campus.clerk)
    hold.take("keep", by="holds", held_at=timezone.now())
    package = package_of(campus, campus.decide(request))
    package.take("offer", by=campus.operator)
    package.take("reject", by=campus.second_operator, because="a face at 09:04")
    other = package_of(campus, campus.decide(campus.submitted()))
    other.take("offer", by=campus.operator)

    with translation.override("en"):
        told = case_view.history_of(request, list(request.holds.all()))
    text = " ".join(str(line["text"]) for line in told)
    assert f"{campus.second_operator.full_name} sent {package.number} back" in text
    assert f"is held: {hold.channel}" in text
    assert other.number not in text
    client.force_login(campus.head)
    page = client.get(f"/requests/{request.pk}/").content.decode()
    assert "a face at 09:04" in page
    assert package.number in page


def test_today_tells_each_person_what_that_person_can_do():
    waiting = cases.submitted()
    asked = cases.filed(code="DATA_SUBJECT")
    asked.take("ask_opinion", by=rows.person("OPERATOR"))
    superior, privacy = rows.person("SUPERIOR"), rows.person("PRIVACY")

    assert [line.key for line in today.lines(superior) if line.kind == "request-decide"] == [
        waiting.number
    ]
    assert [line.key for line in today.lines(privacy)] == [asked.number]
    assert list(today.lines(rows.person("WEB_EDITOR"))) == []

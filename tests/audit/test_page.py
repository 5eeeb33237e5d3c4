"""The log's page: readers only, entries as sentences, filters, and whether the log is whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

import audit
from accounts.models import Person
from audit import sealing
from audit.models import Entry, VerifyOutcome
from audit.sealing import seal_pending
from audit.tasks import verify_recent
from cameras.models import Run
from tests.inventory import rows

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202e =cmd()"


def browser(*roles: str) -> Client:
    client = Client()
    person = rows.person(*roles)
    person.language = "en"
    person.save()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def record(action: str = "device.scrap", **details: Any) -> Entry:
    with transaction.atomic():
        return audit.record(action, **({"actor": "night"} | details))


def page(client: Client, **query: Any) -> str:
    return client.get(reverse("audit:entries"), query).content.decode()


def test_an_auditor_reads_entries_as_sentences():
    record(target=("inventory.device", 7, "Camera 7"), because="broken")

    text = page(browser("AUDITOR"))
    assert "the schedule scrapped Camera 7" in text
    assert "broken" in text


def test_others_do_not():
    assert browser("OPERATOR").get(reverse("audit:entries")).status_code == 403
    assert browser("OPERATOR").get(reverse("audit:entry", args=[record().pk])).status_code == 403
    assert Client().get(reverse("audit:entries")).status_code == 302


def test_nobody_writes_through_the_page():
    assert browser("AUDITOR").post(reverse("audit:entries")).status_code == 405


@pytest.mark.parametrize(
    "query",
    [{"action": "device"}, {"actor": "nigh"}, {"about": "camera 7"}, {"about": "7"}],
)
def test_filters_narrow(query):
    record(target=("inventory.device", 7, "Camera 7"))
    record("site.add", actor="somebody", target=("inventory.site", 1, "Campus"))

    text = page(browser("AUDITOR"), **query)
    assert "Camera 7" in text
    assert "Campus" not in text


def test_a_day_is_a_day_in_turkiye():
    night = dt.datetime(2026, 3, 1, 21, 30, tzinfo=dt.UTC)  # 00:30 TSİ on the 2nd
    with time_machine.travel(night, tick=False):
        record(target=("inventory.device", 7, "Camera 7"))

    assert "Camera 7" in page(browser("AUDITOR"), day="2026-03-02")
    assert "Camera 7" not in page(browser("AUDITOR"), day="2026-03-01")


def test_a_wrong_filter_shows_no_entries_and_no_crash():
    record(target=("inventory.device", 7, "Camera 7"))

    text = page(browser("AUDITOR"), day="yesterday", before="x")
    assert "Camera 7" not in text


def test_pages_continue_by_id():
    for number in range(55):
        record(target=("inventory.device", number, f"Camera no {number}."))
    client = browser("AUDITOR")

    first = page(client)
    assert "Camera no 54." in first
    assert "Camera no 4." not in first
    oldest_shown = Entry.objects.get(object_name="Camera no 5.").pk
    assert f"before={oldest_shown}" in first
    second = page(client, before=oldest_shown)
    assert "Camera no 4." in second
    assert "Camera no 54." not in second


def test_a_full_page_asks_the_database_few_questions(django_assert_max_num_queries):
    for number in range(50):
        record(target=("inventory.device", number, f"Camera no {number}."))
    client = browser("AUDITOR")

    with django_assert_max_num_queries(20):
        text = page(client)
    assert "Camera no 0." in text
    assert "Camera no 49." in text


def test_hostile_text_is_escaped():
    """A19 D20"""
    entry = record(target=("inventory.device", 7, HOSTILE), because=HOSTILE)

    client = browser("AUDITOR")
    for url in (reverse("audit:entries"), reverse("audit:entry", args=[entry.pk])):
        assert "<script>alert" not in client.get(url).content.decode()


def test_one_entry_shows_what_was_sealed():
    entry = record(target=("inventory.device", 7, "Camera 7"), after={"status": "SCRAPPED"})

    text = browser("AUDITOR").get(reverse("audit:entry", args=[entry.pk])).content.decode()
    assert "SCRAPPED" in text
    assert entry.leaf_hash in text


def test_an_entry_that_does_not_exist_is_not_found():
    assert browser("AUDITOR").get(reverse("audit:entry", args=[10**9])).status_code == 404


def test_the_page_tells_whether_the_log_is_whole():
    record()
    while seal_pending():
        pass
    verify_recent()
    assert VerifyOutcome.objects.get().exit_code <= 1

    VerifyOutcome.objects.update(
        exit_code=2,
        findings=[{"code": "text_changed", "leaf": 4, "entry": 5, "facts": {}, "level": "x"}],
    )
    assert VerifyOutcome.objects.is_tampered()
    text = page(browser("AUDITOR"))
    assert "Leaf 4: the text of the entry" in text
    assert "The audit log does not match its seals" in text


def test_entries_that_wait_for_a_moment_raise_no_alarm() -> None:
    assert sealing.alarm() == ""
    record()
    assert sealing.alarm() == ""


def test_a_tampered_log_is_told_before_a_sealer_that_is_down() -> None:
    with time_machine.travel(timezone.now() - dt.timedelta(minutes=6), tick=False):
        record()
    assert sealing.alarm() == sealing.UNSEALED

    VerifyOutcome.objects.create(exit_code=2, checked_at=timezone.now())
    assert sealing.alarm() == sealing.TAMPERED


def test_a_sealer_that_is_down_is_told():
    """A20"""
    with time_machine.travel(timezone.now() - dt.timedelta(minutes=6), tick=False):
        record()

    text = page(browser("AUDITOR"))
    assert "waits for its seal: the sealer is not running" in text
    assert "has not been sealed for 5 minutes" in text


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        ("ŞUBE IŞIK ODASI", "işik  odası"),
        ("Küçük Çınar İğdesi", "KUCUK CINAR IGDESI"),
        ("Kapı %5_", "%5_"),
        ("Kapı [2] *? ^-x", "[2] *? ^-X"),
    ],
)
def test_objects_and_actors_are_found_without_case_and_accents(shown: str, asked: str) -> None:
    """The words of the page are searched as people type them, on every database alike."""
    wanted = record(target=("inventory.device", 7, shown))
    record(target=("inventory.device", 8, "Kapi 555"))
    client = browser("AUDITOR")

    def found(**query: str) -> list[int]:
        context = client.get(reverse("audit:entries"), query).context
        return [line.entry.pk for line in context["lines"]]

    assert found(about=asked) == [wanted.pk]
    his = record("device.repaired", actor=named(shown))
    assert found(actor=asked) == [his.pk]


def named(name: str) -> Person:
    person = rows.person()
    person.full_name = name
    person.save()
    return person


def test_what_is_shown_instead_of_a_sealed_code_is_found() -> None:
    """A run was sealed as its slot; the page calls it by its kind and day, and a worker by its task."""
    run = Run.objects.create(
        kind=Run.Kind.NIGHT, day=dt.date(2026, 11, 21), slot="night:2026-11-21", status="FINISHED"
    )
    other = Run.objects.create(
        kind=Run.Kind.NIGHT, day=dt.date(2026, 11, 20), slot="night:2026-11-20", status="FINISHED"
    )
    entries = {
        each: record("run.finish", target=("cameras.run", str(each.pk), each.slot))
        for each in (run, other)
    }
    client = browser("AUDITOR")

    def found(**query: str) -> set[int]:
        context = client.get(reverse("audit:entries"), query).context
        return {line.entry.pk for line in context["lines"]}

    assert "21.11.2026" in page(client)
    assert found(about="21.11.2026") == {entries[run].pk}
    with translation.override("en"):
        shown = str(run.get_kind_display())
    assert found(about=shown.upper()) == {row.pk for row in entries.values()}
    assert found(about="night:2026-11-20") == {entries[other].pk}
    assert found(actor="the schedule") == {row.pk for row in entries.values()}

"""An oral, urgent request of the police: held at once, watched on a recorded decision, followed by a letter."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from core.holidays import working_days_after
from core.tsi import today
from footage_requests.casework import choosing, deadlines, reminders, writing
from footage_requests.decisions import deciding
from footage_requests.decisions.deciding import Choice
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.models import Decision, FootageRequest, Package
from footage_requests.release import closing
from tests.inventory import rows
from tests.requests import cases

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def oral() -> FootageRequest:
    """Held, checked and waiting for its decision."""
    row = cases.filed(
        code="POLICE_ORAL",
        positions=[rows.position()],
        national_id="",
        requester_title="Komiser, 123456",
    )
    choosing.submit(cases.checked(row), by=rows.person("OPERATOR"))
    row.refresh_from_db()
    return row


def watched(row: FootageRequest) -> Package:
    """Decided by the one on duty, and watched."""
    head = rows.person("UNIT_HEAD")
    seen = deciding.summary(row).sha256
    decision = deciding.decide(row, Choice("VIEWING", seen, reason="urgent"), by=head)
    people = {name: rows.person() for name in ("exporter", "verifier", "deliverer")}
    row.refresh_from_db()
    return Package.objects.create(
        number="REL-1",
        request=row,
        decision=decision,
        filer=row.filer,
        approver=head,
        status="VIEWED",
        is_watched=True,
        **people,
    )


def kinds(row: FootageRequest, now: dt.datetime) -> dict[str, tuple[str, ...]]:
    return {each.kind: each.roles for each in reminders.occasions(row, None, now)}


def test_the_most_senior_on_duty_lets_it_be_watched_and_nothing_more() -> None:
    """REL-15."""
    row, head = oral(), rows.person("UNIT_HEAD")
    seen = deciding.summary(row).sha256
    for kind in ("COPY", "PART", "REFUSE"):
        with pytest.raises(NotThisPerson):
            deciding.decide(row, Choice(kind, seen, reason="urgent"), by=head)
    with pytest.raises(Refused):
        deciding.decide(row, Choice("VIEWING", seen), by=head)
    made = deciding.decide(row, Choice("VIEWING", seen, reason="superior not reached"), by=head)
    assert made.is_on_duty
    assert made.releases


def test_whoever_is_on_duty_releases_no_sound() -> None:
    row = oral()
    FootageRequest.objects.filter(pk=row.pk).update(wants_audio=True)
    seen = deciding.summary(FootageRequest.objects.get(pk=row.pk)).sha256
    choice = Choice("VIEWING", seen, reason="urgent", includes_audio=True, audio_reason="spoken")
    with pytest.raises(NotThisPerson):
        deciding.decide(row, choice, by=rows.person("UNIT_HEAD"))
    assert not Decision.objects.exists()


def test_a_written_request_is_not_decided_by_whoever_is_on_duty() -> None:
    row, head = cases.submitted(), rows.person("UNIT_HEAD")
    seen = deciding.summary(row).sha256
    with pytest.raises(NotThisPerson):
        deciding.decide(row, Choice("VIEWING", seen, reason="urgent"), by=head)
    client = Client()
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/requests/{row.pk}/decide/").status_code == 403
    screen = client.get(f"/requests/{oral().pk}/decide/").content.decode()
    assert 'value="VIEWING"' in screen
    assert 'value="COPY"' not in screen


def test_the_superior_is_told_of_a_decision_on_duty(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    row = oral()
    superior = rows.person("SUPERIOR")
    superior.email = "superior@example.edu"
    superior.save()
    seen = deciding.summary(row).sha256
    deciding.decide(row, Choice("VIEWING", seen, reason="urgent"), by=rows.person("UNIT_HEAD"))
    now = dt.datetime.now(dt.UTC)
    reminders.remind(now)
    assert superior.pk in row.reminders.filter(kind="ON_DUTY", sent_at__isnull=False).values_list(
        "person", flat=True
    )


def test_the_letter_is_demanded_on_the_next_working_day_and_escalated_after_it() -> None:
    """REL-15."""
    row = oral()
    due = deadlines.writing_due(row)
    assert due == working_days_after(today(), 1)
    end = deadlines.end_of(due)
    assert "WRITING_DUE" in kinds(row, end - HOUR)
    late = kinds(row, end)
    assert "SUPERIOR" in late["WRITING_LATE"]
    assert "WRITING_DUE" not in late


def test_without_a_letter_it_lapses_and_its_approval_with_it() -> None:
    row = oral()
    seen = deciding.summary(row).sha256
    deciding.decide(row, Choice("VIEWING", seen, reason="urgent"), by=rows.person("UNIT_HEAD"))
    lapses = deadlines.lapses_on(row)
    assert lapses
    assert writing.lapse_calls(deadlines.end_of(lapses) - HOUR) == 0
    assert writing.lapse_calls(deadlines.end_of(lapses)) == 1
    row.refresh_from_db()
    assert row.status == "WITHDRAWN"
    assert Decision.objects.get().voided_at is not None


def test_what_was_watched_is_stated_when_no_letter_came_and_can_be_closed() -> None:
    """REL-15."""
    row = oral()
    watched(row)
    lapses = deadlines.lapses_on(row)
    assert lapses
    assert writing.lapse_calls(deadlines.end_of(lapses)) == 1
    assert writing.lapse_calls(deadlines.end_of(lapses)) == 0
    row.refresh_from_db()
    assert row.status == "APPROVED"
    assert row.writing_lapsed_at is not None
    assert "SUPERIOR" in kinds(row, deadlines.end_of(lapses))["WRITING_LAPSED"]
    assert not any("EBYS" in text for text in closing.missing(row))
    with pytest.raises(Refused):
        came(row)


def came(row: FootageRequest) -> None:
    writing.came(
        row,
        kind=cases.kind("POLICE"),
        reference_no="2026/77",
        ebys_number="E-1",
        ebys_date=today(),
        by=row.filer,
    )


def test_the_letter_makes_it_a_written_request_that_is_decided_anew() -> None:
    row = oral()
    seen = deciding.summary(row).sha256
    deciding.decide(row, Choice("VIEWING", seen, reason="urgent"), by=rows.person("UNIT_HEAD"))
    came(row)
    row.refresh_from_db()
    assert row.kind.code == "POLICE"
    assert row.status == "IN_REVIEW"
    assert row.writing_came_on == today()
    assert writing.lapse_calls(dt.datetime(2030, 1, 1, tzinfo=dt.UTC)) == 0


def test_a_letter_after_the_viewing_leaves_what_was_decided() -> None:
    row = oral()
    watched(row)
    came(row)
    row.refresh_from_db()
    assert row.status == "APPROVED"
    assert row.ebys_number == "E-1"
    assert not writing.is_awaited(row)
    assert writing.lapse_calls(dt.datetime(2030, 1, 1, tzinfo=dt.UTC)) == 0


def test_the_page_enters_the_letter() -> None:
    row = oral()
    client = Client()
    client.force_login(
        rows.person("REGISTRY_CLERK"), backend="django.contrib.auth.backends.ModelBackend"
    )
    due = deadlines.writing_due(row)
    assert f"{due:%d.%m.%Y}" in client.get(f"/requests/{row.pk}/writing/").content.decode()
    sent = {
        "kind": cases.kind("POLICE").pk,
        "reference_no": "2026/7",
        "ebys_number": "E-9",
        "ebys_date": "",
    }
    assert client.post(f"/requests/{row.pk}/writing/", sent | {"kind": ""}).status_code == 422
    assert client.post(f"/requests/{row.pk}/writing/", sent).status_code == 302
    row.refresh_from_db()
    assert row.reference_no == "2026/7"


def test_the_superior_is_not_offered_what_an_oral_request_cannot_get(client: Client) -> None:
    """REL-15: the screen says why, and the service refuses it as well."""
    row, superior = oral(), rows.person("SUPERIOR")
    superior.language = "en"
    superior.save()
    client.force_login(superior, backend="django.contrib.auth.backends.ModelBackend")
    screen = client.get(f"/requests/{row.pk}/decide/").content.decode()
    offered = [kind for kind in Decision.Kind.values if f'name="kind" value="{kind}"' in screen]
    assert offered == ["VIEWING", "REFUSE", "NO_RECORDING", "RETURN"]
    assert "Full copy, A part:" in screen
    assert "a copy waits for the letter" in screen
    with translation.override("en"), pytest.raises(Refused, match="waits for the letter"):
        deciding.decide(row, Choice("COPY", deciding.summary(row).sha256), by=superior)


def test_the_button_for_a_call_chooses_its_kind(client: Client) -> None:
    """The police's oral request stands beside it and has to be chosen."""
    oral_kind, call = cases.kind("POLICE_ORAL"), cases.kind("PHONE_CALL")
    client.force_login(
        rows.person("REGISTRY_CLERK"), backend="django.contrib.auth.backends.ModelBackend"
    )
    form = client.get("/requests/new/?door=PHONE").context["form"]
    assert set(form.fields["kind"].queryset) == {oral_kind, call}
    assert form["kind"].value() == call.pk
    assert client.get("/requests/new/").context["form"]["kind"].value() is None

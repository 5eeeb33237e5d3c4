"""Nobody acts on a case of his own: he steps out, is asked where the case points to him, and another goes on."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import RoleGrant
from audit.models import Entry
from core.tsi import today
from footage_requests import permissions
from footage_requests import today as today_lines
from footage_requests.decisions import deciding
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import exporting
from footage_requests.models import Decision, HandOverRecord, InterestDeclaration, Package, Viewing
from footage_requests.secrecy import case_guards, declaring, interests
from tests.inventory import rows
from tests.requests.case import Campus, exhibit_of, package_of

pytestmark = pytest.mark.django_db


def test_who_stepped_out_decides_nothing_and_the_case_says_who_and_why(campus: Campus) -> None:
    row = campus.submitted()
    declaring.step_out(row, "RELATED", by=campus.superior, note="my cousin")

    assert not permissions.can_decide(campus.superior, row)
    with pytest.raises(NotThisPerson):
        campus.decide(row)
    (out,) = interests.outs(row)
    assert "my cousin" in out.as_words()
    entry = Entry.objects.get(action="footagerequest.step_out")
    assert entry.actor_name == campus.superior.full_name

    declaring.step_out(row, "RELATED", by=campus.superior)
    assert row.interests.count() == 1


def test_the_database_refuses_whoever_is_out_in_every_part(campus: Campus) -> None:
    row = campus.submitted()
    decision = campus.decide(row)
    package = package_of(campus, decision, status=Package.Status.VERIFYING)
    exhibit = exhibit_of(package, b"x")
    person = rows.person("OPERATOR", "UNIT_HEAD", "SUPERIOR", "HANDOVER")
    InterestDeclaration.objects.create(request=row, person=person, is_out=True, why="OTHER")

    def refused(act: object) -> None:
        with pytest.raises(IntegrityError, match=case_guards.REFUSAL), transaction.atomic():
            act()  # type: ignore[operator]

    for column in ("exporter", "verifier", "deliverer", "reviewed_by", "approver"):
        refused(
            lambda column=column: Package.objects.filter(pk=package.pk).update(**{column: person})
        )
    refused(lambda: Decision.objects.filter(pk=decision.pk).update(decided_by=person))
    refused(lambda: Viewing.objects.create(exhibit=exhibit, person=person, purpose="VERIFY"))
    refused(
        lambda: HandOverRecord.objects.create(
            request=row, number="TT-9", kind="HOLD", deliverer=person, happened_at=row.arrived_at
        )
    )
    Package.objects.filter(pk=package.pk).update(verifier=campus.second_operator)


def test_every_guard_stands_in_the_database(campus: Campus) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'requests_%'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}
    wanted = {
        f"{guard.name}_{event.lower()}"
        for guard in (*case_guards.GUARDS, *case_guards.FILER_GUARDS)
        for event in case_guards.EVENTS
    }
    assert wanted <= found


def test_what_the_person_did_before_becomes_void_while_nobody_has_received_it(
    campus: Campus,
) -> None:
    row = campus.submitted()
    decision = campus.decide(row)
    package = package_of(campus, decision, status=Package.Status.VERIFYING)
    declaring.step_out(row, "IN_FOOTAGE", by=campus.superior)

    decision.refresh_from_db()
    package.refresh_from_db()
    row.refresh_from_db()
    assert decision.voided_at is not None
    assert package.status == "CANCELLED"
    assert row.status == "IN_REVIEW"


def test_an_export_by_somebody_who_steps_out_is_cancelled_and_another_exports(
    campus: Campus,
) -> None:
    row = campus.submitted()
    decision = campus.decide(row)
    package = exporting.start_export(decision, campus.operator)
    declaring.step_out(row, "ASKS", by=campus.operator)

    package.refresh_from_db()
    assert package.status == "CANCELLED"
    again = Decision.objects.get(pk=decision.pk)
    with pytest.raises(NotThisPerson):
        exporting.start_export(again, campus.operator)
    assert exporting.start_export(again, campus.second_operator).status == "EXPORTING"


def test_only_another_head_or_superior_lets_somebody_back_with_a_reason(campus: Campus) -> None:
    row = campus.submitted()
    declaring.step_out(row, "RELATED", by=campus.superior)
    (out,) = interests.outs(row)
    for person in (campus.superior, campus.operator):
        with pytest.raises(NotThisPerson):
            declaring.take_back(out, by=person, because="it was a mistake")
    with pytest.raises(Refused):
        declaring.take_back(out, by=campus.head, because=" ")
    with pytest.raises(Refused):
        declaring.deny(row, by=campus.superior)
    with pytest.raises(IntegrityError), transaction.atomic():
        InterestDeclaration.objects.filter(pk=out.pk).update(
            withdrawn_at=row.arrived_at, withdrawn_by=campus.superior, withdrawn_because="mine"
        )

    declaring.take_back(out, by=campus.head, because="another person of that name")
    row = type(row).objects.get(pk=row.pk)
    assert campus.decide(row).decided_by == campus.superior


@pytest.mark.parametrize(
    "points",
    [
        {"requester_name": "IŞIK  Ayşe"},
        {"represented_by": "Ayşe Işık"},
        {"described": "Kapıda duran kişi Ayşe Işık'a benziyor"},
        {"requester_title": "Teknisyen, sicil S-4711"},
        {"event": "S-4711 sicilli personel"},
    ],
)
def test_whom_the_case_points_to_is_asked_before_he_acts(campus: Campus, points: dict) -> None:
    superior = campus.superior
    superior.full_name, superior.staff_number = "Ayşe Işık", "S-4711"
    superior.save()
    row = campus.submitted()
    row.requester_name = "Ali Veli"
    for name, value in points.items():
        setattr(row, name, value)
    row.save()
    if "S-4711" in str(points):
        superior.staff_number = "S4711"
        superior.save()
        for name, value in points.items():
            setattr(row, name, value.replace("S-4711", "S4711"))
        row.save()
    assert interests.must_answer(superior, row)
    with pytest.raises(NotThisPerson):
        campus.decide(row)

    declaring.deny(row, by=superior, note="a namesake")
    row = type(row).objects.get(pk=row.pk)
    assert not interests.must_answer(superior, row)
    assert campus.decide(row)


def test_a_number_inside_a_longer_one_points_to_nobody(campus: Campus) -> None:
    row = campus.submitted()
    campus.superior.staff_number = "4711"
    row.event = "Plaka 31 AB 47110, saat 12"
    assert interests.hints(campus.superior, row) == []


def test_the_case_says_who_is_next_and_whom_to_appoint_when_nobody_is_left(
    campus: Campus, english: None
) -> None:
    row = campus.submitted()
    other, deputy = rows.person("SUPERIOR"), rows.person()
    declaring.step_out(row, "RELATED", by=campus.superior)
    turn = declaring.whose_turn(row)
    assert turn
    assert turn.people == (other.full_name,)

    RoleGrant.objects.create(
        person=deputy,
        role="SUPERIOR",
        starts_on=today(),
        ends_on=today() + dt.timedelta(days=3),
        document="order",
        acting_for=campus.superior,
    )
    turn = declaring.whose_turn(row)
    assert turn
    assert "deputy of" in turn.people[1]

    declaring.step_out(row, "RELATED", by=other)
    declaring.step_out(row, "OTHER", by=deputy)
    turn = declaring.whose_turn(row)
    assert turn
    assert not turn.people
    assert "Authorised superior" in turn.advice


def test_bugun_asks_the_next_one_and_not_whoever_is_out(campus: Campus, english: None) -> None:
    row = campus.submitted()
    other = rows.person("SUPERIOR")
    declaring.step_out(row, "RELATED", by=campus.superior)
    waits = f"{row.number} waits for your decision"
    assert waits in [line.sentence for line in today_lines.lines(other)]
    assert waits not in [line.sentence for line in today_lines.lines(campus.superior)]


def test_the_pages_ask_record_and_let_back(campus: Campus) -> None:
    row = campus.submitted()
    campus.superior.full_name = row.requester_name
    campus.superior.save()
    client = Client()
    client.force_login(campus.superior, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/requests/{row.pk}/interest/"
    assert client.get(f"/requests/{row.pk}/decide/").headers["Location"] == page
    assert client.post(page, {"why": "IN_FOOTAGE", "note": "at the door"}).status_code == 302
    assert interests.outs(type(row).objects.get(pk=row.pk))
    assert client.get(f"/requests/{row.pk}/decide/").status_code == 403
    # Whoever is out reads the case only with a reason.
    assert b'name="reason"' in client.get(f"/requests/{row.pk}/").content

    client.force_login(campus.head, backend="django.contrib.auth.backends.ModelBackend")
    told = client.get(f"/requests/{row.pk}/").content.decode()
    assert "at the door" in told
    out = InterestDeclaration.objects.get()
    answer = client.post(f"/requests/interests/{out.pk}/back/", {"because": "a namesake"})
    assert answer.status_code == 302
    out.refresh_from_db()
    assert out.withdrawn_by == campus.head
    assert deciding.summary(row).lines

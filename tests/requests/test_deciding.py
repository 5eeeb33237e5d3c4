"""A decision: by another person, on exactly what was shown, for a time, and void after any edit."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import people
from accounts.models import Role, RoleGrant
from audit.models import Entry
from core import tsi
from core.steps import InvalidTransition
from footage_requests.decisions import deciding
from footage_requests.errors import ContentChanged, NotThisPerson, Refused
from footage_requests.models import Decision, DecisionLine, FootageRequest, Package, RequesterKind
from tests.inventory import rows


def test_a_full_copy_releases_every_included_camera_as_a_whole(campus):
    """REL-5."""
    request = campus.submitted(campus.camera(), campus.camera())
    campus.item(request, campus.camera(), included=False)

    decision = campus.decide(request)

    lines = list(DecisionLine.objects.filter(decision=decision))
    request.refresh_from_db()
    assert request.status == FootageRequest.Status.APPROVED
    assert len(lines) == 2
    assert {(line.starts_at, line.ends_at) for line in lines} == {
        (request.starts_at, request.ends_at)
    }
    assert deciding.standing_decision(request) == decision


def test_nobody_decides_on_what_he_entered(campus):
    """B1, REL-4: in the service, and in the database for whoever goes round it."""
    both = rows.person(Role.SUPERIOR, Role.OPERATOR)
    request = campus.submitted(filer=both)

    with pytest.raises(NotThisPerson):
        campus.decide(request, by=both)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(
            request=request,
            kind="COPY",
            filer=both,
            decided_by=both,
            content_version=1,
            content_sha256="0" * 64,
            expires_at=timezone.now(),
        )
    assert not Decision.objects.exists()


def test_a_deputy_of_the_filer_does_not_decide(campus):
    """B2: the delegate of himself."""
    filer = rows.person(Role.SUPERIOR, Role.OPERATOR)
    deputy = rows.person()
    grant(deputy, filer)
    request = campus.submitted(filer=filer)

    with pytest.raises(NotThisPerson):
        campus.decide(request, by=deputy)


def test_a_deputy_of_the_superior_decides_as_a_deputy(campus):
    deputy = rows.person()
    grant(deputy, campus.superior)

    decision = campus.decide(campus.submitted(), by=deputy)

    assert decision.is_deputy
    assert decision.authority == "leave of the director"


def grant(deputy, holder):
    return people.grant_role(
        deputy,
        Role.SUPERIOR,
        by="test",
        document="leave of the director",
        ends_on=tsi.today() + dt.timedelta(days=7),
        acting_for=holder,
    )


def test_the_role_counts_at_the_moment_of_the_decision(campus):
    """B2: the role changed between submitting and deciding."""
    request = campus.submitted()
    RoleGrant.objects.filter(person=campus.superior).update(ends_on=dt.date(2020, 2, 1))
    campus.superior.forget_roles()

    with pytest.raises(NotThisPerson):
        campus.decide(request)


def test_a_role_for_another_building_does_not_decide(campus):
    elsewhere = rows.building()
    other = rows.person(Role.SUPERIOR, scope_kind="building", scope_id=elsewhere.pk)

    with pytest.raises(NotThisPerson):
        campus.decide(campus.submitted(), by=other)


def test_what_was_edited_after_it_was_shown_is_not_decided(campus):
    """B4."""
    request = campus.submitted()
    choice = campus.choice(request)
    item = request.items.get()
    item.ends_at += dt.timedelta(minutes=5)
    item.save()

    with pytest.raises(ContentChanged):
        deciding.decide(request, choice, by=campus.superior)
    assert not Decision.objects.exists()


def test_an_edit_after_the_approval_voids_it(campus):
    """B5: a camera added."""
    request = campus.submitted()
    decision = campus.decide(request)
    campus.item(request, campus.camera())

    assert deciding.standing_decision(request) is None
    with transaction.atomic():
        assert deciding.void(request, because="a camera was added", by=campus.operator)
    request.refresh_from_db()
    decision.refresh_from_db()
    assert request.status == FootageRequest.Status.IN_REVIEW
    assert decision.voided_because == "a camera was added"
    assert Entry.objects.filter(action="decision.void").exists()


def test_voiding_stops_a_package_in_the_making(campus):
    request = campus.submitted()
    package = package_of(campus, campus.decide(request))

    with transaction.atomic():
        deciding.void(request, because="time widened", by=campus.operator)

    package.refresh_from_db()
    assert package.status == Package.Status.CANCELLED


def test_what_has_been_sealed_is_not_voided_by_an_edit(campus):
    request = campus.submitted()
    package = package_of(campus, campus.decide(request))
    Package.objects.filter(pk=package.pk).update(
        status="SEALED",
        verifier=campus.second_operator,
        is_watched=True,
        manifest_sha256="a" * 64,
    )

    with pytest.raises(Refused), transaction.atomic():
        deciding.void(request, because="time widened", by=campus.operator)
    assert deciding.standing_decision(request)


def package_of(campus, decision):
    return Package.objects.create(
        number=f"REL-{decision.pk}",
        request=decision.request,
        decision=decision,
        filer=campus.clerk,
        approver=campus.superior,
        exporter=campus.operator,
    )


def test_an_approval_expires_and_the_case_comes_back(campus):
    request = campus.submitted()
    decision = campus.decide(request)
    Decision.objects.filter(pk=decision.pk).update(expires_at=timezone.now())

    assert deciding.standing_decision(request) is None
    assert deciding.expire_due() == 1
    assert deciding.expire_due() == 0
    request.refresh_from_db()
    assert request.status == FootageRequest.Status.IN_REVIEW


def test_the_same_decision_posted_twice_is_one(campus):
    """B4."""
    request = campus.submitted()
    choice = campus.choice(request)
    deciding.decide(request, choice, by=campus.superior)

    with pytest.raises(InvalidTransition):
        deciding.decide(request, choice, by=campus.superior)
    assert Decision.objects.count() == 1


def test_a_part_lies_inside_what_was_asked(campus):
    request = campus.submitted()
    item = request.items.get()
    minute = dt.timedelta(minutes=1)
    line = deciding.LineChoice(item.pk, item.starts_at + minute, item.starts_at + 5 * minute)

    decision = campus.decide(request, "PART", lines=[line])

    assert DecisionLine.objects.get(decision=decision).ends_at == item.starts_at + 5 * minute


@pytest.mark.parametrize("kind", ["COPY", "VIEWING", "REFUSE"])
def test_only_a_part_names_cameras_and_minutes(campus, kind):
    """A few minutes that are stored as a full copy would read as all of it in letters and in the log."""
    request = campus.submitted()
    item = request.items.get()
    line = deciding.LineChoice(item.pk, item.starts_at, item.starts_at + dt.timedelta(minutes=5))
    codes = [campus.code().code] if kind == "REFUSE" else []

    with pytest.raises(Refused, match=str(Decision.Kind(kind).label)):
        campus.decide(request, kind, lines=[line], codes=codes)
    assert not Decision.objects.exists()
    assert campus.decide(request, kind, codes=codes).kind == kind


@pytest.mark.parametrize(("before", "after"), [(-1, 5), (0, 31), (5, 5), (6, 5)])
def test_one_minute_too_many_is_refused(campus, before, after):
    request = campus.submitted()
    item = request.items.get()
    line = deciding.LineChoice(
        item.pk,
        item.starts_at + dt.timedelta(minutes=before),
        item.starts_at + dt.timedelta(minutes=after),
    )

    with pytest.raises(Refused):
        campus.decide(request, "PART", lines=[line])


def test_a_camera_that_was_left_out_cannot_be_released(campus):
    request = campus.submitted()
    item = campus.item(request, campus.camera(), included=False)

    with pytest.raises(Refused):
        campus.decide(
            request, "PART", lines=[deciding.LineChoice(item.pk, item.starts_at, item.ends_at)]
        )


def test_a_data_subject_gets_only_masked_pictures(campus):
    """REL-11."""
    kind = campus.kind(masking=RequesterKind.Masking.MANDATORY)
    request = campus.submitted(kind=kind)
    item = request.items.get()

    with pytest.raises(Refused):
        campus.decide(
            request, "PART", lines=[deciding.LineChoice(item.pk, item.starts_at, item.ends_at)]
        )
    decision = campus.decide(request)
    assert DecisionLine.objects.get(decision=decision).must_be_masked


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({"kind": {"gives": "NOTHING"}}, {}),
        ({"kind": {"reference_required": True}, "reference_no": ""}, {}),
        ({"kind": {"starts_preservation_only": True, "lapses_after_working_days": 3}}, {}),
        ({"kind": {"gives": "VIEWING"}}, {}),
        ({}, {"includes_audio": True, "audio_reason": "it was spoken"}),
    ],
)
def test_a_release_that_the_rules_do_not_know_is_refused(campus, fields, choice):
    kind = campus.kind(**fields.pop("kind", {}))
    reference = fields.pop("reference_no", None)
    request = campus.submitted(kind=kind)
    if reference is not None:
        FootageRequest.objects.filter(pk=request.pk).update(reference_no=reference)
        request.refresh_from_db()

    with pytest.raises(Refused):
        campus.decide(request, **choice)
    assert not Decision.objects.exists()


def test_cameras_in_the_open_or_not_asked_about_stop_a_release(campus):
    """REL-19, REL-20."""
    request = campus.submitted()
    campus.item(request, campus.camera(), included=None)
    with pytest.raises(Refused):
        campus.decide(request)

    request = campus.submitted()
    request.items.update(checked={})
    with pytest.raises(Refused):
        campus.decide(request)


def test_a_refusal_names_a_code_and_a_reason(campus):
    request = campus.submitted()
    with pytest.raises(Refused):
        campus.decide(request, "REFUSE")
    with pytest.raises(Refused):
        campus.decide(request, "REFUSE", codes=["R99"])

    decision = campus.decide(request, "REFUSE", codes=[campus.code().code])

    request.refresh_from_db()
    assert request.status == FootageRequest.Status.REFUSED
    assert [code.code for code in decision.refusal_codes.all()] == ["T04"]
    assert not DecisionLine.objects.exists()


def test_no_recording_is_said_only_with_its_proof(campus):
    """REL-21."""
    request = campus.submitted()
    with pytest.raises(Refused):
        campus.decide(request, "NO_RECORDING")

    empty = campus.request()
    campus.item(empty, campus.camera(), answer="NO")
    empty.take("review", by=campus.operator)
    empty.take("submit", by=campus.operator)
    decision = campus.decide(empty, "NO_RECORDING")

    assert decision.shown["lines"][0]["answer"] == "NO"
    assert decision.shown["lines"][0]["recorded_ms"] == 0


def test_a_returned_request_can_be_decided_again(campus):
    request = campus.submitted()
    campus.decide(request, "RETURN", reason="name the second door")
    request.refresh_from_db()
    assert request.status == FootageRequest.Status.IN_REVIEW

    request.take("submit", by=campus.operator)
    assert campus.decide(request).kind == "COPY"


def test_the_screen_tells_recorded_minutes_gaps_and_what_stays_out(campus):
    """REL-20."""
    request = campus.request()
    start = round(request.starts_at.timestamp() * 1000)
    campus.item(request, campus.camera(), gaps=[[start - 5000, start + 60_000]])
    campus.item(request, campus.camera(), included=False)

    shown = deciding.summary(request)

    assert shown.lines[0].gaps == ((start, start + 60_000),)
    assert shown.lines[0].recorded_ms == 29 * 60_000
    assert [reason for _name, reason in shown.excluded] == ["sees another door"]


def test_the_screen_takes_the_same_queries_for_many_cameras(campus, django_assert_max_num_queries):
    request = campus.submitted(*(campus.camera() for _ in range(12)))

    with django_assert_max_num_queries(8):
        deciding.summary(FootageRequest.objects.get(pk=request.pk))

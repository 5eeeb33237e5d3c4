"""A second person looks, confirms every check, and only then may a package be sealed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.models import Entry
from core.tsi import to_ms, today
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.exhibits import verifying
from footage_requests.footage import store
from footage_requests.models import Package, SmallUnitPeriod, Viewing
from footage_requests.parts import review
from tests.inventory import rows
from tests.requests.case import exhibit_of, package_of
from tests.sheets.rows import client_of


@pytest.fixture
def exhibit(campus):
    return waiting(campus)


def waiting(campus, filer=None, exporter=None, **facts):
    """The exhibit of a package that waits for verification."""
    decision = campus.decide(campus.submitted(filer=filer or campus.clerk))
    package = package_of(campus, decision)
    if exporter is not None:
        Package.objects.filter(pk=package.pk).update(exporter=exporter)
        package.refresh_from_db()
    made = exhibit_of(package, b"pictures" * 1000, **facts)
    package.take("offer", by="test")
    return made


def watch(exhibit, person, spans=((0, 4000),)):
    viewing = verifying.open_for_viewing(exhibit, "VERIFY", by=person)
    verifying.note_watched(viewing, spans)
    return viewing


def confirm(exhibit, person, checks=verifying.CHECKS):
    verifying.verify(exhibit.package, {exhibit.ident: checks}, by=person)


def test_a_second_person_watches_confirms_and_verifies(campus, exhibit):
    watch(exhibit, campus.second_operator)

    confirm(exhibit, campus.second_operator)

    package = Package.objects.get(pk=exhibit.package_id)
    assert package.status == Package.Status.VERIFIED
    assert package.verifier == campus.second_operator
    assert not package.is_small_unit
    assert exhibit.file.sha256 in Entry.objects.get(action="package.checks").canon


@pytest.mark.parametrize("who", ["operator", "superior", "deliverer"])
def test_neither_exporter_nor_approver_verifies(campus, exhibit, who):
    """B2, KFS 9."""
    with pytest.raises(NotThisPerson):
        verifying.open_for_viewing(exhibit, "VERIFY", by=getattr(campus, who))
    with pytest.raises(NotThisPerson):
        confirm(exhibit, getattr(campus, who))


def test_the_database_says_so_too(campus, exhibit):
    """B1."""
    for column, person in [
        ("verifier", campus.operator),
        ("verifier", campus.superior),
        ("deliverer", campus.superior),
        ("exporter", campus.superior),
        ("filer", campus.superior),
        ("verifier", campus.clerk),
        ("exporter", campus.clerk),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Package.objects.filter(pk=exhibit.package_id).update(**{column: person})


def test_what_was_not_watched_or_not_confirmed_is_not_verified(campus, exhibit):
    with pytest.raises(Refused, match="E1"):
        confirm(exhibit, campus.second_operator)
    watch(exhibit, campus.second_operator, [(0, 500)])
    with pytest.raises(Refused, match="E1"):
        confirm(exhibit, campus.second_operator)
    watch(exhibit, campus.second_operator)
    with pytest.raises(Refused):
        confirm(exhibit, campus.second_operator, verifying.CHECKS[:-1])
    with pytest.raises(Refused):
        verifying.verify(exhibit.package, {}, by=campus.second_operator)


def test_a_changed_byte_in_the_store_stops_the_verification(campus, exhibit):
    """B13."""
    watch(exhibit, campus.second_operator)
    path = store.path_of(exhibit.file.uuid)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    with pytest.raises(Refused, match="özet"):
        confirm(exhibit, campus.second_operator)


def test_minutes_beyond_the_approval_stop_the_verification(campus):
    exhibit = waiting(campus)
    start, end = exhibit.facts["delivered"]
    exhibit.facts["delivered"] = [start - 60_000, end]
    exhibit.save()
    watch(exhibit, campus.second_operator)

    with pytest.raises(Refused, match="Onaylanan"):
        confirm(exhibit, campus.second_operator)


@pytest.mark.parametrize(("before_ms", "after_ms"), [(2000, 0), (0, 1)])
def test_the_tolerance_is_the_group_of_pictures_that_was_really_seen(campus, before_ms, after_ms):
    """REL-5: to the frame group, and not a picture behind the end."""
    exhibit = waiting(campus, first_group_ms=2000)
    start, end = to_ms(exhibit.line.starts_at), to_ms(exhibit.line.ends_at)
    watch(exhibit, campus.second_operator)

    exhibit.facts["delivered"] = [start - before_ms, end + after_ms]
    exhibit.save()
    (beyond,) = verifying.measure(exhibit.package)
    exhibit.facts["delivered"] = [start - 1999, end]
    exhibit.save()
    (within,) = verifying.measure(exhibit.package)

    assert beyond.faults
    assert not within.faults


def test_who_what_and_how_long_is_in_the_log(campus, exhibit):
    """REL-10, B17."""
    viewing = watch(exhibit, campus.second_operator, [(0, 1500), (1000, 2000), (3000, 9999)])

    verifying.close(viewing)
    verifying.close(viewing)

    opened = Entry.objects.get(action="exhibit.view")
    closed = Entry.objects.get(action="exhibit.viewed")
    assert opened.actor_id == str(campus.second_operator.pk)
    assert '"watched_seconds":3' in closed.canon
    assert Viewing.objects.get().watched == [[0, 2000], [3000, 4000]]


def test_a_player_that_has_gone_is_closed(campus, exhibit):
    viewing = watch(exhibit, campus.second_operator)
    Viewing.objects.update(last_beat_at=timezone.now() - dt.timedelta(minutes=10))

    assert verifying.close_idle() == 1
    assert verifying.close_idle() == 0
    viewing.refresh_from_db()
    assert not verifying.may_stream(viewing, campus.second_operator, timezone.now())


def test_bytes_are_given_only_to_the_person_who_opened(campus, exhibit):
    viewing = watch(exhibit, campus.second_operator)

    assert verifying.may_stream(viewing, campus.second_operator, timezone.now())
    assert not verifying.may_stream(viewing, campus.operator, timezone.now())
    later = timezone.now() + dt.timedelta(hours=9)
    assert not verifying.may_stream(viewing, campus.second_operator, later)


def test_a_small_unit_lets_the_head_verify_what_he_entered_and_stamps_it(campus):
    head = rows.person(Role.UNIT_HEAD)
    exhibit = waiting(campus, filer=head)
    with pytest.raises(NotThisPerson):
        verifying.open_for_viewing(exhibit, "VERIFY", by=head)

    SmallUnitPeriod.objects.create(starts_on=today(), document="order 7", set_by=campus.superior)
    watch(exhibit, head)
    confirm(exhibit, head)

    package = Package.objects.get(pk=exhibit.package_id)
    assert package.is_small_unit
    with pytest.raises(NotThisPerson):
        review(package, by=head)
    review(package, by=campus.superior)
    assert Package.objects.get(pk=package.pk).reviewed_by == campus.superior


def test_nobody_uses_a_small_unit_period_that_he_entered_himself(campus):
    """KFS 9: the compensating control is another person's."""
    head = rows.person(Role.UNIT_HEAD)
    exhibit = waiting(campus, filer=head)
    SmallUnitPeriod.objects.create(starts_on=today(), document="order 7", set_by=head)
    with pytest.raises(NotThisPerson):
        verifying.open_for_viewing(exhibit, "VERIFY", by=head)

    SmallUnitPeriod.objects.create(starts_on=today(), document="order 8", set_by=campus.superior)
    assert verifying.open_for_viewing(exhibit, "VERIFY", by=head)


def test_only_a_superior_enters_a_small_unit_period(campus):
    page = reverse("footage_requests:rule_new", args=["small-unit"])
    told = {"starts_on": today().strftime("%d.%m.%Y"), "ends_on": "", "document": "order 9"}
    for person in (campus.head, rows.person(Role.LEGAL)):
        assert client_of(person).post(page, told).status_code == 403
    assert client_of(campus.superior).post(page, told).status_code == 302
    assert SmallUnitPeriod.objects.get().set_by == campus.superior
    other = reverse("footage_requests:rule_new", args=["bases"])
    assert client_of(campus.superior).get(other).status_code == 403


def test_small_unit_mode_never_lets_the_exporter_verify(campus, exhibit):
    SmallUnitPeriod.objects.create(starts_on=today(), document="order 7", set_by=campus.superior)

    with pytest.raises(NotThisPerson):
        confirm(exhibit, campus.operator)


def test_a_rejected_package_goes_back_with_its_reason(campus, exhibit):
    with pytest.raises(Refused):
        verifying.reject(exhibit.package, by=campus.second_operator, because=" ")

    verifying.reject(exhibit.package, by=campus.second_operator, because="a face at 09:04")

    package = Package.objects.get(pk=exhibit.package_id)
    assert (package.status, package.failure) == (Package.Status.MASKING, "a face at 09:04")


def test_footage_is_shown_only_after_verification_and_with_names(campus, exhibit):
    """REL-23."""
    with pytest.raises(Refused):
        verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer, note="Ayşe Işık")
    watch(exhibit, campus.second_operator)
    confirm(exhibit, campus.second_operator)
    with pytest.raises(Refused):
        verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer, note="Ayşe Işık")
    Package.objects.filter(pk=exhibit.package_id).update(status="SEALED", manifest_sha256="ab" * 32)
    exhibit.package.refresh_from_db()

    with pytest.raises(Refused):
        verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer)
    with pytest.raises(NotThisPerson):
        verifying.open_for_viewing(exhibit, "SHOW", by=campus.superior, note="Ayşe Işık")
    viewing = verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer, note="Ayşe Işık")
    assert viewing.note == "Ayşe Işık"

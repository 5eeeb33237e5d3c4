"""Our own copy is destroyed by three people, for good, and not while anybody still needs it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from core.jobs import Job
from core.tsi import today
from footage_requests import sealing
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import store
from footage_requests.models import CustodyEvent, Destruction, FootageRequest, Hold, Package
from footage_requests.release import destroying, handing_over, links, release_work
from tests.inventory import rows
from tests.requests.test_handing_over import facts, sealed
from tests.requests.test_release_pages import copy_of
from tests.sheets.rows import client_of


@pytest.fixture
def package(campus):
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    row = sealed(campus)
    handing_over.hand_over(row, facts(), by=campus.deliverer)
    return row


@pytest.fixture
def privacy(campus):
    return rows.person(Role.PRIVACY)


def prepared(campus, package):
    return destroying.prepare(package, by=campus.operator, reason="süre doldu")


def test_three_people_destroy_and_nothing_can_be_opened_again(campus, package, privacy):
    """REL-24."""
    files = destroying.files_of(package)
    row = prepared(campus, package)
    destroying.verify(row, by=privacy)
    destroying.approve(row, by=campus.superior)

    destroying.carry_out(row, by=campus.operator)

    package.refresh_from_db()
    assert (row.status, package.status) == (Destruction.Status.DONE, Package.Status.DESTROYED)
    assert len(files) == 2
    for file in files:
        file.refresh_from_db()
        assert file.destroyed_at
        assert file.wrapped_key == ""
        assert not store.path_of(file.uuid).exists()
        assert file.sha256 in {entry["sha256"] for entry in row.evidence}
    assert CustodyEvent.objects.filter(act="DESTROYED").count() == 1


def test_a_link_ends_with_our_copy_and_is_not_offered_to_be_ended(campus, package, privacy):
    with store.StoreWriter("application/zip") as writer:
        writer.write(b"PK encrypted")
        file = writer.save()
    until = timezone.now() + dt.timedelta(days=2)
    who: dict[str, Any] = {"recipient_name": "Ayşe Işık", "recipient_contact": "0532"}
    link = links.make_link(package, file, **who, expires_at=until, by=campus.deliverer).row
    assert link.is_standing
    page = client_of(campus.deliverer)
    case, end = (
        reverse("footage_requests:case", args=[package.request_id]),
        reverse("footage_requests:link_revoke", args=[link.uuid]),
    )
    assert end in page.get(case).content.decode()
    row = prepared(campus, package)
    destroying.verify(row, by=privacy)
    destroying.approve(row, by=campus.superior)
    destroying.carry_out(row, by=campus.operator)

    link.refresh_from_db()
    assert link.revoked_because == row.number
    assert end not in page.get(case).content.decode()


def test_each_step_takes_another_person(campus, package, privacy):
    row = prepared(campus, package)
    with pytest.raises(NotThisPerson):
        destroying.verify(row, by=campus.operator)
    destroying.verify(row, by=privacy)
    for person in (campus.operator, privacy, campus.clerk):
        with pytest.raises(NotThisPerson):
            destroying.approve(row, by=person)


def test_the_database_says_three_people_too(campus, package, privacy):
    row = prepared(campus, package)
    for changes in (
        {"verified_by": campus.operator},
        {"approved_by": campus.operator},
        {"verified_by": privacy, "approved_by": privacy},
        {"status": "APPROVED"},
        {"status": "DONE", "verified_by": privacy},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Destruction.objects.filter(pk=row.pk).update(**changes)


def test_without_approval_nothing_goes(campus, package, privacy):
    row = prepared(campus, package)
    with pytest.raises(Refused):
        destroying.carry_out(row, by=campus.operator)
    destroying.verify(row, by=privacy)
    with pytest.raises(Refused):
        destroying.carry_out(row, by=campus.operator)
    assert all(store.measure_again(file) for file in destroying.files_of(package))


def test_a_worker_killed_in_the_middle_is_run_again(campus, package, privacy):
    """B8."""
    row = prepared(campus, package)
    destroying.verify(row, by=privacy)
    destroying.approve(row, by=campus.superior)
    store.destroy(destroying.files_of(package)[0])

    destroying.carry_out(row, by=campus.operator)

    assert destroying.files_of(package) == []


def test_a_copy_that_was_made_meanwhile_is_destroyed_by_no_record_that_does_not_list_it(
    campus, package, privacy
):
    """REL-24: the record names every file that goes."""
    row = prepared(campus, package)
    destroying.verify(row, by=privacy)
    destroying.approve(row, by=campus.superior)
    late = copy_of(campus, package)
    with pytest.raises(Refused):
        destroying.carry_out(row, by=campus.operator)
    assert all(store.measure_again(file) for file in destroying.files_of(package))

    destroying.cancel(row, by=campus.superior, because="yeni kopya")
    again = prepared(campus, package)
    assert str(late.file.uuid) in {one["file"] for one in again.evidence}


def test_a_copy_that_is_still_being_made_does_not_outlive_our_copy(
    campus, package, privacy, monkeypatch
):
    """REL-24: the worker was encrypting while three people destroyed."""
    copy = release_work.queue_copy(package, "Ali Veli", by=campus.deliverer)
    row = prepared(campus, package)
    destroying.verify(row, by=privacy)
    destroying.approve(row, by=campus.superior)
    build = sealing.build_for_recipient

    def slowly(*given):
        made = build(*given)
        destroying.carry_out(Destruction.objects.get(pk=row.pk), by=campus.operator)
        return made

    monkeypatch.setattr(sealing, "build_for_recipient", slowly)
    release_work.make_copy(copy)

    copy.refresh_from_db()
    package = Package.objects.get(pk=package.pk)
    assert package.status == Package.Status.DESTROYED
    assert copy.file is None
    assert copy.job is not None
    assert copy.job.status == Job.Status.FAILED
    assert destroying.files_of(package) == []


def test_a_hold_or_a_legal_hold_stops_it(campus, package):
    request = package.request
    item = request.items.get()
    hold = Hold.objects.create(
        request=request,
        item=item,
        channel=item.position.channels_on(today())[0],
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        status="HELD",
        reason="request",
    )
    with pytest.raises(Refused):
        prepared(campus, package)
    Hold.objects.filter(pk=hold.pk).update(status="RELEASED")

    other = campus.request(item.position, kind=campus.kind("LEGAL_HOLD"))
    with pytest.raises(Refused):
        prepared(campus, package)
    FootageRequest.objects.filter(pk=other.pk).update(status="CLOSED")
    assert prepared(campus, package)


def test_what_has_not_left_is_not_destroyed(campus):
    with pytest.raises(Refused):
        prepared(campus, sealed(campus))


def test_copies_whose_day_has_come_are_listed_until_somebody_prepares_it(campus, package):
    Package.objects.filter(pk=package.pk).update(delete_by=today() - dt.timedelta(days=1))

    assert list(destroying.due(today())) == [package]
    row = prepared(campus, package)
    assert not destroying.due(today())
    destroying.cancel(row, by=campus.superior, because="dava açıldı")
    assert list(destroying.due(today())) == [package]

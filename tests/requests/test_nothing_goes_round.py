"""Ways round a decision that somebody with an account could try: each ends in a sentence, and in no footage."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Role
from footage_requests.casework import arriving
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.exhibits import verifying
from footage_requests.footage import store
from footage_requests.holds import holding
from footage_requests.models import DecisionLine, Exhibit, Package, SmallUnitPeriod
from footage_requests.release import destroying, handing_over, release_work, returning
from tests.inventory import rows
from tests.requests.test_handing_over import facts, sealed
from tests.requests.test_returning import back

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def package(campus):
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    return sealed(campus)


def masked_copy_of(original):
    with store.StoreWriter("video/mp4") as writer:
        writer.write(b"masked pictures" * 100)
        file = writer.save()
    return Exhibit.objects.create(
        package=original.package,
        line=original.line,
        channel=original.channel,
        ident=f"{original.ident}-M1",
        kind=Exhibit.Kind.MASKED,
        parent=original,
        parent_sha256=original.file.sha256,
        file_name="E1_masked.mp4",
        file=file,
        facts=original.facts,
    )


def test_what_must_be_masked_is_shown_to_the_receiver_only_masked(campus, package):
    DecisionLine.objects.filter(decision=package.decision).update(must_be_masked=True)
    original = package.exhibits.get()
    masked = masked_copy_of(original)

    with pytest.raises(Refused):
        verifying.open_for_viewing(original, "SHOW", by=campus.deliverer, note="Ali Veli")
    assert verifying.open_for_viewing(masked, "SHOW", by=campus.deliverer, note="Ali Veli").pk


def test_the_exporter_makes_no_copy_and_reads_no_passphrase(campus, package):
    with pytest.raises(NotThisPerson):
        release_work.queue_copy(package, "Ali Veli", by=campus.operator)


def test_an_exporter_who_hands_over_in_a_small_unit_is_stamped(campus, package):
    SmallUnitPeriod.objects.create(
        starts_on=timezone.localdate() - dt.timedelta(days=1), document="1", set_by=campus.superior
    )
    row = handing_over.hand_over(package, facts(), by=campus.operator)

    package.refresh_from_db()
    assert package.is_small_unit
    assert row.content["small_unit"] is True


def test_no_copy_is_made_of_what_nobody_collected(campus, package):
    handing_over.record_not_collected(package, {"place": "Oda", "note": "x"}, by=campus.deliverer)
    with pytest.raises(Refused):
        release_work.queue_copy(package, "Ali Veli", by=campus.deliverer)


def test_what_is_to_be_handed_over_again_is_not_destroyed_on_an_older_record(campus, package):
    record = handing_over.hand_over(package, facts(), by=campus.deliverer)
    row = destroying.prepare(package, by=campus.operator, reason="süre doldu")
    destroying.verify(row, by=rows.person(Role.PRIVACY))
    destroying.approve(row, by=campus.superior)
    with pytest.raises(Refused):
        returning.take_back(record, back(next_step="AGAIN"), by=campus.deliverer)
    # Both pressed at once: the other was quicker.
    package.take("take_back", by=campus.deliverer, deliverer=None, delivered_at=None)

    with pytest.raises(Refused):
        destroying.carry_out(row, by=campus.operator)

    package.refresh_from_db()
    assert package.status == Package.Status.SEALED
    assert package.inner_file.destroyed_at is None


def test_nothing_is_handed_over_before_it_was_sealed(campus, package):
    Package.objects.filter(pk=package.pk).update(sealed_at=timezone.now())
    package.refresh_from_db()
    early = timezone.now() - dt.timedelta(days=3)
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(happened_at=early), by=campus.deliverer)


def test_a_longer_window_is_held_whole(campus):
    request = campus.request(campus.camera())
    request.kind.bases.add(request.basis)
    holding.hold_request(request, campus.operator)
    later = request.ends_at + dt.timedelta(hours=3)

    arriving.edit(request, {"ends_at": later}, by=campus.clerk)

    first, rest = request.holds.order_by("starts_at")
    assert (rest.starts_at, rest.ends_at >= later) == (first.ends_at, True)
    assert holding.hold_request(request, campus.operator) == []

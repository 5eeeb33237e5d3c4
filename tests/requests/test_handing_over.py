"""After sealing: records that freeze what they say, media that are counted, and a chain of custody."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from core.papers import content_sha256
from core.steps import InvalidTransition
from footage_requests.casework.life import life_of
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.exhibits import verifying
from footage_requests.footage import store
from footage_requests.models import (
    CustodyEvent,
    FootageRequest,
    HandOverRecord,
    MediumMovement,
    Package,
)
from footage_requests.release import closing, handing_over
from tests.requests.case import exhibit_of, package_of

MANIFEST = "ab" * 32


def sealed(campus, **kind):
    """A package as it is after sealing, with a folder in the store."""
    decision = campus.decide(campus.submitted(kind=campus.kind(**kind)))
    package = package_of(campus, decision)
    exhibit_of(package, b"pictures" * 1000)
    with store.StoreWriter("application/zip") as writer:
        writer.write(b"the sealed folder" * 1000)
        file = writer.save()
    Package.objects.filter(pk=package.pk).update(
        status=Package.Status.SEALED,
        verifier=campus.second_operator,
        is_watched=True,
        manifest_sha256=MANIFEST,
        inner_file=file,
    )
    package.refresh_from_db()
    return package


def facts(**changes):
    return {
        "place": "Kamera odası",
        "receiver_name": "Komiser Ali Veli",
        "receiver_office": "Asayiş Şube Müdürlüğü",
        "receiver_identity": "görev kimliği",
        "receiver_letter": "2026/77",
        "identity_checked": True,
        "medium": "USB",
        "medium_serial": "USB-0042",
        "medium_count": 1,
        "seal_no": "M-17",
        "played_together": True,
        **changes,
    }


def told_by_the_life_of(package):
    """The titles of the line of time on the page of the case, in English."""
    case = package.request
    with translation.override("en"):
        moments = life_of(case, [], list(case.decisions.all()), package)
    return [moment.what for moment in moments]


@pytest.fixture
def package(campus):
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    return sealed(campus)


def test_a_package_is_handed_over_with_everything_the_record_names(campus, package):
    """REL-8, REL-22."""
    row = handing_over.hand_over(package, facts(witness=campus.head), by=campus.deliverer)

    package.refresh_from_db()
    assert (package.status, package.deliverer) == (Package.Status.HANDED_OVER, campus.deliverer)
    assert row.content["manifest_sha256"] == MANIFEST
    assert row.content["exhibits"][0]["sha256"] == package.exhibits.get().file.sha256
    assert row.content["witness"] == str(campus.head)
    assert row.sha256 == content_sha256(row.content)
    assert handing_over.stock()["USB"] == 2
    event = CustodyEvent.objects.get()
    assert (event.act, event.matched, event.seal_no) == ("HANDED_OVER", True, "M-17")


@pytest.mark.parametrize(
    "left_out",
    [
        "place",
        "receiver_name",
        "receiver_office",
        "receiver_identity",
        "medium",
        "medium_serial",
        "seal_no",
        "medium_count",
        "identity_checked",
    ],
)
def test_a_record_with_a_hole_is_refused_and_nothing_leaves(campus, package, left_out):
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(**{left_out: None}), by=campus.deliverer)

    package.refresh_from_db()
    assert package.status == Package.Status.SEALED
    assert handing_over.stock()["USB"] == 3
    assert not HandOverRecord.objects.exists()


@pytest.mark.parametrize("who", ["superior", "clerk", "operator"])
def test_neither_approver_nor_exporter_nor_clerk_hands_over(campus, package, who):
    with pytest.raises(NotThisPerson):
        handing_over.hand_over(package, facts(), by=getattr(campus, who))


def test_the_witness_is_another_person(campus, package):
    with pytest.raises(NotThisPerson):
        handing_over.hand_over(package, facts(witness=campus.deliverer), by=campus.deliverer)


def test_a_package_leaves_once(campus, package):
    handing_over.hand_over(package, facts(), by=campus.deliverer)

    with pytest.raises(InvalidTransition):
        handing_over.hand_over(package, facts(), by=campus.deliverer)
    assert HandOverRecord.objects.count() == 1
    assert handing_over.stock()["USB"] == 2


def test_more_media_than_there_are_cannot_leave(campus, package):
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(medium_count=4), by=campus.deliverer)
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(medium="DVD"), by=campus.deliverer)
    with pytest.raises(Refused):
        handing_over.add_stock("USB", -4, "sayım", by=campus.head)

    package.refresh_from_db()
    assert package.status == Package.Status.SEALED


def test_a_package_that_changed_in_the_store_does_not_leave(campus, package):
    """B13."""
    path = store.path_of(package.inner_file.uuid)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)

    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(), by=campus.deliverer)


def test_only_judges_and_police_may_get_it_unencrypted(campus, package):
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(is_encrypted=False), by=campus.deliverer)

    judicial = sealed(campus, is_judicial=True)
    assert handing_over.hand_over(judicial, facts(is_encrypted=False), by=campus.deliverer)


def test_a_record_is_not_dated_ahead(campus, package):
    tomorrow = timezone.now() + dt.timedelta(days=1)
    with pytest.raises(Refused):
        handing_over.hand_over(package, facts(happened_at=tomorrow), by=campus.deliverer)


def test_reprints_are_counted(campus, package):
    row = handing_over.hand_over(package, facts(), by=campus.deliverer)

    assert [handing_over.count_print(row, by=campus.deliverer) for _ in range(2)] == [1, 2]


def test_a_viewing_is_recorded_with_its_end_and_takes_nothing(campus, package):
    """REL-23."""
    began = timezone.now() - dt.timedelta(minutes=30)
    told = facts(attendees="Ali Veli", happened_at=began, viewing_until=timezone.now())
    with pytest.raises(Refused):
        handing_over.record_viewing(package, told, by=campus.deliverer)

    verifying.open_for_viewing(package.exhibits.get(), "SHOW", by=campus.deliverer, note="Ali")
    with pytest.raises(Refused):
        handing_over.record_viewing(package, {**told, "viewing_until": None}, by=campus.deliverer)
    row = handing_over.record_viewing(package, told, by=campus.deliverer)

    package.refresh_from_db()
    assert package.status == Package.Status.VIEWED
    assert (row.medium, row.medium_count) == ("VIEWING", 0)
    assert handing_over.stock()["USB"] == 3
    assert "Viewed" in told_by_the_life_of(package)


def test_no_recording_is_recorded_with_the_proof_that_was_shown(campus):
    """REL-21."""
    request = campus.request()
    campus.item(request, campus.camera(), answer="NO")
    with pytest.raises(Refused):
        handing_over.record_no_recording(request, facts(), by=campus.operator)
    request.take("review", by=campus.operator)
    request.take("submit", by=campus.operator)
    campus.decide(request, "NO_RECORDING")
    request.refresh_from_db()

    row = handing_over.record_no_recording(request, {"place": "Oda"}, by=campus.operator)

    assert row.content["shown"]["lines"][0]["answer"] == "NO"
    assert row.package is None
    with pytest.raises(Refused, match=row.number):
        handing_over.record_no_recording(request, {"place": "Oda"}, by=campus.operator)


def test_a_package_that_nobody_fetched_is_recorded(campus, package):
    row = handing_over.record_not_collected(
        package, {"place": "Oda", "note": "30 gün içinde alınmadı"}, by=campus.deliverer
    )

    package.refresh_from_db()
    assert (row.kind, package.status) == ("NOT_COLLECTED", Package.Status.NOT_COLLECTED)
    assert "Not collected" in told_by_the_life_of(package)
    assert "Handed over" not in told_by_the_life_of(package)


def test_the_database_refuses_an_unknown_receiver_and_oneself_as_witness(campus, package):
    row = handing_over.hand_over(package, facts(), by=campus.deliverer)
    rows = HandOverRecord.objects.filter(pk=row.pk)
    for changes in ({"identity_checked": False}, {"witness": campus.deliverer}, {"package": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)


def test_the_database_refuses_a_second_hand_over(campus, package):
    row = handing_over.hand_over(package, facts(), by=campus.deliverer)
    row.pk, row.number, row.uuid = None, "TT-9", uuid.uuid4()

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_case_is_closed_only_when_it_is_complete(campus, package):
    request = package.request
    with pytest.raises(Refused, match="EBYS"):
        closing.close(request, by=campus.operator)
    FootageRequest.objects.filter(pk=request.pk).update(ebys_number="E-1-2-3")
    request.refresh_from_db()
    assert len(closing.missing(request)) == 1

    row = handing_over.hand_over(package, facts(), by=campus.deliverer)
    (left,) = closing.missing(request)
    assert row.number in left
    HandOverRecord.objects.filter(pk=row.pk).update(signed_paper=scan(request, campus))
    closing.close(request, by=campus.operator)

    package.refresh_from_db()
    assert request.status == FootageRequest.Status.CLOSED
    assert package.delete_by
    with pytest.raises(Refused):
        closing.archive(request, by=campus.operator)


def scan(request, campus):
    with store.StoreWriter("application/pdf") as writer:
        writer.write(b"%PDF-1.7 signed")
        file = writer.save()
    return request.attachments.create(
        kind="SIGNED_PAPER",
        title="Tutanak",
        file_name="tutanak.pdf",
        content_type="application/pdf",
        file=file,
        scan="NO_SCANNER",
        added_by=campus.operator,
    )


def test_stock_never_moves_by_nothing(campus):
    for kind, change, document in [("USB", 0, "x"), ("DOWNLOAD", 1, "x"), ("USB", 1, " ")]:
        with pytest.raises(Refused):
            handing_over.add_stock(kind, change, document, by=campus.head)
    assert not MediumMovement.objects.exists()

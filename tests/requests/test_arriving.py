"""Requests come in by every door through one service."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.models import Entry
from core.tsi import today
from footage_requests.casework import arriving, facts, identity
from footage_requests.casework.numbers import next_number
from footage_requests.errors import ContentChanged, Refused
from footage_requests.models import FootageRequest
from footage_requests.portal import whose
from footage_requests.release.answer_letters import missing_letter
from inventory import moves
from tests.inventory import rows
from tests.requests import cases

pytestmark = pytest.mark.django_db


def errors(**more):
    code = more.pop("code", "PROSECUTOR")
    with pytest.raises(ValidationError) as refused:
        cases.filed(code=code, **more)
    return set(refused.value.error_dict)


def test_a_letter_gets_a_number_of_ours_and_its_deadline():
    """REL-1, REL-16."""
    row = cases.filed()

    assert row.number.startswith(f"T-{today().year}-")
    assert row.status == "REGISTERED"
    assert row.deadline_at is not None
    entry = Entry.objects.get(action="footagerequest.file")
    assert entry.object_name == row.number


def test_the_ebys_number_is_stored_and_never_invented():
    assert cases.filed().ebys_number == ""
    assert cases.filed(ebys_number="E-12345678-951.04.11-99").ebys_number.endswith("-99")


def test_numbers_have_no_gap_where_a_filing_failed():
    first = cases.filed()
    with transaction.atomic():
        cases.filed()
        transaction.set_rollback(True)
    second = cases.filed()

    assert int(second.number[-5:]) == int(first.number[-5:]) + 1


def test_a_number_outside_its_rows_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError):
        next_number("T")


@pytest.mark.parametrize(
    ("code", "lack", "field"),
    [
        ("PROSECUTOR", {"reference_no": ""}, "reference_no"),
        ("COURT", {"basis": None}, "basis"),
        ("DATA_SUBJECT", {"national_id": ""}, "national_id"),
        ("PROSECUTOR", {"requester_name": "", "organisation": ""}, "requester_name"),
        ("PROSECUTOR", {"place": ""}, "place"),
    ],
)
def test_what_its_kind_requires_is_asked_for(code, lack, field):
    """REL-1, REL-2."""
    assert field in errors(code=code, **lack)


def test_an_incomplete_letter_is_registered_all_the_same_so_that_its_footage_is_kept():
    row = cases.filed(reference_no="", accept_missing=True)

    assert row.status == "REGISTERED"
    assert set(facts.missing_facts(row)) == {"reference_no"}


def test_an_officer_is_identified_by_title_and_staff_number():
    row = cases.filed(code="POLICE", national_id="", requester_title="Komiser, 123456")

    assert facts.missing_facts(row) == {}


def test_a_basis_of_another_kind_is_refused():
    other = cases.kind("DATA_SUBJECT").bases.get()

    assert errors(basis=other) == {"basis"}


def test_a_call_only_starts_preservation():
    row = cases.filed(code="PHONE_CALL", door="PHONE", wants="COPY", requester_name="")

    assert row.wants == FootageRequest.Wants.PRESERVATION
    assert {kind.code for kind in facts.kinds_for("PHONE")} == {"PHONE_CALL", "POLICE_ORAL"}
    assert "PHONE_CALL" not in {kind.code for kind in facts.kinds_for("PORTAL")}


def test_the_national_id_lies_sealed_and_is_found_by_a_keyed_hash():
    row = cases.filed(code="DATA_SUBJECT", national_id="100 000 001 46")
    row.refresh_from_db()

    assert cases.NATIONAL_ID not in row.identity_sealed
    assert row.identity_hash == identity.hash_of(cases.NATIONAL_ID)
    assert identity.masked(row) == "•••••••••46"
    told = " ".join(Entry.objects.values_list("canon", flat=True))
    assert cases.NATIONAL_ID not in told


def test_whoever_reads_a_national_id_is_written_down():
    row = cases.filed(code="DATA_SUBJECT")
    person = rows.person("OPERATOR")

    assert identity.reveal(row, by=person, because="letter") == cases.NATIONAL_ID
    entry = Entry.objects.get(action="footagerequest.reveal_identity")
    assert (entry.actor_name, entry.because) == (person.full_name, "letter")


@pytest.mark.parametrize(
    "wrong", ["10000000147", "00000000000", "123", "ABCDEF", "12345678901234567890123"]
)
def test_a_wrong_identity_number_is_told(wrong):
    with pytest.raises(ValidationError):
        identity.normal(wrong)


def test_the_portal_knows_its_user_only_as_a_keyed_hash():
    row = cases.filed(door="PORTAL", on_behalf_of="u-4711", code="DATA_SUBJECT")

    assert row.on_behalf_of_hash == whose.hash_of("u-4711")
    assert "4711" not in row.on_behalf_of_hash


def test_an_edit_counts_the_version_up_and_is_written_with_before_and_after():
    row = cases.filed(event="kavga")
    arriving.edit(row, {"event": "hırsızlık"}, by=row.filer)

    row.refresh_from_db()
    assert (row.event, row.content_version) == ("hırsızlık", 2)
    entry = Entry.objects.get(action="footagerequest.edit")
    assert '"kavga"' in entry.canon
    assert '"hırsızlık"' in entry.canon


def test_contact_data_is_no_content():
    row = cases.filed()
    arriving.edit(row, {"phone": "0326 000 00 00"}, by=row.filer)

    row.refresh_from_db()
    assert row.content_version == 1


def test_whoever_saves_second_is_told():
    row = cases.filed()
    arriving.edit(row, {"event": "bir"}, by=row.filer, seen_version=1)

    with pytest.raises(ContentChanged):
        arriving.edit(row, {"event": "iki"}, by=row.filer, seen_version=1)


def test_another_kind_or_arrival_counts_the_deadline_anew():
    row = cases.filed()
    was = row.deadline_at
    assert was is not None
    changed = arriving.edit(
        row, {"arrived_at": row.arrived_at - dt.timedelta(days=2)}, by=row.filer
    )

    assert changed.deadline_at == was - dt.timedelta(days=2)


def test_another_window_moves_the_cameras_that_were_asked_about_it():
    place = rows.position()
    row = cases.filed(positions=[place])
    row.items.update(checked={"answer": "YES"}, checked_at=timezone.now())
    wanted = cases.window(hours_ago=30)
    arriving.edit(row, wanted, by=row.filer)

    item = row.items.get()
    assert (item.starts_at, item.ends_at) == (wanted["starts_at"], wanted["ends_at"])
    assert item.checked == {}


def test_a_withdrawn_request_is_not_edited():
    row = cases.filed()
    arriving.withdraw(row, by=row.filer, because="he came back")

    with pytest.raises(Refused):
        arriving.edit(row, {"event": "x"}, by=row.filer)


def test_the_requester_is_asked_once_for_what_is_missing():
    row = cases.filed()
    until = today() + dt.timedelta(days=10)
    arriving.ask_missing(row, what="soruşturma numarası", until=until, by=row.filer)
    row.refresh_from_db()
    assert (row.status, row.missing_until) == ("INFO_MISSING", until)

    arriving.complete(row, by=row.filer, because="letter came")
    with pytest.raises(Refused):
        arriving.ask_missing(row, what="adres", until=until, by=row.filer)


def test_a_merged_request_gives_its_cameras_to_the_other():
    place, other_place = rows.position(), rows.position()
    one = cases.filed(positions=[place])
    two = cases.filed(positions=[other_place], reference_no="2026/124")
    arriving.merge(two, one, by=one.filer, because="same letter, sent twice")

    two.refresh_from_db()
    assert (two.status, two.merged_into_id) == ("MERGED", one.pk)
    taken = one.items.get(position=other_place)
    assert taken.is_included
    assert two.number in taken.reason


def test_footage_that_is_held_stays_held_when_requests_are_merged():
    place, channel = rows.position(), rows.channel()
    moves.assign_channel(channel, place, rows.at(), "test")
    one, two = cases.filed(), cases.filed(positions=[place], reference_no="2026/124")
    hold = two.holds.get()
    arriving.merge(two, one, by=one.filer)

    hold.refresh_from_db()
    assert hold.request == one
    assert hold.item == one.items.get()
    assert one.holds.count() == 1


def test_a_period_is_extended_once_and_only_where_its_law_knows_it():
    row = cases.filed(code="INFORMATION")
    was = row.deadline_at
    assert was is not None
    arriving.extend_deadline(row, by=row.filer, because="another unit must be asked")
    row.refresh_from_db()
    assert row.deadline_at
    assert row.deadline_at > was

    for again in (row, cases.filed(code="PETITION")):
        with pytest.raises(Refused):
            arriving.extend_deadline(again, by=row.filer, because="more time")


def test_the_letter_that_asks_for_what_is_missing_is_worded_after_the_rank_of_its_reader():
    row = cases.filed()
    until = today() + dt.timedelta(days=10)
    arriving.ask_missing(row, what="soruşturma numarası", until=until, by=row.filer)
    row.refresh_from_db()
    letter = missing_letter(row)

    assert "soruşturma numarası" in letter
    assert until.strftime("%d.%m.%Y") in letter
    assert letter.endswith("Gereğini arz ederim.")
    assert missing_letter(cases.filed(code="PETITION")).endswith("Bilgilerinize sunulur.")


def test_a_text_that_no_database_stores_is_refused_beside_its_field():
    assert errors(event="a\x00b") == {"event"}

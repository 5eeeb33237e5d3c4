"""A shift note is left, taken over by somebody else, added to, closed with a sentence, and never edited."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from audit.models import Entry
from control_room import notes
from control_room.models import NoteLine, ShiftNote
from core.steps import InvalidTransition
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def test_a_note_goes_from_one_shift_to_the_next(leaver: Person, comer: Person) -> None:
    """LOG-5: each step is a person, a time and an entry of the log."""
    place = rows.position()
    note = notes.leave("The picture trembles when it blows", by=leaver, about=place)
    note.take_over(by=comer)
    notes.add_line(note, "The bracket was loose", by=comer)
    note.finish("Tightened", by=comer)

    note.refresh_from_db()
    assert (note.status, note.about, note.taken_by, note.closed_by) == ("DONE", place, comer, comer)
    assert [line.text for line in note.lines.all()] == ["The bracket was loose"]
    told = Entry.objects.filter(action__startswith="shiftnote.").order_by("id")
    assert [(each.action, each.actor_name) for each in told] == [
        ("shiftnote.leave", leaver.full_name),
        ("shiftnote.take_over", comer.full_name),
        ("shiftnote.add_line", comer.full_name),
        ("shiftnote.finish", comer.full_name),
    ]
    assert told[3].because == "Tightened"


def test_of_two_who_take_it_over_the_second_is_told(leaver: Person, comer: Person) -> None:
    note = notes.leave("Watch the gate", by=leaver)
    same = ShiftNote.objects.get(pk=note.pk)
    note.take_over(by=comer)

    with pytest.raises(InvalidTransition):
        same.take_over(by=rows.person("OPERATOR"))
    note.finish("Watched", by=comer)
    with pytest.raises(InvalidTransition):
        same.finish("Watched too", by=comer)


def test_what_was_closed_is_closed_and_a_line_can_still_be_added(
    leaver: Person, comer: Person
) -> None:
    """LOG-7: a correction is a new line."""
    note = notes.leave("Watch the gate", by=leaver)
    note.finish("Nothing came", by=comer)
    notes.add_line(note, "It was the other gate", by=leaver)

    assert ShiftNote.objects.get().status == "DONE"
    assert [row.pk for row in ShiftNote.objects.open()] == []
    assert NoteLine.objects.get().text == "It was the other gate"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other words"},
        {"left_at": timezone.now()},
        {"needed_until": timezone.now()},
        {"left_by": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_database_refuses_to_edit_a_note(leaver: Person, change: dict[str, Any]) -> None:
    """LOG-7, on both engines: whatever writes, a note and a line stay as they were written."""
    note = notes.leave("Watch the gate", by=leaver)
    notes.add_line(note, "Done twice", by=leaver)

    with pytest.raises(DatabaseError, match="never_edited"), transaction.atomic():
        ShiftNote.objects.filter(pk=note.pk).update(**change)
    with pytest.raises(DatabaseError, match="never_edited"), transaction.atomic():
        NoteLine.objects.update(text="Other words")
    assert ShiftNote.objects.get().text == "Watch the gate"


def test_the_database_wants_another_person_and_a_sentence(leaver: Person) -> None:
    note = notes.leave("Watch the gate", by=leaver)
    rows_of_it = ShiftNote.objects.filter(pk=note.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows_of_it.update(taken_by=leaver)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_of_it.update(status="DONE", closed_by=leaver, closed_at=timezone.now())


def test_a_form_that_is_sent_twice_is_one_note_and_one_line(leaver: Person) -> None:
    once, again = uuid.uuid4(), uuid.uuid4()
    first = notes.leave("Watch the gate", by=leaver, once=once)
    second = notes.leave("Watch the gate", by=leaver, once=once)
    notes.add_line(first, "Still", by=leaver, once=again)
    notes.add_line(first, "Still", by=leaver, once=again)

    assert first == second
    assert (ShiftNote.objects.count(), NoteLine.objects.count()) == (1, 1)
    assert Entry.objects.filter(action__startswith="shiftnote.").count() == 2


def test_a_few_words_find_the_thing_by_turkish_rules(leaver: Person) -> None:
    place = rows.position()
    type(place).objects.filter(pk=place.pk).update(name="IŞIK kapısı", search_text="isik kapisi")
    other = rows.position(place.floor.building)

    assert [each.about for each in notes.find(leaver, "ışık")] == [place]
    assert [each.about for each in notes.find(leaver, other.code)] == [other]
    assert notes.find(leaver, "no such thing anywhere") == []
    assert notes.find(leaver, "  ") == []


def test_notes_about_a_place_are_for_those_who_work_there(leaver: Person) -> None:
    place, recorder = rows.position(), rows.device("RECORDER")
    building = place.floor.building
    for about in (place, recorder, building, None):
        notes.leave("Look here", by=leaver, about=about)
    here = rows.person("OPERATOR", scope_kind="building", scope_id=building.pk)
    elsewhere = rows.person("OPERATOR", scope_kind="building", scope_id=rows.building().pk)

    def seen(person: Person) -> set[Any]:
        return {row.about for row in ShiftNote.objects.visible_to(person)}

    assert seen(leaver) == {place, recorder, building, None}
    assert seen(here) == {place, building, None}
    assert seen(elsewhere) == {None}
    assert seen(rows.person("LEGAL")) == seen(rows.person()) == set()

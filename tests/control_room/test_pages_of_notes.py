"""Shift notes on Bugün, in their list with its files, on their page and in the API."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import Person
from control_room import notes, today
from control_room.models import ShiftNote
from tests.inventory import rows
from tests.pages.scene import browser

pytestmark = pytest.mark.django_db


def posted(**fields: str) -> dict[str, str]:
    return {"text": "Look here", "once": str(uuid.uuid4()), **fields}


def test_what_was_left_stands_on_bugun_until_it_is_closed(leaver: Person, comer: Person) -> None:
    """Point 1: what the last shift left."""
    note = notes.leave("Gate 3 <b>open</b>", by=leaver, about=rows.position())
    ShiftNote.objects.filter(pk=note.pk).update(status="OPEN")
    client = browser(comer)

    page = client.get("/").content.decode()
    assert "Gate 3 &lt;b&gt;open&lt;/b&gt;" in page
    assert f'action="/control-room/notes/{note.pk}/take-over/"' in page

    assert client.post(f"/control-room/notes/{note.pk}/take-over/").status_code == 302
    page = client.get("/").content.decode()
    assert f"{comer.full_name} has taken it over" in page
    assert "take-over" not in page

    assert client.post(f"/control-room/notes/{note.pk}/done/", {"outcome": ""}).status_code == 422
    assert (
        client.post(f"/control-room/notes/{note.pk}/done/", {"outcome": "Shut"}).status_code == 302
    )
    assert "Gate 3" not in client.get("/").content.decode()
    assert "Shut" in client.get("/control-room/notes/?open=false").content.decode()


def test_who_left_a_note_closes_it_but_does_not_take_it_over(leaver: Person) -> None:
    note = notes.leave("Watch", by=leaver)
    client = browser(leaver)

    assert "take-over" not in client.get("/").content.decode()
    client.post(f"/control-room/notes/{note.pk}/take-over/")
    assert ShiftNote.objects.get().status == "OPEN"
    client.post(f"/control-room/notes/{note.pk}/done/", {"outcome": "Not needed any more"})
    assert ShiftNote.objects.get().closed_by == leaver


def test_an_overdue_note_is_a_line_among_what_is_to_be_done(leaver: Person) -> None:
    later = timezone.now() + dt.timedelta(hours=1)
    notes.leave("Not yet", by=leaver, needed_until=later)
    assert list(today.lines(leaver)) == []

    notes.leave("Camera 7\nis being cleaned", by=leaver, needed_until=later - dt.timedelta(hours=2))

    with translation.override("en"):
        (line,) = today.lines(leaver)
    assert line.sentence == "A shift note is overdue: “Camera 7 is being cleaned”"
    assert list(today.lines(rows.person("LEGAL"))) == []


def test_bugun_shows_the_most_pressing_and_counts_the_rest(leaver: Person) -> None:
    now = timezone.now()
    for hours in (5, 1, 3, 9, 7, 11):
        until = now + dt.timedelta(hours=hours)
        notes.leave(f"in {hours} hours", by=leaver, needed_until=until)

    page = browser(leaver).get("/").content.decode()

    shown = [hours for hours in (1, 3, 5, 7, 9, 11) if f"in {hours} hours" in page]
    assert shown == [1, 3, 5, 7, 9]
    assert "1 more open note" in page


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"text": ""}, "This field is required"),
        ({"text": "x" * 2001}, "at most 2000"),
        ({"about": "nothing is called so"}, "Nothing that you may see is called so."),
        ({"needed_until": "2020-01-01T10:00"}, "This moment has passed."),
        ({"needed_until": "tomorrow"}, "Enter a valid date/time."),
    ],
    ids=["empty", "long", "unknown", "past", "no time"],
)
def test_bad_input_is_said_and_what_was_typed_stays(
    leaver: Person, fields: dict[str, str], word: str
) -> None:
    response = browser(leaver).post("/control-room/notes/new/", posted(**fields))

    assert response.status_code == 422
    assert word in response.content.decode()
    assert not ShiftNote.objects.exists()


def test_where_several_things_fit_one_is_chosen(leaver: Person) -> None:
    building = rows.building()
    first, second = rows.position(building), rows.position(building)
    type(first).objects.filter(pk__in=[first.pk, second.pk]).update(search_text="north door")
    client = browser(leaver)

    asked = client.post("/control-room/notes/new/", posted(about="north door"))
    page = asked.content.decode()
    assert asked.status_code == 422
    assert f'value="position:{second.pk}"' in page
    assert 'name="offered_for" value="north door"' in page

    chosen = {"about": "north door", "offered_for": "north door", "chosen": f"position:{second.pk}"}
    assert client.post("/control-room/notes/new/", posted(**chosen)).status_code == 302
    assert ShiftNote.objects.get().position == second


def test_words_that_were_changed_outweigh_what_was_offered_before(leaver: Person) -> None:
    first, second = rows.position(), rows.position()
    fields = {"about": second.code, "offered_for": first.code, "chosen": f"position:{first.pk}"}

    assert browser(leaver).post("/control-room/notes/new/", posted(**fields)).status_code == 302
    assert ShiftNote.objects.get().position == second


def test_a_thing_of_another_building_is_neither_found_nor_taken(leaver: Person) -> None:
    place = rows.position()
    stranger = rows.person("OPERATOR", scope_kind="building", scope_id=rows.building().pk)
    fields = {"about": place.code, "offered_for": place.code, "chosen": f"position:{place.pk}"}

    assert browser(stranger).post("/control-room/notes/new/", posted(**fields)).status_code == 422
    assert not ShiftNote.objects.exists()


def test_the_list_is_searched_sorted_and_leaves_as_a_file(leaver: Person, comer: Person) -> None:
    notes.leave("IŞIKLAR söndü", by=leaver)
    note = notes.leave("=cmd|'/c calc'!A1", by=leaver)
    notes.add_line(note, "Ölçüldü", by=comer)
    client = browser(comer)

    def listed(query: str) -> list[str]:
        page: Any = client.get(f"/control-room/notes/?{query}").context["page"]
        return [row.text for row in page]

    assert listed("search=ışıklar") == ["IŞIKLAR söndü"]
    assert listed("search=olculdu") == ["=cmd|'/c calc'!A1"]
    assert listed("sort=left") == ["IŞIKLAR söndü", "=cmd|'/c calc'!A1"]
    lines = client.get("/control-room/notes/?format=csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert all(not cell.lstrip('"').startswith("=") for cell in ";".join(lines).split(";"))


def test_the_api_gives_the_same_notes_with_the_same_filters(leaver: Person) -> None:
    place = rows.position()
    notes.leave("Look here", by=leaver, about=place)
    notes.leave("Done", by=leaver).finish("Was nothing", by=leaver)
    client = browser(rows.person("AUDITOR"))

    (row,) = client.get("/api/v1/shift-notes/?open=true").json()["results"]
    assert (row["text"], row["position"], row["left_by"]) == (
        "Look here",
        place.pk,
        leaver.full_name,
    )
    (row,) = client.get("/api/v1/shift-notes/?status=DONE").json()["results"]
    assert (row["outcome"], row["closed_by"]) == ("Was nothing", leaver.full_name)
    assert client.get("/api/v1/shift-notes/?status=GONE").status_code == 400

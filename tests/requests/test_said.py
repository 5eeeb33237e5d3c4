"""What workers store is read by everybody in his own language; rows from before read as they stand."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from accounts.models import Person
from cameras.models import Finding
from core.papers import content_sha256
from footage_requests import said
from footage_requests.casework import case_view
from footage_requests.decisions import decision_view
from footage_requests.holds import hold_life
from footage_requests.models import Hold, RequestItem
from tests.requests.case import Campus
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db


def in_both(stored: object) -> tuple[str, str]:
    with translation.override("tr"):
        turkish = said.read(stored)
    with translation.override("en"):
        return turkish, said.read(stored)


def test_a_stored_sentence_reads_in_the_readers_language() -> None:
    turkish, english = in_both(hold_life.pieces_failed("TOO_SLOW", 2, 3))
    assert english.startswith("2 of 3 pieces could not be fetched")
    assert turkish != english
    assert "%(" not in turkish


def test_every_code_has_its_words_in_both_languages() -> None:
    values = {"failed": 1, "all": 2, "gone": "1 s", "offset": "x", "cause": "x", "name": "x"}
    values |= {"what": "x", "mark": "x", "count": 2, "day": "x", "at": "x", "channel": 1}
    values |= {"result": "x", "person": "x", "number": "x", "state": "x"}
    for code in said._SENTENCES:
        turkish, english = in_both(said.say(code, reason="x", **values))
        assert turkish != english, code


def test_old_words_and_nothing_read_as_they_stand() -> None:
    assert said.read("Saat ölçülmedi.") == "Saat ölçülmedi."
    assert said.read(None) == ""
    assert said.read(f"{said.MARK}broken") == ""
    with pytest.raises(KeyError):
        said.say("NO_SUCH_CODE")


def test_a_failure_fits_its_column_however_long_its_reason() -> None:
    longest = hold_life.pieces_failed("NO_SPACE", 99_999, 99_999)
    assert len(longest) <= Hold._meta.get_field("failure").max_length  # type: ignore[operator]


def test_clock_and_faults_of_a_camera_read_in_the_language_of_the_page(campus: Campus) -> None:
    row = campus.submitted()
    item = row.items.get()
    finding = Finding(
        kind=Finding.Kind.RETENTION_SHORT,
        subject_kind=Finding.Subject.POSITION,
        subject_id=item.position_id,
        subject_name="Kapı",
        detail={"held_days": 12.5, "goal_days": 30.0},
    )
    item.checked = {
        **item.checked,
        "clock": [said.say("CLOCK", offset=said.say("OFFSET", ms=433_000, uncertainty=600))],
        "faults": [said.of_finding(finding), "an old row's words"],
    }
    item.save()
    shown = {}
    for language in ("tr", "en"):
        with translation.override(language):
            (camera,) = case_view.cameras_of([item], [])
            (line,) = decision_view.summary(row).lines
            assert line.clock_words == camera["clock"]
            assert line.fault_words == camera["faults"]
            shown[language] = (camera["clock"], camera["faults"])
    assert shown["tr"][0] != shown["en"][0]
    assert shown["tr"][1][0] != shown["en"][1][0]
    assert shown["en"][1][1] == "an old row's words"
    # What a decision keeps can be frozen: plain values without floats.
    kept = json.loads(json.dumps(decision_view.summary(row).as_data()))
    assert content_sha256(kept)


def test_why_a_camera_is_in_a_case_reads_in_the_language_of_the_page(campus: Campus) -> None:
    """Of what we write ourselves; what a person typed stays as he typed it."""
    with translation.override("tr"):
        named = said.text_of(said.say("NAMED_BY_UNIT"))
        why = said.say("NEARNESS", where="ABOVE", placed=True, metres=12)
        near = said.text_of(said.say("NEAR", name="Ana kapı", reason=why))
    assert in_both(named)[1] == "named by the unit"
    turkish, english = in_both(near)
    assert english == "Near Ana kapı: One floor above, 12 m away across the plan."
    assert turkish != english
    merged = said.text_of(said.say("FROM_CASE", reason=said.stored_in(named), number="T-1"))
    assert in_both(merged)[1] == "named by the unit (T-1)"
    column = RequestItem._meta.get_field("proposed_because").max_length
    longest = {"where": "BESIDE", "placed": True, "metres": 99_999, "spot": True}
    told = said.say("NEAR", name="Ş" * 50, reason=said.say("NEARNESS", **longest))
    assert len(said.text_of(told)) <= column  # type: ignore[operator]
    item = campus.item(campus.submitted(), campus.camera())
    item.reason = named
    item.save()
    page = client_of(_reading(campus.operator, "en")).get(f"/requests/{item.request_id}/cameras/")
    assert "named by the unit" in page.content.decode()


def _reading(person: Person, language: str) -> Person:
    person.language = language
    person.save()
    return person

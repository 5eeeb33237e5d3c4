"""Bugün: a line per thing to do, most urgent first, many of a kind as one number that leads to its list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone, translation

from accounts.models import Person
from cameras import today
from cameras.models import PositionDay
from cameras.night import nights
from core import panels
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db


def sentences(person: Person, language: str = "en") -> list[str]:
    with translation.override(language):
        return [line.sentence for line in panels.today_lines(person)]


def test_a_recorder_that_keeps_too_few_days_is_one_line(head: Person) -> None:
    machine = scene.recorder(model="NVR16")
    scene.finding(
        "RETENTION_SHORT", machine, count=14, detail={"held_days": "9.03", "goal_days": 14}
    )

    assert "Maker NVR16: 14 channels keep 9.0 days, the goal is 14" in sentences(head)
    assert "Maker NVR16: 14 kanal 9,0 gün saklıyor, hedef 14 gün" in sentences(head, "tr")


def test_many_of_a_kind_are_one_line_that_leads_to_their_list(head: Person) -> None:
    for _ in range(6):
        scene.finding("FIRMWARE_CHANGED", rows.device(), detail={"before": "1", "after": "2"})

    told = [line for line in panels.today_lines(head) if line.kind == "FIRMWARE_CHANGED"]
    assert len(told) == 1
    assert "6" in told[0].sentence
    page = scene.browser(head).get(told[0].url)
    assert page.content.decode().count('id="finding-') == 6


def test_cameras_without_recording_come_before_cameras_with_gaps(head: Person) -> None:
    gaps, nothing = rows.position(), rows.position()
    scene.finding("NOT_RECORDING", gaps, reason="PARTLY", detail={"longest_gap_ms": 60_000})
    scene.finding("NOT_RECORDING", nothing, reason="NOT_RECORDED")
    scene.finding("RECORDER_SILENT", scene.recorder(model="R"), reason="NO_ANSWER")

    told = [text for text in sentences(head) if "check" not in text]
    assert [text.split()[0] for text in told[:1]] == ["Recorder"]
    assert told.index(next(t for t in told if nothing.name in t)) < told.index(
        next(t for t in told if gaps.name in t)
    )


def test_a_camera_is_named_by_its_place_and_not_by_its_serial_number(head: Person) -> None:
    place = rows.position()
    camera = scene.camera_at(place, serial="A" * 40)
    scene.finding("CAMERA_SILENT", camera, reason="NO_ANSWER")

    told = next(text for text in sentences(head) if "does not answer" in text)
    assert f"{place.name} ({place.code})" in told
    assert "AAAA" not in told


def test_recorders_of_one_model_are_told_apart_by_their_address(head: Person) -> None:
    one, _other = scene.recorder(model="SAME"), scene.recorder(model="SAME")
    scene.finding("RECORDER_SILENT", one, reason="NO_ANSWER")

    ip = one.addresses.get().ip
    assert any(f"Maker SAME · {ip}" in text for text in sentences(head))


def test_more_than_a_dozen_lines_fold(head: Person) -> None:
    kinds = ["CAMERA_SILENT", "CREDENTIAL_REFUSED", "CLOCK", "SERIAL_CHANGED", "DEVICE_MOVED"]
    for kind in kinds:
        for _ in range(4):
            scene.finding(kind, rows.device(), reason="NO_ANSWER")
    client = scene.browser(head)

    folded = client.get("/").content.decode()
    assert folded.count('class="act"') == 12
    assert 'href="/?all=1"' in folded
    unfolded = client.get("/?all=1").content.decode()
    assert unfolded.count('class="act"') >= 20
    assert "?poll=1&amp;all=1" in unfolded


def test_every_number_of_the_night_leads_to_its_list(head: Person) -> None:
    for result in ("RECORDED", "PARTLY", "NOT_RECORDED", "UNKNOWN", "EXEMPT"):
        scene.answer(rows.position(), result=result)
    client = scene.browser(head)

    page = client.get("/").content.decode()
    for result in ("RECORDED", "PARTLY", "NOT_RECORDED", "UNKNOWN", "EXEMPT"):
        url = f"/days/{scene.yesterday()}/?result={result}"
        assert f'href="{url}"' in page
        assert client.get(url).content.decode().count("<tr><td") == 1


def test_the_night_is_told_in_a_sentence_of_each_language():
    counts = {"RECORDED": 45, "PARTLY": 2, "NOT_RECORDED": 0, "UNKNOWN": 1, "EXEMPT": 0}

    with translation.override("tr"):
        told = today.summary(counts)
    assert told == (
        "Dün 48 kameradan 45 tanesi eksiksiz kayıt yaptı; "
        "2 tanesinde kesinti var, 1 tanesi kontrol edilemedi."
    )
    with translation.override("en"):
        told = today.summary(counts)
    assert told == (
        "Yesterday 45 of 48 cameras were recorded in full; 2 had gaps, 1 could not be checked."
    )


def test_nothing_to_do_says_so_beside_the_last_check(head: Person) -> None:
    rows.device("RECORDER")
    scene.answer(rows.position())
    scene.finished_run()

    page = scene.browser(head, "tr").get("/").content.decode()
    assert "Bugün yapılacak bir şey yok." in page
    assert "Dün geceki kontrol bitti." in page


def test_a_night_that_did_not_run_is_the_first_line(head: Person) -> None:
    scene.finding("RECORDER_SILENT", scene.recorder(), reason="NO_ANSWER")
    scene.answer(rows.position())
    noon = dt.datetime.combine(scene.yesterday() + dt.timedelta(days=1), dt.time(12, tzinfo=dt.UTC))

    with time_machine.travel(noon, tick=False):
        assert "did not run" in sentences(head)[0]


def test_a_missed_night_that_runs_now_says_both(head: Person) -> None:
    """NGT-5: it did not run in time, and whoever reads that sees that it is being asked."""
    scene.answer(rows.position())
    noon = dt.datetime.combine(scene.yesterday() + dt.timedelta(days=1), dt.time(12, tzinfo=dt.UTC))

    with time_machine.travel(noon, tick=False):
        nights.start(nights.plan_night(scene.yesterday(), now=noon), now=noon)
        assert "did not run in time; it is running now" in sentences(head)[0]
        assert "zamanında yapılmadı; şimdi sürüyor" in sentences(head, "tr")[0]


def test_a_large_campus_is_a_bar_per_building_that_adds_up(head: Person) -> None:
    place = rows.position()
    scene.answer(place)
    for result in ("RECORDED", "PARTLY", "UNKNOWN"):
        scene.answer(rows.position(place.floor.building), result=result)

    with translation.override("en"):
        answers = PositionDay.objects.visible_to(head).filter(day=scene.yesterday())
        (bar,) = today.bars(today.sums(answers)[0])
    assert bar["words"] == "2 of 4 recorded in full"
    assert [(part["x"], part["width"]) for part in bar["parts"]] == [
        ("0.00", "50.00"),
        ("50.00", "25.00"),
        ("75.00", "25.00"),
    ]


def test_cameras_that_nobody_asked_are_not_left_out_of_the_sum(head: Person, rf: Any) -> None:
    """REC-18, NGT-6: a night that stopped half-way is not "all recorded"."""
    asked, _forgotten = rows.position(), rows.position()
    for place in (asked, _forgotten):
        scene.camera_at(place)
    PositionDay.objects.create(
        position=asked,
        day=scene.yesterday(),
        result="RECORDED",
        evidence_at=timezone.now(),
    )
    request = rf.get("/")
    request.user = head

    with translation.override("en"):
        told = today.last_night(request, None)

    assert told["total"] == 2
    assert "1 of 2" in told["sentence"]
    assert "1 could not be checked" in told["sentence"]


def test_the_squares_of_the_campus_are_drawn_and_not_written_out(head: Person) -> None:
    scene.answer(rows.position())

    page = scene.browser(head).get("/").content.decode()
    assert '<rect width="18" height="18" rx="3" class="fill-RECORDED"/>' in page
    assert "&lt;svg" not in page

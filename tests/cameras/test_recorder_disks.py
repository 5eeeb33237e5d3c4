"""What a recorder tells of its disks, and which are missing (REC-12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import timezone, translation

from cameras.models import DeviceCondition, Finding
from cameras.night import finishing, nights
from cameras.protocols.base import TooSlow
from cameras.protocols.disk_states import DiskKind, DiskState, DiskTrouble
from cameras.wording.disk_words import disk_facts
from cameras.wording.finding_words import sentence
from inventory.models import Device
from tests.cameras.campus import Campus, Scripted, whole, yesterday

SOUND = [DiskState("hdd 1", True, "ok"), DiskState("hdd 2", True, "ok")]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def scripted(disks: list[DiskState]) -> Scripted:
    return Scripted(recorded={1: whole(yesterday())}, disks=disks)


def check(campus: Campus) -> None:
    campus.work(nights.check_now(by="test"))
    finishing.finish_runs()


def fit(recorder: Device, *slots: str) -> None:
    for slot in slots:
        recorder.disks.create(slot=slot, capacity_gb=6000, fitted_on=date(2020, 1, 1))


def found() -> str:
    finding = Finding.objects.open().filter(kind="DISK").first()
    return sentence(finding) if finding else ""


def test_each_trouble_is_said_by_its_name_with_what_to_do(campus: Campus) -> None:
    """REC-12: one finding per recorder, as the sheet counts it."""
    disks = [
        DiskState(f"hdd {number}", False, trouble=trouble)
        for number, trouble in enumerate(DiskTrouble, start=1)
    ]
    campus.recorder(scripted([*disks, DiskState("hdd 9", None, "formating")]))

    check(campus)

    text = found()
    for words in ("hdd 3 is missing", "hdd 1 is faulty", "hdd 5 cannot be written"):
        assert words in text
    assert "hdd 4 is degraded" in text
    assert "hdd 2 is about to fail (SMART)" in text
    assert "hdd 9" not in text


def test_a_disk_of_the_inventory_that_the_recorder_does_not_tell_of_is_missing(
    campus: Campus,
) -> None:
    """REC-12: its slot is told, whatever the recorder calls it."""
    script = scripted([DiskState("/dev/sda", True, "Success")])
    recorder = campus.recorder(script)
    fit(recorder, "1", "2")

    check(campus)
    check(campus)

    assert "disk 2 is missing" in found()
    rows = disk_facts(DeviceCondition.objects.get(device=recorder)).rows
    assert [(row["slot"], row["healthy"], row["trouble"]) for row in rows[1:]] == [
        ("2", False, "missing")
    ]
    assert rows[1]["since"] <= timezone.now()

    script.disks = [DiskState(f"/dev/sd{letter}", True, "Success") for letter in "ab"]
    check(campus)
    assert found() == ""


def test_a_disk_that_is_told_of_no_longer_is_missing_until_the_inventory_says_why(
    campus: Campus,
) -> None:
    """REC-12: also where the inventory knows of no disks."""
    script = scripted(SOUND)
    recorder = campus.recorder(script)
    check(campus)
    assert found() == ""

    script.disks = SOUND[:1]
    check(campus)
    check(campus)
    assert "disk hdd 2 is missing" in found()

    fit(recorder, "1")
    check(campus)
    assert found() == ""


def test_slots_that_nobody_can_match_are_still_counted(campus: Campus) -> None:
    """REC-12: the inventory calls its slots otherwise than the recorder."""
    script = scripted(SOUND[:1])
    recorder = campus.recorder(script)
    fit(recorder, "left", "right")

    check(campus)
    check(campus)
    assert "disk left / right is missing" in found()

    script.disks = SOUND
    check(campus)
    assert found() == ""


def test_a_disk_that_moved_to_another_bay_is_not_missing(campus: Campus) -> None:
    script = scripted(SOUND)
    campus.recorder(script)
    check(campus)

    script.disks = [SOUND[0], DiskState("hdd 3", True, "ok")]
    check(campus)

    assert found() == ""


def test_the_disks_of_an_array_are_not_counted(campus: Campus) -> None:
    script = scripted([DiskState("array 1", True, "ok", kind=DiskKind.ARRAY)])
    recorder = campus.recorder(script)
    fit(recorder, "1", "2", "3")

    check(campus)

    assert found() == ""
    assert len(DeviceCondition.objects.get(device=recorder).disks) == 1


def test_disks_that_could_not_be_asked_keep_what_was_told_and_say_so(campus: Campus) -> None:
    """REC-12: could not ask is an answer of its own, with the age of the one before."""
    script = scripted(SOUND)
    recorder = campus.recorder(script)
    assert "not been asked" in disk_facts(None).note
    check(campus)
    told_at = DeviceCondition.objects.get(device=recorder).disks_at

    script.fails_on["disks"] = TooSlow()
    check(campus)

    condition = DeviceCondition.objects.get(device=recorder)
    facts = disk_facts(condition)
    assert (facts.told_at, len(facts.rows)) == (told_at, 2)
    assert "could not be asked about last" in facts.note
    condition.disks_reason = "NOT_SUPPORTED"
    assert "look at its own screen" in disk_facts(condition).note

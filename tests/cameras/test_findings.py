"""Findings open once, close by themselves when it is right again, and name one cause once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

import vault
from cameras.models import (
    CheckResult,
    DeviceCheck,
    DeviceCondition,
    Finding,
    PositionDay,
    Run,
    StateChange,
)
from cameras.night import findings, finishing, nights
from cameras.night.device_findings import is_same_firmware
from cameras.protocols.base import CredentialRefused, Unreachable
from cameras.wording.finding_words import sentence
from core.secret import Secret
from inventory.models import Device, Position, RecordingSchedule
from tests.cameras.campus import Scripted, hours, whole, yesterday
from vault.models import Credential

WHOLE = whole(yesterday())


def again(campus, devices=None):
    run = nights.check_now(by="test", devices=devices)
    for _attempt in range(3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
        campus.work(run)
    finishing.finish_runs()
    return run


def one_more_night(campus):
    """Another sweep over yesterday, as a second night would be."""
    run = Run.objects.create(kind="NIGHT", day=yesterday(), slot=f"night:{Run.objects.count()}")
    nights.start(run)
    for _attempt in range(3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
        campus.work(run)
    finishing.finish_runs()
    run.refresh_from_db()
    assert run.status == "FINISHED"


def kinds() -> list[str]:
    return sorted(Finding.objects.open().values_list("kind", flat=True))


def test_a_dead_recorder_is_one_finding_with_its_cameras(campus):
    """NGT-8, REC-9: a dead recorder is one line and not N."""
    script = Scripted(recorded=dict.fromkeys(range(1, 5), WHOLE), error=Unreachable())
    campus.recorder(script)

    again(campus)

    finding = Finding.objects.get(kind="RECORDER_SILENT")
    assert (finding.count, len(finding.covers), finding.reason) == (4, 4, "NO_ANSWER")
    assert "NOT_RECORDING" not in kinds()


def test_a_finding_closes_when_it_is_right_again(campus):
    script = Scripted(recorded={1: WHOLE}, error=Unreachable())
    recorder = campus.recorder(script)
    again(campus)
    again(campus)
    assert kinds().count("RECORDER_SILENT") == 1
    script.error = None

    again(campus)

    finding = Finding.objects.get(kind="RECORDER_SILENT")
    assert finding.closed_at is not None
    reached = StateChange.objects.filter(subject_id=recorder.pk, what="reachable")
    assert list(reached.values_list("before", "after").order_by("pk")) == [
        ("", "SILENT"),
        ("SILENT", "ANSWERS"),
    ]


def test_silent_cameras_of_one_network_are_one_finding(campus):
    """NGT-8: a switch that is down."""
    for _n in range(6):
        campus.camera(Scripted(error=Unreachable()))
    campus.camera()

    again(campus)

    assert kinds() == ["NETWORK_SILENT"]
    assert Finding.objects.get().count == 6


def test_one_silent_camera_is_a_finding_of_its_own(campus):
    campus.camera(Scripted(error=Unreachable()))
    for _n in range(5):
        campus.camera()

    again(campus)

    assert kinds() == ["CAMERA_SILENT"]


def test_another_serial_at_the_address_is_found(campus):
    """INV-2: nothing else is asked of a stranger."""
    script = Scripted(serial="OTHER0000001")
    camera = campus.camera(script)

    again(campus)

    finding = Finding.objects.get(kind="SERIAL_CHANGED")
    assert finding.detail == {"before": camera.serial, "after": "OTHER0000001"}
    assert "snapshot" not in script.calls


def test_a_stranger_that_took_the_login_gets_it_no_second_time(campus):
    """D18: until a person has looked; how the stranger is spoken to is not remembered for ours."""
    script = Scripted(serial="ORIGINAL123456")
    camera = campus.camera(script)
    Device.objects.filter(pk=camera.pk).update(serial="ORIGINAL123456")
    again(campus)
    script.serial = "STRANGER123456"
    again(campus)
    assert kinds() == ["SERIAL_CHANGED"]
    assert DeviceCondition.objects.get(pk=camera.pk).manner["auth"] == "digest-md5"
    script.calls.clear()

    run = again(campus)
    assert script.calls == [], "not even asked: there is no login to ask with"
    reasons = CheckResult.objects.filter(device_check__run=run).values_list("reason", flat=True)
    assert set(reasons) == {"WRONG_DEVICE"}

    script.serial = "ORIGINAL123456"
    Finding.objects.update(closed_at=timezone.now())
    again(campus)
    assert script.calls, "whoever closed the finding has looked"


def test_a_changed_firmware_is_found_once(campus):
    """INV-3."""
    script = Scripted()
    campus.camera(script)
    again(campus)
    assert kinds() == []
    script.firmware = "2.0"

    again(campus)
    again(campus)

    finding = Finding.objects.get(kind="FIRMWARE_CHANGED")
    assert finding.detail == {"before": "1.0", "after": "2.0"}
    assert finding.closed_at is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2.800.0000000.25.R 2022-03-14", "2.800.0000000.25.R,build:2022-03-14", True),
        ("V4.30.005 build 220815", "4.30.005", True),
        ("V4.30.005 build 220815", "V4.30.005, build 230101", False),
        ("2.800.0000000.25.R", "2.800.0000000.26.R,build:2022-03-14", False),
        ("3.1.8", "3.2.11", False),
    ],
)
def test_a_firmware_spelt_otherwise_is_no_other_firmware(one, other, same):
    """INV-3: protocols and people write one version in several ways."""
    assert is_same_firmware(one, other) is same


def test_the_same_mac_at_two_addresses_is_found_on_both(campus):
    """D18."""
    campus.camera(Scripted(mac="02:00:00:00:00:01"))
    campus.camera(Scripted(mac="02:00:00:00:00:01"))

    again(campus)

    assert kinds() == ["DUPLICATE_IDENTITY", "DUPLICATE_IDENTITY"]


def test_a_device_that_answers_elsewhere_has_moved(campus):
    """INV-10: the same MAC at another address is the same device."""
    moved = campus.camera(Scripted(error=Unreachable()))
    moved.mac = "02:00:00:00:00:09"
    moved.save()
    here = campus.camera(Scripted(mac="02:00:00:00:00:09"))

    again(campus)

    finding = Finding.objects.get(kind="DEVICE_MOVED")
    assert finding.subject_id == moved.pk
    assert finding.detail["now_at"] == str(here.addresses.get().ip)


def test_a_refused_login_is_found(campus):
    campus.camera(Scripted(fails_on={"identity": CredentialRefused()}))

    again(campus)

    assert kinds() == ["CREDENTIAL_REFUSED"]


def test_a_recorder_that_missed_the_same_hour_everywhere_is_one_finding(campus, night):
    """NGT-8, REC-4: the cause is the recorder, not three cameras."""
    hole = hours(yesterday(), (0, 3), (4, 24))
    campus.recorder(Scripted(recorded={1: hole, 2: hole, 3: hole}))

    night()

    assert kinds() == ["RECORDER_STOPPED"]
    assert Finding.objects.get().count == 3


def test_a_faulty_disk_is_found(campus):
    campus.recorder(Scripted(recorded={1: WHOLE}, disk_ok=False))

    again(campus)

    assert kinds() == ["DISK"]


def test_retention_counts_holes_and_no_locked_clips(campus, night):
    """REC-2, REC-6, REC-7, REC-17c: earliest is the oldest unlocked recording."""
    # Older days are whole: the night asks about three of them, which ones the recorder's number decides.
    days = hours(yesterday(), (-40 * 24, 12))
    earliest = hours(yesterday(), (-9 * 24, 0))[0][0]
    campus.recorder(Scripted(recorded={1: days}, earliest_ms=earliest))

    night()

    finding = Finding.objects.get(kind="RETENTION_SHORT")
    assert 9.4 < float(finding.detail["held_days"]) < 10.6
    assert finding.detail["goal_days"] == 30


def test_quiet_hours_of_motion_recording_are_no_holes_in_its_retention(campus, night):
    """REC-6: nothing to see is not a recording that was lost."""
    earliest = WHOLE[0][1] - 32 * 86_400_000
    recorder = campus.recorder(
        Scripted(recorded={1: hours(yesterday(), (9, 10))}, earliest_ms=earliest)
    )
    position = recorder.channels.get().assignments.get().position
    RecordingSchedule.objects.create(position=position, kind="MOTION", valid_from=date(2020, 1, 1))

    night()

    assert [f.detail for f in Finding.objects.filter(kind="RETENTION_SHORT")] == []


def test_motion_recording_that_shows_nothing_for_days_is_found(campus, night):
    """REC-21: no percentage, but silence for too long is suspicious."""
    recorder = campus.recorder(Scripted(recorded={1: []}))
    position = recorder.channels.get().assignments.get().position
    RecordingSchedule.objects.create(position=position, kind="MOTION", valid_from=date(2020, 1, 1))
    for n in (1, 2):
        day = yesterday() - timedelta(days=n)
        PositionDay.objects.create(position=position, day=day, result="NOT_RECORDED")

    night()

    assert kinds() == ["MOTION_SILENT"]


@pytest.mark.parametrize(("days", "found"), [(33, []), (36, ["RETENTION_LONG"])])
def test_recordings_older_than_the_goal_are_found(campus, night, days, found):
    """REC-23: recorders delete by whole days, so two more are forgiven; locked clips are left out."""
    earliest = WHOLE[0][1] - days * 86_400_000
    campus.recorder(Scripted(recorded={1: WHOLE, 2: WHOLE}, earliest_ms=earliest))

    night()

    assert kinds() == found
    for finding in Finding.objects.all():
        assert (finding.count, finding.detail["goal_days"]) == (2, 30)
        with translation.override("en"):
            assert "2 channels still have recordings of" in sentence(finding, "Recorder 1")


def test_a_recorder_that_deletes_again_is_not_found_any_more(campus, night):
    """REC-23."""
    script = Scripted(recorded={1: WHOLE}, earliest_ms=WHOLE[0][1] - 50 * 86_400_000)
    campus.recorder(script)
    night()
    assert kinds() == ["RETENTION_LONG"]

    # Between the goal and what is forgiven beyond it, at whatever hour of the day.
    script.earliest_ms = WHOLE[0][1] - 33 * 86_400_000
    one_more_night(campus)

    assert kinds() == []


def test_a_night_that_could_not_ask_does_not_clear_a_silent_motion_camera(campus):
    """REC-18, REC-21; a camera that does not record on motion any more is cleared."""
    script = Scripted(recorded={1: WHOLE}, error=Unreachable())
    recorder = campus.recorder(script)
    position = recorder.channels.get().assignments.get().position
    schedule = RecordingSchedule.objects.create(
        position=position, kind="MOTION", valid_from=date(2020, 1, 1)
    )
    subject = findings.Subject("POSITION", position.pk)
    findings.open_finding("MOTION_SILENT", subject, timezone.now())

    one_more_night(campus)
    assert kinds() == ["MOTION_SILENT", "RECORDER_SILENT"]

    schedule.delete()
    script.error = None
    one_more_night(campus)
    assert kinds() == []


def test_what_left_service_has_no_open_findings(campus):
    """A closed position and a scrapped camera are not checked any more: nothing else would close these."""
    recorder = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 12)), 2: WHOLE}))
    camera = campus.camera(Scripted(error=Unreachable()))
    one_more_night(campus)
    assert kinds() == ["CAMERA_SILENT", "NOT_RECORDING"]
    position = recorder.channels.get(number=1).assignments.get().position

    Position.objects.filter(pk=position.pk).update(status="CLOSED")
    Device.objects.filter(pk=camera.pk).update(status="SCRAPPED")
    one_more_night(campus)

    closed = Finding.objects.filter(kind__in=["CAMERA_SILENT", "NOT_RECORDING"])
    assert {row.closed_because for row in closed} == {"not in service any more"}


def test_settling_twice_changes_nothing(campus):
    """E9."""
    now = timezone.now()
    subject = findings.Subject("DEVICE", 1, "one")
    item = findings.Found("DISK", subject)

    findings.settle([item], (), now)
    findings.settle([item], (), now)
    assert Finding.objects.count() == 1

    findings.settle([], [("DISK", subject)], now)
    findings.settle([], [("DISK", subject)], now)
    assert Finding.objects.get().closed_at == now


def test_the_condition_keeps_last_values_with_their_age(campus):
    """INV-3, REC-18: identity read back from the device, with its age."""
    camera = campus.camera(Scripted(mac="02:00:00:00:00:07"))

    again(campus)

    row = DeviceCondition.objects.get(device=camera)
    assert (row.serial, row.firmware, row.macs) == (camera.serial, "1.0", ["02:00:00:00:00:07"])
    assert row.identity_at is not None
    assert row.clock_verdict == "OK"


def test_a_parked_login_is_no_sign_of_life_and_no_silence(campus):
    """The device was not asked, so nothing is known about it, and nobody's login is tried."""
    script = Scripted(recorded={1: WHOLE}, fails_on={"identity": CredentialRefused()})
    recorder = campus.recorder(script)
    vault.store(recorder, "operator", Secret("a-password"), by="test", because="test")
    again(campus)
    assert Credential.objects.get(device=recorder).is_parked
    calls = len(script.calls)
    DeviceCondition.objects.all().delete()

    again(campus)

    row = DeviceCondition.objects.get(device=recorder)
    assert len(script.calls) == calls
    assert (row.answered_at, row.silent_since, row.reason) == (None, None, "CREDENTIAL_PARKED")
    assert "RECORDER_SILENT" not in kinds()

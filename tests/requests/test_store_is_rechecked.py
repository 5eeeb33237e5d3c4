"""The store is measured again by itself: a changed byte becomes an alarm, and no file waits for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import Role
from audit.models import Entry
from cameras.models import Finding
from footage_requests.footage import rechecking, store, store_alarm
from footage_requests.models import EvidenceFile
from tests.inventory import rows as inventory_rows
from tests.requests import sealing_rows as rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def damage(file: EvidenceFile) -> None:
    path = store.path_of(file.uuid)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def lines_for(*roles: str) -> list[str]:
    person = inventory_rows.person(*roles)
    return [line.sentence for line in rechecking.lines(person)]


def test_a_changed_byte_is_audited_once_and_stands_in_bugun(campus):
    """B13."""
    package = rows.verified(campus)
    damage(package.exhibits.get().file)
    rechecking.recheck_store()

    entry = Entry.objects.get(action="evidencefile.found_changed")
    assert package.request.number in entry.canon
    assert lines_for(Role.UNIT_HEAD) == [
        f"{package.request.number}: a stored evidence file was changed or cannot be read"
    ]
    with time_machine.travel(timezone.now() + dt.timedelta(hours=21)):
        rechecking.recheck_store()
    assert Entry.objects.filter(action="evidencefile.found_changed").count() == 1


def test_a_missing_file_is_an_alarm_as_well(campus):
    file = rows.stored(b"footage")
    store.path_of(file.uuid).unlink()
    rechecking.recheck_store()

    file.refresh_from_db()
    assert not file.is_sound
    assert len(lines_for(Role.SECURITY_CHIEF)) == 1


def test_a_file_that_is_sound_again_waits_to_be_handled(campus):
    file = rows.stored(b"footage")
    damage(file)
    rechecking.recheck_store()
    damage(file)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=21)):
        rechecking.recheck_store()

    (line,) = lines_for(Role.UNIT_HEAD)
    assert "say what was done" in line
    assert Entry.objects.filter(action="evidencefile.found_sound_again").exists()


def test_every_file_is_measured_within_a_day_and_the_oldest_comes_first(campus):
    files = [rows.stored(b"footage %d" % number) for number in range(5)]
    for _sweep in range(5):
        assert rechecking.recheck_store(budget_s=0) == 1
    assert rechecking.recheck_store(budget_s=0) == 0
    measured = [EvidenceFile.objects.get(pk=file.pk).checked_at for file in files]
    assert measured == sorted(at for at in measured if at)

    with time_machine.travel(timezone.now() + dt.timedelta(hours=23)):
        rechecking.recheck_store(budget_s=0)
    newest = EvidenceFile.objects.order_by("-checked_at").first()
    assert newest == files[0]


def test_measuring_that_does_not_keep_up_is_told(campus):
    rows.stored(b"footage")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=31)):
        assert lines_for(Role.ADMIN) == [
            "1 stored evidence file was not measured again for over a day"
        ]


def test_a_destroyed_file_is_no_alarm(campus):
    file = rows.stored(b"footage")
    store.destroy(file)

    assert rechecking.recheck_store() == 0
    assert lines_for(Role.UNIT_HEAD) == []


def test_who_does_not_watch_the_store_is_not_told(campus):
    file = rows.stored(b"footage")
    damage(file)
    rechecking.recheck_store()

    assert lines_for(Role.REGISTRY_CLERK) == []
    assert lines_for() == []


def watcher(role: str = Role.UNIT_HEAD) -> Any:
    person = inventory_rows.person(role)
    person.email = f"{person.pk}@example.org"
    person.save()
    return person


def test_a_damaged_file_is_a_finding_until_somebody_has_handled_it(campus):
    """B13: also after it was made sound again."""
    file = rows.stored(b"footage")
    path = store.path_of(file.uuid)
    content = path.read_bytes()
    damage(file)
    rechecking.recheck_store()
    store_alarm.sweep()
    finding = Finding.objects.open().get(kind="EVIDENCE_CHANGED")

    path.write_bytes(content)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=21)):
        rechecking.recheck_store()
        store_alarm.sweep()
    assert Finding.objects.open().get() == finding
    assert any("say what was done" in line for line in lines_for(Role.UNIT_HEAD))

    finding.acknowledge(by=watcher(), because="disk replaced, restored from the second copy")
    store_alarm.sweep()
    assert not Finding.objects.open().exists()
    assert lines_for(Role.UNIT_HEAD) == []


def test_those_responsible_get_one_letter_each(campus):
    """B13."""
    head, chief, clerk = watcher(), watcher(Role.SECURITY_CHIEF), watcher(Role.REGISTRY_CLERK)
    damage(rows.stored(b"footage"))
    rechecking.recheck_store()
    store_alarm.sweep()
    store_alarm.sweep()

    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([head.email, chief.email])
    assert clerk.email not in str([letter.to for letter in mail.outbox])


def test_damage_that_was_found_in_another_way_is_an_alarm_as_well(campus):
    """A hand-over measures too; and a sweep that was killed in between loses nothing."""
    file = rows.stored(b"footage")
    damage(file)
    assert not store.measure_again(file)

    store_alarm.sweep()

    assert Finding.objects.open().get().subject_id == file.pk

"""A status changes by a named step: guarded in the database, audited in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

import pytest
from django.db import connection, models

import audit
from audit.models import Entry
from core.steps import InvalidTransition, Step, SteppedModel


class Lamp(SteppedModel):
    """A smallest model with steps, only here."""

    STEPS = {"light": Step({"OFF"}, "ON"), "put_out": Step({"ON"}, "OFF")}

    name = models.CharField(max_length=20)
    status = models.CharField(max_length=10, default="OFF")
    watt = models.IntegerField(null=True)

    objects: ClassVar[models.Manager[Lamp]]

    class Meta:
        app_label = "core"
        managed = False
        db_table = "test_lamp"

    def __str__(self) -> str:
        return self.name

    def light(self, *, by: models.Model | str, because: str = "", watt: int = 5) -> Entry:
        return self._take("light", by=by, because=because, watt=watt, facts={"hand": "left"})


@pytest.fixture
def lamp(db: None) -> Iterator[Lamp]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE test_lamp"
            f" (id {'bigserial' if connection.vendor == 'postgresql' else 'integer'} PRIMARY KEY,"
            " name text, status text, watt integer)"
        )
    yield Lamp.objects.create(name="Lamp")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE test_lamp")


def test_a_step_changes_the_row_and_is_audited(lamp):
    entry = lamp.light(by="test", because="dark")

    assert Lamp.objects.get().status == lamp.status == "ON"
    canon = json.loads(entry.canon)
    assert (canon["action"], canon["because"]) == ("lamp.light", "dark")
    assert canon["before"] == {"status": "OFF", "watt": None}
    assert canon["after"] == {"status": "ON", "watt": 5}
    assert canon["facts"] == {"hand": "left"}


def test_the_second_of_two_steps_loses(lamp):
    stale = Lamp.objects.get()
    lamp.light(by="test")
    entries = Entry.objects.count()

    with pytest.raises(InvalidTransition):
        stale.light(by="test")
    assert Entry.objects.count() == entries


def test_the_audit_tells_what_was_stored_and_not_what_was_loaded(lamp):
    stale = Lamp.objects.get()
    Lamp.objects.update(watt=60)

    assert json.loads(stale.light(by="test").canon)["before"]["watt"] == 60


def test_a_step_that_cannot_be_audited_is_not_taken(lamp):
    """A20"""
    with pytest.raises(audit.AuditRefused):
        lamp.light(by="test", because="x" * 1_000_000)

    assert Lamp.objects.get().status == lamp.status == "OFF"


def test_steps_say_whether_they_are_possible(lamp):
    assert (lamp.allows("light"), lamp.allows("put_out")) == (True, False)


def test_templates_cannot_take_a_step():
    assert vars(SteppedModel._take)["alters_data"]

"""A system in which nothing is entered yet says where to begin, to those who may."""

from __future__ import annotations

import pytest

from accounts.models import Person
from core import panels
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def steps(person: Person) -> list[str]:
    with panels.one_look():
        panels.gather(person)
        return [row.key for row in panels.today_lines(person) if row.kind == "first-step"]


def test_a_new_system_leads_from_people_to_buildings_to_the_first_recorder() -> None:
    admin = rows.person("ADMIN")
    assert steps(admin) == ["people", "buildings"]

    head = rows.person("UNIT_HEAD")
    assert steps(admin) == steps(head) == ["buildings"]

    rows.building()
    assert steps(admin) == []
    assert steps(head) == ["recorder"]

    rows.device(kind="RECORDER")
    assert steps(head) == []


def test_who_may_not_enter_anything_is_not_told_to() -> None:
    assert steps(rows.person("AUDITOR")) == []

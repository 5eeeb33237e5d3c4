"""The log reads as sentences: every action that people's apps write has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import translation

import audit
from audit import sentences
from cameras.models import DailySheet, Run
from control_room.models import ShiftNote
from inventory.models import Device, Position
from inventory.views.rows import EDITABLES
from tests.inventory import rows

WRITTEN = re.compile(
    r'(?:record\(|Draft\(\s*action=|action=)\s*"([a-z_]+\.[a-z_]+)"(?:\s+if [a-z]+ else "([a-z_]+\.[a-z_]+)")?'
)


def actions_of(app: str) -> set[str]:
    """The actions that stand in the sources of an app."""
    texts = [path.read_text() for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    return {action for text in texts for pair in WRITTEN.findall(text) for action in pair if action}


@pytest.mark.parametrize("app", ["accounts", "cameras", "control_room", "inventory", "vault"])
def test_every_action_has_a_sentence(app: str) -> None:
    found = actions_of(app)

    assert len(found) >= 3
    assert sorted(found - set(sentences._sentences)) == []


def test_every_step_and_every_edited_row_has_a_sentence() -> None:
    steps = {f"device.{verb}" for verb in Device.STEPS}
    steps |= {f"position.{verb}" for verb in Position.STEPS}
    steps |= {f"run.{verb}" for verb in Run.STEPS}
    steps |= {f"dailysheet.{verb}" for verb in DailySheet.STEPS}
    steps |= {f"shiftnote.{verb}" for verb in ShiftNote.STEPS}
    names = {editable.model._meta.model_name for editable in EDITABLES.values()}
    edited = {f"{name}.{verb}" for name in names for verb in ("create", "change")}

    assert sorted((steps | edited) - set(sentences._sentences)) == []


@pytest.mark.django_db
def test_names_stand_in_the_sentence_and_an_absent_object_leaves_no_colon() -> None:
    person, camera = rows.person("OPERATOR"), rows.device(model="IPC")
    with transaction.atomic():
        scrapped = audit.record("device.scrap", actor=person, target=camera)
        refused = audit.record("session.refuse", actor="sign-in", known=False)

    with translation.override("en"):
        assert sentences.sentence(scrapped) == f"{person.full_name} scrapped {camera}"
        assert sentences.sentence(refused) == "A sign-in was refused"

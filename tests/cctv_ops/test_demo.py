"""The demo's first start leaves something to work on, and a second one changes nothing."""

from __future__ import annotations

import json

import pytest

from accounts.models import Person, Role
from cctv_ops import demo
from control_room.models import ShiftNote
from footage_requests.models import FootageRequest, Hold
from inventory.models import Position


@pytest.fixture
def campus(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return json.loads(demo.CAMPUS.read_text())


def test_requests_wait_for_their_cameras_and_people_for_every_part(campus):
    assert demo.seed(campus)
    assert not demo.seed(campus)

    waiting = FootageRequest.objects.filter(status="REGISTERED", building__code="KTP")
    assert waiting.count() == 3
    assert not Hold.objects.exists()
    assert Position.objects.count() == 48
    assert ShiftNote.objects.open().count() == 2
    operators = Person.objects.filter(grants__role=Role.OPERATOR)
    assert operators.count() == 2
    for role in (Role.REGISTRY_CLERK, Role.SUPERIOR, Role.HANDOVER, Role.PRIVACY):
        assert Person.objects.filter(grants__role=role).count() == 1

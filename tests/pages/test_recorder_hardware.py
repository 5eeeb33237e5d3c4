"""A recorder's page says how its disks are and how often it was started, with the age of both (REC-12)."""

from __future__ import annotations

import datetime as dt
from html import unescape

import pytest
from django.utils import timezone

from accounts.models import Person
from cameras.models import DeviceCondition
from cameras.protocols.disk_states import DiskTrouble
from inventory.models import Device
from tests.pages import scene


@pytest.fixture
def machine(head: Person) -> Device:
    return scene.recorder()


def shown(head: Person, url: str, language: str = "en") -> str:
    return unescape(scene.browser(head, language).get(url).content.decode())


def test_every_trouble_stands_there_in_words_and_with_its_age(
    head: Person, machine: Device
) -> None:
    """REC-12."""
    now = timezone.now()
    disks = [
        {"slot": f"hdd {number}", "healthy": False, "trouble": trouble, "word": "bad"}
        for number, trouble in enumerate(DiskTrouble, start=1)
    ]
    starts = [(now - dt.timedelta(hours=hours)).isoformat() for hours in (90, 9, 2)]
    DeviceCondition.objects.filter(device=machine).update(
        disks=disks,
        disks_at=now - dt.timedelta(hours=5),
        starts=starts,
        starts_at=now - dt.timedelta(hours=1),
    )

    page = shown(head, f"/recorders/{machine.pk}/")
    for word in ("faulty", "about to fail", "missing", "array degraded", "cannot be written"):
        assert word in page
    assert "told 5 h ago" in page
    assert "Started 2× in the last 24 hours and 3× in the last 7 days" in page
    turkish = shown(head, f"/recorders/{machine.pk}/", "tr")
    assert "arızalanmak üzere" in turkish
    assert "Son 24 saatte 2 kez, son 7 günde 3 kez başlamış" in turkish


def test_what_the_recorder_does_not_tell_is_said_so(head: Person, machine: Device) -> None:
    """REC-12: three answers."""
    page = shown(head, f"/recorders/{machine.pk}/")
    assert "Nobody has asked yet when it was started." in page
    assert "Its disks have not been asked about yet." in page

    DeviceCondition.objects.filter(device=machine).update(
        disks_reason="NOT_SUPPORTED", starts_reason="NOT_SUPPORTED"
    )
    page = shown(head, f"/recorders/{machine.pk}/")
    assert "This recorder does not tell when it was started." in page
    assert "This recorder does not tell about its disks" in page


def test_a_restless_recorder_stands_on_the_first_page(head: Person, machine: Device) -> None:
    """REC-12."""
    last = timezone.now().isoformat()
    scene.finding("RECORDER_RESTARTS", machine, detail={"starts": 3, "last": last})

    assert "was started at least 3 times in 24 hours" in shown(head, "/")
    assert "24 saatte en az 3 kez yeniden başlamış" in shown(head, "/", "tr")

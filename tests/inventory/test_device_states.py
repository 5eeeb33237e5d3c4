"""A device changes its state by a step with date, person and document."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Person
from audit.models import Entry
from core.steps import InvalidTransition
from core.tsi import today
from inventory.errors import WrongDate
from inventory.models import Device

from . import rows

pytestmark = pytest.mark.django_db
PAPER = "Letter 12"


def take(device: Device, step: str, on_date: dt.date = rows.D, by: Person | None = None) -> None:
    getattr(device, step)(on_date=on_date, by=by or rows.person("OPERATOR"), document=PAPER)


def test_a_life_from_stock_to_scrap_leaves_a_row_and_an_entry_per_step():
    """INV-15: stock, commissioning, in service, faulty, out for repair, removed, scrapped."""
    device = rows.device(status="STOCK")
    clerk = rows.person("OPERATOR")
    path = [
        ("start_commissioning", "COMMISSIONING"),
        ("put_in_service", "IN_SERVICE"),
        ("report_fault", "FAULTY"),
        ("repaired", "IN_SERVICE"),
        ("report_fault", "FAULTY"),
        ("send_for_repair", "OUT_FOR_REPAIR"),
        ("return_from_repair", "COMMISSIONING"),
        ("remove", "REMOVED"),
        ("receive", "STOCK"),
        ("scrap", "SCRAPPED"),
    ]

    for days, (step, _) in enumerate(path):
        take(device, step, rows.D + dt.timedelta(days=days), clerk)

    device.refresh_from_db()
    steps = list(device.steps.all())
    assert [(s.step, s.to_status) for s in steps] == path
    assert {(s.by, s.by_name, s.document) for s in steps} == {(clerk, clerk.full_name, PAPER)}
    entries = Entry.objects.filter(action__startswith="device.").order_by("pk")
    assert [entry.action for entry in entries] == [f"device.{step}" for step, _ in path]
    assert device.history.count() == 1 + len(path)
    assert device.history.first().history_user == clerk


def test_being_put_in_service_is_stamped_without_commissioning_proofs():
    device = rows.device(status="COMMISSIONING")

    take(device, "put_in_service")

    assert device.steps.get().remark == "without commissioning proofs"


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("STOCK", "put_in_service"),
        ("IN_SERVICE", "scrap"),
        ("SCRAPPED", "receive"),
        ("COMMISSIONING", "report_fault"),
    ],
)
def test_a_step_from_the_wrong_state_changes_nothing(status, step):
    device = rows.device(status=status)

    with pytest.raises(InvalidTransition):
        take(device, step)

    assert Device.objects.get(pk=device.pk).status == status
    assert not device.steps.exists()


def test_the_second_of_two_steps_at_once_loses():
    device = rows.device(status="COMMISSIONING")
    stale = Device.objects.get(pk=device.pk)
    take(device, "put_in_service")

    with pytest.raises(InvalidTransition):
        take(stale, "put_in_service")


def test_a_step_in_the_future_is_refused():
    with pytest.raises(WrongDate):
        take(rows.device(), "report_fault", today() + dt.timedelta(days=1))


def test_a_step_before_the_previous_one_is_refused():
    device = rows.device()
    take(device, "report_fault", rows.D)

    with pytest.raises(WrongDate):
        take(device, "repaired", rows.D - dt.timedelta(days=1))


def test_a_step_without_a_document_is_refused():
    with pytest.raises(ValidationError):
        rows.device().report_fault(on_date=rows.D, by=rows.person(), document=" ")


def test_a_part_of_the_system_may_take_a_step_under_its_name():
    device = rows.device(status="COMMISSIONING")

    device.put_in_service(on_date=rows.D, by="demo", document="Demo")

    assert (device.steps.get().by, device.steps.get().by_name) == (None, "demo")

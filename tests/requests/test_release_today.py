"""What is still to be done about a released copy is told to whoever may do it, and to nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone, translation

from accounts.models import Person, Role
from core.holidays import working_days_after
from core.tsi import day_of, day_text, today
from footage_requests.holds import hold_today, holding
from footage_requests.models import Hold, Package
from footage_requests.release import destroying, handing_over, release_today
from tests.inventory import rows
from tests.requests.case import Campus
from tests.requests.test_handing_over import facts, sealed
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def package(campus: Campus) -> Package:
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    row = sealed(campus)
    handing_over.hand_over(row, facts(), by=campus.deliverer)
    return row


def told(person: Person) -> list[str]:
    return [line.sentence for line in release_today.lines(person)]


@pytest.mark.parametrize(
    ("days", "urgency"), [(-1, 4), (0, 25), (7, 25), (8, 55), (30, 55), (31, None)]
)
def test_a_copy_is_told_of_before_its_last_day_and_after_it(campus, package, days, urgency):
    """REL-24, domain 7b: thirty and seven days before; late ones first, to the superior as well."""
    Package.objects.filter(pk=package.pk).update(delete_by=today() + days * DAY)
    for person in (campus.operator, campus.superior):
        assert [line.urgency for line in release_today.lines(person)] == (
            [urgency] if urgency is not None else []
        )
    assert told(campus.clerk) == []
    if urgency is not None:
        assert package.number in told(campus.head)[0]
        page = client_of(campus.head).get("/").content.decode()
        assert package.number in page
        case = client_of(campus.head).get(f"/requests/{package.request_id}/").content.decode()
        assert day_text(today() + days * DAY) in case


def test_each_step_of_a_destruction_is_told_to_those_who_may_take_it(campus, package):
    """REL-24: three people, none of whom opens a closed case by chance."""
    privacy = rows.person(Role.PRIVACY)
    row = destroying.prepare(package, by=campus.operator, reason="süre doldu")
    assert told(campus.operator) == []
    assert "verify" in told(privacy)[0]
    assert told(campus.superior) == []
    destroying.verify(row, by=privacy)
    assert told(privacy) == []
    assert "your approval" in told(campus.superior)[0]
    destroying.approve(row, by=campus.superior)
    assert "carry it out" in told(campus.operator)[0]
    destroying.carry_out(row, by=campus.operator)
    for person in (campus.operator, privacy, campus.superior):
        assert told(person) == []


def test_a_compensating_control_is_reviewed_within_three_working_days(campus, package):
    """KFS 9: told to superiors until one has done it, late ones first."""
    verified_at = timezone.now() - 10 * DAY
    Package.objects.filter(pk=package.pk).update(is_small_unit=True, verified_at=verified_at)
    (line,) = release_today.lines(campus.superior)
    assert day_text(working_days_after(day_of(verified_at), 3)) in line.sentence
    assert line.urgency == release_today.LATE
    Package.objects.filter(pk=package.pk).update(verified_at=timezone.now())
    (line,) = release_today.lines(campus.superior)
    assert line.urgency == release_today.WAITING
    assert told(campus.head) == []
    Package.objects.filter(pk=package.pk).update(
        reviewed_at=timezone.now(), reviewed_by=campus.superior
    )
    assert told(campus.superior) == []


def test_a_hold_is_looked_at_again_before_its_day(campus):
    """Domain 7b: thirty days before."""
    (hold,) = holding.hold_request(campus.request(campus.camera()), campus.clerk)

    def lines() -> list[str]:
        return [line.key for line in hold_today.lines(campus.operator)]

    assert "ending" not in lines()
    Hold.objects.filter(pk=hold.pk).update(keep_until=today() + 30 * DAY)
    assert "ending" in lines()
    page = client_of(campus.operator).get("/requests/holds/", {"view": "ending"})
    assert hold.item.position.name in page.content.decode()

"""The case page offers a part only to somebody who may still play it."""

from __future__ import annotations

import pytest

from accounts.models import Person, Role
from core.tsi import today
from footage_requests import parts
from footage_requests.models import Package, SmallUnitPeriod
from footage_requests.release import release_panel
from tests.inventory import rows
from tests.requests.case import Campus, exhibit_of, package_of
from tests.requests.test_handing_over import sealed

pytestmark = pytest.mark.django_db


def offered(package: Package, person: Person, name: str) -> bool:
    return bool(release_panel.package_context(package, person)[name])


def test_the_exporter_hands_over_only_in_a_small_unit(campus: Campus) -> None:
    package = sealed(campus)
    assert offered(package, campus.deliverer, "may_hand_over")
    assert not offered(package, campus.operator, "may_hand_over")
    assert not offered(package, campus.operator, "may_show")

    SmallUnitPeriod.objects.create(starts_on=today(), document="order 7", set_by=campus.superior)
    assert offered(package, campus.operator, "may_hand_over")


def test_neither_exporter_nor_filer_is_led_to_the_checks(campus: Campus) -> None:
    filer = rows.person(Role.OPERATOR)
    package = package_of(campus, campus.decide(campus.submitted(filer=filer)))
    exhibit_of(package, b"pictures" * 100)
    package.take("offer", by="test")

    who = (campus.second_operator, campus.operator, filer, campus.superior)
    assert [offered(package, person, "may_verify") for person in who] == [True] + [False] * 3


def test_who_filed_or_decided_is_not_asked_to_export(campus: Campus) -> None:
    both = rows.person(Role.SUPERIOR, Role.OPERATOR)
    others = {parts.Part.FILER: campus.clerk.pk, parts.Part.APPROVER: both.pk}
    assert parts.may_play(parts.Part.EXPORTER, campus.operator, others)
    assert not parts.may_play(parts.Part.EXPORTER, both, others)
    assert not parts.may_play(parts.Part.EXPORTER, campus.clerk, others)

"""B4, B5: an approval is for exactly what was shown; whatever changes afterwards needs a new one."""

from __future__ import annotations

import pytest

from footage_requests.casework import arriving, choosing
from footage_requests.decisions import deciding
from footage_requests.decisions.deciding import Choice
from footage_requests.errors import Refused
from tests.inventory import rows
from tests.requests import cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved():
    row = cases.submitted()
    choice = Choice(kind="COPY", seen_sha256=deciding.summary(row).sha256)
    deciding.decide(row, choice, by=rows.person("SUPERIOR"))
    row.refresh_from_db()
    return row


def changes():
    operator = rows.person("OPERATOR")
    return {
        "another event": lambda row: arriving.edit(row, {"event": "x"}, by=row.filer),
        "a longer window": lambda row: arriving.edit(
            row, cases.window(hours_ago=27, minutes=90), by=row.filer
        ),
        "another identity": lambda row: arriving.edit(
            row, {}, by=row.filer, national_id="U1234567"
        ),
        "one camera more": lambda row: choosing.name_cameras(row, [rows.position()], by=operator),
        "one camera less": lambda row: choosing.decide_item(
            row.items.get(), include=False, because="wrong door", by=operator
        ),
    }


@pytest.mark.parametrize(
    "name",
    ["another event", "a longer window", "another identity", "one camera more", "one camera less"],
)
def test_a_change_of_content_voids_the_decision_in_the_same_transaction(approved, name):
    """B5."""
    assert deciding.standing_decision(approved) is not None
    changes()[name](approved)

    approved.refresh_from_db()
    assert approved.status == "IN_REVIEW"
    assert deciding.standing_decision(approved) is None
    assert approved.decisions.get().voided_because


def test_contact_data_and_the_arrival_void_nothing(approved):
    arriving.edit(approved, {"phone": "0326 000 00 00"}, by=approved.filer)

    assert deciding.standing_decision(approved) is not None


def test_an_edit_takes_a_request_back_from_the_superior():
    """B4: v1 is not approved after an edit to v2."""
    row = cases.submitted()
    seen = deciding.summary(row).sha256
    arriving.edit(row, {"event": "x"}, by=row.filer)

    row.refresh_from_db()
    assert row.status == "IN_REVIEW"
    assert deciding.summary(row).sha256 != seen


def test_withdrawing_an_approved_request_voids_its_decision(approved):
    arriving.withdraw(approved, by=approved.filer, because="settled")

    approved.refresh_from_db()
    assert approved.status == "WITHDRAWN"
    assert deciding.standing_decision(approved) is None


def test_an_oral_police_request_is_held_and_watched_but_not_copied_before_the_letter():
    """REL-15."""
    row = cases.filed(
        code="POLICE_ORAL",
        positions=[rows.position()],
        national_id="",
        requester_title="Komiser, 123456",
    )
    operator, superior = rows.person("OPERATOR"), rows.person("SUPERIOR")
    choosing.submit(cases.checked(row), by=operator)
    row.refresh_from_db()
    seen = deciding.summary(row).sha256
    for kind in ("COPY", "PART"):
        with pytest.raises(Refused):
            deciding.decide(row, Choice(kind=kind, seen_sha256=seen, reason="urgent"), by=superior)

    made = deciding.decide(
        row, Choice(kind="VIEWING", seen_sha256=seen, reason="urgent"), by=superior
    )
    assert made.releases

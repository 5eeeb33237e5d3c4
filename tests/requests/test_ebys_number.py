"""The EBYS number is stored whenever it comes: it voids nothing, and without it a case is not closed."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Entry
from footage_requests.casework import arriving, case_view
from footage_requests.decisions import deciding
from footage_requests.errors import Refused
from footage_requests.release import closing
from tests.requests import cases
from tests.requests.test_handing_over import sealed
from tests.sheets.rows import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def test_it_is_entered_after_the_package_was_sealed(campus):
    """REL-1: the number may come last; the decision stands."""
    package = sealed(campus)
    row = package.request
    answer = client_of(campus.clerk).post(
        f"/requests/{row.pk}/ebys/", {"ebys_number": " E-1-2 ", "ebys_date": "2026-03-11"}
    )

    row.refresh_from_db()
    assert answer.status_code == 302
    assert (row.ebys_number, row.ebys_date) == ("E-1-2", dt.date(2026, 3, 11))
    assert deciding.standing_decision(row) is not None
    assert Entry.objects.filter(action="footagerequest.edit").latest("pk").actor_id
    assert "The EBYS number of the request is missing." not in closing.missing(row)


def test_an_edit_of_it_voids_no_decision(campus):
    decision = campus.decide(campus.submitted())
    decision.request.kind.bases.add(decision.request.basis)
    arriving.edit(decision.request, {"ebys_number": "E-1"}, by=campus.clerk)

    decision.request.refresh_from_db()
    assert deciding.standing_decision(decision.request) == decision


def test_a_refused_case_gets_its_number_and_can_be_closed(campus):
    request = campus.submitted()
    campus.decide(request, "REFUSE", codes=[campus.code().code])
    request.refresh_from_db()
    assert closing.missing(request) == ["The EBYS number of the request is missing."]

    arriving.enter_ebys(request, "E-5", by=campus.clerk)
    request.refresh_from_db()
    assert closing.missing(request) == []


@pytest.mark.parametrize("number", ["", "  "])
def test_an_empty_number_is_refused(campus, number):
    with pytest.raises(Refused):
        arriving.enter_ebys(campus.request(), number, by=campus.clerk)


def test_a_case_that_is_over_keeps_its_number(campus):
    row = campus.request()
    arriving.withdraw(row, by=campus.clerk, because="not needed")
    with pytest.raises(Refused):
        arriving.enter_ebys(row, "E-9", by=campus.clerk)


def test_the_case_offers_it_only_while_it_is_missing(campus):
    titles = [each["title"] for each in case_view.actions_for(campus.clerk, campus.request())]
    known = cases.filed(by=campus.clerk, ebys_number="E-1")
    later = [each["title"] for each in case_view.actions_for(campus.clerk, known)]
    assert "Enter the EBYS number" in titles
    assert "Enter the EBYS number" not in later

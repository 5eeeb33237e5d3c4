"""What a printed record says is what was recorded, in words that its reader understands."""

from __future__ import annotations

import pytest

from footage_requests.models import Package
from footage_requests.release import handing_over
from footage_requests.release.record_papers import record_paper
from tests.requests.case import Campus
from tests.requests.test_handing_over import facts, sealed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def package(campus: Campus) -> Package:
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    made: Package = sealed(campus)
    return made


def test_the_clock_error_stands_in_words_on_the_record(campus: Campus, package: Package) -> None:
    """CLK-10."""
    row = handing_over.hand_over(package, facts(), by=campus.deliverer)
    (line,) = record_paper(row).shown["exhibits"]

    assert line["offset"] == "7 min 13 s ahead (± 0.6 s)"
    assert "12:00:00 –" in line["true"]
    assert line["true"].endswith("TSİ")
    assert "12:07:13 –" in line["device"]
    # A device's own clock need not show Türkiye time.
    assert "TSİ" not in line["device"]


@pytest.mark.parametrize("together", [True, False])
def test_a_record_claims_a_common_look_only_where_there_was_one(
    campus: Campus, package: Package, together: bool
) -> None:
    """REL-22."""
    row = handing_over.hand_over(package, facts(played_together=together), by=campus.deliverer)
    closing = record_paper(row).shown["closing"]

    assert ("It was checked together" in closing) is together
    assert ("were not opened and played together" in closing) is not together

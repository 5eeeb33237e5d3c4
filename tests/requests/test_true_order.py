"""CLK-14: clips of two cameras in the order of true time, and how sure that order is."""

from __future__ import annotations

import json

import pytest

from footage_requests import sealing
from footage_requests.exhibits import verifying
from footage_requests.exhibits.true_order import Order, as_table, in_true_order
from footage_requests.models import Exhibit
from inventory.models import Channel
from tests.inventory import rows
from tests.requests import sealing_rows
from tests.requests.films import film

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(campus, english):
    """Two cameras on two recorders: the second begins 1.2 s later in true time, shown 8 minutes earlier."""
    decision = sealing_rows.decided(campus, lines=2)
    package = sealing_rows.started(campus, decision)
    other = rows.device("RECORDER", model="NVR-8")
    late, first = decision.lines.order_by("pk")
    Channel.objects.filter(assignments__position=late.item.position).update(recorder=other)
    for line, ahead, offset in ((late, 1200, -480_000), (first, 0, 433_000)):
        made = sealing_rows.exhibit(package, line, film(2))
        start, end = made.facts["delivered"]
        made.facts |= {
            "delivered": [start + ahead, end + ahead],
            "clock": {"offset_ms": offset, "uncertainty_ms": 400},
        }
        made.save()
    return package


def order_of(package):
    return in_true_order(verifying.current_exhibits(package))


def test_the_picture_that_shows_the_earlier_time_may_be_the_later_one(package):
    """CLK-14."""
    first, second = order_of(package)

    assert first.times.offset_ms == 433_000
    assert (second.order, second.after_ms, second.bound_ms) == (Order.AFTER, 1200, 800)
    assert "1.2 s after" in second.words


@pytest.mark.parametrize(
    ("uncertainty", "said"), [(600, Order.WITHIN_UNCERTAINTY), (None, Order.NOT_MEASURED)]
)
def test_an_order_within_the_uncertainty_is_not_claimed(package, uncertainty, said):
    """CLK-14."""
    for made in package.exhibits.all():
        made.facts["clock"]["uncertainty_ms"] = uncertainty
        made.save()

    _first, second = order_of(package)

    assert second.order == said
    assert "not proven" in second.words


def test_one_clock_proves_its_own_order(campus, package):
    """CLK-14: the error is the same for both, so it moves neither before the other."""
    for made in package.exhibits.all():
        made.facts["clock"]["uncertainty_ms"] = 90_000
        made.save()
    Channel.objects.update(recorder=campus.recorder)

    assert order_of(package)[1].order == Order.SAME_CLOCK


def test_one_clock_that_was_set_at_an_unknown_moment_proves_no_order(campus, package):
    """CLK-14, B12: before the correction and after it the same clock said other times."""
    for made in package.exhibits.all():
        made.facts["clock"] |= {"uncertainty_ms": 90_000, "doubts": [{"from_ms": 0}]}
        made.save()
    Channel.objects.update(recorder=campus.recorder)

    assert order_of(package)[1].order == Order.WITHIN_UNCERTAINTY


def test_the_package_says_the_order_to_people_and_to_programs(
    campus, package, sealing_key, tmp_path
):
    """CLK-14."""
    sealing_rows.verify(campus, package)
    sealed = sealing.seal_package(package, campus.operator)
    folder = sealing_rows.unpacked(sealed, tmp_path / "out")

    told = json.loads((folder / "4_VERIFY" / "manifest.json").read_text())["true_order"]
    idents = [row.exhibit.ident for row in order_of(package)]
    assert [row["exhibit"] for row in told] == idents
    assert (told[1]["order"], told[1]["after_previous_ms"]) == ("AFTER", 1200)
    assert told[0]["from"] < told[1]["from"]
    text = (folder / "00_READ_ME_FIRST.txt").read_text()
    english = text[text.index("Order in true time") :]
    assert english.index(idents[0]) < english.index(idents[1])
    statement = sealing_rows.tool(
        "pdftotext -layout 3_RECORDS/release_statement.pdf -", folder
    ).stdout.decode()
    assert "Order in true time" in statement
    assert as_table(order_of(package))[1]["uncertainty"] in statement
    assert Exhibit.objects.count() == 2

"""What a printed record says is what was recorded, in words that its reader understands."""

from __future__ import annotations

import subprocess

import pytest

from audit.models import Seal
from core.papers import render_pdf
from footage_requests.models import Package
from footage_requests.release import handing_over
from footage_requests.release.record_papers import record_paper
from tests.requests.case import Campus
from tests.requests.sealing_rows import seal_log
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


def test_the_record_names_masks_player_people_and_the_head_of_the_log(
    campus: Campus, package: Package
) -> None:
    """REL-22: what evidence-and-secrets asks of the paper, and a log that was changed does not lead to it."""
    seal_log()
    row = handing_over.hand_over(package, facts(), by=campus.deliverer)
    paper = record_paper(row)
    told = dict(paper.shown["facts"])
    newest = Seal.objects.order_by("-leaf")[0]

    assert told["Head of the audit log"] == newest.chain
    assert str(newest.leaf) in told["Audit log"]
    assert told["Exported by"] == str(campus.operator)
    assert told["Verified by"] == str(campus.second_operator)
    assert "VLC" in told["Player"]
    (line,) = paper.shown["exhibits"]
    assert "not masked" in line["kind_words"]
    assert line["asked_span"].startswith("10.03.2026 12:00:00 – 12:30:00")
    pdf = render_pdf(paper, row.happened_at)
    words = subprocess.run(
        ["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout
    assert newest.chain in "".join(words.decode().split())


@pytest.mark.parametrize("together", [True, False])
def test_a_record_claims_a_common_look_only_where_there_was_one(
    campus: Campus, package: Package, together: bool
) -> None:
    """REL-22."""
    row = handing_over.hand_over(package, facts(played_together=together), by=campus.deliverer)
    closing = record_paper(row).shown["closing"]

    assert ("It was checked together" in closing) is together
    assert ("were not opened and played together" in closing) is not together

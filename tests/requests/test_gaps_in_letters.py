"""The cover letter tells the addressee that the recording has gaps."""

from __future__ import annotations

import pytest

from core.tsi import to_ms
from footage_requests.release.answer_letters import letters_of
from tests.requests.case import EVENT, Campus, exhibit_of, package_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("gaps", [0, 2])
def test_the_cover_letter_names_the_gaps_that_the_superior_saw(campus: Campus, gaps: int) -> None:
    """REL-20."""
    start = to_ms(EVENT)
    found = [[start + n * 60_000, start + n * 60_000 + 5_000] for n in range(1, gaps + 1)]
    request = campus.request()
    campus.item(request, campus.camera(), answer="PARTLY" if gaps else "YES", gaps=found)
    request.take("review", by=campus.operator)
    request.take("submit", by=campus.operator)
    campus.decide(request)
    cover = next(letter for letter in letters_of(request) if letter.name == "Üst yazı")

    assert ("2 kayıt kesintisi" in cover.text) is bool(gaps)
    assert ("kesinti" in cover.text) is bool(gaps)


def test_a_gap_that_was_found_only_when_it_was_fetched_is_named_as_well(campus: Campus) -> None:
    """REL-20: what the recorder did not know, or lost meanwhile, is in no answer of before."""
    decision = campus.decide(campus.submitted())
    start = to_ms(EVENT)
    exhibit_of(package_of(campus, decision), b"pictures", gaps=[[start + 1_000, start + 3_000]])
    cover = next(letter for letter in letters_of(decision.request) if letter.name == "Üst yazı")

    assert "1 kayıt kesintisi" in cover.text

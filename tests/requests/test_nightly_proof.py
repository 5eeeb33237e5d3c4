"""REL-21: what the nightly check had proved goes with the answer that there is no recording any more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from cameras.models import CoverageDay
from core import tsi
from core.tsi import from_ms, to_ms
from footage_requests import said
from footage_requests.holds import nightly_proof
from footage_requests.models import RequestItem
from footage_requests.release import answer_letters, handing_over
from footage_requests.release.record_papers import record_paper
from tests.requests.case import EVENT, Campus

pytestmark = pytest.mark.django_db
DAY = tsi.day_of(EVENT)
BEGIN, END = tsi.day_bounds_ms(DAY)
START, UNTIL = to_ms(EVENT), to_ms(EVENT + dt.timedelta(minutes=30))
MINUTE = 60_000


def seen_by_night(item: RequestItem, **facts: Any) -> None:
    (channel,) = item.position.channels_on(DAY)
    gaps = facts.pop("gaps", [])
    told = {
        "expected_ms": END - BEGIN,
        "recorded_ms": END - BEGIN - sum(gap[1] - gap[0] for gap in gaps),
        "gaps": [[*gap, ""] for gap in gaps],
        "gap_count": len(gaps),
        "result": "PARTLY" if gaps else "RECORDED",
        "source": "ISAPI",
        "asked_at": from_ms(END + 60 * MINUTE),
        "is_complete": True,
        "canonical": "x",
        "sha256": "0" * 64,
    }
    CoverageDay.objects.create(channel=channel, day=DAY, **(told | facts))


def codes(item: RequestItem) -> list[str]:
    return [
        said.code_of(each) for each in nightly_proof.proved(item, item.position.channels_on(DAY))
    ]


@pytest.fixture
def item(campus: Campus) -> RequestItem:
    return campus.item(campus.request(), campus.camera(), answer="NO")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, "NIGHT_ALL"),
        ({"gaps": [[BEGIN, BEGIN + MINUTE]]}, "NIGHT_ALL"),
        ({"gaps": [[START - MINUTE, UNTIL + MINUTE]]}, "NIGHT_NONE"),
        ({"gaps": [[START, START + MINUTE]]}, "NIGHT_PART"),
        # Gaps are listed only in expected time, doubted minutes are no proof, and not all gaps are kept.
        ({"expected_ms": 8 * 60 * MINUTE}, "NIGHT_DAY"),
        ({"disputed_ms": MINUTE, "doubts": [[START, START + MINUTE]]}, "NIGHT_DAY"),
        ({"gap_count": 5_000, "result": "PARTLY"}, "NIGHT_DAY"),
        ({"result": "UNKNOWN", "reason": "TOO_SLOW"}, "NIGHT_DAY"),
        ({"is_provisional": True}, "NIGHT_MISSING"),
    ],
)
def test_a_row_proves_of_the_window_what_it_tells_and_no_more(item, facts, code):
    """REL-21."""
    seen_by_night(item, **facts)
    assert codes(item) == [code]


def test_a_day_without_a_row_is_said_to_have_none(item):
    assert codes(item) == ["NIGHT_MISSING"]


def test_a_window_over_midnight_has_a_sentence_for_each_day(campus):
    start = from_ms(END - 10 * MINUTE)
    request = campus.request(
        campus.camera(), starts_at=start, ends_at=start + dt.timedelta(minutes=20)
    )
    item = request.items.get()
    seen_by_night(item)
    assert codes(item) == ["NIGHT_ALL", "NIGHT_MISSING"]


@pytest.mark.parametrize(
    ("facts", "letter", "paper"),
    [
        ({}, "üzerine yazıldığı", "aralığın tamamı kayıtlıydı"),
        ({"gaps": [[START, UNTIL]]}, "kayıt alınamadığı", "aralıkta kayıt yoktu"),
    ],
)
def test_letter_and_record_say_whether_it_was_lost_or_never_there(
    campus, item, facts, letter, paper
):
    """REL-21: frozen with the decision, told in the reader's language."""
    seen_by_night(item, **facts)
    proof = nightly_proof.proved(item, item.position.channels_on(DAY))
    item.checked = {**item.checked, "oldest_ms": None, "night": proof}
    item.save()
    request = item.request
    request.take("review", by=campus.operator)
    request.take("submit", by=campus.operator)
    campus.decide(request, "NO_RECORDING", reason="Kayıt yoktur")
    CoverageDay.objects.all().delete()
    request.refresh_from_db()
    with translation.override("tr"):
        assert letter in answer_letters.letters_of(request)[-1].text
        row = handing_over.record_no_recording(request, {"place": "Oda"}, by=campus.operator)
        (line,) = record_paper(row).shown["proof"]
    assert paper in line["night"][0]
    with translation.override("en"):
        assert "Nightly check of 10.03.2026" in record_paper(row).shown["proof"][0]["night"][0]

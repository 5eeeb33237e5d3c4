"""The letters to paste into EBYS say what was decided, to whom, and where it may be contested."""

from __future__ import annotations

import datetime as dt

import pytest

from core import tsi
from footage_requests.decisions import deciding
from footage_requests.models import FootageRequest, LegalBasis
from footage_requests.release.answer_letters import letters_of, remedy
from footage_requests.release.letter_frame import end, person_name
from tests.requests import cases
from tests.requests.case import EVENT, Campus

pytestmark = pytest.mark.django_db


def letter(row: FootageRequest, name: str) -> str:
    return next(each.text for each in letters_of(row) if each.name == name)


def test_a_refusal_tells_the_codes_and_the_reason(campus: Campus) -> None:
    """domain.md 6.2c."""
    row = campus.submitted(kind=campus.kind(closing="TO_PERSON", is_judicial=False))
    campus.decide(row, "REFUSE", reason="Vekâletnamede yetki yok", codes=[campus.code().code])

    text = letter(row, "Ret yazısı")
    assert "Belirsizdir. Vekâletnamede yetki yok. Bu nedenle talebiniz karşılanamamıştır." in text
    assert [each.name for each in letters_of(row)] == ["Ret yazısı"]


def test_a_part_names_its_own_cameras_and_minutes(campus: Campus) -> None:
    """domain.md 6.2c: what was not asked to leave is not said to have left."""
    row = campus.submitted()
    item = row.items.get(is_included=True)
    until = EVENT + dt.timedelta(minutes=1)
    part = deciding.LineChoice(item.pk, EVENT, until)
    campus.decide(row, "PART", reason="Yalnızca olay anı", lines=[part])

    span = f"{tsi.clock_time(EVENT)}–{tsi.clock_time(until)}"
    cover = letter(row, "Üst yazı")
    assert f"şunlar … adet ortam içinde Ek'te gönderilmiştir: {item.position.name}" in cover
    assert span in cover
    assert "Talebiniz kısmen karşılanmıştır. Yalnızca olay anı." in cover
    assert span in letter(row, "Olur")


@pytest.mark.parametrize(
    ("code", "told"), [("KVKK_11", "şikâyette"), ("LAW_4982", "itiraz"), ("LAW_3071", "")]
)
def test_the_law_of_the_application_says_where_it_may_be_contested(code: str, told: str) -> None:
    row = cases.filed(code="DATA_SUBJECT")
    row.basis = LegalBasis.objects.get(code=code)

    assert told in remedy(row)
    assert bool(remedy(row)) is bool(told)


@pytest.mark.parametrize(
    ("rank", "informs", "asks"),
    [
        ("TO_SUPERIOR", "Bilgilerinize arz ederim.", "Gereğini arz ederim."),
        ("TO_SUBORDINATE", "Bilgilerinizi rica ederim.", "Gereğini rica ederim."),
        ("TO_COMPANY", "Bilgilerinizi rica ederim.", "Gereğini rica ederim."),
        ("TO_PERSON", "Bilgilerinize sunulur.", "Bilgilerinize sunulur."),
    ],
)
def test_the_closing_follows_the_rank_of_its_reader(rank: str, informs: str, asks: str) -> None:
    """domain.md 2.7."""
    row = cases.filed()
    row.kind.closing = rank

    assert (end(row), end(row, asks=True)) == (informs, asks)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Ayşe Nur Işık", "Ayşe Nur IŞIK"), ("Ali İnci", "Ali İNCİ"), ("Anonim", "Anonim"), ("", "")],
)
def test_a_persons_surname_stands_in_capitals(name: str, wanted: str) -> None:
    assert person_name(name) == wanted

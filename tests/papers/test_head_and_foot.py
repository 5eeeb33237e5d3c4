"""The head, the quality box, the foot with hash and QR, and pages of a paper."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import cv2
import pytest
from django.utils import translation

from accounts.models import Person
from audit.models import Entry
from core.models import Letterhead, PaperRevision
from core.paper_rows import revise, revision_on
from core.papers import Paper, content_sha256, render_html, render_pdf

from .pictures import page_picture, page_texts

DAY = dt.date(2026, 11, 22)
NOW = dt.datetime(2026, 11, 23, 6, 5, 9, tzinfo=dt.UTC)


def paper(text: str = "x", **fields: object) -> Paper:
    return Paper("DAILY_SHEET", "Çizelge", "papers/probe.html", {"text": text}, DAY, **fields)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_every_page_has_head_quality_box_and_foot() -> None:
    Letterhead.objects.create(pk=1, university="Işık Üniversitesi", department="İdari İşler")
    with translation.override("tr"):
        pages = page_texts(render_pdf(paper("uzun " * 3000), NOW))

    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert "IŞIK ÜNİVERSİTESİ" in text
        assert "KİB.FR.01" in text
        assert f"{number}/{len(pages)}" in text.replace(" ", "")
        assert content_sha256({"text": "uzun " * 3000}) in text
        assert "23.11.2026" in text
        assert "09:05:09" in text


@pytest.mark.django_db
def test_the_hash_is_over_the_content_and_not_over_the_pdf() -> None:
    expected = hashlib.sha256(
        json.dumps({"text": "ığ"}, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()

    first, second = render_html(paper("ığ"), NOW), render_html(paper("ığ"), NOW.replace(hour=9))

    assert paper("ığ").sha256 == expected
    assert expected in first
    assert expected in second
    assert first != second


@pytest.mark.django_db
def test_the_qr_code_on_the_picture_leads_to_the_paper() -> None:
    link = "https://cctv.example.edu.tr/sheets/2026-11-22/"
    picture = page_picture(render_pdf(paper(link=link), NOW), dpi=300)
    corner = picture[-int(picture.shape[0] * 0.1) :, : picture.shape[1] // 4]

    text, _points, _code = cv2.QRCodeDetector().detectAndDecode(
        cv2.resize(corner, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    )

    assert text == f"{link}#sha256={paper().sha256}"


@pytest.mark.django_db
def test_a_revision_is_added_and_old_papers_keep_theirs() -> None:
    person = Person.objects.create_person("S1", "Ayşe Işık")
    revise("DAILY_SHEET", document_no="YENİ.01", revised_on=NOW.date(), because="oda", by=person)

    assert revision_on("DAILY_SHEET", DAY).document_no == "KİB.FR.01"
    assert revision_on("DAILY_SHEET", NOW.date()).revision_no == 1
    assert PaperRevision.objects.filter(form="DAILY_SHEET").count() == 2
    assert Entry.objects.filter(action="paper.revise").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("is_landscape", [False, True])
def test_a_paper_is_a4_in_both_directions(is_landscape: bool) -> None:
    picture = page_picture(render_pdf(paper(is_landscape=is_landscape), NOW), dpi=72)

    assert sorted(picture.shape) == pytest.approx([595, 842], abs=1)
    assert (picture.shape[1] > picture.shape[0]) == is_landscape

"""The printed sheet: one A4 landscape page for 64 channels, the signed hash, unchecked columns."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from django.utils import timezone, translation

from cameras.daily_sheets.sheet_papers import sheet_paper
from cameras.daily_sheets.sheets import view_of
from cameras.models import DeviceCondition, ReferencePicture, SheetExplanation, ViewCheck
from core import tsi
from core.papers import render_html, render_pdf
from tests.papers.pictures import page_picture, page_texts

from .rows import Campus, client_of, person, recorder

pytestmark = pytest.mark.django_db


def sixty_four(campus: Campus, recorders: int, exceptions: int) -> None:
    each = 64 // recorders
    for r in range(recorders):
        device = recorder(f"DS-7716NI-{r}")
        for number in range(1, each + 1):
            is_first = r * each + number <= exceptions
            campus.camera(
                "PARTLY" if is_first else "RECORDED",
                on=device,
                number=number,
                name=f"Mühendislik Fakültesi {number}. kat koridoru",
            )


@pytest.mark.parametrize(("recorders", "exceptions"), [(2, 8), (4, 12), (8, 6)])
def test_sixty_four_channels_fit_one_a4_landscape_page(
    campus: Campus, recorders: int, exceptions: int
) -> None:
    """Domain 7.10: the filled sheet prints on one page."""
    sixty_four(campus, recorders, exceptions)
    sheet, by = campus.sheet(), person("OPERATOR")
    keys = [int(row["key"][1:]) for row in view_of(sheet).exceptions]
    SheetExplanation.write(sheet, "Elektrik kesintisi", positions=keys, recorders=[], by=by)
    sheet.sign(view_of(sheet).canonical, by=by)

    with translation.override("tr"):
        pdf = render_pdf(sheet_paper(sheet))
    picture = page_picture(pdf, dpi=100)

    assert len(page_texts(pdf)) == 1
    assert picture.shape[1] > picture.shape[0]
    # Nothing is printed over the edge: the outermost 3 mm are white.
    edge = np.concatenate(
        [
            picture[:12].ravel(),
            picture[-12:].ravel(),
            picture[:, :12].ravel(),
            picture[:, -12:].ravel(),
        ]
    )
    assert edge.min() > 200


def test_the_paper_carries_the_hash_that_was_signed(campus: Campus) -> None:
    campus.camera()
    sheet, by = campus.sheet(), person("OPERATOR")
    sheet.sign(view_of(sheet).canonical, by=by)
    head = person("UNIT_HEAD", language="tr")

    answer = client_of(head).get(f"/sheets/{sheet.day}/paper.pdf")
    text = "".join(page_texts(answer.content))

    assert answer["Content-Type"] == "application/pdf"
    assert sheet.sha256 in text
    assert by.full_name in text


def printed(campus: Campus) -> str:
    with translation.override("en"):
        return render_html(sheet_paper(campus.sheet()), timezone.now())


def test_columns_that_nothing_checked_say_so(campus: Campus) -> None:
    campus.camera("NOT_RECORDED", on=recorder())

    html = printed(campus)

    assert html.count("not checked") >= 3
    assert "No reference" in html


def test_masks_are_told_with_the_day_on_which_the_camera_told_them(campus: Campus) -> None:
    """REC-5b on the sheet: on, off, why not, and nothing that was told only after the day's evidence."""
    night = tsi.at(campus.day + dt.timedelta(days=1), 1)
    for areas, told_at, reason in (
        (2, night, ""),
        (0, night - dt.timedelta(days=9), "NO_ANSWER"),
        (None, None, "NOT_SUPPORTED"),
        (5, night + dt.timedelta(days=9), ""),
    ):
        position = campus.camera("NOT_RECORDED")
        DeviceCondition.objects.create(
            device=position.installations.get().device, asked_at=night,
            mask_areas=areas, mask_at=told_at, mask_reason=reason,
        )  # fmt: skip

    html = printed(campus)

    assert f"on, 2 areas ({tsi.day_text(tsi.day_of(night))})" in html
    assert f"off ({tsi.day_text(tsi.day_of(night - dt.timedelta(days=9)))})" in html
    assert "could not be asked: the device cannot tell" in html
    assert "5 areas" not in html


def test_of_healthy_cameras_the_masks_are_counted(campus: Campus) -> None:
    night = tsi.at(campus.day + dt.timedelta(days=1), 1)
    for areas in (2, 0, 0):
        device = campus.camera().installations.get().device
        DeviceCondition.objects.create(
            device=device, asked_at=night, mask_areas=areas, mask_at=night
        )

    html = printed(campus)

    assert "off 2, on 1 (oldest answer" in html
    assert "· M2" in html


def test_a_view_that_may_have_changed_must_be_explained(campus: Campus) -> None:
    position = campus.camera()
    night = tsi.at(campus.day + dt.timedelta(days=1), 1)
    head = person("UNIT_HEAD")
    reference = ReferencePicture.objects.create(
        position=position, device=position.installations.get().device, sealed=b"", size=0,
        content_type="image/jpeg", taken_at=night, set_by=head, because="aligned",
    )  # fmt: skip
    check = ViewCheck.objects.create(
        reference=reference, answer="UNLIKE", picture_at=night, unlike_nights=1
    )
    assert not view_of(campus.sheet()).exceptions

    check.unlike_nights = 2
    check.save()

    assert [row["view"] for row in view_of(campus.sheet()).exceptions] == ["CHANGED"]
    assert "May have moved" in printed(campus)


def test_the_same_content_has_the_same_hash_in_both_languages(campus: Campus) -> None:
    campus.camera("PARTLY", on=recorder())
    sheet = campus.sheet()
    hashes = set()
    for language in ("tr", "en"):
        with translation.override(language):
            hashes.add(sheet_paper(sheet).sha256)

    assert hashes == {view_of(sheet).sha256}


def test_a_long_sheet_is_printed_in_the_background(  # type: ignore[no-untyped-def]
    campus: Campus, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    from cameras import paper_tasks
    from cameras.views import sheets
    from core import paper_jobs
    from core.models import Job

    sent: list[tuple] = []
    monkeypatch.setattr(sheets, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(paper_tasks.print_paper, "delay", lambda *told: sent.append(told))
    campus.camera()
    sheet, head = campus.sheet(), person("UNIT_HEAD")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(head).get(f"/sheets/{sheet.day}/paper.pdf")
        again = client_of(head).get(f"/sheets/{sheet.day}/paper.pdf")
    paper_jobs.print_job(*sent[0])

    assert answer["Location"] == again["Location"]
    assert len(sent) == 1
    assert Job.objects.get().status == Job.Status.DONE

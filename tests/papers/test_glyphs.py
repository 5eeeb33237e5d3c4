"""Turkish letters on the printed page, compared as pictures with the font's own glyphs."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.paper_pdf import unpacked_font
from core.papers import Paper, render_pdf

from .pictures import page_picture

LETTERS = "ığüşöçİĞÜŞÖÇ"
DPI = 600
BODY = slice(32 * DPI * 10 // 254, 43 * DPI * 10 // 254)  # the first line below the head, in pixels
SIZE = 40


def _glyphs(ink: np.ndarray) -> list[np.ndarray]:
    """The letters of one printed line from left to right: blank columns part them."""
    rows = np.flatnonzero(ink.any(axis=1))
    ink = ink[rows[0] : rows[-1] + 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ink.any(axis=0).astype(int), [0]])))
    return [ink[:, start:end] for start, end in edges.reshape(-1, 2)]


def _same_size(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = Image.fromarray((tight * 255).astype("uint8")).resize((SIZE, SIZE))
    return np.asarray(picture, dtype=float) / 255


def _reference(letter: str) -> np.ndarray:
    font = ImageFont.truetype(io.BytesIO(unpacked_font("vendor/inter/Inter-Regular.woff2")), 200)
    picture = Image.new("L", (500, 500))
    ImageDraw.Draw(picture).text((100, 100), letter, font=font, fill=255)
    return np.asarray(picture) > 128


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """1 = the same ink after both were brought to one size."""
    return 1 - float(np.abs(_same_size(one) - _same_size(other)).mean())


@pytest.mark.django_db
def test_turkish_letters_are_right_on_the_printed_picture() -> None:
    """The sheet's row of issue 3, item 4: right on the rendered picture, whatever pdftotext says."""
    paper = Paper(
        "DAILY_SHEET", "Deneme", "papers/probe.html", {"text": LETTERS}, dt.date(2026, 11, 22)
    )
    printed = _glyphs(page_picture(render_pdf(paper), dpi=DPI)[BODY] < 128)
    references = {letter: _reference(letter) for letter in LETTERS}

    assert len(printed) == len(LETTERS)
    for letter, ink in zip(LETTERS, printed, strict=True):
        likeness = {name: _likeness(ink, other) for name, other in references.items()}
        assert max(likeness, key=likeness.__getitem__) == letter, likeness
        assert likeness[letter] > 0.9

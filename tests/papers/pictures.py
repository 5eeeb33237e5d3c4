"""PDFs as pictures (poppler): what a person would see on the sheet of paper."""

from __future__ import annotations

import io
import subprocess

import numpy as np
from PIL import Image


def page_picture(pdf: bytes, page: int = 1, dpi: int = 150) -> np.ndarray:
    """One page as grey values, 0 = black."""
    done = subprocess.run(
        ["pdftoppm", "-f", str(page), "-l", str(page), "-r", str(dpi), "-png", "-gray", "-"],
        input=pdf,
        capture_output=True,
        check=True,
        timeout=240,
    )
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("L"))


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page, as poppler reads it. It proves places, never glyphs."""
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().split("\f")[:-1]

"""Printed documents: data -> HTML template -> PDF (WeasyPrint), with head, quality box, QR and hash.

What is hashed is the content: the canonical JSON (RFC 8785, without floats) of the paper's data. The
PDF's own bytes differ from print to print; the content of one signed sheet never does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import segno
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe

from audit.canon import plain

from . import tsi
from .paper_rows import Letterhead, PaperRevision, revision_on
from .text import safe_file_name, tr_upper

# Both tell every step of every paper at INFO.
for _talker in ("weasyprint.progress", "fontTools"):
    logging.getLogger(_talker).setLevel(logging.WARNING)


def content_text(data: Mapping[str, Any]) -> str:
    """The canonical JSON of a paper's data. Refuses floats: numbers are integers or texts."""
    return json.dumps(
        plain(dict(data)),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def content_sha256(data: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON, in hexadecimal."""
    return hashlib.sha256(content_text(data).encode()).hexdigest()


@dataclass(frozen=True)
class Paper:
    """One document to print.

    `form` is a code of PaperForm, `about` the day whose revision of the form counts. `data` is the
    content that is hashed and handed to the template as `data`; `shown` holds further names for the
    template that are made from it. `link` is what the QR code leads to. `pictures` are (content type,
    bytes) that the template shows as `picture:<name>`.
    """

    form: str
    title: str
    template: str
    data: Mapping[str, Any]
    about: dt.date
    link: str = ""
    is_landscape: bool = False
    shown: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return content_sha256(self.data)


def render_html(paper: Paper, made_at: dt.datetime) -> str:
    """The paper as HTML, every value escaped by the template engine."""
    revision: PaperRevision = revision_on(paper.form, paper.about)
    head = Letterhead.current()
    is_turkish = (translation.get_language() or "tr").startswith("tr")
    context = {
        **paper.shown,
        "data": paper.data,
        "title": tr_upper(paper.title) if is_turkish else paper.title.upper(),
        "plain_title": paper.title,
        "orientation": "landscape" if paper.is_landscape else "portrait",
        "university": tr_upper(head.university),
        "department": head.department,
        "unit_name": settings.UNIT_NAME,
        "revision": revision,
        "sha256": paper.sha256,
        "qr": qr_svg(f"{paper.link}#sha256={paper.sha256}" if paper.link else paper.sha256),
        "made_day": tsi.day_text(tsi.day_of(made_at)),
        "made_time": tsi.clock_time(made_at),
    }
    return render_to_string(paper.template, context)


def render_pdf(paper: Paper, made_at: dt.datetime | None = None) -> bytes:
    """The paper as PDF, in the language that is active."""
    # Loading WeasyPrint takes a second that only those who print should wait.
    from .paper_pdf import OurFilesOnly, pdf_of

    return pdf_of(render_html(paper, made_at or timezone.now()), OurFilesOnly(paper.pictures))


def qr_svg(text: str) -> SafeString:
    """A QR code (ISO/IEC 18004, error correction M) as inline SVG, sized by the stylesheet."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1, svgclass="qr"
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - drawn by segno; the text is in its squares


def pdf_response(paper: Paper, name: str) -> HttpResponse:
    """The PDF as a download that nothing caches."""
    response = HttpResponse(render_pdf(paper), content_type="application/pdf")
    response.headers["Content-Disposition"] = str(
        content_disposition_header(False, f"{safe_file_name(name)}.pdf")
    )
    response["Cache-Control"] = "no-store"
    return response

"""What a paper may load, and what hostile names in it become."""

from __future__ import annotations

import datetime as dt

import pytest
from weasyprint.urls import URLFetchingError

from core.paper_pdf import FetchRefused, OurFilesOnly, pdf_of
from core.papers import Paper, render_html, render_pdf

from .pictures import page_texts

HOSTILE = [
    '<img src="http://169.254.169.254/latest/meta-data/">',
    '<img src="file:///etc/passwd">',
    '<img src="data:image/svg+xml,<svg/>">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    '<style>p { background: url("//127.0.0.1:9/x.png") }</style><p>x</p>',
    '<object data="file:///etc/passwd"></object>',
    '<svg><image href="http://127.0.0.1:9/x.png" width="9" height="9"/></svg>',
    '<img src="static:vendor/../../cctv_ops/settings.py">',
    '<img src="img/mark.svg">',
]


@pytest.mark.django_db
@pytest.mark.parametrize("markup", HOSTILE)
def test_a_paper_fetches_nothing_but_our_own_files(markup: str) -> None:
    """F9: zero fetches of anything else, the paper is refused as a whole."""
    fetcher = OurFilesOnly()

    with pytest.raises(FetchRefused):
        pdf_of(f"<html><body>{markup}</body></html>", fetcher)

    assert all(url.startswith("static:vendor/inter/") for url in fetcher.served)


@pytest.mark.django_db
def test_markup_in_names_is_printed_as_text() -> None:
    """F4: a hostile name stays inert in a PDF."""
    name = "<img src=http://127.0.0.1:9/x><script>alert(1)</script>"
    paper = Paper("DAILY_SHEET", name, "papers/probe.html", {"text": name}, dt.date(2026, 11, 22))

    html = render_html(paper, dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
    text = "".join("".join(page_texts(render_pdf(paper))).split())

    assert "<script" not in html
    assert "<script>alert(1)</script>" in text


def test_a_redirecting_or_plain_opener_is_never_reached() -> None:
    """F9: `open` of the base class ends at our `fetch` as well."""
    with pytest.raises((FetchRefused, URLFetchingError)):
        OurFilesOnly().open("http://127.0.0.1:9/")

"""HTML as PDF (WeasyPrint), with our own fonts and pictures and nothing else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from fontTools.ttLib import TTFont
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STYLESHEET = "papers/paper.css"
# The only files a paper may load: our own fonts and pictures. Everything else is refused.
SERVED = {
    "vendor/inter/Inter-Regular.woff2": "font/ttf",
    "vendor/inter/Inter-SemiBold.woff2": "font/ttf",
    "vendor/inter/Inter-Bold.woff2": "font/ttf",
    "img/mark.svg": "image/svg+xml",
}


REFUSED = "A paper may only load the fonts and pictures of this system."


class FetchRefused(FatalURLFetchingError):
    """A paper asked for something that is not one of our own files: it is not printed at all."""


class OurFilesOnly(URLFetcher):
    """Serves `static:<name>` for the names in SERVED and `picture:<name>` for the paper's own pictures.

    Http, file, data and all else is refused.

    The bytes never pass through an opener, so there is no redirect, proxy or handler to go round.
    """

    def __init__(self, pictures: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        super().__init__(
            allowed_protocols=("static", "picture"), allow_redirects=False, fail_on_errors=True
        )
        self.pictures = dict(pictures or {})
        self.served: list[str] = []
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        scheme, _colon, name = url.partition(":")
        if scheme == "picture" and name in self.pictures:
            content_type, data = self.pictures[name]
            return URLFetcherResponse(url, data, {"Content-Type": content_type})
        if scheme != "static" or name not in SERVED:
            self.refused.append(url)
            raise FetchRefused(REFUSED)
        self.served.append(url)
        data = unpacked_font(name) if name.endswith(".woff2") else static_file(name)
        return URLFetcherResponse(url, data, {"Content-Type": SERVED[name]})


def static_file(name: str) -> bytes:
    """The bytes of one of our static files, wherever the installation keeps them."""
    found = finders.find(name)
    path = Path(found) if isinstance(found, str) else Path(settings.STATIC_ROOT) / name
    return path.read_bytes()


@cache
def unpacked_font(name: str) -> bytes:
    """One of our fonts, unpacked once per process: that takes longer than printing a page."""
    font = TTFont(io.BytesIO(static_file(name)))
    font.flavor = None
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def pdf_of(html: str, fetcher: OurFilesOnly) -> bytes:
    """HTML with the papers' stylesheet as PDF. Raises FetchRefused when it asks for a foreign file."""
    fonts = FontConfiguration()
    sheet = CSS(
        string=static_file(STYLESHEET).decode(),
        url_fetcher=fetcher,
        font_config=fonts,
        base_url="static:papers/",
    )
    out = io.BytesIO()
    HTML(string=html, url_fetcher=fetcher, base_url="static:papers/").write_pdf(
        out, stylesheets=[sheet], font_config=fonts
    )
    # Inside an SVG picture WeasyPrint goes on after a refusal.
    if fetcher.refused:
        raise FetchRefused(REFUSED)
    return out.getvalue()

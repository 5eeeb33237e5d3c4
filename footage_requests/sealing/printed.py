"""The package's papers: release statement, clock statement and the first page, in Turkish and in English.

The statement does not name the manifest's hash (it stands inside of what the manifest covers); the hand-over record,
made after sealing, does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from cameras.drawing.strips import length, seconds
from core import tsi
from core.paper_rows import PaperForm
from core.papers import Paper, render_pdf
from core.tsi import from_ms

from ..exhibits.true_order import as_table, in_true_order
from ..footage import sound_told
from ..models import Package
from . import sounds
from .clock_words import LANGUAGES, first_words, statement
from .doubt_records import doubt_lines
from .keys import EvidenceKey, fingerprint
from .leaving import Leaving, Role, device_name
from .manifest import Recipient


def release_statement(
    package: Package,
    items: Sequence[Leaving],
    recipient: Recipient,
    key: EvidenceKey,
    made_at: dt.datetime,
) -> bytes:
    """The statement as a PDF without a signature."""
    return _print(
        PaperForm.RELEASE_STATEMENT,
        lambda: _("Release statement of camera footage"),
        "papers/release_statement.html",
        lambda: _statement(package, items, recipient, key),
        made_at,
    )


def clock_statement(package: Package, items: Sequence[Leaving], made_at: dt.datetime) -> bytes:
    """What every clock was worth, one block per exhibit."""

    def data() -> dict[str, Any]:
        language = translation.get_language() or "tr"
        rows = [
            {
                "exhibit": item.exhibit.ident,
                "clocks": [c["words"][language] for c in statement(item)],
            }
            for item in items
        ]
        return {"number": package.number, "exhibits": rows}

    return _print(
        PaperForm.CLOCK_STATEMENT,
        lambda: _("Clock statement"),
        "papers/clock_statement.html",
        data,
        made_at,
    )


def read_me(
    package: Package,
    items: Sequence[Leaving],
    recipient: Recipient,
    key: EvidenceKey,
    made_at: dt.datetime,
) -> bytes:
    """The first page: what lies where and how it is checked."""
    return _print(
        PaperForm.RELEASE_READ_ME,
        lambda: _("Read this first"),
        "papers/release_read_me.html",
        lambda: _first_page(package, items, recipient, key),
        made_at,
    )


def read_me_text(
    package: Package, items: Sequence[Leaving], recipient: Recipient, key: EvidenceKey
) -> str:
    """The same as plain text, one language after the other."""
    told = []
    for language in LANGUAGES:
        with translation.override(language):
            page = _first_page(package, items, recipient, key)
            title = _("Read this first")
            told += [f"{title}: {page['number']}", "", f"{_('For')}: {page['recipient']}", ""]
            for heading, lines in page["parts"]:
                told += [heading, *(f"  {line}" for line in lines), ""]
    return "\n".join(told)


def _print(
    form: PaperForm,
    title: Callable[[], str],
    template: str,
    data: Callable[[], dict[str, Any]],
    made_at: dt.datetime,
) -> bytes:
    """One PDF with the Turkish part first; the English part begins on a new page."""
    parts = {}
    for language in LANGUAGES:
        with translation.override(language):
            parts[language] = {"title": title(), **data()}
    with translation.override("tr"):
        paper = Paper(
            form,
            f"{parts['tr']['title']}",
            template,
            parts,
            tsi.day_of(made_at),
            shown={"languages": [(language, parts[language]) for language in LANGUAGES]},
        )
        return render_pdf(paper, made_at)


def _statement(
    package: Package, items: Sequence[Leaving], recipient: Recipient, key: EvidenceKey
) -> dict[str, Any]:
    request, decision = package.request, package.decision
    people = [
        (_("Decided by"), package.approver, decision.decided_at),
        (_("Exported by"), package.exporter, package.started_at),
        (_("Verified by"), package.verifier, package.verified_at),
    ]
    return {
        "number": package.number,
        "facts": [
            (_("Request"), request.number),
            (_("Reference"), request.reference_no or "-"),
            (_("Legal basis"), str(request.basis) if request.basis else "-"),
            (_("EBYS number"), _ebys(request)),
            (_("Recipient"), recipient.words),
            (_("Decision"), f"{decision.get_kind_display()}, {decision.authority or '-'}"),
            (_("Audio"), sounds.decided_words(package)),
            (_("Certificate of the signer, SHA-256"), key.fingerprint),
            (_("Certificate of the authority, SHA-256"), fingerprint(key.authority)),
        ],
        "people": [
            (part, person.get_full_name() if person else "-", tsi.stamp(at) if at else "-")
            for part, person, at in people
        ],
        "is_small_unit": package.is_small_unit,
        "sounds": sound_told.words_of(package),
        "exhibits": [_exhibit(item) for item in items],
        "order": as_table(in_true_order(item.exhibit for item in items)),
    }


def _ebys(request: Any) -> str:
    if not request.ebys_number:
        return "-"
    return " ".join(
        part
        for part in (
            tsi.day_text(request.ebys_date) if request.ebys_date else "",
            request.ebys_number,
        )
        if part
    )


def _exhibit(item: Leaving) -> dict[str, Any]:
    language = translation.get_language() or "tr"
    place = item.position
    names = {
        Role.ORIGINAL: _("original, not re-encoded"),
        Role.VIEWING: _("viewing copy, processed"),
        Role.MASKED: _("masked copy, processed"),
        Role.SOUND: _("sound as recorded, one unbroken stretch"),
    }
    return {
        "ident": item.exhibit.ident,
        "role": names[item.role],
        "camera": f"{place.code} {place.name}",
        "place": f"{place.floor.building.name}, {place.floor.name}",
        "recorder": f"{device_name(item.recorder)}, {_('channel')} {item.exhibit.channel.number}",
        "file": item.path,
        "asked": _span(item.asked_ms),
        "obtained": _span(item.delivered_ms),
        "gaps": [_span(gap) for gap in item.gaps_ms[:50]],
        "gap_count": item.gap_count,
        "gap_words": seconds(item.gap_ms) if item.gap_ms < 60_000 else length(item.gap_ms),
        "exported_sha256": item.exhibit.file.sha256,
        "doubts": doubt_lines(item.exhibit),
        "clock": [words for clock in statement(item) for words in first_words(clock, language)],
    }


def _span(span: tuple[int, int]) -> str:
    return f"{tsi.stamp(from_ms(span[0]))} - {tsi.clock_time(from_ms(span[1]))}"


def _first_page(
    package: Package, items: Sequence[Leaving], recipient: Recipient, key: EvidenceKey
) -> dict[str, Any]:
    return {
        "number": package.number,
        "recipient": recipient.words,
        "unit": settings.UNIT_NAME,
        "parts": [
            (_("What lies where"), _places()),
            (_("Watching"), _players(items)),
            (_("Times"), _about_times()),
            (_("Order in true time"), _order(items)),
            (_("Checking"), _checks(key)),
            (
                _("Limits"),
                [
                    _(
                        "For the named recipient and the stated purpose only. Any other use or passing on "
                        "may be an offence (laws 6698 and 5237)."
                    ),
                    _("The seal proves that nothing was changed since this export."),
                    _("It is an electronic seal, not a qualified electronic signature (law 5070)."),
                ],
            ),
        ],
    }


def _places() -> list[str]:
    return [
        _("1_ORIGINAL_native: the footage as the recorder gave it, not re-encoded."),
        _("2_VIEWING_mp4: copies for viewing, or masked copies. They are marked so."),
        _("3_RECORDS: release statement, clock statement, gaps, how it was fetched."),
        _("4_VERIFY: what is needed to check that nothing was changed."),
    ]


def _players(items: Sequence[Leaving]) -> list[str]:
    told = [_("The MP4 files play in VLC and, except H.265, in every browser.")]
    if any(item.role == Role.SOUND for item in items):
        told.append(
            _("Sound lies beside the films (.aac, .wav) and plays in VLC; no film has sound.")
        )
    if any(item.exhibit.facts.get("codec") == "hevc" for item in items):
        told.append(_("H.265 files need VLC; a viewing copy of each lies in 2_VIEWING_mp4."))
    return told


def _about_times() -> list[str]:
    return [
        _("File names tell true time in UTC; Türkiye time (TSİ) is three hours later."),
        _("The clock in the picture may be wrong: see 3_RECORDS/clock_statement.pdf."),
        _("Where no picture exists, 3_RECORDS/gaps.csv says so to the millisecond."),
    ]


def _order(items: Sequence[Leaving]) -> list[str]:
    """One line an exhibit, by its corrected beginning (CLK-14)."""
    return [
        f"{row['from']} - {row['until']}  {row['exhibit']} {row['camera']}: {row['order']}"
        for row in as_table(in_true_order(item.exhibit for item in items))
    ]


def _checks(key: EvidenceKey) -> list[str]:
    return [
        _("4_VERIFY/VERIFY.txt has the steps for Windows, Linux and macOS."),
        _("Compare this fingerprint of the authority with the hand-over record on paper:"),
        fingerprint(key.authority),
        _("Fingerprint of the signer:"),
        key.fingerprint,
    ]

"""The answer of a check as a printed paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from core import tsi
from core.papers import Paper

from ..models import FootageRequest, PackageCheck


def check_paper(
    row: PackageCheck, lines: Sequence[tuple[str, str]], case: FootageRequest | None
) -> Paper:
    """What was brought, what it is, and every single answer. `case`: only for who may see it."""
    at = row.answered_at or row.asked_at
    data: dict[str, Any] = {
        "schema": "package-check/1",
        "check": str(row.uuid),
        "files": row.names,
        "bytes": row.bytes,
        "sha256": row.sha256,
        "verdict": row.verdict,
        "package": row.package.number if row.package else "",
        "exhibit": row.exhibit,
        "lines": [[state, code, words] for state, code, words in row.lines],
        "asked_by": str(row.by),
        "answered_at": at.isoformat(),
    }
    facts = [
        (_("Brought"), ", ".join(row.names)),
        (_("Result"), str(row.get_verdict_display()) or "–"),
        (_("Release"), row.package.number if row.package else "–"),
        (_("Request"), case.number if case else "–"),
        (_("Exhibit"), row.exhibit or "–"),
        (_("SHA-256 of the file"), row.sha256 or "–"),
        (_("Checked at (TSİ)"), tsi.stamp(at)),
        (_("Asked by"), str(row.by)),
    ]
    return Paper(
        form="PACKAGE_CHECK",
        title=_("Result of checking a package"),
        template="papers/package_check.html",
        data=data,
        about=tsi.day_of(at),
        shown={"facts": facts, "lines": [(_STATES.get(s, s), text) for s, text in lines]},
    )


_STATES = {"ok": "✓", "BAD": "✗", "?": "?"}

"""The daily sheet as a printed document."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cameras.daily_sheets.sheet_words import shown
from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet
from core import tsi
from core.papers import Paper


def sheet_paper(row: DailySheet, link: str = "") -> Paper:
    """The printed sheet. Its content hash is the one that was signed."""
    view = view_of(row)
    names = shown(row, view)
    names.pop("sha256")
    return Paper(
        form="DAILY_SHEET",
        title=_("Daily recording check sheet"),
        template="papers/daily_sheet.html",
        data=view.content,
        about=row.day,
        link=link,
        is_landscape=True,
        shown={
            **names,
            "signed_at": tsi.stamp(row.signed_at) if row.signed_at else "",
            "seen_at": tsi.stamp(row.seen_at) if row.seen_at else "",
        },
    )

"""The columns "View" and "Mask" of a daily sheet: codes as they are signed, and their words.

Both are what a camera told last before the sheet's day and the day after it were over, with the day on which it
told it; what was told later says nothing about that day.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cameras.models import ReferencePicture, ViewCheck
from cameras.wording.mask_words import mask_words
from cameras.wording.reasons import not_checked
from core.tsi import day_of, day_text
from inventory.models import Installation

NOT_CHECKED = "NOT_CHECKED"
NO_REFERENCE = "NO_REFERENCE"
CHANGED = "CHANGED"
_MASK = ("asked_at", "mask_areas", "mask_at", "mask_reason")


@dataclass(frozen=True)
class Lens:
    """What was fitted at a position on the day, and what its device told about masks."""

    device_id: int
    lens_no: int
    asked_at: dt.datetime | None
    mask_areas: int | None
    mask_at: dt.datetime | None
    mask_reason: str | None

    def mask(self, start: dt.datetime, until: dt.datetime) -> dict[str, Any] | str:
        """Areas (0 = off), the day on which they were told, and why they could not be asked in the night."""
        # Masks are asked of a camera's first lens only.
        if self.lens_no != 1:
            return NOT_CHECKED
        told_at = self.mask_at if self.mask_at and self.mask_at < until else None
        is_about = self.asked_at is not None and start <= self.asked_at < until
        reason = (self.mask_reason or "") if is_about else ""
        if told_at is None and not reason:
            return NOT_CHECKED
        return {
            "areas": self.mask_areas if told_at else None,
            "at": day_of(told_at).isoformat() if told_at else None,
            "reason": reason,
        }


def lenses(day: dt.date) -> dict[int, Lens]:
    """By position: what was fitted there on that day."""
    columns = ("position", "device", "lens_no", *(f"device__condition__{name}" for name in _MASK))
    rows = Installation.objects.on(day).order_by("starts_at").values_list(*columns)
    return {position: Lens(*rest) for position, *rest in rows}


def views(start: dt.datetime, until: dt.datetime) -> dict[int, str]:
    """By position: how the picture of that night compared; only of positions that have a reference picture."""
    columns = (
        "position",
        "view_check__picture_at",
        "view_check__answer",
        "view_check__unlike_nights",
    )
    told = {}
    for position, picture_at, answer, nights in ReferencePicture.objects.values_list(*columns):
        is_about = picture_at is not None and start <= picture_at < until
        is_changed = is_about and nights >= settings.VIEW_CHANGED_NIGHTS
        told[position] = (CHANGED if is_changed else answer) if is_about else NOT_CHECKED
    return told


def view_word(code: str) -> str:
    """The column "View"."""
    return {
        ViewCheck.Answer.LIKE: pgettext("view", "As the reference"),
        ViewCheck.Answer.PARTLY: pgettext("view", "Alike in part"),
        ViewCheck.Answer.UNLIKE: pgettext("view", "Unlike the reference"),
        ViewCheck.Answer.NOT_COMPARED: pgettext("view", "Could not check"),
        CHANGED: pgettext("view", "May have moved"),
        NO_REFERENCE: pgettext("view", "No reference"),
    }.get(code, not_checked())


def mask_word(told: dict[str, Any] | str) -> str:
    """The column "Mask", with the day of the answer. Sheets signed in the beginning hold a word only."""
    if not isinstance(told, dict):
        return not_checked()
    words = mask_words(told["areas"], told["reason"])
    if not told["at"]:
        return words
    return f"{words} ({day_text(dt.date.fromisoformat(told['at']))})"


def mask_mark(told: dict[str, Any] | str) -> str:
    """For the cell of a healthy camera: "M2" where it masks two areas."""
    areas = told["areas"] if isinstance(told, dict) else None
    return f"M{areas}" if areas else ""


def tally(rows: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Of many cameras at once: (column, "on 12, off 50"), the most frequent first."""
    rows = list(rows)
    masks = Counter(_mask_group(row["mask"]) for row in rows)
    shown = Counter(view_word(row["view"]) for row in rows)
    days = [
        row["mask"]["at"] for row in rows if isinstance(row["mask"], dict) and row["mask"]["at"]
    ]
    told = _counted(masks)
    if days:
        oldest = day_text(dt.date.fromisoformat(min(days)))
        told += " " + _("(oldest answer %(day)s)") % {"day": oldest}
    return [(_("Mask"), told), (pgettext("sheet", "View"), _counted(shown))] if rows else []


def _mask_group(told: dict[str, Any] | str) -> str:
    if not isinstance(told, dict):
        return not_checked()
    if told["areas"] is None:
        return pgettext("mask", "could not be asked")
    return pgettext("mask", "on") if told["areas"] else _("off")


def _counted(words: Counter[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in words.most_common())

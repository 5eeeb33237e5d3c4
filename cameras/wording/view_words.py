"""How a camera's last picture compares with its reference picture, in words."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.models import Result, ViewCheck
from cameras.night import view_checks

Answer = ViewCheck.Answer


def view_state(row: ViewCheck) -> str:
    """The result of recordings whose colour and icon say the same."""
    if has_changed(row):
        return Result.NOT_RECORDED
    states = {Answer.LIKE: Result.RECORDED, Answer.UNLIKE: Result.PARTLY}
    return states.get(Answer(row.answer), Result.UNKNOWN)


def has_changed(row: ViewCheck) -> bool:
    """Whether the view may have changed: the nights count until a comparison shows it like the reference."""
    return row.unlike_nights >= settings.VIEW_CHANGED_NIGHTS


def view_sentence(row: ViewCheck) -> str:
    """What the nights say, and what the newest picture adds to it."""
    if not has_changed(row):
        return _newest(row)
    nights = row.unlike_nights
    changed = ngettext(
        "The view may have changed: %(nights)d night unlike the reference picture",
        "The view may have changed: %(nights)d nights in a row unlike the reference picture",
        nights,
    ) % {"nights": nights}
    return changed if row.answer == Answer.UNLIKE else f"{changed}. {_newest(row)}"


def _newest(row: ViewCheck) -> str:
    if row.answer == Answer.NOT_COMPARED:
        return _("The last picture could not be compared: %(reason)s") % {"reason": _why_not(row)}
    return {
        Answer.LIKE: _("The last picture looks like the reference picture"),
        Answer.PARTLY: _(
            "The last picture looks like the reference picture in part: that is no doubt yet"
        ),
        Answer.UNLIKE: _(
            "The last picture does not look like the reference picture; one night is no evidence yet"
        ),
    }[Answer(row.answer)]


def _why_not(row: ViewCheck) -> str:
    return {
        view_checks.NO_OUTLINE: _(
            "one of the two is not prepared for it yet, the next check does that"
        ),
        view_checks.FEATURELESS: _("too dark, too foggy or too even to tell anything"),
        view_checks.OTHER_LIGHT: _(
            "one is in infrared light and the other in colour. Compare them yourself: if they show the same "
            "view, say so once, and pictures in both lights are compared from then on"
        ),
    }.get(row.reason, row.reason)

"""A device's privacy masks in words: on with so many areas, off, or why it could not be asked."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.wording.reasons import not_checked, word_for


def mask_words(areas: int | None, reason: str) -> str:
    """`areas` as told last (0 = off), or None where it was never told, for this `reason`."""
    if areas:
        return ngettext("on, %(count)d area", "on, %(count)d areas", areas) % {"count": areas}
    if areas == 0:
        return _("off")
    if not reason:
        return not_checked()
    return _("could not be asked: %(reason)s") % {"reason": word_for(reason)}

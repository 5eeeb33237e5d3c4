"""Time zones as devices write them, in the one form that people compare: "UTC+3"."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

# POSIX: the zone's name, then how far one goes from local time to UTC: "TRT-3", "<+03>-3", "CST-3:00:00DST01:00:00,…".
_POSIX = re.compile(
    r"(?:[A-Za-z]{3,9}|<[+\-\w]{1,9}>)([+-]?)(\d{1,2})(?::([0-5]\d))?(?::00)?(?![\d:])"
)
# Read by the standard it would be three hours behind, by most people three hours ahead: left as it is.
_DOUBTFUL = re.compile(r"(?:UTC|GMT)[+-]")


def zone_words(told: str) -> str:
    """ "UTC+3" where the text says how far from UTC it is; else the text; empty when nothing was told.

    A bare number is a place in a list that only the device knows.
    """
    if told.isdecimal():
        return _("no. %(number)s in the device's list") % {"number": told}
    match = None if _DOUBTFUL.match(told) else _POSIX.match(told)
    if match is None:
        return told
    hours, minutes = int(match[2]), int(match[3] or 0)
    if not hours and not minutes:
        return "UTC"
    return f"UTC{'+' if match[1] == '-' else '-'}{hours}{f':{minutes:02d}' if minutes else ''}"

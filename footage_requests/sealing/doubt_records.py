"""What made it doubtful that an exhibit shows the right camera, and how the verifier answered (B19).

A receiver must not know less than the person who let it leave: both stand in the signed manifest and on the
signed release statement.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import tsi

from ..footage.right_channel import check_of, doubt_words, doubts_in
from ..models import Exhibit
from .clock_words import LANGUAGES


def doubt_facts(exhibit: Exhibit) -> list[dict[str, Any]]:
    """For the manifest: each doubt as data and in words, and who said at what time that the camera is right."""
    told = []
    for doubt in doubts_in(exhibit):
        words = {}
        for language in LANGUAGES:
            with translation.override(language):
                words[language] = doubt_words(doubt)
        told.append(
            {
                **_without_floats(doubt),
                "words": words,
                "answer": _answer(exhibit, check_of(doubt)),
            }
        )
    return told


def doubt_lines(exhibit: Exhibit) -> list[str]:
    """For the statement: the same as sentences, in the language that is on."""
    told = []
    for doubt in doubts_in(exhibit):
        answer = _answer(exhibit, check_of(doubt))
        said = _("Not answered.")
        if answer is not None:
            said = _(
                "%(person)s watched it and confirmed at %(at)s that it is the approved camera."
            ) % {"person": answer["by"], "at": tsi.stamp(dt.datetime.fromisoformat(answer["at"]))}
        told.append(f"{doubt_words(doubt)} {said}")
    return told


def _answer(exhibit: Exhibit, check: str) -> dict[str, str] | None:
    given = exhibit.facts.get("answered", {})
    if check not in given.get("checks", ()):
        return None
    return {"check": check, **{name: given[name] for name in ("by", "staff_number", "at")}}


def _without_floats(doubt: dict[str, Any]) -> dict[str, Any]:
    """The manifest's canonical JSON has none: a share is told in per mille, and says so."""
    return {
        f"{name}_per_mille" if isinstance(value, float) else name: round(1000 * value)
        if isinstance(value, float)
        else value
        for name, value in doubt.items()
    }

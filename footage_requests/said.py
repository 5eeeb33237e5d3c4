"""Sentences that workers store and people read later, each in his own language.

What is stored is a code and its values, never words: a worker writes in no reader's language. Rows from
before keep their words, which read as they stand. A value may itself be such a sentence.

A stored sentence is a dict {"say": code, "with": {...}} inside JSON columns, and the same as text with
MARK before it in text columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cameras.drawing.strips import length, offset_words
from cameras.models import Finding
from cameras.models.coverage import Result
from cameras.wording.finding_words import sentence
from cameras.wording.reasons import word_for
from inventory.nearby import words as near_words

from .models import FootageRequest

Said = dict[str, Any]
MARK = "said:"
_SAY, _WITH = "say", "with"
# What reading something raises that `say` did not make.
_NO_SENTENCE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)

_SENTENCES: dict[str, Promise] = {
    "PIECES_FAILED": _("%(failed)d of %(all)d pieces could not be fetched: %(reason)s."),
    "PIECES_WAIT": _("not fetched yet, it is tried again: %(reason)s"),
    "NOTHING_RECORDED": _("The recorder has nothing of this time."),
    "STILL_THERE": _("still there"),
    "GONE": _("%(gone)s of it is no longer there"),
    "NOT_ASKED": _("not asked: %(reason)s"),
    "CLOCK_UNKNOWN": _(
        "The recorder's clock at that time was not measured: the searched window is wider."
    ),
    "CLOCK": _("The recorder's clock at that time: %(offset)s."),
    "CLOCK_CAUSE": _("Cause: %(cause)s."),
    "CLOCK_CORRECTED": _("The clock was set between the measurements around that time."),
    "NAMED_BY_UNIT": _("named by the unit"),
    "NAMED_IN_REQUEST": _("named in the request"),
    "NEAR": _("Near %(name)s: %(reason)s"),
    "NIGHT_ALL": _(
        "Nightly check of %(day)s, channel %(channel)s: the window was recorded (asked %(at)s)."
    ),
    "NIGHT_NONE": _(
        "Nightly check of %(day)s, channel %(channel)s: nothing of the window was recorded (asked %(at)s)."
    ),
    "NIGHT_PART": _(
        "Nightly check of %(day)s, channel %(channel)s: the window was recorded in part (asked %(at)s)."
    ),
    "NIGHT_DAY": _(
        "Nightly check of %(day)s, channel %(channel)s: the day was “%(result)s” (asked %(at)s)."
    ),
    "NIGHT_MISSING": _("Of %(day)s there is no nightly check of channel %(channel)s."),
    "CAMERA_OFF": _("The recorder says now that this camera is not connected."),
    "FAULT_NOT_ASKED": _("Not asked: %(reason)s."),
    "NO_SPACE": _("the evidence store has too little free space"),
    "STORE_FAULT": _("the evidence store cannot be written"),
    "NO_VIEWING_COPY": _("the viewing copy of an H.265 recording could not be made"),
    "STORE_SHARED": _(
        "another installation keeps files in the same folder (its mark: %(mark)s); give each one a folder of its own"
    ),
    "STORE_NEWER": _("the database is older than the evidence store: it was restored from a copy"),
    "STORE_STRAYS": _("%(count)d sealed files have no row: their rows are missing"),
    "SAME_PICTURES": _("the recorder gave the same pictures for two channels"),
    "SOUND_NO_TRACK": _("the recorder offers no sound of this recording"),
    "SOUND_CODEC": _("its sound is coded in a way that cannot be taken over unchanged (%(what)s)"),
    "SOUND_NO_CONFIG": _("the recorder does not say how its sound is coded"),
    "SOUND_NO_CLOCK_RATE": _("the recorder does not say how fast its sound is sampled"),
    "SOUND_SILENT": _("the recorder offers a sound track and sent nothing of it"),
    "SOUND_WRONG_CLOCK": _(
        "the times of the sound and the number of its samples contradict each other"
    ),
    "SOUND_NOT_THERE": _("the recorder has nothing of these minutes any more"),
    "SOUND_TOO_MANY": _("its sound is broken into too many pieces"),
    "SOUND_DAMAGED": _("the sound that came could not be read"),
    "SOUND_BROKEN": _("the recorder has no sound there"),
    # --- why a case, a decision, a hold or a link took a step by itself
    "NO_LETTER": _("No letter came in time."),
    "NO_LETTER_BY": _("No letter came by %(day)s."),
    "LETTER_CAME": _("The letter has come."),
    "FEE_LAPSED": _("The fee was not paid by %(day)s: the request counts as withdrawn."),
    "FEE_NOT_PAID": _("not paid by %(day)s"),
    "APPROVAL_EXPIRED": _("The approval has expired."),
    "STEPPED_OUT": _("%(person)s stepped out of the case."),
    "REQUEST_EDITED": _("The request was edited."),
    "CAMERAS_CHANGED": _("The cameras were changed."),
    "MERGED_INTO": _("%(number)s was merged into it."),
    "WITHDRAWN_BY_PORTAL": _("The requester withdrew it by the portal."),
    "REQUEST_ENDED": _("the request has ended: %(state)s"),
    "NOT_CONFIRMED": _("not confirmed in writing in time"),
    "FILES_DESTROYED": _("%(count)d sealed files destroyed"),
    "MASKS_AGAIN": _("masks are drawn again"),
    "WRONG_CODES": _("too many wrong codes"),
    "DECISION_GONE": _("the decision no longer holds"),
    "STOPPED": _("stopped by the person who started it"),
    "EXPORTED": _("exported"),
}


def _finding(told: dict[str, Any]) -> str:
    return sentence(Finding(**told["finding"]))


# Values that have words of their own in every language.
_OTHERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "REASON": lambda told: word_for(told["code"]),
    "OFFSET": lambda told: offset_words(told["ms"], told["uncertainty"]),
    "LENGTH": lambda told: length(told["ms"]),
    "FROM_CASE": lambda told: f"{read(told['reason'])} ({told['number']})",
    "RESULT": lambda told: str(Result(told["code"]).label),
    "STATE": lambda told: str(FootageRequest.Status(told["code"]).label),
    "NEARNESS": lambda told: near_words(**told),
    "FINDING": _finding,
}


def say(code: str, /, **values: Any) -> Said:
    """One sentence to be stored. Raises KeyError for a code that nobody has words for."""
    if code not in _SENTENCES and code not in _OTHERS:
        raise KeyError(code)
    return {_SAY: code, _WITH: values}


def reason(code: str) -> Said:
    """Why something was not done, by the code of `cameras.wording.reasons` or of the evidence store."""
    return say(code) if code in _SENTENCES else say("REASON", code=code)


def of_finding(row: Finding) -> Said:
    """A finding as it was then; the row itself may be closed or renamed later."""
    facts = {
        name: getattr(row, name)
        for name in ("kind", "subject_kind", "subject_name", "reason", "count")
    }
    facts["detail"] = {name: _countable(value) for name, value in row.detail.items()}
    return say("FINDING", finding=facts)


def _countable(value: Any) -> Any:
    """Frozen records refuse floats: their text differs from machine to machine."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    return value


def text_of(told: Said) -> str:
    """For a text column."""
    return MARK + json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def because(code: str, /, **values: Any) -> str:
    """A reason that no person gave, for the log and the text column beside it."""
    return text_of(say(code, **values))


NOTHING_RECORDED = text_of(say("NOTHING_RECORDED"))
"""As it stands on a hold of which the recorder has nothing: queries ask for it."""


def stored_in(text: str) -> Said:
    """The sentence of a text that begins with MARK, to stand inside another one."""
    told: Said = json.loads(text[len(MARK) :])
    return told


def code_of(stored: Any) -> str:
    """The code of a stored sentence, for records that machines read; of words the words."""
    if isinstance(stored, str) and stored.startswith(MARK):
        stored = stored_in(stored)
    if not isinstance(stored, dict):
        return str(stored)
    return str(stored.get(_WITH, {}).get("code", stored.get(_SAY)))


def read(stored: Any) -> str:
    """In the reader's language: a stored sentence, several of them, or the words of an old row.

    Text columns are written by people as well: what begins with MARK and is no sentence reads as nothing.
    """
    if isinstance(stored, list | tuple):
        return " ".join(filter(None, map(read, stored)))
    if isinstance(stored, str) and stored.startswith(MARK):
        try:
            return _read(stored_in(stored))
        except _NO_SENTENCE:
            return ""
    return _read(stored)


def _read(stored: Any) -> str:
    if not isinstance(stored, dict) or _SAY not in stored:
        return "" if stored is None else str(stored)
    code, values = stored[_SAY], stored.get(_WITH, {})
    if code in _OTHERS:
        return _OTHERS[code](values)
    if code not in _SENTENCES:
        return str(code)
    words = {name: read(value) if _is_said(value) else value for name, value in values.items()}
    return str(_SENTENCES[code]) % words


def _is_said(value: Any) -> bool:
    return isinstance(value, dict) and _SAY in value


def read_all(stored: Iterable[Any]) -> list[str]:
    """Each of them for itself."""
    return [read(each) for each in stored]

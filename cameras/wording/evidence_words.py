"""Stored answers as plain sentences: from which evidence, when it was asked, against which clock."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras.drawing.strips import MINUTE_MS, length, offset_words, seconds
from cameras.models import CheckResult, ClockMeasurement
from cameras.models.coverage import CoverageDay, Result
from cameras.models.runs import Answer, CheckKind
from cameras.protocols.base import Source
from cameras.wording.reasons import word_for
from core import tsi

SOURCES = {
    Source.ONVIF_EVENTS: gettext_lazy("the recorder's event index (ONVIF)"),
    Source.ONVIF_RECORDINGS: gettext_lazy("the recorder's list of recordings (ONVIF, spans only)"),
    Source.ISAPI_SEARCH: gettext_lazy("the recorder's own search (ISAPI)"),
    Source.DAHUA_FILES: gettext_lazy("the recorder's own file list (Dahua)"),
    Source.PLAYBACK: gettext_lazy("playback"),
}


def source_word(code: str) -> str:
    """The words for a stored source code; unknown codes are shown as they are."""
    return str(SOURCES.get(code, code))  # type: ignore[call-overload]


def evidence_words(proof: CoverageDay | None) -> str:
    """From where, when asked, against which clock error; or that nobody asked."""
    if proof is None:
        return _("Nobody asked about this day.")
    if proof.result == Result.EXEMPT:
        return _("No recording is expected, so nobody had to be asked.")
    if not proof.source:
        return _("Asked on %(when)s without an answer.") % {"when": tsi.stamp(proof.asked_at)}
    if proof.offset_ms is None:
        text = _(
            "Evidence: %(source)s, asked on %(when)s. The recorder's clock of that time is not known: "
            "these times may be wrong by as much as its clock was."
        )
        return text % {"source": source_word(proof.source), "when": tsi.stamp(proof.asked_at)}
    text = _("Evidence: %(source)s, asked on %(when)s; recorder's clock then: %(offset)s.") % {
        "source": source_word(proof.source),
        "when": tsi.stamp(proof.asked_at),
        "offset": offset_words(proof.offset_ms, proof.offset_uncertainty_ms),
    }
    if proof.second_source:
        text += " " + _("Second source: %(source)s.") % {"source": source_word(proof.second_source)}
    return f"{text} {_unseen_words(proof)}".rstrip()


def _unseen_words(proof: CoverageDay) -> str:
    """Which power cuts the source of a proof could not have shown."""
    if proof.unseen_cut_ms is None or proof.result == Result.UNKNOWN:
        return ""
    if proof.unseen_cut_ms >= proof.expected_ms:
        return _(
            "This source does not show power cuts of the recorder, and no minutes were played to find one."
        )
    return _(
        "This source does not show power cuts of the recorder; minutes were played to find one. A power "
        "cut of the recorder shorter than %(length)s could have gone unseen."
    ) % {"length": length(proof.unseen_cut_ms)}


def clock_sentence(row: ClockMeasurement) -> str:
    """What a clock's offset means for somebody who reads the time in the picture."""
    offset = row.utc_offset_ms if row.offset_ms is None else row.offset_ms
    if offset is None:
        return _("It did not tell its time.")
    if abs(offset) < 1000:
        return _("It shows the right time.")
    how_much = seconds(offset) if abs(offset) < MINUTE_MS else length(abs(offset))
    # Noon of the day on which it was read: what a clock on a wrong date shows later is not known.
    noon = tsi.at(tsi.day_of(row.measured_at), 12)
    shown = _shown(tsi.from_ms(tsi.to_ms(noon) + offset), tsi.day_of(noon))
    words = {"length": how_much, "shown": shown}
    if offset > 0:
        return _("It runs %(length)s ahead: at 12:00:00 it shows %(shown)s.") % words
    return _("It runs %(length)s behind: at 12:00:00 it shows %(shown)s.") % words


def _shown(instant: dt.datetime, on: dt.date) -> str:
    """What a clock shows on a day; with the date where that is wrong as well."""
    time, day = tsi.clock_time(instant), tsi.day_of(instant)
    return time if day == on else f"{tsi.day_text(day)} {time}"


def drift_words(milliseconds: int) -> str:
    """How much a clock gains or loses in a day."""
    words = {"length": seconds(milliseconds)}
    if milliseconds < 0:
        return _("loses %(length)s a day") % words
    return _("gains %(length)s a day") % words


_SAID = {
    (CheckKind.IDENTITY, Answer.YES): gettext_lazy("identity read"),
    (CheckKind.IDENTITY, Answer.NO): gettext_lazy("identity read: another device than expected"),
    (CheckKind.IDENTITY, Answer.UNKNOWN): gettext_lazy("identity could not be read"),
    (CheckKind.CLOCK, Answer.YES): gettext_lazy("clock read, it is right"),
    (CheckKind.CLOCK, Answer.NO): gettext_lazy("clock read, it is wrong"),
    (CheckKind.CLOCK, Answer.UNKNOWN): gettext_lazy("clock could not be read"),
    (CheckKind.RECORDING, Answer.YES): gettext_lazy("index searched, everything is there"),
    (CheckKind.RECORDING, Answer.NO): gettext_lazy("index searched, recordings are missing"),
    (CheckKind.RECORDING, Answer.UNKNOWN): gettext_lazy("index could not be searched"),
    (CheckKind.PROOF, Answer.YES): gettext_lazy("a minute was played back, it is there"),
    (CheckKind.PROOF, Answer.NO): gettext_lazy(
        "a minute that the index claims could not be played"
    ),
    (CheckKind.PROOF, Answer.UNKNOWN): gettext_lazy("playback was not tried"),
    (CheckKind.PICTURE, Answer.YES): gettext_lazy("picture taken"),
    (CheckKind.PICTURE, Answer.NO): gettext_lazy("picture taken, it is not usable"),
    (CheckKind.PICTURE, Answer.UNKNOWN): gettext_lazy("picture could not be taken"),
}


def answer_words(row: CheckResult) -> str:
    """One answer of a conversation: "clock read, it is wrong: time zone or summer time, one hour off"."""
    said = str(_SAID[CheckKind(row.kind), Answer(row.answer)])
    if not row.reason or row.answer == Answer.YES:
        return said
    return _("%(said)s: %(reason)s") % {"said": said, "reason": word_for(row.reason)}

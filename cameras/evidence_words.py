"""One stored answer about a channel and day as a plain sentence: from which evidence, and when it was asked."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras.models.coverage import CoverageDay
from cameras.protocols.base import Source
from cameras.strips import offset_words
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
    if not proof.source:
        return _("Asked on %(when)s without an answer.") % {"when": tsi.stamp(proof.asked_at)}
    text = _("Evidence: %(source)s, asked on %(when)s; recorder's clock then: %(offset)s.") % {
        "source": source_word(proof.source),
        "when": tsi.stamp(proof.asked_at),
        "offset": offset_words(proof.offset_ms, proof.offset_uncertainty_ms),
    }
    if proof.second_source:
        text += " " + _("Second source: %(source)s.") % {"source": source_word(proof.second_source)}
    return text

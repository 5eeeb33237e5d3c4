"""Words for stored codes: reasons, causes of gaps, verdicts on clocks. Codes are stored, words are shown."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cameras.clocks.history import Method
from cameras.clocks.verdicts import Verdict
from cameras.days.coverage import GapCause
from cameras.protocols.base import Reason, Source

REASONS = {
    Reason.CONNECTION_REFUSED: _("the device refuses the connection"),
    Reason.NO_ANSWER: _("no answer"),
    Reason.NAME_NOT_FOUND: _("its name is not known"),
    Reason.TOO_SLOW: _("too slow: the deadline passed"),
    Reason.BUSY: _("the device is busy"),
    Reason.TOO_LARGE: _("the answer is larger than we accept"),
    Reason.CREDENTIAL_REFUSED: _("the login was refused"),
    Reason.LOCKED_OUT: _("the account is locked on the device"),
    Reason.CREDENTIAL_PARKED: _("the login is parked: the device refused it before"),
    Reason.NO_CREDENTIAL: _("there is no usable login"),
    Reason.UNSAFE_LOGIN: _("it offers no login that keeps the password secret"),
    Reason.NOT_SUPPORTED: _("the device cannot tell"),
    Reason.NO_SUCH_CHANNEL: _("the recorder has no such channel"),
    Reason.BAD_ANSWER: _("the answer cannot be used"),
    Reason.BAD_XML: _("the device answers with broken XML"),
    Reason.NO_PROGRESS: _("the search repeats itself"),
    Reason.REDIRECTED: _("the device sends us elsewhere"),
    Reason.OTHER_HOST: _("the answer names another host"),
    Reason.TLS_FAULT: _("the encrypted connection cannot be trusted"),
    Reason.WRONG_DEVICE: _("another device answers at this address"),
    Reason.NOT_RECOGNISED: _(
        "what answers there does not show that it is this device: choose its protocol in the inventory"
    ),
    Reason.WRONG_RANGE: _("the recorder plays another time than asked"),
    Reason.TIME_NOT_PROVEN: _("the recorder does not tell which time it plays"),
    Reason.OTHER_ZONE: _(
        "its own playback does not tell which time it plays, and its time zone is not that of Türkiye: "
        "set the zone on the recorder, then ask again"
    ),
    Reason.NOTHING_PLAYED: _("the recorder plays nothing of this time"),
    Reason.UNDECODABLE: _("the picture cannot be decoded"),
    Reason.CLOCK_UNKNOWN: _("its clock is not known"),
    Reason.SOURCES_DISAGREE: _("two sources of the recorder disagree"),
    Reason.NOT_ASKED: _("not asked"),
    Reason.INTERNAL: _("a fault in this system"),
    "NO_CHANNEL": _("no recorder channel is assigned"),
    "NO_ADDRESS": _("no address is entered"),
    "BEHIND_RECORDER": _("only reachable through its recorder"),
    "RECORDER_NOT_IN_SERVICE": _("its recorder is not in service"),
    "OUT_FOR_REPAIR": _("out for repair without a substitute"),
    "WORKERS_LOST": _(
        "three workers were lost over it, so it is not tried again: look into the log of the workers"
    ),
    "INCOMPLETE_INDEX": _("the recorder's answer is incomplete"),
    "END_NOT_TOLD": _("the recorder was off and does not say since when"),
    "SPAN_ONLY": _("the recorder tells only first and last recording"),
    "UNHEARD_FOR_A_DAY": _("nothing was heard of it for 24 hours"),
    "LOST_FRAMES": _("more than a tenth of the frames is missing"),
    "OVERWRITTEN": _("overwritten too early"),
    "DISAPPEARED": _("no longer in the recorder's index"),
}

CAUSES = {
    GapCause.NO_STREAM: _("no stream from the camera"),
    GapCause.RECORDER_DOWN: _("recorder was down"),
    GapCause.DISK: _("disk fault"),
    GapCause.OUTSIDE_INDEX: _("already overwritten"),
    GapCause.CLOCK_JUMP: _("the clock was set"),
    GapCause.UNKNOWN: _("cause unknown"),
}

VERDICTS = {
    Verdict.OK: _("right"),
    Verdict.OFF: _("wrong"),
    Verdict.DRIFT: _("drifts"),
    Verdict.SUMMER_TIME: _("time zone or summer time: one hour off"),
    Verdict.ZONE: _("wrong time zone"),
    Verdict.RESET: _("wrong date: battery or reset"),
    Verdict.JUMP: _("has jumped"),
    Verdict.UNSTABLE: _("leaps from reading to reading"),
    Verdict.UNKNOWN: _("unknown"),
}

METHODS = {
    Method.EDGE: _("the edge of its second"),
    Method.WHOLE_SECONDS: _("whole seconds"),
    Method.MEASURED: _("measured close to that time"),
    Method.INTERPOLATED: _("between two measurements"),
    Method.EXTRAPOLATED: _("from the nearest measurement"),
    Method.ACROSS_JUMP: _("across a jump of the clock"),
    Method.UNKNOWN: _("unknown"),
}

SOURCES = {
    Source.ONVIF_EVENTS: _("ONVIF recording events"),
    Source.ONVIF_RECORDINGS: _("ONVIF first and last recording"),
    Source.ISAPI_SEARCH: _("Hikvision search"),
    Source.DAHUA_FILES: _("Dahua files"),
    Source.PLAYBACK: _("playback"),
}

_WORDS = {
    str(code): word
    for words in (METHODS, SOURCES, VERDICTS, CAUSES, REASONS)
    for code, word in words.items()
}
_WORDS["UNKNOWN"] = _("unknown")


def not_checked() -> str:
    """What a column prints that nothing has checked yet."""
    return gettext("not checked")


def word_for(code: str) -> str:
    """The words for a stored code, or the code itself where it has none."""
    return str(_WORDS.get(str(code), code))

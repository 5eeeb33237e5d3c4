"""What a requester is told about a case: a state of few words, the deadline, what is missing, the answer.

Everything that leaves for the portal is made here. No camera, hold, opinion, person of the unit or reason
of a decision is in it; the answer is the text of the letter, once there is a decision.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..casework.deadlines import last_day_of
from ..models import Decision, FootageRequest, RequesterKind
from ..release.answer_letters import remedy

S = FootageRequest.Status


class Told(TextChoices):
    """The states that the portal knows. They stay the same; programs may rely on them."""

    RECEIVED = "RECEIVED", gettext_lazy("Your request has been received.")
    UNDER_REVIEW = "UNDER_REVIEW", gettext_lazy("Your request is being looked into.")
    INFO_MISSING = "INFO_MISSING", gettext_lazy("Something is missing: please complete it.")
    FEE_DUE = "FEE_DUE", gettext_lazy("A fee has to be paid before your request goes on.")
    APPROVED = (
        "APPROVED",
        gettext_lazy(
            "Your request has been accepted. The unit will tell you how you get the result."
        ),
    )
    REFUSED = "REFUSED", gettext_lazy("Your request could not be met. The answer says why.")
    NO_RECORDING = "NO_RECORDING", gettext_lazy("There is no recording for your request.")
    CLOSED = "CLOSED", gettext_lazy("Your request has been closed.")
    WITHDRAWN = "WITHDRAWN", gettext_lazy("Your request has been withdrawn.")
    MERGED = "MERGED", gettext_lazy("Your request is dealt with together with another one.")


_TOLD = {
    S.DRAFT: Told.RECEIVED,
    S.REGISTERED: Told.RECEIVED,
    S.IN_REVIEW: Told.UNDER_REVIEW,
    S.OPINION: Told.UNDER_REVIEW,
    S.AWAITING_DECISION: Told.UNDER_REVIEW,
    S.INFO_MISSING: Told.INFO_MISSING,
    S.APPROVED: Told.APPROVED,
    S.REFUSED: Told.REFUSED,
    S.NO_RECORDING: Told.NO_RECORDING,
    S.CLOSED: Told.CLOSED,
    S.ARCHIVED: Told.CLOSED,
    S.WITHDRAWN: Told.WITHDRAWN,
    S.MERGED: Told.MERGED,
}
# What a requester has to do himself goes before a fee, and an answer after it.
_STANDS_STILL = frozenset({Told.RECEIVED, Told.UNDER_REVIEW})
_ANSWERED = frozenset({S.REFUSED, S.NO_RECORDING, S.CLOSED, S.ARCHIVED})
_NO_RECORDING = "Talep edilen zamana ve yere ait kayıt bulunmadığı tespit edilmiştir."


def told(status: str, *, owes: bool) -> Told:
    """What the portal calls that state of a case, while its clock stands still for a fee or not."""
    found = _TOLD[S(status)]
    return Told.FEE_DUE if owes and found in _STANDS_STILL else found


def told_of(request: FootageRequest) -> Told:
    """What the portal calls the state of that case."""
    return told(request.status, owes=owes_fee(request))


def owes_fee(request: FootageRequest) -> bool:
    """Whether the clock of that case stands still for a fee."""
    return request.stopped_until is not None


def deadline_of(request: FootageRequest) -> dt.date | None:
    """The day by whose end an open request is answered."""
    return last_day_of(request) if request.is_open else None


@dataclass(frozen=True)
class Missing:
    """What the requester is asked for, and the last day on which it may come."""

    what: str
    until: dt.date | None


def missing_of(request: FootageRequest) -> Missing | None:
    """What is missing while the request waits for it."""
    if request.status != S.INFO_MISSING:
        return None
    return Missing(request.missing_info, request.missing_until)


@dataclass(frozen=True)
class Extension:
    """That the period was extended, and the reason that the law has us tell."""

    until: dt.date
    because: str


def extension_of(request: FootageRequest) -> Extension | None:
    if request.extended_until is None:
        return None
    return Extension(request.extended_until, request.extended_because)


@dataclass(frozen=True)
class Owed:
    """A fee for which the clock stands still, and the last day to pay it."""

    amount: str
    until: dt.date
    pay_to: str


def fee_of(request: FootageRequest) -> Owed | None:
    """The fee that is to be paid, while the request waits for it."""
    if not owes_fee(request) or not request.is_open:
        return None
    fee = next((row for row in request.fees.all() if not row.outcome), None)
    return Owed(str(fee.amount), fee.due_on, fee.pay_to) if fee else None


def answer_of(request: FootageRequest) -> str:
    """The sentences of the answer letter (Turkish), once the request was refused or nothing was found.

    Not the letter itself: it names cameras and holds.
    """
    if request.status not in _ANSWERED:
        return ""
    standing = next(
        (
            row
            for row in request.decisions.all()
            if row.voided_at is None and row.kind != Decision.Kind.RETURN
        ),
        None,
    )
    if standing is None or standing.releases:
        return ""
    sentences = [code.letter_text for code in standing.refusal_codes.all()]
    if standing.kind == Decision.Kind.NO_RECORDING and not sentences:
        sentences = [_NO_RECORDING]
    if request.kind.closing == RequesterKind.Closing.TO_PERSON:
        sentences.append(remedy(request))
    return "\n".join(filter(None, sentences))


def paper_words(scan: str) -> str:
    """What became of a paper that was sent in."""
    return {
        "WAITING": _("being checked"),
        "INFECTED": _("refused: a virus was found"),
    }.get(scan, _("taken"))

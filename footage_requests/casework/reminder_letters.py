"""What reminders say. No names and no places: mail is not ours to keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import tsi

from ..models import FootageRequest
from . import deadlines

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True)
class Occasion:
    """Why a letter is due: `kind` names it once per case, `roles` get it, `day` is the one it is about."""

    kind: str
    roles: tuple[str, ...]
    hours: int | None = None
    day: dt.date | None = None


# By the beginning of an occasion's kind: subject and text.
_LETTERS: dict[str, tuple[Promise, Promise]] = {
    "LOSS_0": (
        gettext_lazy("%(number)s: footage may be lost by now"),
        gettext_lazy(
            "The footage of request %(number)s is not held, and by what its recorder usually keeps it has been "
            "overwritten by now. Please sign in, ask the recorder again and hold what is still there."
        ),
    ),
    "LOSS_": (
        gettext_lazy("%(number)s: footage is lost in %(hours)s hours or less"),
        gettext_lazy(
            "The footage of request %(number)s is not held yet and will be overwritten in "
            "%(hours)s hours or less. Please sign in and see to it."
        ),
    ),
    "OVERDUE": (
        gettext_lazy("%(number)s: the legal deadline has passed"),
        gettext_lazy("Request %(number)s should have been answered by %(last)s. Please sign in."),
    ),
    "WARN_": (
        gettext_lazy("%(number)s: to be answered by %(last)s"),
        gettext_lazy("Request %(number)s must be answered by %(last)s. Please sign in."),
    ),
    "STEPPED_OUT_": (
        gettext_lazy("%(number)s: somebody stepped out, another person goes on"),
        gettext_lazy(
            "Somebody stepped out of request %(number)s because it is a case of his own. The page of the "
            "case says whose turn it is, or whom to appoint when nobody is left. Please sign in."
        ),
    ),
    "ON_DUTY": (
        gettext_lazy("%(number)s: decided by the most senior person on duty"),
        gettext_lazy(
            "Supervised viewing was let on the oral, urgent request %(number)s by the most senior person "
            "on duty. Please sign in and read the decision."
        ),
    ),
    "WRITING_DUE": (
        gettext_lazy("%(number)s: the writing must come today"),
        gettext_lazy(
            "The oral request %(number)s must be followed by a letter by the end of %(writing)s. Ask the "
            "police for it, and enter it when it comes."
        ),
    ),
    "WRITING_LATE": (
        gettext_lazy("%(number)s: the writing has not come"),
        gettext_lazy(
            "The letter that had to follow the oral request %(number)s by %(writing)s has not come. "
            "Without it the request lapses at the end of %(lapses)s. Please sign in."
        ),
    ),
    "WRITING_LAPSED": (
        gettext_lazy("%(number)s: footage was watched and no letter came"),
        gettext_lazy(
            "Footage was watched on the oral request %(number)s, and no letter came by %(lapses)s. The "
            "case says so. Please sign in, and take it up with the authority that asked."
        ),
    ),
    "COPY_SOON_": (
        gettext_lazy("%(number)s: our copy is to be destroyed by %(day)s"),
        gettext_lazy(
            "Our own copy of what was released on request %(number)s is to be destroyed by %(day)s. Please sign "
            "in and prepare it; a second person verifies and a superior approves."
        ),
    ),
    "COPY_LATE_": (
        gettext_lazy("%(number)s: our copy should have been destroyed by %(day)s"),
        gettext_lazy(
            "Our own copy of what was released on request %(number)s should have been destroyed by %(day)s, and "
            "nobody has prepared it. Please sign in."
        ),
    ),
    "HOLD_": (
        gettext_lazy("%(number)s: held footage is to be looked at again by %(day)s"),
        gettext_lazy(
            "Footage is held for request %(number)s until %(day)s. Please sign in: extend it with a reason, or "
            "release it."
        ),
    ),
    "CONTROL_LATE_": (
        gettext_lazy("%(number)s: the compensating control should have been reviewed by %(day)s"),
        gettext_lazy(
            "Two parts of request %(number)s were played by one person, and no superior has reviewed it by "
            "%(day)s. Please sign in."
        ),
    ),
    "CONTROL_": (
        gettext_lazy("%(number)s: a compensating control waits for your review"),
        gettext_lazy(
            "Two parts of request %(number)s were played by one person in small-unit mode. Please sign in and "
            "review it by %(day)s."
        ),
    ),
    "FEE_": (
        gettext_lazy("%(number)s: the fee must be paid by %(fee)s"),
        gettext_lazy(
            "The fee of request %(number)s has not been paid. After %(fee)s the request counts as "
            "withdrawn. Remind the requester, or enter the payment."
        ),
    ),
}


def letter(row: FootageRequest, person: Person, occasion: Occasion) -> tuple[str, str]:
    """Subject and text in the reader's language."""
    with translation.override(person.language):
        words = dict(_words(row), hours=occasion.hours, number=row.number)
        words["day"] = tsi.day_text(occasion.day) if occasion.day else ""
        subject, text = next(
            told for start, told in _LETTERS.items() if occasion.kind.startswith(start)
        )
        return str(subject) % words, str(text) % words


def hourly_letter(person: Person, cases: Collection[tuple[FootageRequest, int]]) -> tuple[str, str]:
    """One letter about all cases whose footage is lost within the day, with the hours that each has left."""
    with translation.override(person.language):
        count = len(cases)
        subject = ngettext(
            "Footage of %(count)d request is lost within %(hours)d hours",
            "Footage of %(count)d requests is lost, the first within %(hours)d hours",
            count,
        ) % {"count": count, "hours": min(hours for _row, hours in cases)}
        lines = [
            _("%(number)s: %(hours)d hours or less") % {"number": row.number, "hours": hours}
            for row, hours in cases
        ]
        lead = _("This footage is not held yet and will be overwritten:")
        close = _(
            "Please sign in and see to it. This letter comes once an hour until it is held, or lost."
        )
        return subject, "\n".join([lead, "", *lines, "", close])


def _words(row: FootageRequest) -> Iterator[tuple[str, str]]:
    days = {
        "last": deadlines.last_day_of(row),
        "writing": deadlines.writing_due(row),
        "lapses": deadlines.lapses_on(row),
        "fee": row.stopped_until,
    }
    for name, day in days.items():
        yield name, tsi.day_text(day) if day else _("a day not set")

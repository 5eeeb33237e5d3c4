"""The life of a case on one line of time: what happened, when, by whom, and what comes next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import tsi

from .. import said
from ..models import Decision, Fee, FootageRequest, HandOverRecord, Hold, Package

S = FootageRequest.Status


@dataclass(frozen=True)
class Moment:
    """One point of the line. `state`: done, now (the next thing to happen), bad, or "" for later.

    `is_day`: only the day is known.
    """

    what: str
    at: dt.datetime | None = None
    who: str = ""
    note: str = ""
    state: str = ""
    is_day: bool = False


def life_of(
    request: FootageRequest,
    holds: list[Hold],
    decisions: list[Decision],
    package: Package | None,
    fees: Iterable[Fee] = (),
) -> list[Moment]:
    """Arrived, held, decided, exported, verified, sealed, handed over, destroyed; the rows come with
    the people in them. A case that ends earlier ends its line there.
    """
    moments = [
        Moment(_("Arrived"), request.arrived_at, request.filer.full_name,
               request.get_door_display(), "done"),
        _held(request, holds),
        *(moment for fee in fees for moment in _of_fee(fee)),
        *_of_writing(request),
    ]  # fmt: skip
    if request.status in {S.WITHDRAWN, S.MERGED}:
        return [*moments, Moment(request.get_status_display(), request.closed_at, state="bad")]
    decision = next((row for row in decisions if row.kind != Decision.Kind.RETURN), None)
    moments.append(_decided(request, decision))
    if decision is None or decision.releases:
        moments += _released(package, decision)
    is_over = request.status in {S.CLOSED, S.ARCHIVED}
    moments.append(Moment(_("Closed"), request.closed_at, state="done" if is_over else ""))
    return _with_next(moments)


def _held(request: FootageRequest, holds: list[Hold]) -> Moment:
    kept = [hold.held_at for hold in holds if hold.held_at]
    failed = any(hold.failure for hold in holds)
    if holds and len(kept) == len(holds):
        return Moment(_("Footage held"), max(kept), note=_words(len(kept)), state="done")
    note = (
        _("%(done)d of %(all)d camera channels") % {"done": len(kept), "all": len(holds)}
        if holds
        else ""
    )
    is_bad = failed or (not holds and not request.is_open)
    return Moment(_("Footage held"), note=note, state="bad" if is_bad else "")


def _words(count: int) -> str:
    return ngettext("%(count)d camera channel", "%(count)d camera channels", count) % {
        "count": count
    }


def _of_fee(fee: Fee) -> Iterable[Moment]:
    """The clock stopped, and went on or ran out."""
    note = _("%(amount)s TL, to be paid by %(day)s") % {
        "amount": fee.amount_words,
        "day": tsi.day_text(fee.due_on),
    }
    is_open = fee.ended_on is None
    yield Moment(
        _("Clock stopped (fee)"), tsi.at(fee.notified_on, 0), note=note, state="done", is_day=True
    )
    if is_open:
        yield Moment(_("Fee paid"))
        return
    is_lapsed = fee.outcome == Fee.Outcome.LAPSED
    ended = tsi.at(fee.ended_on, 0) if fee.ended_on else None
    state = "bad" if is_lapsed else "done"
    yield Moment(
        _("Fee: %(outcome)s") % {"outcome": fee.get_outcome_display()},
        ended,
        note=said.read(fee.document),
        state=state,
        is_day=True,
    )


def _of_writing(request: FootageRequest) -> Iterable[Moment]:
    """Whether the writing followed an oral request; nothing where it still may."""
    if request.writing_came_on is not None:
        yield Moment(
            _("Writing came"), tsi.at(request.writing_came_on, 0), state="done", is_day=True
        )
    elif request.writing_lapsed_at is not None:
        yield Moment(_("No writing came"), request.writing_lapsed_at, state="bad")


def _decided(request: FootageRequest, decision: Decision | None) -> Moment:
    if decision is None:
        return Moment(_("Decided"))
    is_void = decision.voided_at is not None
    note = str(decision.get_kind_display())
    if decision.is_on_duty:
        note = f"{note}, {_('as the most senior person on duty')}"
    if is_void:
        note = _("%(kind)s, void: %(because)s") % {
            "kind": note,
            "because": said.read(decision.voided_because),
        }
    return Moment(
        _("Decided"),
        decision.decided_at,
        decision.decided_by.full_name,
        note,
        "bad" if is_void else "done",
    )


def _released(package: Package | None, decision: Decision | None) -> list[Moment]:
    titles = (
        _("Exported"),
        _("Verified"),
        _("Sealed"),
        _how_it_ended(package, decision),
        _("Our copy destroyed"),
    )
    if package is None:
        return [Moment(title) for title in titles]
    is_exported = package.status not in {Package.Status.EXPORTING, Package.Status.CANCELLED}
    facts: tuple[tuple[Any, Any], ...] = (
        (package.started_at if is_exported else None, package.exporter),
        (package.verified_at, package.verifier),
        (package.sealed_at, None),
        (package.delivered_at, package.deliverer),
        (package.destroyed_at, None),
    )
    return [
        Moment(title, at, person.full_name if at and person else "", "", "done" if at else "")
        for title, (at, person) in zip(titles, facts, strict=True)
    ]


def _how_it_ended(package: Package | None, decision: Decision | None) -> str:
    """Handed over, shown, or fetched by nobody; before that, what the decision allows."""
    words = {
        HandOverRecord.Kind.COPY: _("Handed over"),
        HandOverRecord.Kind.VIEWING: _("Viewed"),
        HandOverRecord.Kind.NOT_COLLECTED: _("Not collected"),
    }
    if package is not None and package.delivered_at:
        records = [row for row in package.request.records.all() if row.package_id == package.pk]
        ended = max(
            (row for row in records if row.kind in words), key=attrgetter("pk"), default=None
        )
        if ended is not None:
            return words[HandOverRecord.Kind(ended.kind)]
    is_shown = decision is not None and decision.kind == Decision.Kind.VIEWING
    return words[HandOverRecord.Kind.VIEWING if is_shown else HandOverRecord.Kind.COPY]


def _with_next(moments: list[Moment]) -> list[Moment]:
    """What everybody waits for: the first moment that has not come after the last one that has."""
    came = [number for number, moment in enumerate(moments) if moment.state == "done"]
    ahead = [number for number, moment in enumerate(moments) if moment.state == ""]
    if came[-1] == len(moments) - 1:
        # Our copy is destroyed after the case has been closed.
        waiting = [number for number in ahead if number == came[-1] - 1]
    else:
        waiting = [number for number in ahead if number > came[-1]]
    for number in waiting[:1]:
        moment = moments[number]
        moments[number] = replace(moment, state="now")
    return moments

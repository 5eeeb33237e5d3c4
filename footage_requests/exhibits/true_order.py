"""Exhibits of several cameras in the order of true time, and how sure that order is (CLK-14).

Every exhibit's moments are already corrected by the error that its own recorder's clock had then. What is left
is the uncertainty of that correction: two beginnings that lie closer together than both uncertainties
have no proven order, unless one and the same clock, which nobody set meanwhile, stamped them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import tsi

from ..models import Exhibit
from .exhibit_time import ExhibitTime, time_of


class Order(StrEnum):
    """How an exhibit's beginning lies against that of the one before it."""

    FIRST = "FIRST"
    AFTER = "AFTER"
    SAME_CLOCK = "SAME_CLOCK"
    WITHIN_UNCERTAINTY = "WITHIN_UNCERTAINTY"
    NOT_MEASURED = "NOT_MEASURED"


@dataclass(frozen=True)
class Placed:
    """One exhibit in the order of true time; milliseconds. `bound_ms` is what both clocks leave open."""

    exhibit: Exhibit
    times: ExhibitTime
    order: Order
    after_ms: int
    bound_ms: int | None

    @property
    def words(self) -> str:
        """The order in a sentence, in the active language."""
        if self.order is Order.FIRST:
            return _("begins first")
        names = {"after": _seconds(self.after_ms), "bound": _seconds(self.bound_ms or 0)}
        if self.order is Order.SAME_CLOCK:
            return _("begins %(after)s s after the one before, by the same clock") % names
        if self.order is Order.AFTER:
            return _("begins %(after)s s after the one before (uncertainty ± %(bound)s s)") % names
        if self.order is Order.NOT_MEASURED:
            return _("order not proven: a clock was not measured")
        return (
            _(
                "order not proven: %(after)s s apart, within the uncertainty of both clocks "
                "(± %(bound)s s)"
            )
            % names
        )

    @property
    def uncertainty_words(self) -> str:
        uncertainty = self.times.uncertainty_ms
        if uncertainty is None:
            return _("not measured")
        return _("± %(seconds)s s") % {"seconds": _seconds(uncertainty)}


def in_true_order(exhibits: Iterable[Exhibit]) -> list[Placed]:
    """The exhibits by their corrected beginnings; each says how sure it lies after the one before."""
    rows = sorted(
        ((one, time_of(one)) for one in exhibits),
        key=lambda pair: (pair[1].delivered, pair[0].ident),
    )
    placed: list[Placed] = []
    for exhibit, times in rows:
        placed.append(_placed(exhibit, times, placed[-1] if placed else None))
    return placed


def _placed(exhibit: Exhibit, times: ExhibitTime, before: Placed | None) -> Placed:
    if before is None:
        return Placed(exhibit, times, Order.FIRST, 0, None)
    after = times.delivered[0] - before.times.delivered[0]
    is_same = exhibit.channel.recorder_id == before.exhibit.channel.recorder_id
    if is_same and not (times.is_doubted or before.times.is_doubted):
        return Placed(exhibit, times, Order.SAME_CLOCK, after, 0)
    mine, other = times.uncertainty_ms, before.times.uncertainty_ms
    if mine is None or other is None or times.offset_ms is None or before.times.offset_ms is None:
        return Placed(exhibit, times, Order.NOT_MEASURED, after, None)
    order = Order.AFTER if after > mine + other else Order.WITHIN_UNCERTAINTY
    return Placed(exhibit, times, order, after, mine + other)


def as_table(placed: Iterable[Placed]) -> list[dict[str, str]]:
    """For papers: each exhibit with camera, corrected beginning and end, uncertainty and its order in words."""
    return [
        {
            "exhibit": one.exhibit.ident,
            "camera": one.exhibit.line.item.position.name,
            "from": tsi.stamp(tsi.from_ms(one.times.delivered[0])),
            "until": tsi.clock_time(tsi.from_ms(one.times.delivered[1])),
            "uncertainty": one.uncertainty_words,
            "order": one.words,
        }
        for one in placed
    ]


def as_facts(placed: Iterable[Placed]) -> list[dict[str, Any]]:
    """For the manifest: the same as numbers and codes."""
    return [
        {
            "exhibit": one.exhibit.ident,
            "position": one.exhibit.line.item.position.code,
            "from_ms": one.times.delivered[0],
            "until_ms": one.times.delivered[1],
            "clock_offset_ms": one.times.offset_ms,
            "uncertainty_ms": one.times.uncertainty_ms,
            "order": one.order.value,
            "after_previous_ms": one.after_ms,
            "bound_ms": one.bound_ms,
        }
        for one in placed
    ]


def _seconds(ms: int) -> str:
    text = f"{ms / 1000:.1f}"
    return text if translation.get_language() == "en" else text.replace(".", ",")

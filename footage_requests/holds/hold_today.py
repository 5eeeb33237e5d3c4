"""What holds add to Bugün: what waits for a person, what could not be fetched, a store that fills up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels

from .. import permissions, said
from ..models import Hold, Package
from ..today import any_requests
from . import hold_life, holding

if TYPE_CHECKING:
    from accounts.models import Person

WAITING, TROUBLE, FULL, FILLING, ENDING, OUTLIVING = 2, 3, 2, 45, 58, 60
_WAITING = Q(confirmation=Hold.Confirmation.WAITING, status=Hold.Status.REQUESTED)


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _COUNTS, _STOPPED, _BYTES)


def _counts(person: Person) -> QuerySet[Any] | None:
    """How many kept holds wait for a person, are in trouble, outlive their request."""
    if not permissions.can_assess(person):
        return None
    kept = Hold.objects.visible_to(person).filter(status__in=Hold.KEPT).order_by()
    return kept.values_list(Value(1)).annotate(
        waiting=Count("pk", filter=_WAITING),
        trouble=Count("pk", filter=~Q(failure="")),
        outliving=Count("pk", filter=hold_life.is_outliving() & Q(release_on=None)),
        ending=Count("pk", filter=hold_life.ends_soon() & Q(release_on=None)),
    )


def _stopped(person: Person) -> QuerySet[Any] | None:
    """Exports that stand still."""
    if not permissions.can_assess(person):
        return None
    stopped = Package.objects.visible_to(person).filter(status=Package.Status.EXPORTING)
    return (
        stopped.exclude(failure="")
        .order_by("pk")
        .values_list("pk", "number", "failure", "request_id", "started_at")[:4]
    )


_COUNTS = panels.Question(_counts)
_STOPPED = panels.Question(_stopped)
_BYTES = panels.Question(lambda person: holding.held() if permissions.can_assess(person) else None)


def lines(person: Person) -> Iterable[panels.TodayLine]:
    """To those who look after cases; a fixed number of queries, one where there was never a case."""
    if not (permissions.can_assess(person) and any_requests(person)):
        return
    counts = next(iter(_COUNTS(person)), (1, 0, 0, 0, 0))
    _one, waiting, trouble, outliving, ending = counts
    yield from _line(
        waiting,
        WAITING,
        "waiting",
        ngettext(
            "%(count)d hold above the limits waits for you: nothing of it is safe yet",
            "%(count)d holds above the limits wait for you: nothing of them is safe yet",
            waiting,
        )
        % {"count": waiting},
    )
    yield from _line(
        trouble,
        TROUBLE,
        "trouble",
        ngettext("%(count)d hold is not complete", "%(count)d holds are not complete", trouble)
        % {"count": trouble},
    )
    for pk, number, failure, request_id, started_at in _STOPPED(person):
        yield panels.TodayLine(
            TROUBLE,
            _("Export %(number)s stands still: %(reason)s")
            % {"number": number, "reason": said.read(failure)},
            reverse("footage_requests:case", args=[request_id]),
            _("Look"),
            started_at,
            "package",
            str(pk),
        )
    yield from _line(
        outliving,
        OUTLIVING,
        "outliving",
        ngettext(
            "%(count)d hold outlives its request: release it or keep it with a reason",
            "%(count)d holds outlive their requests: release them or keep them with a reason",
            outliving,
        )
        % {"count": outliving},
    )
    yield from _line(
        ending,
        ENDING,
        "ending",
        ngettext(
            "%(count)d hold must be looked at again within %(days)d days",
            "%(count)d holds must be looked at again within %(days)d days",
            ending,
        )
        % {"count": ending, "days": settings.HOLD_REVIEW_WARN_DAYS},
    )
    yield from _store(next((held for _one, held in _BYTES(person)), None) or 0)


def _line(count: int, urgency: int, view: str, text: str) -> Iterable[panels.TodayLine]:
    if count:
        yield panels.TodayLine(
            urgency,
            text,
            f"{reverse('footage_requests:holds')}?view={view}",
            _("Look"),
            kind="holds",
            key=view,
        )


def _store(held_bytes: int) -> Iterable[panels.TodayLine]:
    share = hold_life.store_share(held_bytes)
    if share.is_full:
        text = _("The evidence store is full: nothing more can be held or exported")
    elif share.warns_at:
        text = _("Held footage takes %(percent)d %% of its disk") % {"percent": share.percent}
    else:
        return
    yield panels.TodayLine(
        FULL if share.is_full else FILLING,
        text,
        reverse("footage_requests:holds"),
        _("Look"),
        kind="holds",
        key="store",
    )

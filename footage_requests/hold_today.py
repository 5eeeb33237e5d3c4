"""What holds add to Bugün: what waits for a person, what could not be fetched, a store that fills up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels

from . import hold_life, permissions
from .models import Hold, Package
from .today import any_requests

if TYPE_CHECKING:
    from accounts.models import Person

WAITING, TROUBLE, FULL, FILLING, OUTLIVING = 2, 3, 2, 45, 60
_WAITING = Q(confirmation=Hold.Confirmation.WAITING, status=Hold.Status.REQUESTED)


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines)


def lines(person: Person) -> Iterable[panels.TodayLine]:
    """To those who look after cases; a fixed number of queries, one where there was never a case."""
    if not (permissions.can_assess(person) and any_requests()):
        return
    holds = Hold.objects.visible_to(person).filter(status__in=Hold.KEPT)
    counts = holds.aggregate(
        waiting=Count("pk", filter=_WAITING),
        trouble=Count("pk", filter=~Q(failure="")),
        outliving=Count("pk", filter=hold_life.is_outliving() & Q(release_on=None)),
    )
    waiting, trouble, outliving = counts["waiting"], counts["trouble"], counts["outliving"]
    yield from _line(
        waiting,
        WAITING,
        "waiting",
        ngettext(
            "%(count)d hold above the limits waits for you: nothing of it is safe yet",
            "%(count)d holds above the limits wait for you: nothing of them is safe yet",
            waiting,
        ),
    )
    yield from _line(
        trouble,
        TROUBLE,
        "trouble",
        ngettext("%(count)d hold is not complete", "%(count)d holds are not complete", trouble),
    )
    stopped = Package.objects.visible_to(person).filter(status=Package.Status.EXPORTING)
    for package in stopped.exclude(failure="").order_by("pk")[:4]:
        yield panels.TodayLine(
            TROUBLE,
            _("Export %(number)s stands still: %(reason)s")
            % {"number": package.number, "reason": package.failure},
            reverse("footage_requests:case", args=[package.request_id]),
            _("Look"),
            package.started_at,
            "package",
            str(package.pk),
        )
    yield from _line(
        outliving,
        OUTLIVING,
        "outliving",
        ngettext(
            "%(count)d hold outlives its request: release it or keep it with a reason",
            "%(count)d holds outlive their requests: release them or keep them with a reason",
            outliving,
        ),
    )
    yield from _store()


def _line(count: int, urgency: int, view: str, text: str) -> Iterable[panels.TodayLine]:
    if count:
        yield panels.TodayLine(
            urgency,
            text % {"count": count},
            f"{reverse('footage_requests:holds')}?view={view}",
            _("Look"),
            kind="holds",
            key=view,
        )


def _store() -> Iterable[panels.TodayLine]:
    share = hold_life.store_share()
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

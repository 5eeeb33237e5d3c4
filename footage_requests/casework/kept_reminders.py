"""Letters about what is kept: copies to be destroyed, holds to be looked at again, controls to be reviewed.

The same stands on Bugün (`release_today`, `hold_today`); nobody opens a closed case by chance. Days are of today in
Türkiye time; each occasion is named with its day, so that a moved day is told of anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Min

from accounts.models import Role
from core.holidays import working_days_after
from core.tsi import day_of, today

from ..holds import hold_life
from ..models import FootageRequest, Hold, Package
from ..release import destroying, release_today
from .reminder_letters import Occasion

Due = tuple[FootageRequest, Occasion]


def kept_occasions() -> Iterator[Due]:
    """The letters that are due about kept footage, with their cases."""
    day = today()
    yield from _copies(day)
    yield from _holds(day)
    yield from _controls(day)


def _copies(day: dt.date) -> Iterator[Due]:
    """A month and a week before our copy must go, and once when it should have gone: then to the superior as well."""
    near = destroying.due(day + dt.timedelta(days=settings.COPY_WARN_DAYS))
    for package in near.select_related("request__building"):
        last = package.delete_by
        if last < day:
            roles = (*destroying.PREPARING, *destroying.APPROVING)
            yield package.request, Occasion(f"COPY_LATE_{last:%Y%m%d}", roles, day=last)
            continue
        week = (last - day).days <= release_today.DUE_DAYS
        kind = f"COPY_SOON_{'W' if week else 'M'}{last:%Y%m%d}"
        yield package.request, Occasion(kind, destroying.PREPARING, day=last)


def _holds(day: dt.date) -> Iterator[Due]:
    """Thirty days before the first hold of an open case must be looked at again, and on that day."""
    soon = Hold.objects.filter(hold_life.ends_soon(), status__in=Hold.KEPT, release_on=None)
    firsts = dict(soon.order_by().values_list("request").annotate(Min("keep_until")))
    for row in FootageRequest.objects.filter(pk__in=firsts).select_related("building"):
        last = firsts[row.pk]
        kind = f"HOLD_{'DUE' if last <= day else 'SOON'}_{last:%Y%m%d}"
        yield row, Occasion(kind, (Role.OPERATOR, Role.UNIT_HEAD), day=last)


def _controls(day: dt.date) -> Iterator[Due]:
    """Uses of small-unit mode, when they are made and when nobody reviewed them in time."""
    used = release_today.unreviewed(Package.objects.select_related("request__building"))
    for package in used:
        if package.verified_at is None:
            continue
        last = working_days_after(day_of(package.verified_at), settings.SMALL_UNIT_REVIEW_DAYS)
        kind = f"CONTROL_{'LATE_' if last < day else ''}{package.pk}"
        yield package.request, Occasion(kind, (Role.SUPERIOR,), day=last)

"""What the portal adds to Bugün: messages that nobody received."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels

from .. import permissions
from .webhooks import given_up

if TYPE_CHECKING:
    from accounts.models import Person

URGENCY = 28


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _GIVEN_UP)


def _given_up(person: Person) -> QuerySet[Any] | None:
    if not permissions.can_keep_webhooks(person):
        return None
    ends = given_up().order_by("endpoint")
    return ends.values_list("endpoint", "endpoint__name").annotate(Count("pk"), Max("ended_at"))


_GIVEN_UP = panels.Question(_given_up)


def lines(person: Person) -> Iterator[panels.TodayLine]:
    """A line per endpoint that gave up, to those who keep webhooks."""
    for endpoint, name, count, last in _GIVEN_UP(person):
        words = {"count": count, "name": name}
        said = ngettext(
            "The portal did not receive a message (%(name)s)",
            "The portal did not receive %(count)d messages (%(name)s)",
            count,
        )
        yield panels.TodayLine(
            urgency=URGENCY,
            sentence=said % words,
            url=reverse("footage_requests:webhooks") + "?state=GIVEN_UP",
            action_label=_("Send again"),
            age_instant=last,
            kind="webhook",
            key=str(endpoint),
        )

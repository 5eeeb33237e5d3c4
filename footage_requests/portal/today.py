"""What the portal adds to Bugün: messages that nobody received."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Count, Max
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
    panels.register_today_lines(lines)


def lines(person: Person) -> Iterator[panels.TodayLine]:
    """A line per endpoint that gave up, to those who keep webhooks. One query."""
    if not permissions.can_keep_webhooks(person):
        return
    ends = given_up().values("endpoint", "endpoint__name").order_by("endpoint")
    for row in ends.annotate(count=Count("pk"), last=Max("ended_at")):
        words = {"count": row["count"], "name": row["endpoint__name"]}
        said = ngettext(
            "The portal did not receive a message (%(name)s)",
            "The portal did not receive %(count)d messages (%(name)s)",
            row["count"],
        )
        yield panels.TodayLine(
            urgency=URGENCY,
            sentence=said % words,
            url=reverse("footage_requests:webhooks") + "?state=GIVEN_UP",
            action_label=_("Send again"),
            age_instant=row["last"],
            kind="webhook",
            key=str(row["endpoint"]),
        )

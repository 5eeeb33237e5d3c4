"""Preservation: the span of a channel that is kept, sealed, before anybody decides."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from core.scoping import ScopedQuerySet
from core.steps import Step, SteppedModel
from inventory.models import Channel

from .files import EvidenceFile
from .requests import FootageRequest, OfRequestQuerySet, RequestItem

if TYPE_CHECKING:
    from accounts.models import Person


class OfHoldQuerySet(OfRequestQuerySet):
    REQUEST = "hold__request"


class Hold(SteppedModel):
    """One channel's span [starts_at, ends_at) of true time, margin included, kept for one request.

    A hold without a request cannot exist. It is fetched in parts of at most five minutes
    (`HoldPart`), each leased by itself, into sealed files that nobody may view.
    """

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", _("Requested")
        HELD = "HELD", _("Held")
        EXTENDED = "EXTENDED", _("Extended")
        RELEASED = "RELEASED", _("Released")
        DESTROYED = "DESTROYED", _("Destroyed")

    KEPT = (Status.REQUESTED, Status.HELD, Status.EXTENDED)
    WHOLE = Q(status__in=[Status.HELD, Status.EXTENDED], failure="")
    """The condition of `is_whole`."""
    STEPS = {
        "keep": Step({Status.REQUESTED}, Status.HELD),
        "extend": Step({Status.HELD, Status.EXTENDED}, Status.EXTENDED),
        "release": Step({Status.REQUESTED, Status.HELD, Status.EXTENDED}, Status.RELEASED),
        "keep_again": Step({Status.RELEASED}, Status.HELD),
        "destroy": Step({Status.RELEASED}, Status.DESTROYED),
    }

    class Confirmation(models.TextChoices):
        NOT_NEEDED = "NOT_NEEDED", _("within the limits")
        WAITING = "WAITING", _("above the limits: an operator confirms")
        GIVEN = "GIVEN", _("confirmed by an operator")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="holds")
    item = models.ForeignKey(RequestItem, on_delete=models.PROTECT, related_name="holds")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="holds")
    starts_at = models.DateTimeField(_("from (true time)"))
    ends_at = models.DateTimeField(_("until (true time)"))
    status = models.CharField(
        _("state"), max_length=10, choices=Status, default=Status.REQUESTED, editable=False
    )
    reason = models.CharField(_("reason"), max_length=300)
    confirmation = models.CharField(
        max_length=10, choices=Confirmation, default=Confirmation.NOT_NEEDED
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    held_at = models.DateTimeField(null=True, blank=True, editable=False)
    keep_until = models.DateField(_("keep until"), null=True, blank=True)
    release_on = models.DateField(_("released by itself on"), null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)
    failure = models.CharField(max_length=300, blank=True)
    seen_again_at = models.DateTimeField(
        _("recorder asked again"), null=True, blank=True, editable=False
    )
    seen_again = models.CharField(_("what it said"), max_length=300, blank=True, editable=False)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_hold_is_forward"
            ),
            models.CheckConstraint(
                condition=~Q(confirmation="GIVEN") | Q(confirmed_by__isnull=False),
                name="requests_hold_confirmed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["request", "channel", "starts_at"],
                condition=Q(status__in=["REQUESTED", "HELD", "EXTENDED"]),
                name="requests_hold_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.channel_id}"

    @property
    def is_whole(self) -> bool:
        """All that there was is in the store. A hold of which a piece could not be fetched is kept, and not whole."""
        return self.held_at is not None and self.destroyed_at is None and not self.failure

    def take(self, step: str, *, by: Person | str, because: str = "", **changes: Any) -> Entry:
        """Takes a named step; `footage_requests.holds.holding` calls it."""
        return self._take(step, by=by, because=because, **changes)

    take.alters_data = True  # type: ignore[attr-defined]


class Part(models.Model):
    """A piece of at most five minutes that a worker fetches under a lease: the row is the queue.

    `turn` is its place among the pieces of its hold or package: lower turns go first, so that a long
    export and a short one on the same recorder take turns.

    `delivered` tells what came: {"start_ms", "end_ms" (true time), "gaps": [[ms, ms], ...],
    "gap_count", "frames", "codec", "width", "height", "key_pictures": [hash, ...], "packets_lost",
    "stamp_source", "range_reply", "offset_ms", "offset_uncertainty_ms", "method"}.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        CLAIMED = "CLAIMED", _("being fetched")
        DONE = "DONE", _("fetched")
        EMPTY = "EMPTY", _("the recorder has nothing there")
        FAILED = "FAILED", _("could not be fetched")

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    turn = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    file = models.OneToOneField(
        EvidenceFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    delivered = models.JSONField(default=dict, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    fetched_bytes = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class HoldPart(Part):
    """A part of a hold."""

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="parts")

    objects = OfHoldQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="requests_hold_queue")]
        constraints = [
            models.UniqueConstraint(fields=["hold", "starts_at"], name="requests_hold_part_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_hold_part_is_forward"
            ),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(file__isnull=False),
                name="requests_hold_part_has_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id} {self.starts_at:%H:%M:%S}"


class HoldWeekQuerySet(ScopedQuerySet["HoldWeek"]):
    def visible_to(self, person: Any) -> Self:
        """Whoever looks after cases in the whole campus: the paper names requests of every building."""
        from ..permissions import can_read_hold_weeks

        return self if can_read_hold_weeks(person) else self.none()


class HoldWeek(models.Model):
    """The weekly paper of holds that outlive their request (PRE-10), filed as it was printed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    week = models.DateField(_("week from"), unique=True)
    content = models.JSONField(default=dict)
    count = models.PositiveIntegerField(_("holds"))
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    told_at = models.DateTimeField(_("mail sent"), null=True, blank=True, editable=False)

    objects = HoldWeekQuerySet.as_manager()

    class Meta:
        verbose_name = _("weekly paper of holds")
        verbose_name_plural = _("weekly papers of holds")
        ordering = ["-week"]

    def __str__(self) -> str:
        return f"{self.week:%d.%m.%Y}"

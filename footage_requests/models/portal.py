"""What tells the portal of changes: endpoints, and deliveries, whose rows are the queue."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import ScopedQuerySet

from .requests import FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person


class WebhookQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Those who may open the page of webhooks see all of them."""
        from ..permissions import can_see_webhooks

        return self if can_see_webhooks(person) else self.none()


class WebhookEndpoint(models.Model):
    """An address of the portal that is told of changes of the requests that `person` filed by it.

    The secret with which deliveries are signed is sealed by the vault. After a rotation the old one signs
    beside the new one until `old_secret_until`, so that the receiver can change over in peace.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=500)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Acts for"),
    )
    is_active = models.BooleanField(_("in use"), default=True, editable=False)
    secret_sealed = models.TextField(editable=False)
    old_secret_sealed = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    rotated_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "url"], name="requests_webhook_once"),
            models.CheckConstraint(condition=~Q(secret_sealed=""), name="requests_webhook_signed"),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one endpoint: the queue and the log in one row.

    `payload` is what is sent, fixed when the event happened. A claim lasts until `lease_until`; whoever
    lost it writes nothing more.
    """

    class Event(models.TextChoices):
        STATUS_CHANGED = "request.status_changed", _("state changed")
        INFO_MISSING = "request.info_missing", _("information missing")
        DEADLINE_EXTENDED = "request.deadline_extended", _("deadline extended")

    class State(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        CLAIMED = "CLAIMED", _("being sent")
        DELIVERED = "DELIVERED", _("delivered")
        GIVEN_UP = "GIVEN_UP", _("given up")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries"
    )
    request = models.ForeignKey(FootageRequest, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(_("event"), max_length=30, choices=Event)
    payload = models.JSONField()
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "due_at"], name="requests_webhook_due")]

    def __str__(self) -> str:
        return f"{self.event} {self.uuid}"


class WebhookTry(models.Model):
    """One attempt at a delivery: when, how long, what came back. Never a body, a header or a secret."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    took_ms = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.failure}"

"""The login of a device, sealed: the row holds ciphertext and never a plain secret."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from core.scoping import ScopedQuerySet
from inventory.models import Device


class CredentialQuerySet(ScopedQuerySet["Credential"]):
    def visible_to(self, person: Person) -> CredentialQuerySet:
        """That a credential exists, its user name and its state, for the devices one may see."""
        return self.filter(device__in=Device.objects.visible_to(person))


class Credential(models.Model):
    """User name and sealed password of one device.

    `parked_reason` is not blank while the login must not be tried: the device refused it. Without any
    field history: a history of passwords would be a second place to steal them from.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    device = models.OneToOneField(Device, on_delete=models.PROTECT, related_name="credential")
    username = models.CharField(_("user name"), max_length=100)
    ciphertext = models.TextField(editable=False)
    key_id = models.CharField(max_length=40, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"))
    parked_reason = models.CharField(_("parked because"), max_length=200, blank=True)
    parked_at = models.DateTimeField(_("parked since"), null=True, blank=True)
    refused_fingerprint = models.CharField(max_length=110, blank=True, editable=False)

    objects: ClassVar[models.Manager[Credential]] = models.Manager.from_queryset(
        CredentialQuerySet
    )()

    class Meta:
        verbose_name = _("credential")
        ordering = ["device"]
        indexes = [models.Index(fields=["key_id"], name="vault_credential_key")]

    def __str__(self) -> str:
        return f"{self.username} · {self.device}"

    def __repr__(self) -> str:
        return f"<Credential {self.pk} of device {self.device_id}>"

    @property
    def is_parked(self) -> bool:
        return bool(self.parked_reason)

"""Keys of lookups: what must be found again by a keyed hash, whatever becomes of other keys."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LookupKey(models.Model):
    """A random key, sealed by the vault. It is made once and outlives both SECRET_KEY and the vault's key."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    sealed = models.TextField(editable=False)

    class Meta:
        verbose_name = _("lookup key")
        verbose_name_plural = _("lookup keys")

    def __str__(self) -> str:
        return self.name

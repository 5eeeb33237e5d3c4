"""Tables of the log. The append-only ones are created by migration and then left alone by Django.

`managed = False` keeps `flush` (and with it every TransactionTestCase) away from tables whose triggers
refuse it. There are no foreign keys: a person may be deleted, the log keeps id and name as text.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from .canon import reference
from .errors import AppendOnly


class AppendOnlyQuerySet(models.QuerySet):
    """Rows are added and read. The database refuses the rest as well; this says it earlier."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly(f"{self.model._meta.label} is append-only.")

    update = bulk_update = update_or_create = _refuse
    delete = _refuse

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            self._refuse()
        return super().bulk_create(objs, *args, **kwargs)


class AppendOnlyModel(models.Model):
    """A row that is inserted once and never again touched."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly(f"{self._meta.label} is append-only.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly(f"{self._meta.label} is append-only.")


class EntryQuerySet(AppendOnlyQuerySet):
    def about(self, target: models.Model) -> Self:
        """Entries about one row, newest first."""
        object_type, object_id, _name = reference(target)
        return self.filter(object_type=object_type, object_id=object_id).order_by("-pk")


class Entry(AppendOnlyModel):
    """One thing that was done: `canon` is the evidence, the other columns repeat it for reading."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(unique=True)
    taken_at = models.DateTimeField(_("time"))
    actor_id = models.TextField()
    actor_name = models.TextField(_("actor"))
    actor_role = models.TextField()
    action = models.TextField(_("action"))
    object_type = models.TextField()
    object_id = models.TextField()
    object_name = models.TextField(_("object"))
    because = models.TextField(_("reason"))
    request_id = models.TextField()
    ip = models.TextField()
    session_hash = models.TextField()
    canon = models.TextField()
    leaf_hash = models.CharField(max_length=64)
    object_prev = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "audit_entry"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_entry_object"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
            models.Index(fields=["actor_id", "-id"], name="audit_entry_actor"),
            models.Index(fields=["taken_at"], name="audit_entry_taken_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}".strip()


class Pending(models.Model):
    """An entry that waits for its seal. A row per entry loses nobody who commits late."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        managed = False
        db_table = "audit_pending"

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(AppendOnlyModel):
    """The number of an entry in the log (leaf 0, 1, 2 ...) and the running chain up to it."""

    leaf = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    leaf_hash = models.CharField(max_length=64)
    chain = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "audit_seal"

    def __str__(self) -> str:
        return str(self.leaf)


class Checkpoint(AppendOnlyModel):
    """A signed note over the tree of `size` leaves (C2SP form in `note`)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    key_id = models.TextField()
    note = models.TextField()
    made_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "audit_checkpoint"

    def __str__(self) -> str:
        return str(self.size)


class Witness(models.Model):
    """Somebody outside who remembers the log: the last size and root that they confirmed."""

    name = models.TextField(unique=True)
    size = models.BigIntegerField(default=0)
    root = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("witness")

    def __str__(self) -> str:
        return self.name


class VerifyOutcomeQuerySet(models.QuerySet):
    def tampered(self) -> Self:
        """The latest verification, if it found the log tampered with: the red banner."""
        return self.filter(exit_code=2)

    def is_tampered(self) -> bool:
        return self.tampered().exists()


class VerifyOutcome(models.Model):
    """Outcome of the latest verification, for the banner and to continue from: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    exit_code = models.PositiveSmallIntegerField()
    size = models.BigIntegerField(default=0)
    chain = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField()
    full_at = models.DateTimeField(null=True, blank=True)

    objects = VerifyOutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="audit_outcome_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.exit_code} at {self.size}"

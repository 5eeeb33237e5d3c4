"""Long work that a person waits for: progress in a row, so that a reload or a new tab finds it again.

Every change is a guarded UPDATE. Ticks of progress are not audited; whoever starts a job audits that.
"""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .scoping import ScopedQuerySet


class JobCancelled(Exception):
    """Somebody asked to stop: raised by `tick`, caught where the work began."""


class JobQuerySet(ScopedQuerySet["Job"]):
    def visible_to(self, person: Any) -> Self:
        """One's own jobs; pages show another's progress only through the row that it works on."""
        return self.filter(started_by=person.pk) if person.pk else self.none()

    def unfinished(self) -> Self:
        return self.filter(status__in=Job.UNFINISHED)


class Job(models.Model):
    """`done` of `total` steps of one piece of work. `key` names what it works on ("run:17")."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", _("waiting")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")
        CANCELLED = "CANCELLED", _("cancelled")

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=80, blank=True, db_index=True)
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=500, blank=True)
    cancel_requested = models.BooleanField(default=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    moved_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(total=0) | Q(done__lte=F("total")), name="core_job_done_within_total"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED

    @property
    def percent(self) -> int | None:
        """Whole percent, or None while the size of the work is unknown."""
        return self.done * 100 // self.total if self.total else None

    def start(self, total: int = 0) -> bool:
        """Queued to running; False when it was cancelled or somebody else runs it."""
        now = timezone.now()
        return self._change(
            (self.Status.QUEUED,),
            status=self.Status.RUNNING,
            total=total,
            started_at=now,
            moved_at=now,
        )

    def tick(self, done: int, message: str = "", *, total: int | None = None) -> None:
        """Reports progress. Raises JobCancelled when somebody asked to stop or the job has ended."""
        size = self.total if total is None else total
        moved = self._change(
            (self.Status.RUNNING,),
            done=min(done, size) if size else done,
            total=size,
            message=message[:200],
            moved_at=timezone.now(),
        )
        self.refresh_from_db(fields=["cancel_requested", "status"])
        if self.cancel_requested or not moved:
            raise JobCancelled(self.title)

    def stop_if_asked(self) -> None:
        """Raises JobCancelled when somebody asked to stop. Writes nothing, for work inside a transaction."""
        if Job._base_manager.filter(pk=self.pk, cancel_requested=True).exists():
            raise JobCancelled(self.title)

    def finish(self, message: str = "") -> bool:
        """Running to done."""
        return self._end(self.Status.DONE, message=message[:200])

    def fail(self, error: str) -> bool:
        """To failed, with a sentence for the person who waits."""
        return self._end(self.Status.FAILED, error=error[:500])

    def request_cancel(self) -> bool:
        """Asks to stop. What has not begun ends at once; what runs ends at its next tick."""
        if self._change((self.Status.QUEUED,), status=self.Status.CANCELLED, **self._ending()):
            return True
        return self._change((self.Status.RUNNING,), cancel_requested=True)

    def cancelled(self) -> bool:
        """The work has stopped on request."""
        return self._end(self.Status.CANCELLED)

    def _end(self, status: str, **changes: Any) -> bool:
        return self._change(self.UNFINISHED, status=status, **self._ending(), **changes)

    @staticmethod
    def _ending() -> dict[str, Any]:
        now = timezone.now()
        return {"finished_at": now, "moved_at": now}

    def _change(self, comes_from: tuple[str, ...], **changes: Any) -> bool:
        """Writes only from the given states, so that a late worker cannot revive an ended job."""
        rows = Job._base_manager.filter(pk=self.pk, status__in=comes_from)
        if not rows.update(**changes):
            self.refresh_from_db()
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    start.alters_data = tick.alters_data = finish.alters_data = fail.alters_data = True  # type: ignore[attr-defined]
    request_cancel.alters_data = cancelled.alters_data = True  # type: ignore[attr-defined]

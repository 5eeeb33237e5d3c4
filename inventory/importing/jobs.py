"""Imports in the background: the dry run and the writing are jobs that tell how far they are and can be stopped.

The row in core.jobs is the queue: a message only wakes a worker, and the sweep finds what no message told of.
A job ends in the transaction of what it did: an import that is written is done, also when its worker dies then.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.job_news import Teller
from core.jobs import JobCancelled
from core.models import Job

from .. import permissions
from ..models import UploadedSheet
from .runs import Checked, TooLate, carry_out, check, refusal

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

CHECK, WRITE = "import-check", "import-write"
KINDS = (CHECK, WRITE)
LOST_AFTER = dt.timedelta(minutes=15)
"""Longer than a worker may take for anything: it was killed."""
MAY = {
    "devices": permissions.can_import_devices,
    "positions": permissions.can_import_positions,
}


def queue(upload: UploadedSheet, kind: str, by: Person) -> Job:
    """A job for the upload; asking again while one waits or runs finds the same."""
    running = Job.objects.unfinished().filter(key=_key(upload)).first()
    if running is not None:
        return running
    return Job.objects.create(
        kind=kind, key=_key(upload), title=upload.file_name[:200], started_by=by
    )


def latest(upload: UploadedSheet) -> Job | None:
    """The job that says how far the upload is, or how its last work ended."""
    return Job.objects.filter(key=_key(upload), kind__in=KINDS).order_by("-pk").first()


def work_one() -> bool:
    """Carries out the oldest job that waits; False when there is none."""
    job = (
        Job.objects.filter(kind__in=KINDS, status=Job.Status.QUEUED)
        .select_related("started_by")
        .order_by("pk")
        .first()
    )
    if job is None:
        return False
    if job.start():
        with translation.override(job.started_by.language if job.started_by else "tr"):
            _work(job)
    return True


def end_lost_jobs(now: dt.datetime | None = None) -> None:
    """Ends jobs whose worker was killed; what they would have written was rolled back."""
    before = (now or timezone.now()) - LOST_AFTER
    for job in Job.objects.filter(kind__in=KINDS, status=Job.Status.RUNNING, moved_at__lt=before):
        job.fail(_("The work was interrupted. Nothing was changed; try again."))


def _key(upload: UploadedSheet) -> str:
    return f"import:{upload.token}"


def _work(job: Job) -> None:
    upload = UploadedSheet.objects.select_related("uploaded_by").filter(
        token=job.key.removeprefix("import:"), uploaded_by=job.started_by
    )
    row = upload.first()
    if row is None or not MAY[row.table](row.uploaded_by):
        job.fail(_("Your roles have changed meanwhile. Nothing was changed."))
        return
    try:
        if job.kind == CHECK:
            _check(job, row)
        else:
            _write(job, row)
    except JobCancelled:
        job.cancelled()
    except TooLate as error:
        job.fail(str(error))
    except Exception:
        job.fail(_("The file could not be worked through. Nothing was changed."))
        raise


def _check(job: Job, row: UploadedSheet) -> None:
    checked = check(bytes(row.content), row.table, row.uploaded_by, _told_to(job))
    found: dict[str, Any] = {"status": UploadedSheet.Status.CHECKED, "summary": checked.summary}
    waiting = UploadedSheet.objects.filter(pk=row.pk, status=UploadedSheet.Status.WAITING)
    with transaction.atomic():
        waiting.update(**(refusal(checked) if checked.faults else found))
        _finish(job)


def _write(job: Job, row: UploadedSheet) -> None:
    begun_at = timezone.now()

    def ended(checked: Checked) -> None:
        took_s = max(1, round((timezone.now() - begun_at).total_seconds()))
        _finish(job, "" if checked.faults else _what_was_written(row.summary, took_s))

    carry_out(row, row.uploaded_by, _told_to(job), Teller(job), ended)


def _what_was_written(summary: dict[str, int], took_s: int) -> str:
    same = summary["rows"] - summary["new"] - summary["changed"]
    return _(
        "The whole file has been imported in %(seconds)d s: %(new)d new, %(changed)d changed, %(same)d unchanged."
    ) % {**summary, "same": same, "seconds": took_s}


def _finish(job: Job, message: str = "") -> None:
    """Raises JobCancelled when the job has been ended meanwhile: what it did must not stand then."""
    if not job.finish(message):
        raise JobCancelled(job.title)


def _told_to(job: Job) -> Any:
    return lambda done, total, message: job.tick(done, message, total=total)

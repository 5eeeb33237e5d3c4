"""Papers that take long are printed in the background: a Job shows how far it is, a file waits for its reader.

What is to be printed is named, never carried: the worker builds the paper again with the rights and in
the language of the person who asked. The file opens as long as the person holds exactly these rights: a
role that has ended takes the papers that were built with it along.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .jobs import Job
from .papers import Paper, render_pdf

KIND = "paper"
KEPT_FOR = dt.timedelta(hours=24)
LOST_AFTER = dt.timedelta(minutes=15)
"""Longer than a worker may take for anything: it was killed, or was never told."""
# (person, parameters) -> the paper; raises LookupError where there is nothing to print.
Builder = Callable[[Any, Mapping[str, str]], Paper]
_builders: dict[str, Builder] = {}


def register(name: str, builder: Builder) -> None:
    """Called once per kind of paper, when Django is ready."""
    _builders[name] = builder


def queue(
    person: Any, name: str, parameters: Mapping[str, str], title: str, send: Callable[..., Any]
) -> Job:
    """A job that prints `name` for that person. `send(job id, name, parameters, language)` wakes a worker."""
    key = f"paper:{name[:30]}:{_rights_of(person)}"
    job = Job.objects.create(kind=KIND, key=key, title=title, started_by=person)
    language = translation.get_language() or settings.LANGUAGE_CODE
    # Without a broker the page still comes; `prune` ends the job.
    transaction.on_commit(lambda: send(job.pk, name, dict(parameters), language), robust=True)
    return job


def _rights_of(person: Any) -> str:
    return hashlib.sha256(person.rights.encode()).hexdigest()[:32]


def may_open(job: Job, person: Any) -> bool:
    """Whether the person asked for this paper and holds the rights with which that was done."""
    return job.started_by_id == person.pk and job.key.endswith(f":{_rights_of(person)}")


def file_of(job: Job) -> Path:
    """Where the printed file waits, under a name that nobody can guess."""
    return Path(settings.MEDIA_ROOT) / "papers" / f"{job.uuid.hex}.pdf"


def print_job(job_id: int, name: str, parameters: Mapping[str, str], language: str) -> None:
    """Prints one queued paper. A second call finds the job taken and does nothing."""
    job = Job.objects.select_related("started_by").filter(pk=job_id, kind=KIND).first()
    if job is None or not job.start(total=1):
        return
    with translation.override(language):
        if not may_open(job, job.started_by):
            job.fail(_("Your roles have changed meanwhile. Ask for the paper again."))
            return
        try:
            data = render_pdf(_builders[name](job.started_by, parameters))
        except LookupError:
            job.fail(_("There is nothing to print any more."))
            return
        except Exception:
            job.fail(_("The paper could not be printed."))
            raise
    _write(file_of(job), data)
    job.tick(1)
    job.finish()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)


def prune(now: dt.datetime | None = None) -> None:
    """Takes away files that waited for a day, and ends jobs whose worker or message was lost."""
    now = now or timezone.now()
    for job in Job.objects.filter(kind=KIND, moved_at__lt=now - LOST_AFTER).unfinished():
        job.fail(_("The paper could not be printed."))
    too_old = (now - KEPT_FOR).timestamp()
    folder = Path(settings.MEDIA_ROOT) / "papers"
    for path in folder.glob("*.p*") if folder.exists() else ():
        if path.stat().st_mtime < too_old:
            path.unlink(missing_ok=True)

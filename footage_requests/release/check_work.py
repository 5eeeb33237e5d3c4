"""Checks of what somebody brought back, as jobs: taken in, judged, answered, and every byte of it removed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from core.jobs import Job, JobCancelled
from vault.crypto import Place, open_text, seal

from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import Package, PackageCheck
from ..permissions import can_check_packages
from ..waking import wake
from . import brought_back

if TYPE_CHECKING:
    from accounts.models import Person

CHECK = "package-check"
_WAITS = dt.timedelta(minutes=1)
_PHRASE_FILE = ".passphrase"
"""Beside the brought files, sealed; it goes with them."""


def folder_of(name: str) -> Path:
    """Where brought files wait for their worker."""
    return store.scratch_for(f"check-{name}")


def forget(name: str) -> None:
    """Removes what was brought for a check that does not take place, or is over."""
    shutil.rmtree(folder_of(name), ignore_errors=True)


@sensitive_variables("passphrase")
def ask_about(
    names: list[str], check_uuid: str, *, by: Person, passphrase: str = ""
) -> PackageCheck:
    """A check of files that lie in `folder_of(check_uuid)` already. Raises Refused, NotThisPerson."""
    if not can_check_packages(by):
        raise NotThisPerson(_("You hold no role that checks packages."))
    if not names:
        raise Refused(_("Choose the file that was brought, or a release."))
    if passphrase.strip():
        sealed = seal(passphrase.strip(), _place(check_uuid))
        (folder_of(check_uuid) / _PHRASE_FILE).write_text(sealed)
    return _ask(
        PackageCheck(uuid=check_uuid, source=PackageCheck.Source.UPLOAD, names=names, by=by)
    )


def ask_about_release(package: Package, *, by: Person) -> PackageCheck:
    """A check of our own sealed package by the verifier that lies in it. Raises Refused, NotThisPerson."""
    if not can_check_packages(by):
        raise NotThisPerson(_("You hold no role that checks packages."))
    if package.inner_file is None or package.inner_file.destroyed_at is not None:
        raise Refused(_("Our own copy of this release is not here any more."))
    source = PackageCheck.Source.RELEASED
    return _ask(PackageCheck(source=source, names=[package.number], package=package, by=by))


def _ask(check: PackageCheck) -> PackageCheck:
    with transaction.atomic():
        check.job = Job.objects.create(
            kind=CHECK,
            key=f"check:{check.uuid}",
            title=_("Checking %(name)s") % {"name": ", ".join(check.names)[:120]},
            started_by=check.by,
        )
        check.save()
        audit.record(
            "packagecheck.ask",
            actor=check.by,
            target=check.package,
            source=check.source,
            files=check.names,
            check=str(check.uuid),
        )
        transaction.on_commit(lambda: send(check.pk), robust=True)
    return check


def send(check_id: int) -> None:
    """Calls a worker."""
    from ..release_tasks import check_brought

    wake(check_brought, check_id)


def wake_waiting(now: dt.datetime | None = None) -> int:
    """Calls a worker for checks that nobody has begun: the broker was away."""
    before = (now or timezone.now()) - _WAITS
    waiting = PackageCheck.objects.filter(
        job__status=Job.Status.QUEUED, job__queued_at__lt=before
    ).values_list("pk", flat=True)
    for check_id in waiting:
        send(check_id)
    return len(waiting)


def work(check: PackageCheck) -> None:
    """The work of a check. A second run finds it answered; whatever happens, the brought files go."""
    job = check.job
    if job is None or check.answered_at is not None or not job.start():
        return
    try:
        if check.source == PackageCheck.Source.RELEASED:
            answer, size, sha256 = _judge_release(check, job)
        else:
            answer, size, sha256 = _judge_brought(check, job)
    except JobCancelled:
        job.cancelled()
        return
    except (OSError, Refused) as error:
        reason = store.trouble(error) if isinstance(error, OSError) else " ".join(error.messages)
        job.fail(_("The check could not be finished: %(reason)s") % {"reason": reason[:200]})
        return
    finally:
        if check.source == PackageCheck.Source.UPLOAD:
            forget(str(check.uuid))
    _keep(check, answer, size, sha256)
    job.finish(str(check.get_verdict_display()))


@sensitive_variables("passphrase")
def _judge_brought(check: PackageCheck, job: Job) -> tuple[brought_back.Answer, int, str]:
    folder = folder_of(str(check.uuid))
    paths = [folder / name for name in check.names]
    size = sum(path.stat().st_size for path in paths)
    # Read once to be measured and once to be judged.
    tick = _ticker(job, 2 * size)
    files = [brought_back.measured(path, tick) for path in paths]
    secret = folder / _PHRASE_FILE
    passphrase = open_text(secret.read_text(), _place(str(check.uuid))) if secret.exists() else ""
    answer = brought_back.judge(files, folder, passphrase)
    return answer, size, files[0].sha256 if len(files) == 1 else ""


def _judge_release(check: PackageCheck, job: Job) -> tuple[brought_back.Answer, int, str]:
    package = check.package
    inner = package.inner_file if package is not None else None
    if package is None or inner is None or inner.destroyed_at is not None:
        raise Refused(_("Our own copy of this release is not here any more."))
    job.tick(0, total=2)
    if not store.measure_again(inner):
        changed = brought_back.Verdict.CHANGED
        line = (brought_back.BAD, "verifier", {"text": f"{package.number} was changed"})
        return brought_back.Answer(changed, package, "package", "", [line]), inner.bytes, ""
    job.tick(1)
    store.ensure_space(inner.bytes)
    with store.scratch() as folder:
        store.copy_out(inner, folder / "package.zip")
        answer = brought_back.verified(folder / "package.zip")
    return answer, inner.bytes, inner.sha256


def _ticker(job: Job, total: int) -> Callable[[int], None]:
    """Counts megabytes, so that a job's numbers stay small and its row is not written for every piece."""
    step = 16 * 1024 * 1024
    done, told = 0, -1

    def tick(count: int) -> None:
        nonlocal done, told
        done += count
        if done // step > told:
            told = done // step
            job.tick(done // 1024**2, total=max(1, total // 1024**2))

    return tick


def _keep(check: PackageCheck, answer: brought_back.Answer, size: int, sha256: str) -> None:
    with transaction.atomic():
        check.verdict, check.told, check.exhibit = answer.verdict, answer.told, answer.exhibit
        check.lines = [[state, code, words] for state, code, words in answer.lines][:500]
        check.package = answer.package or check.package
        check.bytes, check.sha256, check.answered_at = size, sha256, timezone.now()
        check.save()
        audit.record(
            "packagecheck.answer",
            actor=check.by,
            target=check.package,
            check=str(check.uuid),
            verdict=check.verdict,
            sha256=sha256,
        )


def _place(name: str) -> Place:
    return Place("footage_requests_packagecheck", name, "passphrase")

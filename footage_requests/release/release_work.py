"""The long steps of a release in the background: sealing a package, encrypting it for a recipient.

Each has a `core.jobs.Job` that a page watches. The worker acts for the person who pressed the button, and
asks again whether that person may.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from core.jobs import Job
from core.steps import InvalidTransition
from vault.crypto import Place, open_text, seal

from .. import refusals, sealing
from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import Package, RecipientCopy
from ..permissions import can_verify
from ..waking import wake
from .giving_out import refuse_unpaid, refuse_viewing_only
from .handing_over import refuse_deliverer

if TYPE_CHECKING:
    from accounts.models import Person

SEAL, COPY = "seal", "recipient-copy"
# A worker that has said nothing for so long is dead: both steps take seconds for a gigabyte.
_LONGEST = dt.timedelta(minutes=30)
_WAITS = dt.timedelta(minutes=1)
# Who has not read the passphrase by then makes a new copy.
PASSPHRASE_WAITS = dt.timedelta(hours=1)


def may_seal(package: Package, person: Person) -> bool:
    """Sealing belongs to those who verify; the person who decided does not touch what leaves."""
    return can_verify(person, package.request) and person.pk != package.approver_id


def job_for(kind: str, package: Package) -> Job | None:
    """The newest job of that kind for a package."""
    return Job.objects.filter(kind=kind, key=f"package:{package.pk}").order_by("-pk").first()


@refusals.are_noted
def queue_sealing(package: Package, *, by: Person) -> Job:
    """Starts sealing. A job that runs already is returned. Raises NotThisPerson, InvalidTransition."""
    if not may_seal(package, by):
        raise NotThisPerson(_("You hold no role that seals this package."))
    if not package.allows("seal"):
        raise InvalidTransition("seal", package)
    with transaction.atomic():
        Package.objects.select_for_update(no_key=True).get(pk=package.pk)
        running = job_for(SEAL, package)
        if running is not None and not _is_over(running):
            return running
        job = _job(SEAL, package, _("Sealing %(number)s") % {"number": package.number}, by)
        transaction.on_commit(lambda: _send_seal(package.pk, job.pk), robust=True)
    return job


def seal_now(package: Package, job: Job, by: Person) -> None:
    """The work of a sealing job. Safe to run twice: a sealed package stays as it is."""
    if not job.start(total=1):
        return
    try:
        if not may_seal(package, by):
            raise NotThisPerson(_("You hold no role that seals this package."))
        sealing.seal_package(package, by)
    except (Refused, NotThisPerson, InvalidTransition) as refused:
        job.fail(_words(refused))
        return
    except store.NoSpace:
        job.fail(_("The disk of the evidence store is full. Free space, then seal again."))
        return
    job.tick(1)
    job.finish()


@refusals.are_noted
def queue_copy(package: Package, recipient_name: str, *, by: Person) -> RecipientCopy:
    """Starts encrypting a sealed package for one recipient. Raises Refused, NotThisPerson."""
    refuse_deliverer(package, by)
    refuse_not_given_out(package)
    if not recipient_name.strip():
        raise Refused(_("Write for whom the copy is."))
    with transaction.atomic():
        job = _job(COPY, package, _("Encrypting %(number)s") % {"number": package.number}, by)
        copy = RecipientCopy.objects.create(
            package=package, recipient_name=recipient_name.strip(), made_by=by, job=job
        )
        audit.record(
            "recipientcopy.make",
            actor=by,
            target=package.request,
            package=package.number,
            recipient=copy.recipient_name,
            copy=str(copy.uuid),
        )
        transaction.on_commit(lambda: _send_copy(copy.pk), robust=True)
    return copy


def refuse_not_given_out(package: Package) -> None:
    """Copies are made and written to a medium while the package is on its way out, never afterwards."""
    is_here = package.inner_file is not None and package.inner_file.destroyed_at is None
    if not is_here or package.status not in {Package.Status.SEALED, Package.Status.HANDED_OVER}:
        raise Refused(_("Only a sealed package is given out."))
    refuse_unpaid(package.request)
    refuse_viewing_only(package)


@sensitive_variables()
def make_copy(copy: RecipientCopy) -> None:
    """The work of a copy. A second run finds it made and does nothing."""
    job = copy.job
    if copy.file_id or job is None or not job.start(total=1):
        return
    package = copy.package
    try:
        with store.scratch() as folder:
            size = package.inner_file.bytes if package.inner_file else 0
            store.ensure_space(2 * size)
            made = sealing.build_for_recipient(package, folder / f"{package.number}.zip")
            with store.StoreWriter("application/zip") as writer, made.path.open("rb") as file:
                writer.copy_from(file)
                with transaction.atomic():
                    # Our copy may have been destroyed while this one was encrypted.
                    rows = Package.objects.select_for_update(of=("self",), no_key=True)
                    refuse_not_given_out(rows.select_related("inner_file").get(pk=package.pk))
                    copy.file = writer.save()
                    copy.passphrase_sealed = seal(made.passphrase, place_of(copy))
                    copy.save(update_fields=["file", "passphrase_sealed"])
    except (Refused, OSError) as refused:
        job.fail(_words(refused))
        return
    job.tick(1)
    job.finish()


@refusals.are_noted
@sensitive_variables()
def read_passphrase(copy: RecipientCopy, *, by: Person) -> str:
    """The passphrase, once, to the person who made the copy; audited before it is given.

    Raises Refused when it was read already or has waited too long, NotThisPerson.
    """
    if by.pk != copy.made_by_id:
        raise NotThisPerson(_("The passphrase is read by the person who made the copy."))
    with transaction.atomic():
        row = RecipientCopy.objects.select_for_update(of=("self",), no_key=True).get(pk=copy.pk)
        if not row.passphrase_sealed:
            raise Refused(_("The passphrase has been read already. Make a new copy if it is lost."))
        phrase = open_text(row.passphrase_sealed, place_of(row))
        RecipientCopy.objects.filter(pk=row.pk).update(
            passphrase_sealed="", shown_at=timezone.now()
        )
        audit.record(
            "recipientcopy.read_passphrase",
            actor=by,
            target=row.package.request,
            copy=str(row.uuid),
        )
    return phrase


def forget_passphrases(now: dt.datetime | None = None) -> int:
    """Wipes passphrases that nobody has read in time; returns how many."""
    before = (now or timezone.now()) - PASSPHRASE_WAITS
    waiting = RecipientCopy.objects.exclude(passphrase_sealed="")
    # A worker that died after the copy was made never ended its job.
    over = Q(job__finished_at__lt=before) | Q(made_at__lt=before - _LONGEST)
    return waiting.filter(over).update(passphrase_sealed="")


def wake_waiting(now: dt.datetime | None = None) -> int:
    """Calls a worker for what nobody has begun: the broker was away when it was asked for."""
    before = (now or timezone.now()) - _WAITS
    waiting = Job.objects.filter(status=Job.Status.QUEUED, queued_at__lt=before)
    called = 0
    for job in waiting.filter(kind=SEAL):
        _send_seal(int(job.key.removeprefix("package:")), job.pk)
        called += 1
    for copy_id in RecipientCopy.objects.filter(job__in=waiting.filter(kind=COPY)).values_list(
        "pk"
    ):
        _send_copy(copy_id[0])
        called += 1
    return called


def place_of(copy: RecipientCopy) -> Place:
    """What the passphrase of a copy is sealed for."""
    return Place("footage_requests_recipientcopy", str(copy.uuid), "passphrase_sealed")


def _job(kind: str, package: Package, title: str, by: Person) -> Job:
    return Job.objects.create(kind=kind, key=f"package:{package.pk}", title=title, started_by=by)


def _is_over(job: Job) -> bool:
    """Finished, or left by a worker that died: then it is said, and may be started again."""
    if job.is_finished:
        return True
    if timezone.now() - job.moved_at < _LONGEST:
        return False
    return job.fail(_("The work was interrupted."))


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return store.trouble(error)
    return " ".join(getattr(error, "messages", None) or [str(error)])


def _send_seal(package_id: int, job_id: int) -> None:
    from ..release_tasks import seal_package

    wake(seal_package, package_id, job_id)


def _send_copy(copy_id: int) -> None:
    from ..release_tasks import make_copy as task

    wake(task, copy_id)

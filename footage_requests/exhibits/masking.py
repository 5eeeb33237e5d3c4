"""Masked copies: a derived exhibit with its parent's hash, made in a child process from drawn shapes.

The fixed masks of the position are added by themselves and cannot be left out. A new version of the
masks replaces the copy of the version before, which is destroyed; the original is never touched.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from core.jobs import Job, JobCancelled
from core.tsi import day_of, from_ms

from .. import said
from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import Exhibit, FixedMask, MaskPlan, Package
from ..permissions import can_export
from ..waking import wake
from .exhibit_time import time_of
from .mask_shapes import CRF, PRESET, BadShape, Key, Shape, read_polygon, read_shapes

if TYPE_CHECKING:
    from accounts.models import Person

# A masked copy of an hour takes minutes; a child that has said nothing for so long is stuck.
_SILENCE_S = 120
_TRIES = 3


class MaskingFailed(Exception):
    """The copy could not be made; the message is for the person who waits."""


def may_mask(package: Package, person: Person) -> bool:
    """Drawing belongs to those who export; the person who decided never changes what leaves."""
    return (
        package.status in {Package.Status.MASKING, Package.Status.VERIFYING}
        and can_export(person, package.request)
        and person.pk not in {package.approver_id, package.verifier_id}
    )


def fixed_shapes(exhibit: Exhibit) -> list[Shape]:
    """The areas of this position that are masked on a day of the recording, whoever draws."""
    start, end = time_of(exhibit).delivered
    first, last = day_of(from_ms(start)), day_of(from_ms(max(start, end - 1)))
    rows = FixedMask.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=first),
        position=exhibit.line.item.position_id,
        starts_on__lte=last,
    )
    return [
        Shape(row.name, (Key(0, read_polygon(row.points, row.name)),), fixed=True) for row in rows
    ]


def draw(
    exhibit: Exhibit, data: object, *, by: Person, style: str = "BLUR", is_inverse: bool = False
) -> MaskPlan:
    """Stores a new version of the masks of an original and queues its masked copy.

    `data` are shapes as the browser sends them. Raises Refused with what is wrong, NotThisPerson.
    """
    package = exhibit.package
    if exhibit.kind != Exhibit.Kind.ORIGINAL:
        raise Refused(_("Masks are drawn on the original."))
    if not may_mask(package, by):
        raise NotThisPerson(_("You may not mask this package now."))
    if style not in MaskPlan.Style.values:
        raise Refused(_("Choose blurred or black."))
    try:
        shapes = read_shapes(data, time_of(exhibit).length_ms)
    except BadShape as error:
        raise Refused(str(error)) from error
    # What the browser calls fixed is drawn like anything else: the fixed ones come from the rows.
    drawn = [Shape(shape.name, shape.keys, shape.until) for shape in shapes]
    if is_inverse and not drawn:
        raise Refused(_("Draw at least the area that stays visible."))
    fixed = fixed_shapes(exhibit)
    if not drawn and not fixed:
        raise Refused(_("Draw at least one area."))
    with transaction.atomic():
        package = Package.objects.select_for_update(no_key=True).get(pk=package.pk)
        if package.status == Package.Status.VERIFYING:
            package.take("reject", by=by, because=said.because("MASKS_AGAIN"))
        plan = _store_plan(exhibit, drawn + fixed, by, style, is_inverse)
        audit.record(
            "exhibit.draw_masks",
            actor=by,
            target=package.request,
            exhibit=exhibit.ident,
            version=plan.version,
            shapes=len(drawn),
            fixed=len(fixed),
            inverse=is_inverse,
        )
        transaction.on_commit(_sending(plan.pk), robust=True)
    return plan


def _store_plan(
    exhibit: Exhibit, shapes: list[Shape], by: Person, style: str, is_inverse: bool
) -> MaskPlan:
    last = exhibit.mask_plans.aggregate(last=Max("version"))["last"] or 0
    job = _job(exhibit, last + 1, by)
    return MaskPlan.objects.create(
        exhibit=exhibit,
        version=last + 1,
        style=style,
        is_inverse=is_inverse,
        shapes=[shape.as_data() for shape in shapes],
        drawn_by=by,
        job=job,
    )


def _job(exhibit: Exhibit, version: int, by: Person) -> Job:
    return Job.objects.create(
        kind="mask",
        key=f"exhibit:{exhibit.pk}:{version}",
        title=_("Masking %(exhibit)s") % {"exhibit": exhibit.ident},
        started_by=by,
    )


def mend(now: dt.datetime | None = None) -> int:
    """Starts copies again whose worker died; after three tries the person is told. Returns how many."""
    before = (now or timezone.now()) - dt.timedelta(seconds=2 * _SILENCE_S)
    stuck = MaskPlan.objects.filter(
        result=None, job__status__in=Job.UNFINISHED, job__moved_at__lt=before
    )
    started = 0
    for plan in stuck.select_related("job", "exhibit", "drawn_by"):
        if plan.job is not None and plan.job.status == Job.Status.QUEUED:
            # The broker was away when it was asked for.
            _queue(plan.pk)
            continue
        if plan.job is None or not plan.job.fail(_("The work was interrupted.")):
            continue
        if Job.objects.filter(key=plan.job.key).count() < _TRIES:
            with transaction.atomic():
                plan.job = _job(plan.exhibit, plan.version, plan.drawn_by)
                plan.save(update_fields=["job"])
                transaction.on_commit(_sending(plan.pk), robust=True)
            started += 1
    return started


def _sending(plan_id: int) -> Callable[[], None]:
    return lambda: _queue(plan_id)


def _queue(plan_id: int) -> None:
    from ..masking_tasks import make_masked_copy

    wake(make_masked_copy, plan_id)


def make_masked(plan: MaskPlan) -> Exhibit | None:
    """Makes the copy of one plan; None when it was cancelled, made already or replaced meanwhile.

    Safe to run twice and to be killed: the copy exists when its row does, and a newer plan wins.
    """
    job = plan.job
    if plan.result_id or job is None or not job.start(total=time_of(plan.exhibit).length_ms):
        return None
    try:
        with store.scratch() as folder:
            store.ensure_space(2 * plan.exhibit.file.bytes)
            made = _run_child(plan, folder, job)
            exhibit = _keep(plan, folder / "masked.mp4", made)
    except JobCancelled:
        job.cancelled()
        return None
    except store.NoSpace:
        job.fail(_("The disk of the evidence store is full. Free space, then draw again."))
        return None
    except (MaskingFailed, OSError) as error:
        why = store.trouble(error) if isinstance(error, OSError) else error
        job.fail(_("The masked copy could not be made: %(why)s") % {"why": why})
        return None
    job.finish()
    return exhibit


def _run_child(plan: MaskPlan, folder: Path, job: Job) -> dict[str, Any]:
    source, target = folder / "original.mp4", folder / "masked.mp4"
    store.copy_out(plan.exhibit.file, source)
    order = {
        "shapes": plan.shapes,
        "style": _style_of(plan),
        "inverse": plan.is_inverse,
        "length_ms": time_of(plan.exhibit).length_ms,
        "crf": CRF,
        "preset": PRESET,
    }
    last: dict[str, Any] = {}
    with _child(source, target, order) as lines:
        for last in lines:
            if "at" in last:
                job.tick(last["at"])
    if "frames" not in last or "at" in last:
        raise MaskingFailed(last.get("error", _("the video could not be read")))
    return last


def _style_of(plan: MaskPlan) -> str:
    return str(MaskPlan.Style(plan.style).value)


@contextmanager
def _child(source: Path, target: Path, order: dict[str, Any]) -> Iterator[Iterator[dict[str, Any]]]:
    """The child's lines as they come; it is killed when it falls silent and when we leave early."""
    descriptors = (
        os.open(source, os.O_RDONLY),
        os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "footage_requests.exhibits.mask_child", *map(str, descriptors)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors,
        cwd=settings.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(settings.BASE_DIR)},
        text=True,
    )
    for descriptor in descriptors:
        os.close(descriptor)
    orders, answers = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
    try:
        orders.write(json.dumps(order) + "\n")
        orders.close()
        yield _lines(process, answers)
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()


def _lines(process: subprocess.Popen[str], answers: IO[str]) -> Iterator[dict[str, Any]]:
    while True:
        watchdog = threading.Timer(_SILENCE_S, process.kill)
        watchdog.start()
        try:
            line = answers.readline(2000)
        finally:
            watchdog.cancel()
        if not line:
            return
        try:
            yield json.loads(line)
        except ValueError:
            return


def _keep(plan: MaskPlan, path: Path, made: dict[str, Any]) -> Exhibit:
    """Seals the copy and makes its row; what an older plan made is replaced and destroyed."""
    original = plan.exhibit
    with store.StoreWriter("video/mp4") as writer, path.open("rb") as file:
        writer.copy_from(file)
        with transaction.atomic():
            package = Package.objects.select_for_update(no_key=True).get(pk=original.package_id)
            newer = original.mask_plans.filter(version__gt=plan.version).exists()
            if package.status != Package.Status.MASKING or newer:
                raise MaskingFailed(_("newer masks, or a change of the package, came first"))
            exhibit = _row(plan, writer.save(), made)
            MaskPlan.objects.filter(pk=plan.pk).update(result=exhibit)
            old = _replace_older(original, exhibit)
            audit.record(
                "exhibit.mask",
                actor=plan.drawn_by,
                target=package.request,
                exhibit=exhibit.ident,
                sha256=exhibit.file.sha256,
                parent=original.ident,
                parent_sha256=original.file.sha256,
            )
    for replaced in old:
        store.destroy(replaced.file)
    return exhibit


def _row(plan: MaskPlan, file: Any, made: dict[str, Any]) -> Exhibit:
    original = plan.exhibit
    base = Path(original.file_name).stem
    return Exhibit.objects.create(
        package_id=original.package_id,
        line_id=original.line_id,
        channel_id=original.channel_id,
        ident=f"{original.ident}-M{plan.version}",
        kind=Exhibit.Kind.MASKED,
        parent=original,
        parent_sha256=original.file.sha256,
        file_name=f"{base}_masked_v{plan.version}.mp4",
        file=file,
        facts={
            **{
                name: original.facts[name]
                for name in ("asked", "delivered", "gaps", "timeline", "clock")
                if name in original.facts
            },
            "codec": made["codec"],
            "width": made["width"],
            "height": made["height"],
            "frames": made["frames"],
            "masked_frames": made["masked_frames"],
            "mask_version": plan.version,
            "mask_style": _style_of(plan),
            "mask_inverse": plan.is_inverse,
            "sound": False,
        },
    )


def _replace_older(original: Exhibit, exhibit: Exhibit) -> list[Exhibit]:
    older = original.derived.filter(kind=Exhibit.Kind.MASKED, replaced_at=None).exclude(
        pk=exhibit.pk
    )
    rows = list(older.select_related("file"))
    older.update(replaced_at=timezone.now())
    return rows


def missing_masks(package: Package) -> list[Exhibit]:
    """The originals whose line must be masked and that have no masked copy that counts."""
    originals = package.exhibits.filter(
        kind=Exhibit.Kind.ORIGINAL, replaced_at=None, line__must_be_masked=True
    )
    counting = package.exhibits.filter(kind=Exhibit.Kind.MASKED, replaced_at=None)
    return list(originals.exclude(pk__in=counting.values("parent")))


def offer(package: Package, *, by: Person) -> None:
    """Hands a masked package on to verification. Raises Refused while a mask is missing."""
    if not may_mask(package, by):
        raise NotThisPerson(_("You may not mask this package now."))
    if MaskPlan.objects.filter(
        exhibit__package=package, result=None, job__status__in=Job.UNFINISHED
    ).exists():
        raise Refused(_("A masked copy is still being made: wait for it."))
    missing = missing_masks(package)
    if missing:
        raise Refused(
            _("Still without a masked copy: %(names)s.")
            % {"names": ", ".join(exhibit.ident for exhibit in missing)}
        )
    package.take("offer", by=by)

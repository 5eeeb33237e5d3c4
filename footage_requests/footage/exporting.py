"""Exports: from a decision to packages, from packages to slices, and what ends or repeats them.

The person who presses Export is the exporter; workers act for them. Only a decision that stands and
releases can be exported, and only its lines: every slice lies inside an approved line of one channel.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from cameras.models import RecorderUse
from core.jobs import Job, JobCancelled
from core.tsi import to_ms
from inventory.models import Channel, ChannelAssignment, Device

from .. import refusals, said
from ..casework.numbers import next_number
from ..decisions import deciding
from ..errors import NotThisPerson, Refused
from ..models import (
    Decision,
    DecisionLine,
    Exhibit,
    ExportPace,
    ExportSlice,
    FootageRequest,
    Package,
    SoundSlice,
)
from ..models.holds import Part as PartRow
from ..parts import Part, refuse_same_person
from ..permissions import can_export
from . import cutting, sound_work, store
from .fetching import USUAL_BYTES_PER_MS

if TYPE_CHECKING:
    from accounts.models import Person

log = logging.getLogger(__name__)

PURPOSE = "export"
PREFIX = "REL"
JOB_KIND = "export"
LONGEST_EXHIBIT = dt.timedelta(hours=6)
SPACE_FACTOR = 2.2
"""Copied exhibits and the slices of which they are made lie side by side for a while."""
UNFINISHED = (PartRow.State.WAITING, PartRow.State.CLAIMED)


@dataclass(frozen=True)
class Stretch:
    """What one channel recorded of a decided line, true time."""

    line: DecisionLine
    channel: Channel
    starts_at: dt.datetime
    ends_at: dt.datetime


@refusals.are_noted
def start_export(decision: Decision, by: Person) -> Package:
    """Makes the package and its slices; workers fetch them after the commit.

    Raises Refused (no standing decision, an export runs already, no channel, no space), NotThisPerson.
    """
    request = decision.request
    if not can_export(by, request):
        raise NotThisPerson(_("You may not export footage of this request."))
    others = {Part.FILER: decision.filer_id, Part.APPROVER: decision.decided_by_id}
    is_small_unit = refuse_same_person(Part.EXPORTER, by, others)
    with transaction.atomic():
        # An edit locks the case before it voids the decision: it comes wholly before this or after.
        FootageRequest.objects.select_for_update(of=("self",), no_key=True).get(
            pk=decision.request_id
        )
        row = Decision.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.pk)
        _refuse_unfit(row)
        stretches = _stretches(row)
        _refuse_without_space(stretches)
        package = Package.objects.create(
            number=next_number(PREFIX),
            request=request,
            decision=row,
            filer_id=row.filer_id,
            approver_id=row.decided_by_id,
            exporter=by,
            is_small_unit=is_small_unit,
        )
        count = _queue(package, stretches)
        audit.record(
            "package.start",
            actor=by,
            target=package,
            request=request.number,
            decision=str(row.uuid),
            slices=count,
            small_unit=is_small_unit,
        )
        _new_job(package, by, count)
    _wake()
    return package


def _refuse_unfit(decision: Decision) -> None:
    standing = deciding.standing_decision(decision.request)
    if standing is None or standing.pk != decision.pk:
        raise Refused(_("There is no standing decision for this: a superior must decide again."))
    if not decision.releases:
        raise Refused(_("This decision releases no footage."))
    running = next((each for each in decision.packages.all() if not each.is_undone), None)
    if running is not None:
        raise Refused(
            _("%(number)s has been made on this decision already.") % {"number": running.number}
        )


def _stretches(decision: Decision) -> list[Stretch]:
    """What is to be fetched: each line on each channel that recorded its position then."""
    found: list[Stretch] = []
    for line in decision.lines.select_related("item__position"):
        rows = (
            ChannelAssignment.objects.during(line.starts_at, line.ends_at)
            .filter(position=line.item.position_id)
            .select_related("channel__recorder")
            .order_by("channel__recorder_id", "channel__number", "starts_at")
        )
        before = len(found)
        for row in rows:
            end = min(line.ends_at, row.ends_at or line.ends_at)
            found.append(Stretch(line, row.channel, max(line.starts_at, row.starts_at), end))
        if len(found) == before:
            raise Refused(
                _("No recorder channel is known for %(position)s at that time.")
                % {"position": line.item.position.name}
            )
    return found


def _refuse_without_space(stretches: list[Stretch]) -> None:
    expected = sum(
        (to_ms(each.ends_at) - to_ms(each.starts_at)) * _bytes_per_ms(each.channel.recorder)
        for each in stretches
    )
    try:
        store.ensure_space(round(expected * SPACE_FACTOR))
    except store.NoSpace as error:
        raise Refused(
            _("The evidence store has too little free space for this export: %(space)s")
            % {"space": error}
        ) from None


def _bytes_per_ms(recorder: Device) -> float:
    """What this recorder's footage usually takes; measured where it has been exported before."""
    sums = ExportPace.objects.filter(recorder=recorder).aggregate(
        bytes=Sum("bytes"), footage=Sum("footage_ms")
    )
    return sums["bytes"] / sums["footage"] if sums["footage"] else USUAL_BYTES_PER_MS


def _queue(package: Package, stretches: list[Stretch]) -> int:
    slices = [
        ExportSlice(
            package=package,
            line=each.line,
            channel=each.channel,
            starts_at=start,
            ends_at=end,
            turn=turn,
        )
        for each in stretches
        for turn, (start, end) in enumerate(
            cutting.planned(each.channel, each.starts_at, each.ends_at)
        )
    ]
    ExportSlice.objects.bulk_create(slices)
    sound_work.queue(package, slices)
    for recorder in {each.channel.recorder_id for each in stretches}:
        RecorderUse.objects.get_or_create(
            recorder_id=recorder, purpose=PURPOSE, holder_uuid=package.uuid, ends_at=None
        )
    return len(slices)


def job_key(package: Package) -> str:
    return f"package:{package.pk}"


def _new_job(package: Package, by: Person, slices: int) -> None:
    """Progress: half of it is fetching, half is putting together."""
    Job.objects.create(
        kind=JOB_KIND,
        key=job_key(package),
        title=_("Export %(number)s") % {"number": package.number},
        started_by=by,
    ).start(total=2 * slices)


def _go_on(package: Package, by: Person) -> None:
    Package.objects.filter(pk=package.pk).update(failure="")
    job = job_of(package)
    if job is None or job.is_finished:
        _new_job(package, by, package.slices.count())


def job_of(package: Package) -> Job | None:
    """The progress of the newest export of a package."""
    return Job.objects.filter(kind=JOB_KIND, key=job_key(package)).order_by("-pk").first()


def slice_ended(part: ExportSlice | SoundSlice) -> None:
    """After a slice: progress; a cancelled package keeps nothing of it."""
    package = Package.objects.get(pk=part.package_id)
    if package.status != Package.Status.EXPORTING:
        tidy(package)
        return
    job = job_of(package)
    if job is None or job.is_finished:
        return
    ended = package.slices.exclude(state__in=UNFINISHED).count()
    try:
        job.tick(min(ended, job.total), _("fetched from the recorder"))
    except JobCancelled:
        cancel(package, by=package.exporter, because=said.because("STOPPED"))


def cancel(package: Package, *, by: Person | str, because: str) -> None:
    """Stops an export; what was fetched for it is destroyed."""
    package.take("cancel", by=by, because=because)
    tidy(package)


def retry_failed(package: Package, *, by: Person) -> int:
    """Puts slices that could not be fetched back into the queue."""
    with transaction.atomic():
        count = package.slices.filter(state=PartRow.State.FAILED).update(
            state=PartRow.State.WAITING, attempt=0, due_at=timezone.now(), failure=""
        )
        sound_work.again(package)
        _go_on(package, by)
        audit.record("package.try_again", actor=by, target=package, slices=count)
    _wake()
    return count


@refusals.are_noted
def go_without(package: Package, *, by: Person, because: str) -> int:
    """The exporter goes on without what could not be fetched: it becomes a stated gap.

    Nobody else: whoever decides that something is left out does not verify what is there.
    """
    if by.pk != package.exporter_id:
        raise NotThisPerson(
            _("Only %(exporter)s, who exports, goes on without it. Others may fetch it again.")
            % {"exporter": package.exporter}
        )
    if not because.strip():
        raise Refused(_("Say why the export goes on without these minutes."))
    with transaction.atomic():
        count = package.slices.filter(state=PartRow.State.FAILED).update(state=PartRow.State.EMPTY)
        if not count:
            raise Refused(_("Nothing of this export has failed."))
        _go_on(package, by)
        audit.record("package.go_without", actor=by, target=package, because=because, slices=count)
    _wake()
    return count


def tidy(package: Package) -> None:
    """What a package that is no longer exporting leaves behind: slices, uses, progress."""
    if package.status == Package.Status.CANCELLED:
        package.slices.filter(state=PartRow.State.WAITING).update(
            state=PartRow.State.FAILED, failure="CANCELLED"
        )
        job = job_of(package)
        if job is not None and not job.is_finished:
            job.cancelled()
    close_uses(package)
    sound_work.tidy(package)
    # What an exhibit is joined of is destroyed with the exhibit.
    left = package.slices.filter(file__isnull=False, file__destroyed_at=None, file__part_of=None)
    for part in left.select_related("file"):
        if part.file is not None:
            store.destroy(part.file)


def close_uses(package: Package) -> None:
    RecorderUse.objects.filter(purpose=PURPOSE, holder_uuid=package.uuid, ends_at=None).update(
        ends_at=timezone.now()
    )


def tidy_all() -> int:
    """Packages whose worker died, or whose decision was voided, before they were tidied up."""
    done = 0
    left = ExportSlice.objects.filter(
        Q(file__isnull=False, file__destroyed_at=None, file__part_of=None)
        | Q(state=PartRow.State.WAITING),
        package=OuterRef("pk"),
    )
    rows = Package.objects.exclude(status=Package.Status.EXPORTING)
    for package in rows.filter(Exists(left) | Exists(sound_work.left_behind())):
        tidy(package)
        done += 1
    return done + _destroy_needless()


def _destroy_needless() -> int:
    """Exhibits of cancelled exports, once nothing can need them: the case is over, or a later export has it all.

    Until then they may be the only copy of what the recorder has overwritten since.
    """
    later = Package.objects.filter(
        request=OuterRef("package__request"), pk__gt=OuterRef("package")
    ).exclude(status__in=[Package.Status.EXPORTING, Package.Status.CANCELLED])
    is_over = ~Q(package__request__status__in=FootageRequest.OPEN)
    rows = Exhibit.objects.filter(is_over | Exists(later), file__destroyed_at=None)
    rows = rows.filter(package__status=Package.Status.CANCELLED).select_related("file", "package")
    packages: dict[Package, list[Exhibit]] = {}
    for row in rows.order_by("package", "ident"):
        packages.setdefault(row.package, []).append(row)
    for package, exhibits in packages.items():
        told = [{"ident": row.ident, "sha256": row.file.sha256} for row in exhibits]
        audit.record("package.destroy_left", actor=PURPOSE, target=package, exhibits=told)
        for row in exhibits:
            store.destroy(row.file)
    return len(packages)


def volume_of(part: ExportSlice) -> list[ExportSlice]:
    """The slices that become one file together with this one, in order."""
    rows = ExportSlice.objects.filter(
        package=part.package_id, line=part.line_id, channel=part.channel_id
    )
    groups = volumes(list(rows.order_by("starts_at")), LONGEST_EXHIBIT)
    return next(group for group in groups if any(each.pk == part.pk for each in group))


def volumes(parts: list[ExportSlice], longest: dt.timedelta) -> list[list[ExportSlice]]:
    """The slices of one line and channel in groups that become one file each."""
    groups: list[list[ExportSlice]] = []
    for part in parts:
        if groups and part.ends_at - groups[-1][0].starts_at <= longest:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def span_of(parts: list[ExportSlice]) -> tuple[int, int]:
    return to_ms(parts[0].starts_at), to_ms(parts[-1].ends_at)


def _wake() -> None:
    from ..hold_tasks import call_workers

    transaction.on_commit(call_workers, robust=True)

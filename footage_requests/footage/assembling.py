"""From slices to exhibits: one MP4 per line and channel, put together without touching a picture.

What the recorder no longer has comes out of the held copy of the same request (B7). Each exhibit is
checked before its row exists: tables, length, size of the picture, and one picture is really decoded
(B19). A worker that is killed leaves whole exhibits; the next one makes only those that are missing.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.protocols.mp4_assembly import Assembled
from core.jobs import Job, JobCancelled
from core.text import safe_file_name
from core.tsi import from_ms, to_ms

from .. import said
from ..decisions import deciding
from ..holds import hold_life
from ..models import EvidenceFile, Exhibit, ExportSlice, Package, SoundSlice
from ..models.holds import Part
from . import exporting, right_channel, sound_exhibits
from .clock_windows import clock_block, clock_of
from .fetching import failure_of
from .film_of_slices import film_of
from .part_claims import LEASE, RENEW_SECONDS
from .playable import Decode, NotPlayable, check_playable, decode_alone
from .recorders import recorder_facts
from .running_hashes import RunningHashes
from .slice_sources import Source, held_of, sources_of
from .viewing_copies import TranscodingFailed, make_viewing_copy

log = logging.getLogger(__name__)

SYSTEM = "export"


class LeaseLost(Exception):
    """Another worker puts this package together."""


@dataclass(frozen=True)
class _AtHand:
    """What the worker has from fetching."""

    hashes: RunningHashes
    decode: Decode


def work_packages(hashes: RunningHashes | None = None, decode: Decode = decode_alone) -> int:
    """Puts together every package whose slices have ended. Safe to run twice and to be killed.

    `hashes` were kept by this worker while it fetched; its decoder is warm.
    """
    at_hand = _AtHand(hashes or RunningHashes(), decode)
    exporting.tidy_all()
    done = 0
    for package in _ready():
        lease = _claim(package)
        if lease is None:
            continue
        try:
            done += _work(package, lease, at_hand)
        except LeaseLost:
            log.info("%s is put together by another worker", package)
        finally:
            Package.objects.filter(pk=package.pk, lease=lease).update(lease=None, lease_until=None)
    return done


def _ready() -> list[Package]:
    now = timezone.now()
    own = {"package": OuterRef("pk"), "state__in": exporting.UNFINISHED}
    unfinished = Exists(ExportSlice.objects.filter(**own)) | Exists(
        SoundSlice.objects.filter(**own)
    )
    rows = Package.objects.filter(~unfinished, status=Package.Status.EXPORTING, failure="")
    return list(rows.filter(Q(lease=None) | Q(lease_until__lt=now)).order_by("pk"))


def _claim(package: Package) -> uuid.UUID | None:
    lease, now = uuid.uuid4(), timezone.now()
    free = Package.objects.filter(pk=package.pk, status=Package.Status.EXPORTING).filter(
        Q(lease=None) | Q(lease_until__lt=now)
    )
    return lease if free.update(lease=lease, lease_until=now + LEASE) else None


def _work(package: Package, lease: uuid.UUID, at_hand: _AtHand) -> bool:
    """One package under a lease; what goes wrong stands on the package in words."""
    standing = deciding.standing_decision(package.request)
    if standing is None or standing.pk != package.decision_id:
        exporting.cancel(package, by=SYSTEM, because=said.because("DECISION_GONE"))
        return False
    failure = _failed_slices(package)
    if not failure:
        try:
            assemble_package(package, _Progress(package, lease), at_hand)
            return True
        except JobCancelled:
            exporting.cancel(package, by=package.exporter, because=said.because("STOPPED"))
            return False
        except NotPlayable as error:
            failure = str(error)
        except (TranscodingFailed, OSError) as error:
            log.warning("%s could not be put together: %s", package, error)
            failure = said.text_of(why_not(error))
    fail(package, failure)
    return False


def why_not(error: Exception) -> said.Said:
    """What stood in the way of putting exhibits together, to be stored: space, the store, or the viewing copy."""
    is_copy = isinstance(error, TranscodingFailed)
    return said.reason("NO_VIEWING_COPY" if is_copy else failure_of(error)[0])


def _failed_slices(package: Package) -> str:
    """Why the package cannot be put together yet, or ''."""
    failed = list(package.slices.filter(state=Part.State.FAILED))
    failed = [part for part in failed if not held_of(part)]
    if not failed:
        return ""
    return hold_life.pieces_failed(failed[0].failure, len(failed), package.slices.count())


def fail(package: Package, failure: str) -> None:
    """The export stands still until a person decides: try again, go on without, or cancel."""
    Package.objects.filter(pk=package.pk).update(failure=failure[:300])
    job = exporting.job_of(package)
    if job is not None:
        job.fail(failure)


class _Progress:
    """Renews the lease and moves the job while bytes are written."""

    def __init__(self, package: Package, lease: uuid.UUID) -> None:
        self._package = package
        self._lease = lease
        self._next = time.monotonic() + RENEW_SECONDS
        self.job: Job | None = exporting.job_of(package)
        self.slices = package.slices.count()
        self.done = 0

    def beat(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + RENEW_SECONDS
        kept = Package.objects.filter(pk=self._package.pk, lease=self._lease)
        if not kept.update(lease_until=timezone.now() + LEASE):
            raise LeaseLost
        self.tick()

    def tick(self) -> None:
        if self.job is not None and not self.job.is_finished:
            done = min(self.slices + self.done, self.job.total)
            self.job.tick(done, _("put together"))


def assemble_package(package: Package, progress: _Progress, at_hand: _AtHand) -> None:
    """Makes every exhibit that is missing, then hands the package on to masking or verification."""
    parts = package.slices.select_related("line__item__position", "channel__recorder", "file")
    groups: dict[tuple[int, int], list[ExportSlice]] = {}
    for part in parts.order_by("line_id", "channel_id", "starts_at"):
        groups.setdefault((part.line_id, part.channel_id), []).append(part)
    _refuse_same_pictures(part for own in groups.values() for part in own)
    files = [
        each
        for own in groups.values()
        for each in exporting.volumes(own, exporting.LONGEST_EXHIBIT)
    ]
    known = set(package.exhibits.values_list("ident", flat=True))
    for number, own in enumerate(files, 1):
        ident = f"E{number:02}"
        if ident not in known:
            _make_exhibit(package, ident, own, progress, at_hand)
        if own[0].line.includes_audio:
            sound_exhibits.make(package, ident, own, progress.beat)
        progress.done += len(own)
        progress.tick()
    if not package.exhibits.filter(kind=Exhibit.Kind.ORIGINAL).exists():
        raise NotPlayable(
            _("Nothing of the approved minutes exists any more, neither on the recorder nor held.")
        )
    _make_viewing_copies(package, progress)
    _hand_on(package)
    if progress.job is not None:
        progress.job.finish(_("exported"))


def _make_exhibit(
    package: Package,
    ident: str,
    parts: list[ExportSlice],
    progress: _Progress,
    at_hand: _AtHand,
) -> Exhibit | None:
    """One file of one line and channel; None when there is not a single picture."""
    sources = [source for part in parts for source in sources_of(part)]
    if not sources:
        return None
    try:
        with film_of(sources, exporting.span_of(parts)) as film, film.writer() as writer:
            made = film.made
            found = at_hand.hashes.finished(parts, film.hashed, made.tail)
            film.write(writer, progress.beat, found)
            with transaction.atomic():
                file = film.save(writer)
                sketch = check_playable(file, made, ident, at_hand.decode)
                row = _row(package, ident, parts, sources, made, file)
                _note_doubts(row, sources, sketch)
                return row
    except ValueError as error:
        raise NotPlayable(
            _("%(exhibit)s: %(error)s") % {"exhibit": ident, "error": error}
        ) from None


def _row(
    package: Package,
    ident: str,
    parts: list[ExportSlice],
    sources: list[Source],
    made: Assembled,
    file: EvidenceFile,
) -> Exhibit:
    first = parts[0]
    asked = exporting.span_of(parts)
    recorder = first.channel.recorder
    facts = {
        "asked": list(asked),
        "delivered": [made.first_ms, min(made.end_ms, asked[1])],
        "gaps": [list(gap) for gap in made.gaps],
        "gap_count": made.gap_count,
        "gap_ms": made.gap_ms,
        "first_group_ms": made.first_group_ms,
        "clock": clock_block(clock_of(recorder), *asked),
        "codec": made.codec,
        "width": made.width,
        "height": made.height,
        "frames": made.frames,
        "sound": "files of its own" if first.line.includes_audio else "not released",
        "recorder": recorder_facts(first.channel),
        "sources": sorted({source.origin for source in sources}),
        "slices": [_slice_facts(part) for part in parts],
        "tools": {
            "stream copy": "own RTSP client and MP4 writer",
            "check": f"PyAV {version('av')}",
        },
    }
    return Exhibit.objects.create(
        package=package,
        line=first.line,
        channel=first.channel,
        ident=ident,
        kind=Exhibit.Kind.ORIGINAL,
        file_name=file_name(ident, first, made),
        file=file,
        facts=facts,
    )


def _note_doubts(row: Exhibit, sources: list[Source], sketch: bytes) -> None:
    """What makes it doubtful that this is the right camera stands in the exhibit's facts."""
    doubts, scene = right_channel.doubts_about(
        row.channel,
        row.line.item.position,
        [source.delivered for source in sources],
        (sources[0].starts_at, sources[-1].ends_at),
        sketch,
    )
    row.facts |= {"doubts": doubts, "scene": scene}
    row.save(update_fields=["facts"])


def _refuse_same_pictures(parts: Iterable[ExportSlice]) -> None:
    """Footage of two channels that is one and the same leaves with neither name (B19)."""
    told = right_channel.same_pictures(
        (part.channel, source.delivered) for part in parts for source in sources_of(part)
    )
    if told:
        raise NotPlayable(told)


def _slice_facts(part: ExportSlice) -> dict[str, Any]:
    told = (
        "range_reply",
        "stamp_source",
        "ended_by",
        "packets_lost",
        "frames_damaged",
        "unfetched",
        "unsure",
    )
    return {
        "asked": [to_ms(part.starts_at), to_ms(part.ends_at)],
        "state": part.state,
        "attempts": part.attempt,
        **{name: part.delivered[name] for name in told if name in part.delivered},
    }


def file_name(ident: str, part: ExportSlice, made: Assembled) -> str:
    """ASCII, as forensic practice writes it: exhibit, recorder, channel, first and last instant in UTC."""
    recorder = part.channel.recorder
    name = (recorder.model or recorder.serial or "NVR").encode("ascii", "replace").decode()
    name = "".join(c if c.isalnum() or c in "-." else "-" for c in name)[:40]
    start, end = (f"{from_ms(ms):%Y%m%dT%H%M%SZ}" for ms in (made.first_ms, made.end_ms))
    return safe_file_name(f"{ident}_{name}_ch{part.channel.number:02}_{start}_{end}.mp4", 120)


def _make_viewing_copies(package: Package, progress: _Progress) -> None:
    """H.265 does not play on many office machines: it gets a transcoded copy, marked as such."""
    originals = package.exhibits.filter(kind=Exhibit.Kind.ORIGINAL, replaced_at=None)
    for original in originals.exclude(derived__kind=Exhibit.Kind.VIEWING):
        if original.facts.get("codec") == "hevc":
            make_viewing_copy(original, progress.beat)


def _hand_on(package: Package) -> None:
    """To masking where a line asks for it, else to verification; the slices are no longer needed."""
    needs_masks = package.exhibits.filter(line__must_be_masked=True).exists()
    package.take(
        "need_masks" if needs_masks else "offer",
        by=package.exporter,
        because=said.because("EXPORTED"),
        facts={
            "exhibits": [
                {"ident": row.ident, "sha256": row.file.sha256, "bytes": row.file.bytes}
                for row in package.exhibits.select_related("file")
            ]
        },
        failure="",
    )
    exporting.tidy(package)

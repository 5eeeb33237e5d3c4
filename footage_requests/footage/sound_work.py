"""Fetches the sound that a superior released expressly: its own pieces, its own conversations, never a picture's.

Nothing here is called for a hold, nor for a decision that does not release sound. What stands in the way of the sound
is stored as a sentence and never stops the pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone

from cameras.protocols.rtsp import StreamLimits
from cameras.protocols.sound_format import NoSound
from cameras.protocols.sounds import SoundReport, fetch_sound

from .. import said
from ..models import ExportSlice, Package, SoundSlice
from ..models.holds import Part
from . import part_claims, store
from .clock_windows import clock_block, cut_where_set
from .fetching import STALL_S, CountingWriter, Fetched, Order, kept_in, target_of
from .store import StoreWriter

CONTENT_TYPE = "application/octet-stream"
LEAD_MS = 2_000
"""Pieces after the first begin so much earlier: what both have is taken once, and nothing is lost between them."""
TRIES_WHEN_SILENT = 2
_LARGEST_BYTES_PER_MS = 200
_LEAST_BYTES = 4 * 1024 * 1024


@dataclass
class FetchedSound(Fetched):
    """What came of an order for sound."""

    sound: SoundReport | None = None

    @property
    def has_come(self) -> bool:
        return self.sound is not None


def queue(package: Package, slices: Iterable[ExportSlice]) -> None:
    """Beside each slice of pictures one of sound, and only of cameras whose sound the decision releases."""
    SoundSlice.objects.bulk_create(
        SoundSlice(
            package=package,
            line=each.line,
            channel=each.channel,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            turn=each.turn,
        )
        for each in slices
        if each.line.includes_audio
    )


def begin(part: SoundSlice, order: Order) -> tuple[Order, FetchedSound]:
    """The order with a lead, where no set clock lies between, and what its outcome will stand in.

    The first piece has none: before it lies what nobody approved, or another camera on this channel.
    """
    clock = order.access.clock
    start = order.start_ms - LEAD_MS
    if part.turn > 0 and len(cut_where_set(clock, start, order.end_ms)) == 1:
        order = replace(order, start_ms=start)
    return order, FetchedSound(clock)


async def fetch(order: Order, fetched: FetchedSound) -> None:
    """Fetches an order; never raises for what a recorder or a disk does: see `fetched.error`."""
    with kept_in(fetched):
        await _fetch(order, fetched)


async def _fetch(order: Order, fetched: FetchedSound) -> None:
    length = order.end_ms - order.start_ms
    most = _LEAST_BYTES + length * _LARGEST_BYTES_PER_MS
    store.ensure_space(most)
    target = await target_of(order, fetched)
    if target is None:
        return
    writer = fetched.stack.enter_context(StoreWriter(CONTENT_TYPE))
    fetched.writer = writer
    fetched.sound = await fetch_sound(
        order.access.endpoint,
        order.access.login,
        target,
        CountingWriter(writer, fetched),
        limits=StreamLimits(
            reply_s=STALL_S,
            stall_s=STALL_S,
            # Some recorders play only in real time.
            total_s=1.5 * length / 1000 + 60,
            max_bytes=most,
        ),
        local_ahead_ms=fetched.clock.ahead_ms(order.start_ms),
    )


def settled(part: SoundSlice, order: Order, fetched: Fetched, error: BaseException | None) -> bool:
    """Stores what came, or why there is none for good; False = it is tried again, or failed as pictures do."""
    if not isinstance(fetched, FetchedSound):
        return False
    if isinstance(error, NoSound) and (error.is_permanent or part.attempt >= TRIES_WHEN_SILENT):
        sentence = said.say(str(error.fault), what=error.what)
        return bool(_end(part, state=Part.State.FAILED, failure=said.text_of(sentence)))
    if error is not None or fetched.sound is None or fetched.writer is None:
        return False
    with transaction.atomic():
        file = fetched.writer.save()
        kept = _end(
            part,
            state=Part.State.DONE,
            file=file,
            delivered=_delivered(order, fetched, fetched.sound),
            fetched_bytes=file.bytes,
            failure="",
        )
        if not kept:
            raise RuntimeError("The lease was lost; another worker has this piece.")
    return True


def _end(part: SoundSlice, **changes: Any) -> int:
    return part_claims.mine(part).update(finished_at=timezone.now(), **changes)


def _delivered(order: Order, fetched: FetchedSound, report: SoundReport) -> dict[str, Any]:
    """`SoundSlice.delivered`: what came, in true time, with the clock by which it was asked."""
    clock = fetched.clock
    offset = clock.offset_at((order.start_ms + order.end_ms) // 2)
    shift = offset.offset_ms or 0
    return {
        "codec": report.sound.codec,
        "rate": report.sound.rate,
        "channels": report.sound.channels,
        "profile": report.sound.profile,
        "units": report.units,
        "samples": report.samples,
        "start_ms": report.start_ms - shift,
        "end_ms": report.end_ms - shift,
        "device_start_ms": report.start_ms,
        "device_end_ms": report.end_ms,
        "packets_received": report.packets_received,
        "packets_lost": report.packets_lost,
        "stamp_source": str(report.stamp_source),
        "range_reply": report.range_reply,
        "ended_by": str(report.ended_by),
        "protocol": order.access.manner.protocol,
        "offset_ms": offset.offset_ms,
        "offset_uncertainty_ms": offset.uncertainty_ms,
        "method": str(offset.method),
        "clock": clock_block(clock, order.start_ms, order.end_ms),
    }


def again(package: Package) -> None:
    """Puts sound that could not be fetched back into the queue, when the exporter tries the pictures again."""
    package.sound_slices.filter(state=Part.State.FAILED).update(
        state=Part.State.WAITING, attempt=0, due_at=timezone.now(), failure=""
    )


def left_behind() -> QuerySet[SoundSlice]:
    """Pieces that a package still has, for a subquery over packages."""
    there = Q(file__isnull=False, file__destroyed_at=None) | Q(state=Part.State.WAITING)
    return SoundSlice.objects.filter(there, package=OuterRef("pk"))


def tidy(package: Package) -> None:
    """Fetched pieces are destroyed once they stand in exhibits, or when the package was cancelled."""
    package.sound_slices.filter(state=Part.State.WAITING).update(
        state=Part.State.FAILED, failure="CANCELLED"
    )
    rows = package.sound_slices.filter(file__isnull=False, file__destroyed_at=None)
    for part in rows.select_related("file"):
        if part.file is not None:
            store.destroy(part.file)

"""Fetched sound becomes exhibits of its own beside the film of the same minutes: one file for each unbroken stretch.

Nothing is encoded again and nothing is joined over a hole: where sound is missing a file ends and the next one begins,
and `sound_told` says what is missing and why. A worker that is killed leaves whole exhibits; the next one makes those
that lack.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import transaction

from cameras.protocols.sound_format import SoundFormat
from cameras.protocols.sound_reading import NotSound, read_sound
from cameras.protocols.sound_runs import Run, SoundSlice, file_pieces, runs_of
from cameras.protocols.sounds import SoundUnit, read_units
from core.text import safe_file_name
from core.tsi import from_ms, to_ms

from .. import said
from ..models import Exhibit, ExportSlice, Package
from ..models import SoundSlice as SliceRow
from ..models.holds import Part
from . import exporting, store
from .clock_windows import clock_block, clock_of
from .recorders import recorder_facts
from .sound_told import MOST_FILES

log = logging.getLogger(__name__)

SET_MS = 1_000
_ROUNDING_MS = 2

Beat = Callable[[], None]


@dataclass(frozen=True)
class _Beside:
    """The film beside which sound is made: its number, its first slice, and the fetched pieces of sound."""

    package: Package
    film: str
    part: ExportSlice
    rows: list[SliceRow]
    span: tuple[int, int]


def make(package: Package, film: str, parts: list[ExportSlice], beat: Beat) -> None:
    """The sound of the minutes of one film. `parts` are the film's slices, `beat` renews the caller's lease."""
    span = exporting.span_of(parts)
    rows = list(
        package.sound_slices.filter(
            line=parts[0].line_id,
            channel=parts[0].channel_id,
            state=Part.State.DONE,
            starts_at__lt=from_ms(span[1]),
            ends_at__gt=from_ms(span[0]),
        )
        .select_related("file")
        .order_by("starts_at")
    )
    if not rows:
        return
    try:
        _make_all(_Beside(package, film, parts[0], rows, span), beat)
    except ValueError:
        # What cannot be read must not stop the pictures.
        log.exception("%s: the sound beside %s could not be put together", package, film)
        told = said.text_of(said.say("SOUND_DAMAGED"))
        failed = package.sound_slices.filter(pk__in=[row.pk for row in rows])
        failed.update(state=Part.State.FAILED, failure=told)


def _make_all(beside: _Beside, beat: Beat) -> None:
    slices = _slices(beside.rows)
    runs = runs_of(slices, beside.span, MOST_FILES)
    known = set(beside.package.exhibits.values_list("ident", flat=True))
    for number, pieces in groupby(file_pieces(slices, beside.span, runs), itemgetter(0)):
        ident = f"{beside.film}-S{number + 1}"
        if ident not in known:
            _make_one(beside, ident, runs[number], (data for _number, data in pieces), beat)


def _slices(rows: list[SliceRow]) -> list[SoundSlice]:
    """As for pictures: while the clock merely drifts, all pieces get one shift, so that they meet."""
    shifts = [int(row.delivered.get("offset_ms") or 0) for row in rows]
    is_steady = max(shifts) - min(shifts) <= SET_MS
    return [
        SoundSlice(_format(row), shifts[0] if is_steady else shift, partial(_units, row))
        for row, shift in zip(rows, shifts, strict=True)
    ]


def _format(row: SliceRow) -> SoundFormat:
    told = row.delivered
    return SoundFormat(told["codec"], told["rate"], told["channels"], told["profile"])


def _units(row: SliceRow) -> Iterator[SoundUnit]:
    if row.file is not None:
        with store.open_file(row.file) as reader:
            yield from read_units(reader)


def _make_one(beside: _Beside, ident: str, run: Run, pieces: Iterable[bytes], beat: Beat) -> None:
    store.ensure_space(2 * run.bytes)
    with store.StoreWriter(run.sound.content_type) as writer:
        for data in pieces:
            writer.write(data)
            beat()
        with transaction.atomic():
            file = writer.save()
            with store.open_file(file) as reader:
                found = read_sound(reader, file.bytes)
            if (found.sound, found.samples) != (run.sound, run.samples):
                raise NotSound(f"{ident}: the file does not hold what was fetched.")
            Exhibit.objects.create(
                package=beside.package,
                line=beside.part.line,
                channel=beside.part.channel,
                ident=ident,
                kind=Exhibit.Kind.SOUND,
                file_name=_file_name(ident, beside.part, run),
                file=file,
                facts=_facts(beside, run, found.payload_sha256),
            )


def _facts(beside: _Beside, run: Run, payload: str) -> dict[str, Any]:
    recorder = beside.part.channel.recorder
    span = (max(run.start_ms, beside.span[0]), min(round(run.end_ms), beside.span[1]))
    return {
        "asked": list(span),
        "delivered": list(span),
        "gaps": [],
        "gap_count": 0,
        "gap_ms": 0,
        "first_group_ms": _ROUNDING_MS,
        "clock": clock_block(clock_of(recorder), *span),
        "codec": run.sound.codec,
        "rate": run.sound.rate,
        "channels": run.sound.channels,
        "samples": run.samples,
        "drift_ms": run.drift_ms,
        "bitstream_sha256": payload,
        "recorder": recorder_facts(beside.part.channel),
        "sources": ["RECORDER"],
        "slices": [_slice_facts(row) for row in beside.rows if _touches(row, span)],
        "tools": {"stream copy": "own RTSP client and ADTS or WAV writer"},
    }


def _touches(row: SliceRow, span: tuple[int, int]) -> bool:
    return bool(row.delivered["start_ms"] < span[1] and row.delivered["end_ms"] > span[0])


def _slice_facts(row: SliceRow) -> dict[str, Any]:
    told = ("range_reply", "stamp_source", "ended_by", "packets_lost", "units")
    return {
        "asked": [to_ms(row.starts_at), to_ms(row.ends_at)],
        "attempts": row.attempt,
        **{name: row.delivered[name] for name in told},
    }


def _file_name(ident: str, part: ExportSlice, run: Run) -> str:
    start, end = (f"{from_ms(round(ms)):%Y%m%dT%H%M%SZ}" for ms in (run.start_ms, run.end_ms))
    name = f"{ident}_ch{part.channel.number:02}_{start}_{end}_sound{run.sound.ending}"
    return safe_file_name(name, 120)

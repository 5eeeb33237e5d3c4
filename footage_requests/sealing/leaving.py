"""What leaves in a package: which exhibits, under which names, and what is known of each.

Where a line of the decision must be masked, only the masked copy leaves: never the pictures behind it. File names are ASCII, so that every tool of a receiver reads them alike.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from cameras.protocols.base import TimeBase
from core.tsi import from_ms, to_ms
from inventory.models import Device, Position

from ..errors import Refused
from ..exhibits.verifying import current_exhibits
from ..footage import clock_windows
from ..models import Exhibit, Package

ORIGINALS, VIEWING = "1_ORIGINAL_native", "2_VIEWING_mp4"
LONGEST_NAME = 40


class Role(StrEnum):
    """What a file of the package is."""

    ORIGINAL = "original"
    VIEWING = "viewing"
    MASKED = "masked"
    SOUND = "sound"
    RECORD = "record"


_ROLES = {
    Exhibit.Kind.ORIGINAL: Role.ORIGINAL,
    Exhibit.Kind.VIEWING: Role.VIEWING,
    Exhibit.Kind.MASKED: Role.MASKED,
    Exhibit.Kind.SOUND: Role.SOUND,
}


@dataclass(frozen=True)
class Leaving:
    """One exhibit that leaves: its place in the folder, its camera, and its clocks at that time."""

    exhibit: Exhibit
    role: Role
    path: str
    position: Position
    camera: Device | None
    recorder: Device
    asked_ms: tuple[int, int]
    delivered_ms: tuple[int, int]
    gaps_ms: list[tuple[int, int]]
    clocks: list[dict[str, Any]]

    @property
    def gap_ms(self) -> int:
        """All gaps together; the list itself may be cut off after two thousand."""
        listed = sum(end - start for start, end in self.gaps_ms)
        return int(self.exhibit.facts.get("gap_ms", listed))

    @property
    def gap_count(self) -> int:
        return int(self.exhibit.facts.get("gap_count", len(self.gaps_ms)))


def leaving(package: Package) -> list[Leaving]:
    """The exhibits that leave, in the order of their numbers. Raises Refused when there is nothing to give."""
    rows = list(
        current_exhibits(package)
        .select_related(
            "package__decision", "channel__recorder", "line__item__position__floor__building__site"
        )
        .order_by("ident")
    )
    found = [_leaving(row) for row in rows]
    masked = {row.line_id for row in rows if row.kind == Exhibit.Kind.MASKED}
    must = package.exhibits.exclude(kind=Exhibit.Kind.SOUND).filter(
        replaced_at=None, line__must_be_masked=True
    )
    if set(must.values_list("line_id", flat=True)) - masked:
        raise Refused(_("A masked copy is missing: without it this part must not leave."))
    if not found:
        raise Refused(_("The package has no exhibit that could leave."))
    return found


def _leaving(row: Exhibit) -> Leaving:
    facts = row.facts
    line = row.line
    asked = _span(facts.get("asked")) or (to_ms(line.starts_at), to_ms(line.ends_at))
    delivered = _span(facts.get("delivered")) or asked
    position = line.item.position
    starts_at = from_ms(delivered[0])
    installed = position.device_at(starts_at)
    recorder = row.channel.recorder
    camera = installed if installed is not None and installed.pk != recorder.pk else None
    return Leaving(
        exhibit=row,
        role=_ROLES[Exhibit.Kind(row.kind)],
        path=_path(row, recorder, delivered),
        position=position,
        camera=camera,
        recorder=recorder,
        asked_ms=asked,
        delivered_ms=delivered,
        gaps_ms=[(int(start), int(end)) for start, end in facts.get("gaps", [])],
        clocks=list(_clocks(recorder, camera, delivered)),
    )


def _span(value: Any) -> tuple[int, int] | None:
    return (int(value[0]), int(value[1])) if value else None


def _clocks(
    recorder: Device, camera: Device | None, span: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """The recorder's clock writes the file's times, the camera's is what the picture often shows."""
    for part, device in (("recorder", recorder), ("camera", camera)):
        if device is None:
            continue
        clock = clock_windows.clock_of(device)
        if part == "camera" and not clock.readings:
            continue
        block = clock_windows.clock_block(clock, *span)
        # The words are told in the language of who reads them (`clock_words`).
        block.pop("words", None)
        ahead = 0
        if clock.base is TimeBase.DEVICE_UTC:
            ahead = clock.ahead_ms(sum(span) // 2)
        yield {"part": part, "device": device_name(device), "display_ahead_ms": ahead, **block}


def device_name(device: Device) -> str:
    """Maker, model and serial number, as papers name a device."""
    name = " ".join(part for part in (device.maker, device.model) if part)
    return f"{name} ({device.serial})" if device.serial else name


def _path(row: Exhibit, recorder: Device, delivered: tuple[int, int]) -> str:
    start, end = (_utc(from_ms(moment)) for moment in delivered)
    source = recorder.serial or recorder.asset_register_no or str(recorder.pk)
    ending = PurePosixPath(row.file_name).suffix.lower() or ".mp4"
    role = _ROLES[Exhibit.Kind(row.kind)]
    kind = "" if role == Role.ORIGINAL else f"_{role.value}"
    folder = ORIGINALS if role in {Role.ORIGINAL, Role.SOUND} else VIEWING
    name = f"{plain(row.ident)}_{plain(source)}_ch{row.channel.number:02}_{start}_{end}{kind}"
    return f"{folder}/{name}{plain(ending)}"


def _utc(instant: dt.datetime) -> str:
    return instant.strftime("%Y%m%dT%H%M%SZ")


def plain(text: str) -> str:
    """ASCII letters, digits, dots and dashes only: "İMİD-7" becomes "IMID-7"."""
    letters = (
        unicodedata.normalize("NFKD", text.replace("ı", "i")).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^A-Za-z0-9.-]+", "-", letters).strip("-")[:LONGEST_NAME] or "x"

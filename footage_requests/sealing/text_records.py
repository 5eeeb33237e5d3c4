"""The plain records of a package: gaps.csv and acquisition_log.txt. UTF-8 without BOM, lines end with LF."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from core import tsi
from core.tsi import from_ms

from ..models import ExportSlice, Package
from .leaving import Leaving

# What may carry a login is taken out whatever wrote it: a URL's user part, and words that name a secret.
_USER_PART = re.compile(r"(?<=://)[^/@\s\"]+@")
_SECRET = re.compile(
    r"(?i)\b(password|passwd|pwd|sifre|şifre|parola|token|secret|authorization)\b\s*[=:]\s*\S+"
)


def gaps_csv(items: Sequence[Leaving], sound: Iterable[tuple[str, str, int, int]] = ()) -> str:
    """One line per span without a picture, then those without released sound: name, camera, milliseconds.

    Only the heading where there is none.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["exhibit", "camera", "from_utc", "until_utc", "from_tsi", "until_tsi", "milliseconds"]
    )
    for item in items:
        for start, end in item.gaps_ms:
            writer.writerow(_gap(item.exhibit.ident, item.position.code, start, end))
    writer.writerows(_gap(*one) for one in sound)
    return out.getvalue()


def _gap(name: str, camera: str, start: int, end: int) -> list[str | int]:
    local = [tsi.stamp(from_ms(moment)) for moment in (start, end)]
    return [name, camera, utc_text(start), utc_text(end), *local, end - start]


def utc_text(ms: int) -> str:
    """2026-01-31T11:05:09.250Z"""
    return from_ms(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def without_secrets(text: str) -> str:
    """The text without logins in addresses and without what stands behind a word for a secret."""
    return _SECRET.sub(r"\1=***", _USER_PART.sub("", text))


def acquisition_log(package: Package, items: Sequence[Leaving], software: str) -> str:
    """How each exhibit was fetched: when, from what, by which parts of the software, with which results."""
    lines = [f"Release {package.number}", f"Software: {software}", "Times are UTC.", ""]
    for item in items:
        lines += _exhibit_lines(item)
    lines.append("Slices, as they were fetched")
    lines += _slice_lines(ExportSlice.objects.filter(package=package))
    if package.decision.includes_audio:
        lines += ["", "Slices of the released sound, as they were fetched"]
        lines += _slice_lines(package.sound_slices.all())
    return without_secrets("\n".join(lines) + "\n")


def _exhibit_lines(item: Leaving) -> list[str]:
    exhibit = item.exhibit
    told = [
        f"Exhibit {exhibit.ident} ({item.role.value})",
        f"  file as exported: {exhibit.file.bytes} bytes, SHA-256 {exhibit.file.sha256}",
        f"  asked {_span(item.asked_ms)}, obtained {_span(item.delivered_ms)}, {item.gap_count} gaps",
    ]
    if exhibit.parent is not None:
        told.append(
            f"  derived from exhibit {exhibit.parent.ident}, SHA-256 {exhibit.parent_sha256}"
        )
    for name in ("tools", "sources", "processed", "slices"):
        if exhibit.facts.get(name):
            told.append(f"  {name}: {_json(exhibit.facts[name])}")
    return [*told, ""]


def _slice_lines(slices: QuerySet[Any]) -> Iterator[str]:
    rows = slices.select_related("file", "channel__recorder")
    for row in rows.order_by("channel_id", "starts_at"):
        told = f"{row.starts_at:%Y-%m-%dT%H:%M:%SZ} {row.ends_at:%Y-%m-%dT%H:%M:%SZ}"
        told += (
            f" channel {row.channel.number} {getattr(row, 'source', '') or '-'} {row.state}"
            f" attempt {row.attempt}"
        )
        if row.file is not None:
            told += f" {row.file.bytes} bytes SHA-256 {row.file.sha256}"
        if row.failure:
            told += f" failure: {row.failure}"
        yield told


def _span(span: tuple[int, int]) -> str:
    return f"{utc_text(span[0])} to {utc_text(span[1])}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

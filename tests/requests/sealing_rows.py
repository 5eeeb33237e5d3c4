"""A package that was verified, by rows, with small real films; and its folder as a receiver unpacks it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from audit.sealing import seal_pending
from cameras.models import ClockMeasurement
from core.tsi import to_ms
from footage_requests import sealing
from footage_requests.footage import store
from footage_requests.models import Decision, DecisionLine, EvidenceFile, Exhibit, Package
from inventory.models import ChannelAssignment, Device
from tests.requests.case import EVENT, NUMBER, Campus
from tests.requests.films import film

FILM_S = 2


def stored(data: bytes, content_type: str = "video/mp4") -> EvidenceFile:
    with store.StoreWriter(content_type) as writer:
        writer.write(data)
        return writer.save()


def measured(device: Device, at: dt.datetime, offset_ms: int) -> ClockMeasurement:
    return ClockMeasurement.objects.create(
        device=device,
        measured_at=at,
        offset_ms=offset_ms,
        utc_offset_ms=offset_ms,
        uncertainty_ms=600,
        method="EDGE",
        verdict="OFF",
        reference="ntp.example",
        is_reference_proven=True,
        reference_uncertainty_ms=5,
    )


def exhibit(
    package: Package, line: DecisionLine, data: bytes, kind: str = "ORIGINAL", **fields: Any
) -> Exhibit:
    position = line.item.position
    channel = ChannelAssignment.objects.get(position=position).channel
    start = to_ms(line.starts_at)
    facts = {
        "asked": [start, start + FILM_S * 1000],
        "delivered": [start, start + FILM_S * 1000],
        "gaps": [],
        "codec": "h264",
        "width": 320,
        "height": 240,
        "tools": {"cctv-ops": "rtsp://admin:geheim@10.0.0.7/ch1"},
        **fields.pop("facts", {}),
    }
    number = package.exhibits.count() + 1
    return Exhibit.objects.create(
        package=package,
        line=line,
        channel=channel,
        ident=f"{package.number}/{number}"[-20:],
        kind=kind,
        file_name=fields.pop("file_name", "clip.mp4"),
        file=stored(data),
        facts=facts,
        **fields,
    )


def decided(campus: Campus, *, must_be_masked: bool = False, lines: int = 1) -> Decision:
    """An approved request by rows, with one line for each camera."""
    request = campus.submitted(*(campus.camera() for _line in range(lines)))
    request.take("approve", by=campus.superior)
    decision = Decision.objects.create(
        request=request,
        kind="COPY",
        filer=request.filer,
        decided_by=campus.superior,
        content_version=1,
        content_sha256="0" * 64,
        confirmed_how="password",
        authority="Olur 2026/5",
        expires_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
    )
    for item in request.items.all():
        DecisionLine.objects.create(
            decision=decision,
            item=item,
            starts_at=item.starts_at,
            ends_at=item.ends_at,
            must_be_masked=must_be_masked,
        )
    return decision


def started(campus: Campus, decision: Decision) -> Package:
    return Package.objects.create(
        number=f"REL-2026-{next(NUMBER):05}",
        request=decision.request,
        decision=decision,
        filer=decision.request.filer,
        approver=campus.superior,
        exporter=campus.operator,
    )


def verify(campus: Campus, package: Package, *, log_is_sealed: bool = True) -> Package:
    """Offers and verifies a package; usually the audit log is sealed up to there."""
    package.take("offer", by=campus.operator)
    package.take("verify", by=campus.head, verifier=campus.head, verified_at=EVENT, is_watched=True)
    if log_is_sealed:
        seal_log()
    return package


def verified(
    campus: Campus, data: bytes | None = None, *, log_is_sealed: bool = True, **facts: Any
) -> Package:
    """A verified package with one original."""
    decision = decided(campus)
    package = started(campus, decision)
    line = decision.lines.get()
    measured(campus.recorder, EVENT - dt.timedelta(days=2), 433_000)
    measured(campus.recorder, EVENT + dt.timedelta(days=1), 433_000)
    exhibit(package, line, film(FILM_S) if data is None else data, facts=facts)
    return verify(campus, package, log_is_sealed=log_is_sealed)


def seal_log() -> None:
    with transaction.atomic():
        while seal_pending():
            pass


def unpacked(package: Package, place: Path) -> Path:
    """The sealed folder as a receiver has it."""
    place.mkdir(parents=True, exist_ok=True)
    inner = place / "package.zip"
    assert package.inner_file is not None
    store.copy_out(package.inner_file, inner)
    with zipfile.ZipFile(inner) as archive:
        assert archive.testzip() is None
        archive.extractall(place)
    inner.unlink()
    (folder,) = place.iterdir()
    return folder


@dataclass(frozen=True)
class SealedOnce:
    """A sealed package whose rows are gone: its folder, its ZIP file, and what the rows said."""

    folder: Path
    inner: bytes
    manifest_sha256: str
    people: dict[str, str]


def sealed_once(campus: Campus, place: Path) -> SealedOnce:
    answered = {"checks": ["despite_other_scene"], "by": "Deniz Kaya", "staff_number": "4711"}
    facts: dict[str, Any] = {
        "doubts": [{"code": "OTHER_SCENE", "agreement": 0.12}],
        "answered": {**answered, "at": "2026-03-11T08:30:00.000000Z"},
    }
    package = sealing.seal_package(verified(campus, **facts), campus.operator)
    assert package.inner_file is not None
    with store.open_file(package.inner_file) as reader:
        inner = b"".join(reader)
    people = {"exporter": campus.operator.full_name, "verifier": campus.head.full_name}
    return SealedOnce(unpacked(package, place), inner, package.manifest_sha256, people)


def tool(command: list[str] | str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A command as on a machine that never saw this system: nothing of our environment."""
    words = command.split() if isinstance(command, str) else command
    return subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        timeout=300,
        check=False,
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

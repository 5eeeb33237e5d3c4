"""From a recorder that really plays to a folder that a receiver checks: a gap stays a gap all the way."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from core.tsi import to_ms
from footage_requests import sealing
from footage_requests.footage import exporting, store
from footage_requests.sealing import Verdict, eff, keys, verify_folder
from footage_requests.sealing.film import bitstream_sha256, read_film
from footage_requests.sealing.sources import PlainFile, StoredFile
from tests.requests import sealing_rows as rows
from tests.requests.recorded import doubt_ms, export_all, recorded

pytestmark = pytest.mark.django_db


def test_an_exported_recording_with_a_gap_is_sealed_as_it_is(settings, sealing_key, tmp_path):
    """REL-6, REL-12, REL-20, B10."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.NTP_SERVERS = []
    with recorded() as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 5_000, begins + 11_000)
        package = exporting.start_export(campus.approved(), campus.operator)
        assert export_all() == 1
    package.refresh_from_db()
    package.take(
        "verify", by=campus.head, verifier=campus.head, verified_at=timezone.now(), is_watched=True
    )
    rows.seal_log()
    sealed = sealing.seal_package(package, campus.operator)
    folder = rows.unpacked(sealed, tmp_path / "out")

    checked = verify_folder(folder, keys.fingerprint(sealing_key.authority))
    assert checked.verdict == Verdict.VERIFIED, checked.lines
    (gap,) = (folder / "3_RECORDS" / "gaps.csv").read_text().splitlines()[1:]
    assert abs(int(gap.rsplit(",", 1)[1]) - 6_000) <= 1_000 + doubt_ms(sealed.exhibits.get())
    (original,) = (folder / "1_ORIGINAL_native").iterdir()
    with PlainFile(original) as source:
        report = eff.verify(source, [sealing_key.authority])
    exhibit = sealed.exhibits.get()
    assert report.answer == eff.Answer.INTACT
    assert to_ms(report.starts_at[1]) == exhibit.facts["delivered"][0]
    manifest = json.loads((folder / "4_VERIFY" / "manifest.json").read_text())
    (told,) = [file for file in manifest["files"] if file["role"] == "original"]
    assert told["exported_sha256"] == exhibit.file.sha256
    with StoredFile(store.open_file(exhibit.file)) as stored:
        assert told["bitstream_sha256"] == bitstream_sha256(stored, read_film(stored))
    assert told["camera_signature"]["verdict"] == "NOT_SIGNED"

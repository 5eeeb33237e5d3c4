"""Released sound on its way out: listened to, sealed, named in every paper, and nothing of it where it was not released."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import av
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from cameras.protocols.sound_format import SoundFormat, wav_head
from cameras.protocols.sound_reading import read_sound
from core.tsi import to_ms
from footage_requests import sealing
from footage_requests.errors import Refused
from footage_requests.exhibits import verifying
from footage_requests.exhibits.watching import plausible
from footage_requests.footage import exporting, sound_told
from footage_requests.models import Decision, Exhibit, Package, Viewing
from footage_requests.release import answer_letters, record_papers
from footage_requests.sealing import Verdict, keys, printed, verify_folder
from footage_requests.sealing.leaving import leaving
from footage_requests.views.exhibits import SOUND_TEXTS
from simulator.sound import mu_law, tones
from tests.requests import sealing_rows as rows
from tests.requests.case import Campus
from tests.requests.films import film
from tests.requests.recorded import export_all, recorded, recorder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
RATE = 8_000


def released(decision: Decision) -> Decision:
    decision.includes_audio, decision.audio_reason = True, "The threat was spoken."
    decision.save()
    decision.lines.update(includes_audio=True)
    return decision


def sound_file(seconds: int = 2) -> bytes:
    sound = SoundFormat("pcmu", RATE, 1)
    return wav_head(sound, seconds * RATE) + mu_law(tones(0, seconds * RATE, RATE))


def sound_exhibit(package: Package, data: bytes | None = None, **facts: Any) -> Exhibit:
    data = sound_file() if data is None else data
    payload = read_sound([sound_file()], len(sound_file())).payload_sha256
    known = {"codec": "pcmu", "rate": RATE, "channels": 1, "samples": 2 * RATE, "drift_ms": 0}
    return rows.exhibit(
        package,
        package.decision.lines.get(),
        data,
        "SOUND",
        file_name="E01-S1_sound.wav",
        facts={**known, "bitstream_sha256": payload, **facts},
    )


def with_sound(campus: Campus, data: bytes | None = None, **facts: Any) -> Package:
    """A verified package of a film and its sound, by rows."""
    package = rows.started(campus, released(rows.decided(campus)))
    rows.exhibit(package, package.decision.lines.get(), film())
    sound_exhibit(package, data, **facts)
    return rows.verify(campus, package)


def test_a_package_with_sound_is_whole_and_says_so_everywhere(settings, sealing_key, tmp_path):
    """REL-7, REL-12: from the recorder to the receiver's folder, with a gap in the sound."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.NTP_SERVERS = []
    with recorded(recorder(faults={"rtsp_audio": {"codec": "aac"}})) as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 2_000, begins + 4_000)
        decision = released(campus.approved(seconds=6, wants_audio=True))
        package = exporting.start_export(decision, campus.operator)
        assert export_all() == 1
    package.refresh_from_db()
    package.take(
        "verify", by=campus.head, verifier=campus.head, verified_at=timezone.now(), is_watched=True
    )
    rows.seal_log()
    folder = rows.unpacked(sealing.seal_package(package, campus.operator), tmp_path / "out")

    checked = verify_folder(folder, keys.fingerprint(sealing_key.authority))
    assert checked.verdict == Verdict.VERIFIED, checked.lines
    sums = rows.tool("sha256sum --quiet -c 4_VERIFY/SHA256SUMS.txt", folder)
    assert sums.returncode == 0, sums.stdout
    names = sorted(path.name for path in (folder / "1_ORIGINAL_native").iterdir())
    heard = [name for name in names if name.endswith("_sound.aac")]
    assert (len(names), len(heard)) == (3, 2)
    played: Any
    for name in heard:
        with av.open(str(folder / "1_ORIGINAL_native" / name)) as played:
            assert [stream.type for stream in played.streams] == ["audio"]
            assert played.streams.audio[0].rate == 16_000
    manifest = json.loads((folder / "4_VERIFY" / "manifest.json").read_text())
    assert manifest["decision"]["sound_released"] is True
    assert manifest["decision"]["sound_reason"] == "The threat was spoken."
    (told,) = manifest["sound"]
    assert told["exhibits"] == ["E01-S1", "E01-S2"]
    assert [one["codec"] for one in manifest["files"] if one["role"] == "sound"] == ["aac", "aac"]
    gaps = (folder / "3_RECORDS" / "gaps.csv").read_text()
    assert gaps.count("\nsound,") == len(told["without"])
    log = (folder / "3_RECORDS" / "acquisition_log.txt").read_text()
    assert "Slices of the released sound" in log
    assert "(.aac, .wav)" in (folder / "00_READ_ME_FIRST.txt").read_text()
    sealed = package.exhibits.get(ident="E01-S1").facts["sealed"]
    assert sealed["sha256"] == rows.sha256(folder / sealed["path"])
    content = {"sound": sound_told.as_facts(package)}
    ((label, words),) = record_papers._sound(content)
    assert (label, "sound (E01-S1, E01-S2), but none of" in words) == ("Audio", True)


def test_the_release_statement_tells_what_was_decided_and_what_came(campus, sealing_key):
    package = with_sound(campus)
    key = keys.load()
    told = printed._statement(package, leaving(package), sealing.recipient_of(package), key)
    assert ("Audio", "released expressly: The threat was spoken.") in told["facts"]
    assert len(told["sounds"]) == 1
    assert told["exhibits"][1]["role"] == "sound as recorded, one unbroken stretch"


@pytest.mark.parametrize(
    ("data", "facts", "sentence"),
    [
        (b"", {}, "cannot be played"),
        (b"<html><title>Login</title></html>", {}, "cannot be played"),
        (sound_file()[:-100], {}, "cannot be played"),
        (sound_file(3), {}, "differs from its record"),
        (None, {"bitstream_sha256": "0" * 64}, "differs from its record: bitstream_sha256"),
        (None, {"delivered": [1773133200000, 1773133260000]}, "another length"),
    ],
)
def test_sound_that_is_not_what_was_fetched_is_not_sealed(
    campus, sealing_key, data, facts, sentence
):
    package = with_sound(campus, data, **facts)
    with pytest.raises(Refused, match=sentence):
        sealing.seal_package(package, campus.operator, wait_s=0)


def test_sound_that_was_not_released_is_not_sealed(campus, sealing_key):
    package = with_sound(campus)
    Decision.objects.filter(pk=package.decision_id).update(includes_audio=False)
    with pytest.raises(Refused, match="sound, which was not released"):
        sealing.seal_package(package, campus.operator, wait_s=0)


def test_the_sound_of_a_masked_line_leaves_beside_the_masked_copy(campus, sealing_key):
    package = rows.started(campus, released(rows.decided(campus, must_be_masked=True)))
    original = rows.exhibit(package, package.decision.lines.get(), film())
    sound = sound_exhibit(package)
    masked = rows.exhibit(
        package,
        original.line,
        film(shade=60),
        "MASKED",
        parent=original,
        parent_sha256=original.file.sha256,
    )
    assert {item.exhibit for item in leaving(package)} == {masked, sound}


def test_who_verifies_must_listen(campus, client):
    package = rows.started(campus, released(rows.decided(campus)))
    picture = rows.exhibit(package, package.decision.lines.get(), film())
    sound = sound_exhibit(package)
    package.take("offer", by=campus.operator)
    client.force_login(campus.head)
    page = client.get(reverse("footage_requests:package_verify", args=[package.pk]))
    with translation.override("tr"):
        assert all(str(text) in page.content.decode() for text in SOUND_TEXTS.values())
    for one in (picture, sound):
        viewing = verifying.open_for_viewing(one, Viewing.Purpose.VERIFY, by=campus.head)
        if one is picture:
            verifying.note_watched(viewing, [(0, 2_000)])
    checks = {picture.ident: verifying.CHECKS, sound.ident: verifying.SOUND_CHECKS}
    with pytest.raises(Refused, match=f"play {sound.ident}"):
        verifying.verify(package, checks, by=campus.head)
    verifying.note_watched(viewing, [(0, 2_000)])
    with pytest.raises(Refused, match=f"every check of {sound.ident}"):
        verifying.verify(package, {**checks, sound.ident: verifying.CHECKS}, by=campus.head)
    verifying.verify(package, checks, by=campus.head)
    player = client.get(reverse("footage_requests:viewing_video", args=[viewing.uuid]))
    assert player["Content-Type"] == "video/mp4" or player.status_code in {200, 206}


def test_letter_and_case_say_whether_sound_goes_with_it(campus):
    package = with_sound(campus)
    decision = package.decision
    with translation.override("tr"):
        assert "ses kayıtları, görüntülerden ayrı dosyalar" in answer_letters._sound(
            package.request, decision
        )
        package.exhibits.filter(kind="SOUND").update(replaced_at=timezone.now())
        assert "Ses kaydı bulunmamaktadır" in answer_letters._sound(package.request, decision)
        decision.includes_audio = False
        package.request.wants_audio = True
        assert "uygun görülmemiştir" in answer_letters._sound(package.request, decision)
    assert sound_told.sound_of(Package.objects.get(pk=package.pk))[0].files == ()


def test_sound_that_is_played_too_fast_to_be_understood_does_not_count(settings):
    settings.VERIFY_FASTEST = 16
    opened = timezone.now()
    viewing = Viewing(opened_at=opened, watched=[])
    now = opened + dt.timedelta(seconds=10)
    spans = [(0, 20_000), (20_000, 60_000)]
    assert plausible(viewing, spans, 90_000, now) == spans
    assert plausible(viewing, spans, 90_000, now, is_sound=True) == [(0, 20_000)]


def test_the_unit_reads_that_a_camera_recorded_sound_which_should_be_off(campus):
    package = with_sound(campus)
    line = package.decision.lines.get()
    for told, count in (("ON", 0), ("OFF", 1)):
        package.decision.shown = {"lines": [{"item_id": line.item_id, "sound": told}]}
        assert len(sound_told.notes_of(package)) == count


def test_sound_that_was_left_out_for_its_many_pieces_is_told_so(campus, monkeypatch):
    monkeypatch.setattr(sound_told, "MOST_FILES", 1)
    package = with_sound(campus)
    Exhibit.objects.filter(kind="SOUND").update(ident="E01-S1")
    (told,) = sound_told.words_of(package)
    assert "broken into too many pieces" in told

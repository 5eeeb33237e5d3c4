"""What must not be sealed is refused with a sentence, and nothing is left behind."""

from __future__ import annotations

import datetime as dt
import io

import av
import numpy as np
import pytest
from django.utils import timezone

from accounts.models import Person
from audit.models import Seal
from core.steps import InvalidTransition
from footage_requests import sealing
from footage_requests.errors import Refused
from footage_requests.footage import store
from footage_requests.models import EvidenceFile, Exhibit, Package
from footage_requests.sealing import audit_extract, keys, packing
from footage_requests.sealing.leaving import leaving
from tests.requests import sealing_rows as rows
from tests.requests.films import film

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def refused(package: Package, by: Person, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        sealing.seal_package(package, by, wait_s=0)
    package.refresh_from_db()
    assert package.status == Package.Status.VERIFIED
    assert not EvidenceFile.objects.filter(content_type="application/zip").exists()
    known = {store.path_of(file.uuid) for file in EvidenceFile.objects.all()}
    found = store.path_of(EvidenceFile.objects.all()[0].uuid).parent.parent.glob("??/*")
    assert set(found) == known


def test_nothing_is_released_while_the_audit_log_is_not_sealed(campus, sealing_key):
    """A20."""
    package = rows.verified(campus, log_is_sealed=False)

    assert not Seal.objects.exists()
    refused(package, campus.operator, "sealer")


def test_a_package_that_was_not_verified_is_not_sealed(campus, sealing_key):
    package = rows.started(campus, rows.decided(campus))
    with pytest.raises(InvalidTransition):
        sealing.seal_package(package, campus.operator)


def test_without_an_evidence_key_nothing_is_sealed(campus, settings, tmp_path):
    settings.EVIDENCE_KEY_DIR = tmp_path / "no key"
    settings.DEMO = False
    refused(rows.verified(campus), campus.operator, "evidence_key make")


def test_an_approval_that_ended_before_sealing_needs_a_new_one(campus, sealing_key):
    """B5."""
    package = rows.verified(campus)
    package.decision.expires_at = timezone.now() - dt.timedelta(minutes=1)
    package.decision.save()
    refused(package, campus.operator, "no longer valid")


def test_pictures_that_must_be_masked_do_not_leave_without_masks(campus, sealing_key):
    """REL-11."""
    decision = rows.decided(campus, must_be_masked=True)
    package = rows.started(campus, decision)
    rows.exhibit(package, decision.lines.get(), film())
    refused(rows.verify(campus, package), campus.operator, "masked copy is missing")


def test_only_the_masked_copy_leaves_and_names_its_parent(campus, sealing_key, tmp_path):
    """REL-7, REL-11."""
    decision = rows.decided(campus, must_be_masked=True)
    package = rows.started(campus, decision)
    line = decision.lines.get()
    original = rows.exhibit(package, line, film())
    rows.exhibit(
        package,
        line,
        film(shade=60),
        Exhibit.Kind.MASKED,
        parent=original,
        parent_sha256=original.file.sha256,
    )
    rows.verify(campus, package)
    folder = rows.unpacked(sealing.seal_package(package, campus.operator), tmp_path / "out")

    assert not (folder / "1_ORIGINAL_native").exists()
    (masked,) = (folder / "2_VIEWING_mp4").iterdir()
    assert masked.name.endswith("_masked.mp4")
    manifest = (folder / "4_VERIFY" / "manifest.json").read_text()
    assert f'"sha256":"{original.file.sha256}"' in manifest


def test_a_replaced_exhibit_does_not_leave(campus, sealing_key):
    package = rows.verified(campus)
    line = package.decision.lines.get()
    rows.exhibit(package, line, film(shade=60), replaced_at=timezone.now())

    assert [item.exhibit.replaced_at for item in leaving(package)] == [None]


def test_an_exhibit_that_was_changed_in_the_store_is_not_sealed(campus, sealing_key):
    """B13."""
    package = rows.verified(campus)
    path = store.path_of(package.exhibits.get().file.uuid)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    refused(package, campus.operator, "damaged in the store")


def test_pictures_other_than_the_recorded_ones_are_not_sealed(campus, sealing_key):
    """B18."""
    refused(
        rows.verified(campus, bitstream_sha256="0" * 64),
        campus.operator,
        "differs from its record: bitstream_sha256",
    )


@pytest.mark.parametrize(
    ("data", "facts", "sentence"),
    [
        (b"", {}, "cannot be played"),
        (b"<html><title>Login</title></html>", {}, "cannot be played"),
        (film()[:-100], {}, "cannot be played"),
        (film(), {"width": 1920}, "differs from its record: width"),
        (film(), {"codec": "hevc"}, "differs from its record: codec"),
        (film(8), {}, "longer"),
        (film(), {"delivered": [1773133200000, 1773133260000]}, "shorter"),
    ],
)
def test_what_is_not_the_recording_that_was_asked_is_not_sealed(
    campus, sealing_key, data, facts, sentence
):
    """B19: an empty file, an error page, a cut film, another camera's size, another length."""
    refused(rows.verified(campus, data, **facts), campus.operator, sentence)


def test_sound_leaves_only_where_it_was_released(campus, sealing_key):
    refused(rows.verified(campus, film_with_sound()), campus.operator, "sound")


def test_an_empty_file_of_a_makers_own_format_is_not_sealed(campus, sealing_key):
    """B19."""
    decision = rows.decided(campus)
    package = rows.started(campus, decision)
    rows.exhibit(package, decision.lines.get(), b"<html>no", file_name="clip.dav")
    refused(rows.verify(campus, package), campus.operator, "is not a recording")


def test_of_two_who_seal_at_once_one_wins_and_leaves_one_file(campus, sealing_key):
    package = rows.verified(campus)
    late = Package.objects.get(pk=package.pk)
    files, signed = packing._contents(
        late, sealing.recipient_of(late), keys.load(), audit_extract.WAIT_S
    )
    sealing.seal_package(package, campus.operator)
    before = set(store.path_of(package.exhibits.get().file.uuid).parent.parent.glob("??/*"))
    with pytest.raises(InvalidTransition):
        packing._write(late, campus.operator, files, "0" * 64, keys.load())

    after = set(store.path_of(package.exhibits.get().file.uuid).parent.parent.glob("??/*"))
    assert after == before
    assert EvidenceFile.objects.filter(content_type="application/zip").count() == 1
    assert signed


def test_a_full_disk_is_told_before_anything_is_written(campus, sealing_key, settings):
    """B9."""
    package = rows.verified(campus)
    settings.EVIDENCE_RESERVE_GB = 10**9
    with pytest.raises(store.NoSpace):
        sealing.seal_package(package, campus.operator)

    package.refresh_from_db()
    assert package.status == Package.Status.VERIFIED


def film_with_sound() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        video = target.add_stream("libx264", rate=5)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        sound = target.add_stream("aac", rate=8000)
        for _number in range(10):
            picture = np.full((240, 320, 3), 90, np.uint8)
            target.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(video.encode())
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        target.mux(sound.encode(silence))
        target.mux(sound.encode())
    return out.getvalue()

"""What somebody brought back is checked: a package, a copy, a manifest, one film; and nothing of it is kept."""

from __future__ import annotations

import uuid
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Entry
from footage_requests import sealing
from footage_requests.footage import store
from footage_requests.models import Package, PackageCheck, RecipientCopy
from footage_requests.release import brought_back, check_work
from footage_requests.release.check_words import sentence
from footage_requests.views.checks import plain_name
from tests.requests import sealing_rows
from tests.requests.films import film
from tests.requests.test_release_pages import url
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def released(campus, sealing_key, sealed_once, english):
    """A release whose rows stand around a package that was really sealed."""
    package = sealing_rows.started(campus, sealing_rows.decided(campus))
    Package.objects.filter(pk=package.pk).update(
        status="SEALED",
        verifier=campus.head,
        is_watched=True,
        manifest_sha256=sealed_once.manifest_sha256,
        inner_file=sealing_rows.stored(sealed_once.inner, "application/zip"),
    )
    return Package.objects.get(pk=package.pk)


def judged(*paths: Path, folder: Path, passphrase: str = "") -> brought_back.Answer:
    files = [brought_back.measured(path, lambda _bytes: None) for path in paths]
    return brought_back.judge(files, folder, passphrase)


def said(answer: brought_back.Answer) -> str:
    return " ".join(sentence(code, words) for _state, code, words in answer.lines)


def zipped(folder: Path, target: Path) -> Path:
    """The folder packed again with another tool, as a receiver brings it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


def test_the_sealed_package_is_known_and_its_verifier_accepts_it_packed_again(
    released, sealed_once, folder, tmp_path
):
    same = tmp_path / "package.zip"
    same.write_bytes(sealed_once.inner)
    again = zipped(folder, tmp_path / "again.zip")

    for path in (same, again):
        answer = judged(path, folder=tmp_path)
        assert answer.package == released
        assert answer.verdict in {"WHOLE", "PARTLY"}
    assert judged(same, folder=tmp_path).verdict == "WHOLE"
    assert "authority is ours" in said(judged(again, folder=tmp_path))


def test_what_differs_is_named(released, folder, tmp_path):
    (path,) = folder.glob("1_*/*.mp4")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    answer = judged(zipped(folder, tmp_path / "again.zip"), folder=tmp_path)

    assert (answer.verdict, answer.package) == ("CHANGED", released)
    assert f"{path.name} was changed" in said(answer)


def test_a_foreign_package_is_not_ours(released, folder, tmp_path, foreign_key, settings):
    from footage_requests.sealing import keys

    settings.EVIDENCE_KEY_DIR = tmp_path / "another"
    keys.keep(foreign_key, settings.EVIDENCE_KEY_DIR)
    Package.objects.update(manifest_sha256="0" * 64)

    answer = judged(zipped(folder, tmp_path / "again.zip"), folder=tmp_path)

    assert (answer.verdict, answer.package) == ("NOT_OURS", None)
    assert "NOT ours" in said(answer)


def test_a_manifest_with_its_signature_and_one_file_of_it(released, folder, tmp_path):
    signed = [folder / "4_VERIFY" / name for name in ("manifest.json", "manifest.json.p7s")]
    gaps = folder / "3_RECORDS" / "gaps.csv"

    answer = judged(*signed, gaps, folder=tmp_path)
    assert (answer.verdict, answer.package) == ("PARTLY", released)
    assert "3_RECORDS/gaps.csv, unchanged" in said(answer)

    gaps.write_text("changed")
    assert judged(*signed, gaps, folder=tmp_path).verdict == "CHANGED"
    signed[0].write_bytes(signed[0].read_bytes().replace(b"REL-", b"REX-"))
    assert judged(*signed, folder=tmp_path).verdict == "NOT_OURS"


def test_one_film_is_exhibit_so_and_so_of_a_request(campus, released, folder, tmp_path):
    (path,) = folder.glob("1_*/*.mp4")
    made = sealing_rows.exhibit(released, released.decision.lines.get(), film(2))
    made.facts["sealed"] = {"sha256": sealing_rows.sha256(path)}
    made.save()

    answer = judged(path, folder=tmp_path)

    assert (answer.verdict, answer.exhibit, answer.package) == ("WHOLE", made.ident, released)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    changed = judged(path, folder=tmp_path)
    assert (changed.verdict, changed.told) == ("CHANGED", "film")
    stranger = tmp_path / "film.mp4"
    stranger.write_bytes(film(3))
    assert judged(stranger, folder=tmp_path).verdict == "NOT_OURS"


def test_an_encrypted_copy_is_known_by_its_bytes_or_by_its_passphrase(campus, released, tmp_path):
    made = sealing.build_for_recipient(released, tmp_path / "copy.zip")
    unknown = judged(made.path, folder=tmp_path)
    assert (unknown.verdict, unknown.lines[0][1]) == ("UNREADABLE", "needs_passphrase")
    assert judged(made.path, folder=tmp_path, passphrase="no").lines[0][1] == "wrong_passphrase"
    opened = judged(made.path, folder=tmp_path, passphrase=made.passphrase)
    assert (opened.verdict, opened.package) == ("WHOLE", released)

    row = RecipientCopy.objects.create(
        package=released, recipient_name="Av. Ayşe Işık", made_by=campus.deliverer
    )
    row.file = sealing_rows.stored(made.path.read_bytes(), "application/zip")
    row.save()
    known = judged(made.path, folder=tmp_path)
    assert (known.verdict, known.told) == ("WHOLE", "copy")
    assert "Av. Ayşe Işık" in said(known)


def test_what_cannot_be_a_package_is_answered_and_never_a_crash(released, tmp_path):
    for name, data in (("a.zip", b"PK\x03\x04" + b"x" * 50), ("b.mp4", b""), ("c", b"\0" * 99)):
        path = tmp_path / name
        path.write_bytes(data)
        assert judged(path, folder=tmp_path).verdict in {"NOT_OURS", "UNREADABLE"}


def brought(client: Client, data: bytes, name: str = "package.zip") -> PackageCheck:
    answer = client.post(url("checks"), {"files": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return PackageCheck.objects.get()


def test_a_file_is_brought_on_the_page_answered_printed_and_forgotten(
    campus, released, sealed_once, settings
):
    client = client_of(campus.deliverer)
    check = brought(client, sealed_once.inner)
    waiting = check_work.folder_of(str(check.uuid))
    assert [path.name for path in waiting.iterdir()] == ["package.zip"]

    check_work.work(check)
    check_work.work(check)

    check.refresh_from_db()
    assert (check.verdict, check.package) == ("WHOLE", released)
    assert not waiting.exists()
    assert store.sweep_store() == 0
    page = client.get(url("check", check.uuid)).content.decode()
    assert released.number in page
    assert released.request.number in page
    assert client.post(url("check_print", check.uuid)).content.startswith(b"%PDF")
    actions = Entry.objects.filter(action__startswith="packagecheck").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "packagecheck.ask",
        "packagecheck.answer",
    ]


def test_our_own_copy_is_checked_where_it_stands(campus, released):
    client = client_of(campus.head)
    assert client.post(url("checks"), {"release": str(released.pk)}).status_code == 302
    check_work.work(PackageCheck.objects.get())
    assert PackageCheck.objects.get().verdict in {"WHOLE", "PARTLY"}


def test_too_large_and_nothing_at_all_are_refused_and_leave_nothing(campus, settings):
    settings.CHECK_MAX_GB = 0
    client = client_of(campus.deliverer)

    large = client.post(url("checks"), {"files": SimpleUploadedFile("a.zip", b"x" * 10)})
    nothing = client.post(url("checks"), {"files": ""})

    assert (large.status_code, nothing.status_code) == (422, 422)
    assert PackageCheck.objects.count() == 0
    left = [path for path in (Path(settings.EVIDENCE_DIR) / "scratch").rglob("*") if path.is_file()]
    assert left == []


def test_the_page_asks_for_its_token_and_for_a_role(campus, released):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(campus.deliverer, backend="django.contrib.auth.backends.ModelBackend")
    data = {"files": SimpleUploadedFile("a.zip", b"x" * 10)}
    assert strict.post(url("checks"), data).status_code == 403
    assert client_of(campus.clerk).post(url("checks"), {"release": "1"}).status_code == 403
    other = client_of(campus.operator)
    check = check_work.ask_about_release(released, by=campus.head)
    assert other.get(url("check", check.uuid)).status_code == 200
    assert other.get(url("check", uuid.uuid4())).status_code == 404


def test_a_name_leads_out_of_no_folder():
    taken: set[str] = set()
    for name in ("../../etc/passwd", "C:\\x\\passwd", ".passphrase", "", "..", "a" * 500):
        plain = plain_name(name, taken)
        taken.add(plain)
        assert plain
        assert "/" not in plain
        assert not plain.startswith(".")
        assert len(plain) < 130
    assert len(taken) == 6

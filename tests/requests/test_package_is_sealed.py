"""A verified package becomes one sealed folder that a receiver checks with the tools on the desk."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from audit.models import Entry
from footage_requests import sealing
from footage_requests.footage import store
from footage_requests.models import EvidenceFile, HandOverRecord, Package
from footage_requests.release.record_content import content_of
from footage_requests.sealing import keys
from footage_requests.sealing.film import read_film
from footage_requests.sealing.media_signing import Verdict, examine
from footage_requests.sealing.sources import PlainFile
from tests.requests import sealing_rows as rows
from tests.requests.films import film
from tests.requests.sealing_rows import tool
from tests.requests.signing_camera import Signer, factory, signed_film

pytestmark = pytest.mark.django_db


def test_sealing_takes_the_step_keeps_one_file_and_is_audited(campus, sealing_key):
    package = rows.verified(campus)
    sealed = sealing.seal_package(package, campus.operator)

    assert sealed.status == Package.Status.SEALED
    assert sealed.inner_file is not None
    assert sealed.sealed_at
    assert store.measure_again(sealed.inner_file)
    entry = Entry.objects.about(sealed).get(action="package.seal")
    assert sealed.manifest_sha256 in entry.canon
    # In the same transaction: a worker that dies afterwards leaves no gap in the chain of custody.
    assert sealed.custody.get().act == "SEALED"


def test_the_hand_over_record_names_the_files_on_the_medium_and_whose_seal_it_is(
    campus, sealing_key, tmp_path
):
    """REL-22: the seal makes another file of an exhibit, and the paper names that one."""
    sealed = sealing.seal_package(rows.verified(campus), campus.operator)
    folder = rows.unpacked(sealed, tmp_path / "out")
    record = HandOverRecord(
        number="TT-1",
        kind="COPY",
        request=sealed.request,
        package=sealed,
        happened_at=timezone.now(),
        deliverer=campus.deliverer,
    )
    (told,) = content_of(record)["exhibits"]

    assert told["sha256"] == rows.sha256(folder / told["file_name"])
    assert told["bytes"] == (folder / told["file_name"]).stat().st_size
    assert told["signer_sha256"] == sealing_key.fingerprint
    assert told["authority_sha256"] == keys.fingerprint(sealing_key.authority)


def test_sealing_twice_makes_one_file(campus, sealing_key):
    package = rows.verified(campus)
    first = sealing.seal_package(package, campus.operator)
    again = sealing.seal_package(package, campus.operator)

    assert first.inner_file == again.inner_file
    assert EvidenceFile.objects.filter(content_type="application/zip").count() == 1


def test_the_folder_has_its_four_parts(folder):
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())

    assert [name for name in found if not name.startswith("1_")] == [
        "00_READ_ME_FIRST.pdf",
        "00_READ_ME_FIRST.txt",
        "3_RECORDS/acquisition_log.txt",
        "3_RECORDS/audit_extract.jsonl",
        "3_RECORDS/audit_head.json",
        "3_RECORDS/clock_statement.json",
        "3_RECORDS/clock_statement.pdf",
        "3_RECORDS/gaps.csv",
        "3_RECORDS/release_statement.pdf",
        "4_VERIFY/SHA256SUMS.txt",
        "4_VERIFY/VERIFY.ps1",
        "4_VERIFY/VERIFY.txt",
        "4_VERIFY/ca.pem",
        "4_VERIFY/manifest.json",
        "4_VERIFY/manifest.json.p7s",
        "4_VERIFY/signer.pem",
        "4_VERIFY/verify.py",
    ]
    (original,) = [name for name in found if name.startswith("1_ORIGINAL_native/")]
    assert original.endswith("_20260310T090000Z_20260310T090002Z.mp4")


def test_sha256sum_and_openssl_accept_the_folder(folder):
    """The receiver's own tools, on a machine that has never seen this software."""
    sums = tool("sha256sum -c 4_VERIFY/SHA256SUMS.txt", folder)
    cms = tool(
        "openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json"
        " -CAfile ca.pem -purpose any -out /dev/null",
        folder / "4_VERIFY",
    )

    assert sums.returncode == 0, sums.stderr
    assert b"FAILED" not in sums.stdout
    assert cms.returncode == 0, cms.stderr


def test_pdfsig_accepts_the_signed_statement_and_sees_a_flipped_byte(folder):
    statement = folder / "3_RECORDS" / "release_statement.pdf"
    told = tool(["pdfsig", "-nocert", str(statement)], folder).stdout.decode()
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told

    changed = bytearray(statement.read_bytes())
    changed[len(changed) // 3] ^= 1
    statement.write_bytes(changed)
    assert "Digest Mismatch" in tool(["pdfsig", "-nocert", str(statement)], folder).stdout.decode()


def test_the_verifier_in_the_package_says_verified_with_the_fingerprint_from_paper(
    folder, evidence_key
):
    paper = keys.fingerprint(evidence_key.authority)
    known = tool(["/usr/bin/python3", "-I", "4_VERIFY/verify.py", "--fingerprint", paper], folder)
    alone = tool(["/usr/bin/python3", "-I", "4_VERIFY/verify.py"], folder)

    assert known.stdout.decode().splitlines()[-1] == "VERIFIED / DOĞRULANDI", known.stdout
    assert known.returncode == 0
    assert alone.returncode == 1
    assert paper in alone.stdout.decode()


def test_the_manifest_names_the_recipient_the_people_and_the_files(folder, sealed_once):
    """B15: the recipient is inside the signed part."""
    signed = (folder / "4_VERIFY" / "manifest.json").read_bytes()
    manifest = json.loads(signed)

    assert manifest["recipient"]["name"] == "Ayşe Işık"
    for part, name in sealed_once.people.items():
        assert manifest["people"][part]["name"] == name
    assert rows.sha256(folder / "4_VERIFY" / "manifest.json") == (sealed_once.manifest_sha256)
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical.encode() == signed


def test_names_in_the_folder_are_ascii_and_sums_end_in_lf_only(folder):
    assert all(p.name.isascii() for p in folder.rglob("*"))
    sums = (folder / "4_VERIFY" / "SHA256SUMS.txt").read_bytes()
    assert b"\r" not in sums
    assert sums.isascii()
    assert sums.endswith(b"\n")


def test_no_login_reaches_the_package(folder):
    """C13."""
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"geheim" not in path.read_bytes(), path


def test_the_clock_error_is_told_in_words_in_both_languages(folder):
    """CLK-10, B11."""
    blocks = json.loads((folder / "3_RECORDS" / "clock_statement.json").read_text())
    words = blocks[0]["clocks"][0]["words"]

    shown, true = "10.03.2026 12:07:14 TSİ", "10.03.2026 12:00:01 TSİ"
    assert f"it showed {shown} when true time was {true}" in words["en"][0]
    assert len(words["tr"]) == len(words["en"])
    assert "12:07:14" in words["tr"][0]
    assert words["tr"][0] != words["en"][0]
    # How it was read stands in words: a court knows none of our codes.
    assert "read from: the edge of its second" in " ".join(words["en"])
    assert "saniye sınırı" in " ".join(words["tr"])
    assert "EDGE" not in f"{words}"


def test_the_first_page_and_the_statement_can_be_read(folder):
    first = tool("pdftotext -layout 00_READ_ME_FIRST.pdf -", folder).stdout.decode()
    pages = tool("pdfinfo 00_READ_ME_FIRST.pdf", folder).stdout.decode()
    statement = tool("pdftotext -layout 3_RECORDS/release_statement.pdf -", folder).stdout.decode()

    assert "Read this first" in first
    assert "Pages:           1" in pages
    assert "Ayşe Işık" in statement
    assert "12:07:14" in statement


def test_a_doubt_about_the_camera_and_its_answer_leave_with_the_package(folder):
    """B19: the receiver knows no less than the person who let it leave."""
    manifest = json.loads((folder / "4_VERIFY" / "manifest.json").read_text())
    ((doubt,),) = [f["doubts"] for f in manifest["files"] if f["role"] == "original"]
    statement = tool("pdftotext -raw 3_RECORDS/release_statement.pdf -", folder).stdout.decode()
    turkish, english = statement.split("Release statement of camera footage")[0:2]

    assert (doubt["code"], doubt["agreement_per_mille"]) == ("OTHER_SCENE", 120)
    assert "reference picture" in doubt["words"]["en"]
    assert "referans" in doubt["words"]["tr"]
    assert doubt["answer"] == {
        "check": "despite_other_scene",
        "by": "Deniz Kaya",
        "staff_number": "4711",
        "at": "2026-03-11T08:30:00.000000Z",
    }
    for page in (turkish, english):
        assert "Deniz Kaya" in page
        assert "11.03.2026 11:30:00" in page
    assert "reference picture" in " ".join(english.split())


def test_the_manifest_says_what_the_cameras_own_signature_is_worth(
    campus, sealing_key, settings, tmp_path
):
    """Our seal does not disturb it: the sealed file is as authentic as the recording was."""
    maker = factory()
    roots = settings.EVIDENCE_KEY_DIR / "camera_roots.pem"
    roots.write_bytes(keys.pem(maker.root))
    data = signed_film(film(6), Signer(maker))
    delivered = [1773133200000, 1773133206000]
    package = rows.verified(campus, data, delivered=delivered, asked=delivered)
    folder = rows.unpacked(sealing.seal_package(package, campus.operator), tmp_path / "out")
    manifest = json.loads((folder / "4_VERIFY" / "manifest.json").read_text())
    (told,) = [f["camera_signature"] for f in manifest["files"] if f["role"] == "original"]

    assert told["verdict"] == "AUTHENTIC"
    assert told["chain_leads_to_known_factory"] is True
    (sealed,) = (folder / "1_ORIGINAL_native").iterdir()
    with PlainFile(sealed) as source:
        assert examine(source, read_film(source), [maker.root]).verdict == Verdict.AUTHENTIC

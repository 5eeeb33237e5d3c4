"""Whatever is changed in a sealed folder, the receiver's check fails and says where."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from footage_requests.sealing import Verdict, keys, signing, verify_folder
from tests.requests.sealing_rows import tool

pytestmark = pytest.mark.django_db


def paper(key: keys.EvidenceKey) -> str:
    return keys.fingerprint(key.authority)


def flip(path: Path, place: int = -40) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_one_flipped_bit_in_any_file_fails_the_check(folder, evidence_key):
    """B13."""
    assert verify_folder(folder, paper(evidence_key)).verdict == Verdict.VERIFIED
    for path in files_of(folder):
        original = path.read_bytes()
        flip(path, len(original) // 2)
        checked = verify_folder(folder, paper(evidence_key))
        assert checked.verdict in {Verdict.NOT_VERIFIED, Verdict.CANNOT_CHECK}, path
        path.write_bytes(original)


def test_sha256sum_fails_on_a_flipped_bit_outside_of_the_verification_part(folder):
    """B13."""
    for path in files_of(folder):
        if path.parent.name == "4_VERIFY":
            continue
        original = path.read_bytes()
        flip(path, len(original) // 2)
        assert tool("sha256sum -c 4_VERIFY/SHA256SUMS.txt", folder).returncode != 0, path
        path.write_bytes(original)


def test_openssl_fails_when_the_recipient_in_the_manifest_is_changed(folder):
    """B15."""
    manifest = folder / "4_VERIFY" / "manifest.json"
    changed = manifest.read_bytes().replace("Ayşe Işık".encode(), b"Veli Kaya.")
    manifest.write_bytes(changed)
    cms = tool(
        "openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json"
        " -CAfile ca.pem -purpose any -out /dev/null",
        folder / "4_VERIFY",
    )

    assert cms.returncode != 0


@pytest.mark.parametrize("where", ["", "1_ORIGINAL_native", "3_RECORDS", "4_VERIFY", "5_MORE"])
def test_a_file_that_was_added_is_told(folder, evidence_key, where):
    """B13."""
    (folder / where).mkdir(exist_ok=True)
    (folder / where / "added.mp4").write_bytes(b"not ours")
    checked = verify_folder(folder, paper(evidence_key))

    assert checked.verdict == Verdict.NOT_VERIFIED
    assert any("added.mp4" in sentence for _state, sentence in checked.lines)


def test_every_file_that_is_removed_or_renamed_is_told(folder, evidence_key):
    """B13."""
    for path in files_of(folder):
        moved = path.with_name(f"x{path.name}")
        path.rename(moved)
        renamed = verify_folder(folder, paper(evidence_key)).verdict
        moved.rename(folder.parent / "away")
        removed = verify_folder(folder, paper(evidence_key)).verdict
        (folder.parent / "away").rename(path)
        assert {renamed, removed} <= {Verdict.NOT_VERIFIED, Verdict.CANNOT_CHECK}, path


def test_an_attacker_who_seals_all_anew_under_the_same_names_is_unknown(
    folder, evidence_key, foreign_key
):
    """B14: without the paper nobody could tell, with it everybody can."""
    verify = folder / "4_VERIFY"
    (verify / "signer.pem").write_bytes(keys.pem(foreign_key.signer.certificate))
    (verify / "ca.pem").write_bytes(keys.pem(foreign_key.authority))
    manifest = json.loads((verify / "manifest.json").read_text())
    for entry in manifest["files"]:
        content = (folder / entry["path"]).read_bytes()
        entry |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        entry.pop("seal", None)
    signed = json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()
    (verify / "manifest.json").write_bytes(signed)
    (verify / "manifest.json.p7s").write_bytes(signing.sign_detached(signed, foreign_key))

    checked = verify_folder(folder, paper(evidence_key))
    assert checked.verdict == Verdict.NOT_VERIFIED
    assert [sentence for state, sentence in checked.lines if state == "BAD"] == [
        "UNKNOWN AUTHORITY: the certificate is not the one on paper"
    ]
    assert foreign_key.fingerprint != evidence_key.fingerprint


def test_a_forged_proof_of_the_audit_log_is_refused(folder, evidence_key):
    """An entry that never stood in the log, with a proof of another."""
    verifier = shutil.copy(folder / "4_VERIFY" / "verify.py", folder.parent / "verifier.py")
    extract = folder / "3_RECORDS" / "audit_extract.jsonl"
    lines = extract.read_text().splitlines()
    forged = json.loads(lines[0])
    forged["canon"] = re.sub(r'"because":"[^"]*"', '"because":"forged"', forged["canon"])
    extract.write_text("\n".join([json.dumps(forged), *lines[1:]]) + "\n")
    told = tool(["/usr/bin/python3", "-I", str(verifier), str(folder)], folder).stdout.decode()

    assert f"entry {forged['leaf']} is not in the log" in told


def test_the_check_works_on_the_zip_as_well(sealed_once, evidence_key, tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(sealed_once.inner)
    assert verify_folder(path, paper(evidence_key)).verdict == Verdict.VERIFIED

    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(archive.namelist()[0], b"the same name again")
    checked = verify_folder(path, paper(evidence_key))
    assert checked.verdict == Verdict.CANNOT_CHECK
    assert "twice" in checked.lines[-1][1]


def test_names_that_lead_out_of_the_folder_are_refused(evidence_key, tmp_path):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("REL/../../etc/passwd", b"x")
    checked = verify_folder(path, paper(evidence_key))

    assert checked.verdict == Verdict.CANNOT_CHECK
    assert "unsafe" in checked.lines[-1][1]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", b"\0" * 100])
def test_what_is_no_package_cannot_be_checked(evidence_key, tmp_path, content):
    path = tmp_path / "package.zip"
    path.write_bytes(content)

    assert verify_folder(path, paper(evidence_key)).verdict == Verdict.CANNOT_CHECK
    assert verify_folder(tmp_path / "nothing", paper(evidence_key)).verdict == Verdict.CANNOT_CHECK


def test_the_command_knows_our_own_authority(folder, sealing_key):
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("release_verify", str(folder), stdout=out)

    assert ended.value.code == Verdict.VERIFIED
    assert "the authority is the one on paper" in out.getvalue()


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"files": 7, "sealed_at": 7, "audit": [], "recipient": []}',
        b'{"files": ["x"], "sealed_at": "", "audit": {}, "recipient": {}}',
        b"[" * 100_000,
    ],
)
def test_a_manifest_built_to_confuse_is_answered_and_never_a_crash(folder, evidence_key, manifest):
    (folder / "4_VERIFY" / "manifest.json").write_bytes(manifest)

    assert verify_folder(folder, paper(evidence_key)).verdict in {
        Verdict.NOT_VERIFIED,
        Verdict.CANNOT_CHECK,
    }


def test_a_film_of_boxes_in_boxes_is_answered_and_never_a_crash(folder, evidence_key):
    (original,) = (folder / "1_ORIGINAL_native").iterdir()
    nested = b""
    for _depth in range(20_000):
        nested = (len(nested) + 14).to_bytes(4, "big") + b"ipro" + bytes(6) + nested
    original.write_bytes((len(nested) + 12).to_bytes(4, "big") + b"meta" + bytes(4) + nested)

    assert verify_folder(folder, paper(evidence_key)).verdict == Verdict.NOT_VERIFIED

"""The ONVIF export file seal: recordings stay as they were, and every change behind the seal is found."""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import utils

from footage_requests.sealing import eff, keys
from footage_requests.sealing.boxes import box
from footage_requests.sealing.sources import PlainFile
from tests.requests.films import film, fragmented, frames

STARTS = dt.datetime(2026, 3, 10, 9, 0, 0, 250_000, tzinfo=dt.UTC)
STATEMENT = eff.Statement(
    exporter=eff.Exporter("Kamera İzleme Birimi", "https://cctv.example", "", "Ayşe Işık"),
    tracks=[eff.Track(1, "KTP-01 ana giriş", "", "00:aa:bb:cc:dd:ee", "7", STARTS)],
    sealed_at=dt.datetime(2026, 3, 11, 8, 0, tzinfo=dt.UTC),
    note="REL-2026-00001",
)


def sealed(path: Path, data: bytes, key: keys.EvidenceKey) -> Path:
    path.write_bytes(data)
    target = path.with_suffix(".sealed.mp4")
    with PlainFile(path) as source:
        form = eff.seal(source, STATEMENT, key.signer)
        target.write_bytes(b"".join(eff.sealed_pieces(source, form)))
    return target


def checked(path: Path, *trusted: x509.Certificate) -> eff.SealReport:
    with PlainFile(path) as source:
        return eff.verify(source, trusted)


@pytest.mark.parametrize("make", [lambda: film(), lambda: fragmented(film())])
def test_a_sealed_film_plays_as_before_and_says_who_exported_it(tmp_path, evidence_key, make):
    data = make()
    path = sealed(tmp_path / "film.mp4", data, evidence_key)
    report = checked(path, evidence_key.authority)

    assert report.answer == eff.Answer.INTACT
    assert report.exporter == STATEMENT.exporter
    assert report.starts_at == {1: STARTS}
    assert report.sealed_at == STATEMENT.sealed_at
    assert frames(path.read_bytes()) == frames(data) == 10


def test_the_index_of_a_fragmented_film_stays_last(tmp_path, evidence_key):
    data = fragmented(film())
    path = sealed(tmp_path / "film.mp4", data, evidence_key)

    assert data[-12:-8] == b"mfro"
    assert path.read_bytes().endswith(data[data.rindex(b"mfra") :])


def test_sealing_measures_the_plain_and_the_sealed_file_in_one_reading(tmp_path, evidence_key):
    import hashlib
    import zlib

    for number, data in enumerate((film(), fragmented(film()))):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(data)
        with PlainFile(path) as source:
            form = eff.seal(source, STATEMENT, evidence_key.signer)
            whole = b"".join(eff.sealed_pieces(source, form))
        assert form.plain_sha256 == hashlib.sha256(data).hexdigest()
        assert form.plain_bytes == len(data)
        assert form.sha256 == hashlib.sha256(whole).hexdigest()
        assert form.crc32 == zlib.crc32(whole)
        assert form.bytes == len(whole)


def test_one_flipped_bit_anywhere_is_found(tmp_path, evidence_key):
    """B13."""
    path = sealed(tmp_path / "film.mp4", film(), evidence_key)
    whole = path.read_bytes()
    places = {*range(0, len(whole), 401), len(whole) - 1, whole.index(b"KTP-01")}
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        answer = checked(path, evidence_key.authority).answer
        assert answer in {eff.Answer.CHANGED, eff.Answer.NOT_SEALED}, place


def test_something_put_behind_the_seal_is_found(tmp_path, evidence_key):
    path = sealed(tmp_path / "film.mp4", film(), evidence_key)
    path.write_bytes(path.read_bytes() + box(b"free", b"hello"))

    assert checked(path, evidence_key.authority).answer == eff.Answer.CHANGED


def test_a_foreign_key_with_the_same_name_is_an_unknown_signer(tmp_path, evidence_key, foreign_key):
    """B14."""
    path = sealed(tmp_path / "film.mp4", film(), foreign_key)
    report = checked(path, evidence_key.authority)

    assert foreign_key.authority.subject == evidence_key.authority.subject
    assert report.answer == eff.Answer.UNKNOWN_SIGNER


def test_openssl_alone_confirms_the_seal(tmp_path, evidence_key):
    path = sealed(tmp_path / "film.mp4", film(), evidence_key)
    whole = bytearray(path.read_bytes())
    place = whole.rindex(b"sibo") + 4
    (tmp_path / "signature").write_bytes(whole[place : place + 384])
    whole[place : place + 384] = bytes(384)
    (tmp_path / "zeroed").write_bytes(whole)
    (tmp_path / "signer.pem").write_bytes(keys.pem(evidence_key.signer.certificate))
    public = run("openssl x509 -in signer.pem -pubkey -noout", tmp_path)
    (tmp_path / "public.pem").write_bytes(public)
    told = run(
        "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20"
        " -verify public.pem -signature signature zeroed",
        tmp_path,
    )

    assert b"Verified OK" in told


def run(command: str, folder: Path) -> bytes:
    """What a command says on a machine that knows nothing of this system."""
    done = subprocess.run(
        command.split(),
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=240,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Login</html>",
        b"\0\0\0\x08ftyp",
        film()[:-50],
        film() + box(b"meta", bytes(20)),
        film() + b"\0\0\0\0mdat" + bytes(50),
        b"\0\0\0\x01mdat" + b"\xff" * 8 + bytes(100),
    ],
)
def test_what_is_not_a_whole_film_is_refused_with_a_sentence(tmp_path, evidence_key, data):
    """B19."""
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    with PlainFile(path) as source, pytest.raises(eff.NotSealable, match=r"\."):
        eff.seal(source, STATEMENT, evidence_key.signer)


def test_a_film_without_a_seal_is_told_apart_from_a_broken_seal(tmp_path, evidence_key):
    path = tmp_path / "film.mp4"
    path.write_bytes(film())

    assert checked(path, evidence_key.authority).answer == eff.Answer.NOT_SEALED


def on_top(path: Path, key: keys.EvidenceKey, starts_at: dt.datetime) -> Path:
    """A second seal over the first, with a corrected start: the standard's way to state a clock error."""
    data = path.read_bytes()
    place = data.rindex(b"meta") - 4
    end = place + int.from_bytes(data[place : place + 4], "big")
    ipro = data.index(b"ipro", place) - 4
    track = replace(STATEMENT.tracks[0], starts_at=starts_at)
    fresh, _hole = eff._meta_box(replace(STATEMENT, tracks=[track]), key.signer)
    second = fresh[fresh.index(b"sinf") - 4 :]
    both = data[ipro + 14 : end] + second
    content = data[place + 8 : ipro] + box(b"ipro", bytes(4) + struct.pack(">H", 2) + both)
    meta = box(b"meta", content)
    empty = data[:place] + meta + data[end:]
    hole = empty.rindex(b"sibo" + bytes(384)) + 4
    signature = key.signer.key.sign(
        hashlib.sha256(empty).digest(), eff.PSS, utils.Prehashed(hashes.SHA256())
    )
    target = path.with_suffix(".twice.mp4")
    target.write_bytes(empty[:hole] + signature + empty[hole + 384 :])
    return target


def test_seals_that_stand_on_each_other_are_all_verified(tmp_path, evidence_key, foreign_key):
    later = STARTS + dt.timedelta(minutes=7)
    once = sealed(tmp_path / "film.mp4", film(), evidence_key)
    report = checked(on_top(once, evidence_key, later), evidence_key.authority)

    assert report.answer == eff.Answer.INTACT
    assert [one.starts_at for one in report.seals] == [{1: STARTS}, {1: later}]
    assert report.starts_at == {1: later}

    foreign = checked(on_top(once, foreign_key, later), evidence_key.authority)
    assert foreign.answer == eff.Answer.UNKNOWN_SIGNER
    assert [one.answer for one in foreign.seals] == ["INTACT", "UNKNOWN_SIGNER"]


def test_a_later_seal_hides_no_change_under_it(tmp_path, evidence_key):
    """Who changes the film and seals it again has a whole latest seal and a broken first one."""
    path = sealed(tmp_path / "film.mp4", film(), evidence_key)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)

    report = checked(on_top(path, evidence_key, STARTS), evidence_key.authority)

    assert report.answer == eff.Answer.CHANGED
    assert [one.answer for one in report.seals] == ["CHANGED", "INTACT"]

"""The sealed package goes out encrypted for one reader, and opens with 7-Zip or openssl alone."""

from __future__ import annotations

import datetime as dt
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from footage_requests import sealing
from footage_requests.errors import Refused
from footage_requests.footage import store
from footage_requests.models import Package
from footage_requests.sealing.passphrase import WORDS, bits, new_passphrase, word_list
from tests.requests import sealing_rows as rows
from tests.requests.case import Campus
from tests.requests.sealing_rows import tool

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def package(campus: Campus, sealed_once: rows.SealedOnce) -> Package:
    """A package that counts as sealed, around a file that was sealed before."""
    package = rows.started(campus, rows.decided(campus))
    Package.objects.filter(pk=package.pk).update(
        status="SEALED",
        verifier=campus.head,
        is_watched=True,
        manifest_sha256=sealed_once.manifest_sha256,
        inner_file=rows.stored(sealed_once.inner, "application/zip"),
    )
    return Package.objects.get(pk=package.pk)


def test_7z_opens_it_with_the_passphrase_and_shows_nothing_without(package, tmp_path, sealed_once):
    made = sealing.build_for_recipient(package, tmp_path / "REL.zip")
    listed = tool("7z l -slt REL.zip", tmp_path).stdout.decode()
    wrong = tool("7z t -pwrong-phrase REL.zip", tmp_path)
    opened = tool(["7z", "x", f"-p{made.passphrase}", "REL.zip"], tmp_path)

    assert "Method = AES-256 Store" in listed
    assert "package.zip" in listed
    assert "manifest" not in listed
    assert wrong.returncode != 0
    assert opened.returncode == 0, opened.stdout
    assert (tmp_path / "package.zip").read_bytes() == sealed_once.inner
    assert tool("7z t package.zip", tmp_path).returncode == 0
    assert rows.sha256(tmp_path / "REL.zip") == made.sha256


def test_a_passphrase_is_six_words_worth_77_bits_and_is_kept_nowhere(package, tmp_path):
    made = sealing.build_for_recipient(package, tmp_path / "REL.zip")

    assert len(made.passphrase.split("-")) == WORDS == 6
    assert bits() >= 77
    assert all(word.isascii() and word.islower() for word in word_list())
    assert len({new_passphrase() for _ in range(100)}) == 100
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert made.passphrase.encode() not in path.read_bytes()


def test_the_outer_zip_is_not_the_old_weak_encryption(package, tmp_path):
    sealing.build_for_recipient(package, tmp_path / "REL.zip")
    with zipfile.ZipFile(tmp_path / "REL.zip") as archive:
        (entry,) = archive.infolist()

    assert entry.compress_type == 99
    assert entry.flag_bits & 1


def recipient() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Başsavcılık")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1))
    builder = builder.not_valid_after(now + dt.timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256())


def test_openssl_opens_it_with_the_recipients_key_and_with_no_other(package, tmp_path, sealed_once):
    """B15."""
    key, certificate = recipient()
    stranger, _certificate = recipient()
    made = sealing.build_for_recipient(package, tmp_path / "REL.p7m", certificate=certificate)
    for name, owner in (("own", key), ("stranger", stranger)):
        (tmp_path / f"{name}.key").write_bytes(
            owner.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    command = "openssl cms -decrypt -binary -inform DER -in REL.p7m -out {0}.zip -inkey {0}.key"
    opened = tool(command.format("own"), tmp_path)
    refused = tool(command.format("stranger"), tmp_path)

    assert not made.passphrase
    assert opened.returncode == 0, opened.stderr
    assert (tmp_path / "own.zip").read_bytes() == sealed_once.inner
    strange = tmp_path / "stranger.zip"
    assert refused.returncode != 0 or strange.read_bytes() != sealed_once.inner


def test_one_flipped_bit_of_the_encrypted_package_is_found(package, tmp_path):
    """B13."""
    made = sealing.build_for_recipient(package, tmp_path / "REL.zip")
    content = bytearray((tmp_path / "REL.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "REL.zip").write_bytes(content)

    assert tool(["7z", "t", f"-p{made.passphrase}", "REL.zip"], tmp_path).returncode != 0


def test_a_package_whose_stored_bytes_changed_is_not_handed_over(package, tmp_path):
    """B13. Nothing lies under the final name."""
    inner = store.path_of(package.inner_file.uuid)
    content = bytearray(inner.read_bytes())
    content[-30] ^= 1
    inner.write_bytes(content)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(Refused, match="not what was sealed"):
        sealing.build_for_recipient(package, out / "REL.zip")

    assert not list(out.iterdir())


def test_a_package_that_is_not_sealed_is_not_handed_over(campus, tmp_path):
    package = rows.started(campus, rows.decided(campus))
    with pytest.raises(Refused, match="not sealed"):
        sealing.build_for_recipient(package, tmp_path / "REL.zip")


def test_an_existing_file_is_never_overwritten(package, tmp_path):
    (tmp_path / "REL.zip").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        sealing.build_for_recipient(package, tmp_path / "REL.zip")

    assert (tmp_path / "REL.zip").read_bytes() == b"older"


def test_a_certificate_that_cannot_be_used_is_refused_with_a_sentence(package, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    _rsa_key, certificate = recipient()
    builder = x509.CertificateBuilder().subject_name(certificate.subject)
    builder = builder.issuer_name(certificate.subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(certificate.not_valid_before_utc)
    odd = builder.not_valid_after(certificate.not_valid_after_utc).sign(key, hashes.SHA256())
    with pytest.raises(Refused, match="RSA"):
        sealing.build_for_recipient(package, tmp_path / "REL.p7m", certificate=odd)

    assert not (tmp_path / "REL.p7m").exists()

"""What a recipient carries away: the sealed folder, encrypted for exactly one reader.

Either an AES-256 ZIP with one inner `package.zip` (so that no name shows) under a passphrase that goes by another
way, or a CMS AuthEnvelopedData (RFC 5083, AES-256-GCM, RSA-OAEP) for the recipient's certificate. Both are streamed
from the store: no plain file is written. Signed first, then encrypted: the recipient's name is inside.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyzipper
from asn1crypto import algos, cms, core, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from core.tsi import TSI
from vault.errors import VaultError

from ..errors import Refused
from ..footage import store
from ..models import Package
from .passphrase import new_passphrase

INNER_NAME = "package.zip"
_TAG_BYTES = 16


@dataclass(frozen=True)
class ForRecipient:
    """What was written. `passphrase` is shown once to the person who hands over, and then forgotten."""

    path: Path
    bytes: int
    sha256: str
    passphrase: str = ""


@sensitive_variables()
def build_for_recipient(
    package: Package, target: Path, *, certificate: pyca.Certificate | None = None
) -> ForRecipient:
    """Writes the encrypted package to `target` (a new file); the caller records the act.

    With a certificate: CMS for its key. Without: a ZIP under a fresh passphrase. Under the final name there is a
    whole file or nothing. Raises Refused when the package is not sealed, or its bytes are not what was sealed;
    FileExistsError, OSError.
    """
    inner = package.inner_file
    if inner is None or package.status not in {Package.Status.SEALED, *Package.DELIVERED}:
        raise Refused(_("The package is not sealed: there is nothing to hand over."))
    if target.exists():
        raise FileExistsError(f"{target.name} is there already.")
    part = target.with_name(f".{target.name}.part")
    phrase = "" if certificate else new_passphrase()
    try:
        with os.fdopen(
            os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w+b"
        ) as file:
            pieces = _proven(package)
            if certificate is None:
                _write_zip(file, pieces, inner.bytes, phrase)
            else:
                _write_cms(file, pieces, inner.bytes, certificate)
            file.flush()
            os.fsync(file.fileno())
        size, digest = _measure(part)
        # A link fails where a name exists already; a rename would overwrite it.
        os.link(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return ForRecipient(target, size, digest, phrase)


def _proven(package: Package) -> Iterator[bytes]:
    """The inner file's bytes; at the end they must have been those that were sealed."""
    inner = package.inner_file
    if inner is None:
        raise Refused(_("The package is not sealed: there is nothing to hand over."))
    found = hashlib.sha256()
    try:
        with store.open_file(inner) as reader:
            for piece in reader:
                found.update(piece)
                yield piece
    except (VaultError, FileNotFoundError):
        raise _changed() from None
    if found.hexdigest() != inner.sha256:
        raise _changed()


def _changed() -> Refused:
    return Refused(_("The stored package is not what was sealed: nothing is handed over."))


@sensitive_variables()
def _write_zip(file: IO[bytes], pieces: Iterator[bytes], size: int, phrase: str) -> None:
    made = timezone.now().astimezone(TSI)
    with pyzipper.AESZipFile(
        file, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES, allowZip64=True
    ) as archive:
        archive.setpassword(phrase.encode("ascii"))
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        entry = archive.zipinfo_cls(INNER_NAME, made.timetuple()[:6])
        entry.external_attr = 0o100600 << 16
        entry.file_size = size
        with archive.open(entry, "w", force_zip64=True) as inner:
            for piece in pieces:
                inner.write(piece)


@sensitive_variables()
def _write_cms(
    file: IO[bytes], pieces: Iterator[bytes], size: int, certificate: pyca.Certificate
) -> None:
    """AuthEnvelopedData in DER; every length is known beforehand, so nothing is held in memory."""
    key, nonce = os.urandom(32), os.urandom(12)
    recipients = cms.RecipientInfos([_recipient_info(certificate, key)]).dump()
    version = core.Integer(0).dump()
    algorithm = _sequence(
        core.ObjectIdentifier("2.16.840.1.101.3.4.1.46").dump(),  # id-aes256-GCM (RFC 5084)
        _sequence(core.OctetString(nonce).dump(), core.Integer(_TAG_BYTES).dump()),
    )
    data_kind = core.ObjectIdentifier("1.2.840.113549.1.7.1").dump()
    content_head = _head(0x80, size)
    info_size = len(data_kind) + len(algorithm) + len(content_head) + size
    info_head = _head(0x30, info_size)
    tag_size = 2 + _TAG_BYTES
    body = len(version) + len(recipients) + len(info_head) + info_size + tag_size
    kind = core.ObjectIdentifier("1.2.840.113549.1.9.16.1.23").dump()  # id-ct-authEnvelopedData
    inside = _head(0x30, body)
    explicit = _head(0xA0, len(inside) + body)
    total = len(kind) + len(explicit) + len(inside) + body
    file.write(_head(0x30, total) + kind + explicit + inside + version + recipients)
    file.write(info_head + data_kind + algorithm + content_head)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    for piece in pieces:
        file.write(encryptor.update(piece))
    file.write(encryptor.finalize())
    file.write(bytes([0x04, _TAG_BYTES]) + encryptor.tag)


def _recipient_info(certificate: pyca.Certificate, key: bytes) -> cms.RecipientInfo:
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise Refused(_("This certificate cannot be used: its key is not an RSA key."))
    now = timezone.now()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refused(_("The certificate of the recipient is not valid today."))
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    how = {
        "hash_algorithm": sha256,
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": sha256},
    }
    sealed = public.encrypt(
        key, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)
    )
    parsed = x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    info = cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier(
                name="issuer_and_serial_number",
                value={"issuer": parsed.issuer, "serial_number": parsed.serial_number},
            ),
            "key_encryption_algorithm": {"algorithm": "rsaes_oaep", "parameters": how},
            "encrypted_key": sealed,
        }
    )
    return cms.RecipientInfo(name="ktri", value=info)


def _head(tag: int, length: int) -> bytes:
    """Tag and length in DER."""
    if length < 0x80:
        return bytes([tag, length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size


def _sequence(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return _head(0x30, len(content)) + content


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()

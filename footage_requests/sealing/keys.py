"""The evidence key: RSA-3072, one certificate of our own authority, the authority's key kept elsewhere.

EVIDENCE_KEY_DIR holds `signer.key` (mode 0400), `signer.pem` and `ca.pem`. The authority's key lies in another
folder (a stick in a safe): it is needed only to make the next signer. RSA because the ONVIF seal, PDF readers
and every Windows know it. A self-made authority is a seal, not a qualified electronic signature (law 5070).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from ..errors import Refused
from .certificates import is_issued_by
from .eff import Signer

KEY_BITS = 3072
SIGNER_YEARS = 3
AUTHORITY_YEARS = 15
_YEAR = dt.timedelta(days=365)


class KeyProblem(Refused):
    """There is no usable evidence key: nothing can be sealed until somebody makes one."""


@dataclass(frozen=True)
class EvidenceKey:
    """The key that seals packages, its certificate and that of its authority."""

    signer: Signer
    authority: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """What the paper says of the signer."""
        return fingerprint(self.signer.certificate)


def folder() -> Path:
    """Where the signer's key and the certificates lie."""
    return Path(settings.EVIDENCE_KEY_DIR)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate as openssl prints it: pairs of hexadecimal digits between colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def authority_certificate() -> x509.Certificate:
    """The certificate by which packages of ours are known. Raises KeyProblem."""
    return _read_certificate(folder() / "ca.pem")


def camera_roots() -> list[x509.Certificate]:
    """Factory roots of cameras that sign what they record: `camera_roots.pem`, where there is one."""
    path = folder() / "camera_roots.pem"
    if not path.exists():
        return []
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise KeyProblem(_("camera_roots.pem cannot be read.")) from None


@sensitive_variables()
def load() -> EvidenceKey:
    """The key that seals now. Raises KeyProblem with what to do.

    The demo makes a key of its own when it first needs one, and forgets its authority's key at once.
    """
    if settings.DEMO:
        _make_for_the_demo()
    key = _read_key(folder() / "signer.key")
    certificate = _read_certificate(folder() / "signer.pem")
    authority = authority_certificate()
    if certificate.public_key() != key.public_key():
        raise KeyProblem(_("The evidence key and its certificate do not belong together."))
    if not is_issued_by(certificate, authority):
        raise KeyProblem(_("The certificate of the evidence key is not of our authority."))
    if not certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc:
        raise KeyProblem(
            _(
                "The certificate of the evidence key has expired. Make the next one: evidence_key make."
            )
        )
    return EvidenceKey(Signer(key, certificate), authority)


def _make_for_the_demo() -> None:
    """Two processes that need the key at once must not each write half of a pair."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder() / ".making").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder() / "ca.pem").exists():
            make(folder(), None, organisation=settings.UNIT_NAME)


@sensitive_variables()
def make(
    target: Path, authority_folder: Path | None, *, organisation: str, years: int = SIGNER_YEARS
) -> EvidenceKey:
    """A new signer, and a new authority where `authority_folder` has none. Returns what was made.

    `authority_folder` None: the authority's key is never written (the demo, tests). Raises FileExistsError when
    `target` has a valid signer of another authority, OSError when a folder cannot be written.
    """
    now = timezone.now()
    authority_key, authority = _authority(authority_folder, organisation, now)
    if (target / "ca.pem").exists() and _read_certificate(target / "ca.pem") != authority:
        raise FileExistsError(f"{target} belongs to another authority: choose its folder.")
    key = rsa.generate_private_key(65537, KEY_BITS)
    subject = _name(organisation, f"CCTV evidence export {now:%Y-%m-%d}")
    builder = _builder(subject, authority.subject, key, now, now + years * _YEAR)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    made = EvidenceKey(Signer(key, certificate), authority)
    keep(made, target)
    return made


@sensitive_variables()
def keep(key: EvidenceKey, target: Path) -> None:
    """Writes the signer's key and both certificates into a folder."""
    _write(target / "signer.key", _private(key.signer.key), mode=0o400)
    _write(target / "signer.pem", pem(key.signer.certificate), mode=0o444)
    _write(target / "ca.pem", pem(key.authority), mode=0o444)


@sensitive_variables()
def _authority(
    place: Path | None, organisation: str, now: dt.datetime
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """The authority in a folder, made there if it has none."""
    if place is not None and (place / "ca.key").exists():
        return _read_key(place / "ca.key"), _read_certificate(place / "ca.pem")
    key = rsa.generate_private_key(65537, KEY_BITS)
    name = _name(organisation, "CCTV evidence authority")
    certificate = (
        _builder(name, name, key, now, now + AUTHORITY_YEARS * _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    if place is not None:
        _write(place / "ca.key", _private(key), mode=0o400)
        _write(place / "ca.pem", pem(certificate), mode=0o444)
    return key, certificate


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    starts: dt.datetime,
    ends: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Ten minutes back: a court's computer whose clock is a little behind must not refuse it.
        .not_valid_before(starts - dt.timedelta(minutes=10))
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(**allowed: bool) -> x509.KeyUsage:
    names = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names})


@sensitive_variables()
def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@sensitive_variables()
def _write(path: Path, data: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@sensitive_variables()
def _read_key(path: Path) -> rsa.RSAPrivateKey:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    except OSError:
        raise KeyProblem(
            _("There is no evidence key. Make one: manage.py evidence_key make.")
        ) from None
    if mode & 0o077:
        raise KeyProblem(
            _("The evidence key can be read by others. Run: chmod 400 %(path)s") % {"path": path}
        )
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        raise KeyProblem(_("%(name)s is not a key.") % {"name": path.name}) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyProblem(_("%(name)s is not an RSA key.") % {"name": path.name})
    return key


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise KeyProblem(
            _("The certificate %(name)s of the evidence key is missing or damaged.")
            % {"name": path.name}
        ) from None

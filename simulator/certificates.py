"""TLS of simulated devices: the self-signed, expired, exchanged and outdated kinds that exist."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import tempfile
import warnings
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.world import SimDevice


class Tls(StrEnum):
    """What the `tls` switch may say."""

    SELF_SIGNED = "self-signed"
    EXPIRED = "expired"
    EXCHANGED = "exchanged"  # valid, and another one than the self-signed of before
    OLD = "old"  # TLS 1.0 only


def _certificate(device: SimDevice, kind: Tls) -> bytes:
    """Return key and certificate as PEM; the same one for as long as the campus runs."""
    key_name = ("certificate", kind)
    known: bytes | None = device.memory.get(key_name)
    if known is not None:
        return known
    now = dt.datetime.now(dt.UTC)
    end = now - dt.timedelta(days=1) if kind is Tls.EXPIRED else now + dt.timedelta(days=3650)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device.serial[:60] or "device")])
    address = x509.IPAddress(ipaddress.ip_address(device.address))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    device.memory[key_name] = pem
    return pem


def tls_context(device: SimDevice, kind: Tls) -> ssl.SSLContext:
    """Return the server side of this kind of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(_certificate(device, kind))
        file.flush()
        context.load_cert_chain(file.name)
    if kind is Tls.OLD:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context

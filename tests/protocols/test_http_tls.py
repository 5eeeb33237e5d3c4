"""TLS: junk is told as such, and the certificate met first is the only one from then on."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import ssl
import warnings
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cameras.protocols.base import Endpoint, Login, Manner, NotSupported, Reason, Untrusted
from cameras.protocols.http import Transport
from core.secret import Secret
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply


def own_certificate(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str, days: int = 1
) -> x509.Certificate:
    """A certificate that nobody but its owner signed."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.now(dt.UTC) - dt.timedelta(days=3))
        .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def server_context(folder: Path, name: str, days: int = 1) -> tuple[ssl.SSLContext, str]:
    """A certificate of the device's own making, and its SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = own_certificate(key, name, days)
    file = folder / f"{name}.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return context, hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("days", [1, -1], ids=["own certificate", "expired certificate"])
async def test_the_first_certificate_is_remembered(tmp_path: Path, days: int) -> None:
    context, fingerprint = server_context(tmp_path, "camera", days)
    manner = Manner()
    async with ScriptedDevice(reply(b"ok"), tls=context) as device, Transport() as transport:
        conversation = transport.to(device.endpoint, None, manner)
        assert (await conversation.call("GET", "/")).body == b"ok"
        assert (await conversation.call("GET", "/")).body == b"ok"
    assert manner.certificate == fingerprint


async def test_another_certificate_is_refused_before_a_byte_is_sent(tmp_path: Path) -> None:
    """D10, D18: no silent accept, and no login to a device that is not the one known."""
    context, _ = server_context(tmp_path, "other")
    manner = Manner(certificate="ab" * 32)
    login = Login("a", Secret("b"))
    async with ScriptedDevice(reply(b"ok"), tls=context) as device, Transport() as transport:
        with pytest.raises(Untrusted) as caught:
            await transport.to(device.endpoint, login, manner).call("GET", "/")
    assert caught.value.reason is Reason.TLS_FAULT
    assert device.seen == []
    assert manner.certificate == "ab" * 32


@pytest.mark.parametrize(
    "junk", [b"HTTP/1.1 400 Bad\r\n\r\n", b"\x16\x03\x01\x00\x02\xff\xff", b"\0" * 600, b""]
)
async def test_tls_junk_is_a_tls_fault(junk: bytes) -> None:
    """D10."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(10)
        writer.write(junk)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], tls=True)
    async with Transport() as transport:
        with pytest.raises(Untrusted) as caught:
            await transport.to(endpoint, None, Manner()).call("GET", "/")
    server.close()
    assert caught.value.reason is Reason.TLS_FAULT


async def test_a_device_of_tls_1_0_only_is_refused_and_gets_no_login(tmp_path: Path) -> None:
    """D10."""
    context, _ = server_context(tmp_path, "old")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    login = Login("a", Secret("b"))
    async with ScriptedDevice(reply(b"ok"), tls=context) as device, Transport() as transport:
        with pytest.raises(Untrusted) as caught:
            await transport.to(device.endpoint, login, Manner()).call("GET", "/")
    assert caught.value.reason is Reason.TLS_FAULT
    assert device.seen == []


async def test_basic_is_answered_over_tls_only(tmp_path: Path) -> None:
    context, _ = server_context(tmp_path, "camera")

    async def script(seen: Seen, _: StreamWriter) -> bytes:
        if "authorization" in seen.headers:
            return reply(seen.headers["authorization"])
        return reply(status=401, headers=('WWW-Authenticate: Basic realm="x"',))

    login, manner = Login("a", Secret("b")), Manner()
    async with ScriptedDevice(script, tls=context) as device, Transport() as transport:
        answer = await transport.to(device.endpoint, login, manner).call("GET", "/")
        assert (answer.body, manner.auth) == (b"Basic YTpi", "basic")
        known = Manner(auth="digest-md5", certificate=manner.certificate)
        with pytest.raises(NotSupported):
            await transport.to(device.endpoint, login, known).call("GET", "/")

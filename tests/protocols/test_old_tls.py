"""TLS of firmware that is years old: spoken where it is 1.2 or newer, with what Python leaves out by itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cameras.protocols.base import Endpoint, Manner, StreamTarget, Unreachable, Untrusted
from cameras.protocols.http import Transport
from cameras.protocols.listener import what_listens
from cameras.protocols.playback import open_playback
from cameras.protocols.rtsp import StreamLimits
from tests.protocols.scripted_device import ScriptedDevice, reply
from tests.protocols.test_http_tls import own_certificate

LIMITS = StreamLimits(connect_s=10, reply_s=10, stall_s=10, total_s=20)
OLD_CIPHERS = ["AES128-GCM-SHA256", "AES256-SHA"]


def old_context(folder: Path, ciphers: str, bits: int = 2048) -> ssl.SSLContext:
    """TLS 1.2 that agrees on a key by RSA alone."""
    key = rsa.generate_private_key(65537, bits)
    certificate = own_certificate(key, "old")
    file = folder / "old.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("ciphers", OLD_CIPHERS)
async def test_a_device_that_agrees_on_a_key_by_rsa_alone_is_spoken_to(
    tmp_path: Path, ciphers: str
) -> None:
    context = old_context(tmp_path, ciphers)
    manner = Manner()
    async with ScriptedDevice(reply(b"ok"), tls=context) as device, Transport() as transport:
        answer = await transport.to(device.endpoint, None, manner).call("GET", "/")
    assert answer.body == b"ok"
    assert manner.certificate


async def test_a_key_of_1024_bits_is_no_reason_to_refuse_a_device(tmp_path: Path) -> None:
    context = old_context(tmp_path, "AES128-SHA", bits=1024)
    async with ScriptedDevice(reply(b"ok"), tls=context) as device, Transport() as transport:
        answer = await transport.to(device.endpoint, None, Manner()).call("GET", "/")
    assert answer.body == b"ok"


async def test_such_a_port_is_told_as_tls(tmp_path: Path) -> None:
    context = old_context(tmp_path, "AES128-GCM-SHA256")
    async with ScriptedDevice(reply(b"ok"), tls=context) as device:
        plain = Endpoint("127.0.0.1", device.port)
        found = await what_listens(plain)
    assert found.kind == "https"


async def test_such_an_rtsp_port_is_dialled(tmp_path: Path) -> None:
    """It gets as far as RTSP: what answers is a web server."""
    asked = asyncio.Event()

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if (await reader.read(7)) == b"OPTIONS":
                asked.set()
            writer.close()

    context = old_context(tmp_path, "AES128-GCM-SHA256")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    endpoint = Endpoint("127.0.0.1", rtsp_port=server.sockets[0].getsockname()[1])
    with contextlib.suppress(Exception):
        async with open_playback(endpoint, None, StreamTarget("rtsps://x/live"), LIMITS):
            pass
    server.close()
    assert asked.is_set()


async def test_a_device_without_rfc_5746_is_spoken_to(tmp_path: Path) -> None:
    """It says nothing of renegotiation in its greeting, as everything did before 2010."""
    der = ssl.PEM_cert_to_DER_cert(_certificate_of(tmp_path))
    went_on = asyncio.Event()

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readexactly(5)
            await reader.readexactly(int.from_bytes(head[3:]))
            hello = b"\x03\x03" + b"R" * 32 + b"\0" + b"\0\x9c" + b"\0"
            chain = _sized(_sized(der))
            for kind, body in ((2, hello), (11, chain), (14, b"")):
                message = bytes([kind]) + _sized(body)
                writer.write(b"\x16\x03\x03" + len(message).to_bytes(2) + message)
            # A key in exchange, where it would otherwise be an alert.
            if (await reader.readexactly(6))[::5] == b"\x16\x10":
                went_on.set()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], tls=True)
    async with Transport() as transport:
        with pytest.raises((Untrusted, Unreachable)):
            await transport.to(endpoint, None, Manner()).call("GET", "/")
    server.close()
    assert went_on.is_set()


def _certificate_of(folder: Path) -> str:
    old_context(folder, "AES128-SHA")
    return (folder / "old.pem").read_text().partition("-----BEGIN PRIVATE")[0]


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(3) + data

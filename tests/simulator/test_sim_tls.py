"""Simulated devices speak TLS as badly as real ones."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator

import pytest

from simulator.faults import set_fault
from simulator.running import RunningCampus
from tests.simulator.http_probe import one_camera, onvif


@pytest.fixture
async def running() -> AsyncIterator[RunningCampus]:
    campus, _ = one_camera()
    async with RunningCampus(campus, rtsp="none", discovery_port=0) as started:
        yield started


async def hello(running: RunningCampus, kind: str, context: ssl.SSLContext) -> bytes:
    """Switch the kind on and return the certificate that the device then shows."""
    device = running.campus.devices[0]
    set_fault(device, "tls", kind)
    await running.follow()
    reader, writer = await asyncio.open_connection(
        device.address, device.http_port, ssl=context, server_hostname=device.address
    )
    writer.write(b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 404")
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def knowing(certificate: bytes) -> ssl.SSLContext:
    """Return a context that trusts this certificate alone."""
    return ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(certificate))


async def test_a_pinned_certificate_is_shown_again(running: RunningCampus) -> None:
    first = await hello(running, "self-signed", trusting())
    assert await hello(running, "self-signed", knowing(first)) == first


async def test_an_exchanged_certificate_is_another_one(running: RunningCampus) -> None:
    first = await hello(running, "self-signed", trusting())
    with pytest.raises(ssl.SSLCertVerificationError):
        await hello(running, "exchanged", knowing(first))


async def test_an_expired_certificate_is_refused_even_when_known(running: RunningCampus) -> None:
    first = await hello(running, "expired", trusting())
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        await hello(running, "expired", knowing(first))


async def test_tls_1_0_is_refused_by_today_and_taken_by_yesterday(running: RunningCampus) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await hello(running, "old", trusting())
    lenient = trusting()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        lenient.minimum_version = ssl.TLSVersion.TLSv1
    lenient.set_ciphers("ALL:@SECLEVEL=0")
    assert await hello(running, "old", lenient)


async def test_without_the_switch_the_port_is_plain_again(running: RunningCampus) -> None:
    await hello(running, "self-signed", trusting())
    device = running.campus.devices[0]
    set_fault(device, "tls", None)
    await running.follow()
    assert (await onvif(device, "/onvif/device_service", "tds", "GetUsers")).status == 200

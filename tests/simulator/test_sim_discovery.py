"""Simulated devices answer WS-Discovery probes that reach their own address."""

import asyncio
import socket

import pytest
from lxml import etree

from simulator.faults import set_fault
from simulator.running import RunningCampus
from tests.simulator.http_probe import one_camera

PROBE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header><a:MessageID>urn:uuid:7'
    "</a:MessageID></s:Header><s:Body><d:Probe><d:Types>{}</d:Types></d:Probe></s:Body>"
    "</s:Envelope>"
)


def free_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind((address, 0))
        port: int = found.getsockname()[1]
        return port


async def probe(address: str, port: int, types: str, wait_s: float) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setblocking(False)
        await loop.sock_sendto(caller, PROBE.format(types).encode(), (address, port))
        return await asyncio.wait_for(loop.sock_recv(caller, 65_535), wait_s)


async def test_a_probe_is_answered_with_the_address_of_the_device() -> None:
    campus, device = one_camera()
    port = free_port(device.address)
    async with RunningCampus(campus, rtsp="none", discovery_port=port):
        answer = await probe(device.address, port, "dn:NetworkVideoTransmitter", 120)
    root = etree.fromstring(answer)
    (address,) = root.iter("{*}XAddrs")
    assert address.text == f"http://{device.address}:{device.http_port}/onvif/device_service"
    assert [each.text for each in root.iter("{*}RelatesTo")] == ["urn:uuid:7"]


async def test_printers_and_silent_cameras_do_not_answer() -> None:
    campus, device = one_camera()
    port = free_port(device.address)
    async with RunningCampus(campus, rtsp="none", discovery_port=port):
        with pytest.raises(TimeoutError):
            await probe(device.address, port, "wsdp:Printer", 0.05)
        set_fault(device, "silent")
        with pytest.raises(TimeoutError):
            await probe(device.address, port, "dn:NetworkVideoTransmitter", 0.05)

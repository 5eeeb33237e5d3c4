"""The RTSP port is learnt from what the device says, so that nobody has to type it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from cameras.protocols.base import Channel
from cameras.protocols.http import Transport
from cameras.protocols.opening import open_device
from tests.protocols.isapi_recorder import Recorder, match, result
from tests.protocols.patience import HANG_S
from tests.protocols.vendor_device import LOGIN, Answer, Asked, VendorDevice, serving

SPAN = (1_792_900_000_000, 1_792_900_060_000)
START, END = b"2026-10-25T05:00:00Z", b"2026-10-25T07:00:00Z"
INFO = b"<DeviceInfo><model>DS-7716NI</model><serialNumber>DS77160420</serialNumber></DeviceInfo>"
ACCESS = (
    b"<AdminAccessProtocolList><AdminAccessProtocol><enabled>true</enabled><protocol>HTTP</protocol>"
    b"<portNo>80</portNo></AdminAccessProtocol><AdminAccessProtocol><enabled>true</enabled>"
    b"<protocol>RTSP</protocol><portNo>10554</portNo></AdminAccessProtocol>"
    b"</AdminAccessProtocolList>"
)


async def port_of(server: VendorDevice, protocol: str, rtsp_port: int | None = None) -> int | None:
    endpoint = replace(server.endpoint, rtsp_port=rtsp_port)
    async with Transport(deadline=HANG_S) as transport:
        device = await open_device(transport, endpoint, LOGIN, protocol=protocol)
        assert device.playback is not None
        target = await device.playback.playback(Channel(1), *SPAN)
        await device.close()
    return urlsplit(target.url).port


def hikvision(**documents: bytes) -> Recorder:
    paths = {f"/ISAPI/{name.replace('__', '/')}": body for name, body in documents.items()}
    return Recorder([], documents={"/ISAPI/System/deviceInfo": INFO, **paths})


def dahua(asked: Asked) -> Answer:
    if "name=RTSP" in asked.path:
        return (
            b"table.RTSP.Enable=true\r\ntable.RTSP.Port=10554\r\ntable.RTSP.RTP.EndPort=40000\r\n"
        )
    if "getSystemInfo" in asked.path:
        return b"serialNumber=6J0A1B2C3D\r\n"
    return (404, b"Error\r\n")


async def test_hikvision_tells_it_in_its_access_protocols() -> None:
    async with serving(hikvision(Security__adminAccesses=ACCESS)) as server:
        assert await port_of(server, "isapi") == 10554


async def test_dahua_tells_it_in_its_configuration() -> None:
    async with serving(dahua) as server:
        assert await port_of(server, "dahua") == 10554


async def test_a_device_that_tells_nothing_has_the_usual_port() -> None:
    async with serving(hikvision()) as server:
        assert await port_of(server, "isapi") == 554


async def test_what_a_person_set_is_not_asked_for() -> None:
    async with serving(hikvision(Security__adminAccesses=ACCESS)) as server:
        assert await port_of(server, "isapi", 8554) == 8554
        assert not any("adminAccesses" in path for path in server.paths())


@pytest.mark.parametrize("port", [b"22", b"0", b"99999", b"x"])
async def test_a_port_that_no_stream_has_is_not_believed(port: bytes) -> None:
    """D5"""
    access = ACCESS.replace(b"10554", port)
    async with serving(hikvision(Security__adminAccesses=access)) as server:
        assert await port_of(server, "isapi") == 554


@pytest.mark.parametrize("web_port", [80, 443, 0])
async def test_a_web_port_in_a_playback_address_is_no_rtsp_port(web_port: int) -> None:
    """Some recorders name it, or the one that is dialled, in the address of a recording."""
    recorder = hikvision(Security__adminAccesses=ACCESS)
    found = result([match("START", "END")]).replace(b"START", START).replace(b"END", END)

    def answer(asked: Asked) -> Answer:
        if asked.path != "/ISAPI/ContentMgmt/search":
            return recorder(asked)
        return found.replace(b"10.1.1.1/", b"10.1.1.1:%d/" % (web_port or server.port))

    async with serving(answer) as server:
        assert await port_of(server, "isapi") == 10554
        assert "/ISAPI/ContentMgmt/search" in server.paths()

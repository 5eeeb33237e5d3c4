"""Devices that speak SOAP 1.1 only, and say nothing, or that they do not understand, to SOAP 1.2."""

from __future__ import annotations

import asyncio

import pytest

from cameras.protocols.base import BadAnswer, Manner
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.onvif_device import LOGIN, OnvifDevice, fault
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import Seen, reply
from tests.protocols.test_onvif_device import INFORMATION

OLDER = b'"http://schemas.xmlsoap.org/soap/envelope/"'


class OlderDevice(OnvifDevice):
    """`to_newer` is what it answers to SOAP 1.2."""

    def __init__(self, to_newer: bytes) -> None:
        super().__init__("wsse", GetDeviceInformation=INFORMATION)
        self.to_newer = to_newer

    async def _serve(self, seen: Seen, writer: asyncio.StreamWriter) -> bytes:
        if OLDER not in seen.body:
            return self.to_newer
        assert seen.headers["content-type"].startswith("text/xml")
        assert seen.headers["soapaction"].startswith('"http://www.onvif.org/ver10/')
        return await super()._serve(seen, writer)


@pytest.mark.parametrize(
    "to_newer",
    [reply(b""), reply(b"", 415), reply(fault("x").replace("s:Sender", "s:VersionMismatch"), 500)],
)
async def test_a_device_of_soap_1_1_is_spoken_to(to_newer: bytes) -> None:
    manner = Manner()
    async with OlderDevice(to_newer) as device, Transport(deadline=HANG_S) as transport:
        client = OnvifClient(transport.to(device.server.endpoint, LOGIN, manner))
        await client.read_clock()
        assert (await client.identity()).maker == "Acme"
        await client.close()
        newer = sum(OLDER not in seen.body for seen in device.server.seen)
    assert (newer, manner.quirks.count("soap-1-1")) == (1, 1)


async def test_a_device_that_has_learnt_soap_1_2_is_spoken_to_again() -> None:
    manner = Manner(quirks=["soap-1-1"])
    newer = OnvifDevice("none")

    async def serve(seen: Seen, writer: asyncio.StreamWriter) -> bytes:
        return (
            reply(b"", 415) if OLDER in seen.body else await OnvifDevice._serve(newer, seen, writer)
        )

    newer.server.script = serve
    async with newer as device, Transport(deadline=HANG_S) as transport:
        await OnvifClient(transport.to(device.server.endpoint, None, manner)).read_clock()
    assert manner.quirks == []


async def test_silence_to_a_login_is_not_answered_with_another_login() -> None:
    silent = OnvifDevice("wsse", GetDeviceInformation=reply(b""))
    async with silent as device, Transport(deadline=HANG_S) as transport:
        client = OnvifClient(transport.to(device.server.endpoint, LOGIN, Manner()))
        with pytest.raises(BadAnswer):
            await client.soap.call("device", "GetDeviceInformation")
    assert len(device.signed) == 1


async def test_a_device_that_is_silent_to_both_is_not_taken_to_be_old() -> None:
    manner = Manner()
    silent = OnvifDevice("none", GetSystemDateAndTime=reply(b""))
    async with silent as device, Transport(deadline=HANG_S) as transport:
        client = OnvifClient(transport.to(device.server.endpoint, None, manner))
        with pytest.raises(BadAnswer):
            await client.read_clock()
    assert manner.quirks == []

"""ONVIF off its usual path, or without the clock that everybody asks first."""

from __future__ import annotations

import asyncio

import pytest

from cameras.protocols.base import DeviceError, Identity, NotSupported
from cameras.protocols.http import Transport
from cameras.protocols.opening import open_device
from cameras.protocols.probing import probe
from tests.protocols.onvif_device import LOGIN, OnvifDevice, fault
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply

INFORMATION = "<x:Manufacturer>Axis</x:Manufacturer><x:SerialNumber>ACCC8E010203</x:SerialNumber>"
EXPECTED = Identity(serial="ACCC8E010203")


class Elsewhere(OnvifDevice):
    """Has its device service at one path, and 404 for the rest."""

    def __init__(self, path: str) -> None:
        super().__init__(GetDeviceInformation=INFORMATION)
        self._path = path

    async def _serve(self, seen: Seen, writer: asyncio.StreamWriter) -> bytes:
        if seen.target not in (self._path, "/onvif/media"):
            return reply("<html>no</html>", 404)
        return await super()._serve(seen, writer)


@pytest.mark.parametrize("path", ["/onvif/services", "/onvif/devices", "/onvif/service"])
@pytest.mark.parametrize("protocol", ["auto", "onvif"])
async def test_a_device_service_at_another_path_is_found_and_remembered(
    path: str, protocol: str
) -> None:
    async with Elsewhere(path) as server, Transport(deadline=10.0) as transport:
        server.offer("media")
        endpoint = server.server.endpoint
        device = await open_device(transport, endpoint, LOGIN, protocol=protocol)
        assert device.identity is not None
        assert device.identity.serial == "ACCC8E010203"
        assert device.live is not None
        assert device.manner.services["device"] == path
        count = len(server.server.seen)
        again = await open_device(transport, endpoint, LOGIN, manner=device.manner, expect=EXPECTED)
        assert again.protocol == "onvif"
        asked = {seen.target for seen in server.server.seen[count:]}
        assert asked <= {path, "/onvif/media"}


async def test_a_device_that_does_not_tell_its_time_is_known_by_what_it_offers() -> None:
    """Some firmware has no GetSystemDateAndTime; all but the clock is given."""
    refusal = fault("ActionNotSupported", text="Method not implemented: name not recognized")
    async with OnvifDevice(
        GetSystemDateAndTime=refusal,
        GetCapabilities="<x:Capabilities/>",
        GetDeviceInformation=INFORMATION,
    ) as server:
        server.offer("media")
        server.auth = "none"
        async with Transport(deadline=10.0) as transport:
            report = await probe(transport, server.server.endpoint, LOGIN)
    assert report.protocol == "onvif"
    assert report.identity is not None
    assert report.identity["serial"] == "ACCC8E010203"
    assert report.capabilities["clock"]["answer"] == "no"
    assert report.clock is None


async def test_a_web_server_that_asks_for_a_login_everywhere_else_is_no_onvif_device() -> None:
    async def script(seen: Seen, _: asyncio.StreamWriter) -> bytes:
        if "device_service" in seen.target or not seen.target.startswith("/onvif"):
            return reply("", 404)
        return reply("", 401, headers=('WWW-Authenticate: Digest realm="r", nonce="n"',))

    async with ScriptedDevice(script) as server, Transport(deadline=10.0) as transport:
        with pytest.raises(DeviceError) as caught:
            await open_device(transport, server.endpoint, LOGIN)
    assert isinstance(caught.value, NotSupported)
    assert not any("authorization" in seen.headers for seen in server.seen)

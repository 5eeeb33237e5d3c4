"""Behind a forwarded port a device names ports that are its own; everything is asked at the dialled one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cameras.protocols.base import BadAnswer, Channel, Manner, NotSupported, Reason
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.onvif_device import LOGIN, OnvifDevice
from tests.protocols.patience import HANG_S

PROFILES = '<x:Profiles token="P 1{a}"><x:Name>main</x:Name></x:Profiles>'
JPEG = b"\xff\xd8\xff picture"


def services(port: int, host: str = "192.168.1.10", **others: int) -> str:
    ports = {"device": port, "media": port, "recording": port, "search": port} | others
    return "".join(
        f"<x:Service><x:Namespace>http://www.onvif.org/ver10/{name}/wsdl</x:Namespace>"
        f"<x:XAddr>http://{host}:{number}/onvif/{name}</x:XAddr></x:Service>"
        for name, number in ports.items()
    )


@pytest.fixture
async def device() -> AsyncIterator[OnvifDevice]:
    async with OnvifDevice(GetProfiles=PROFILES) as device:
        yield device


@pytest.fixture
async def client(device: OnvifDevice) -> AsyncIterator[OnvifClient]:
    async with Transport(deadline=HANG_S) as transport:
        yield OnvifClient(transport.to(device.server.endpoint, LOGIN, Manner()))


@pytest.mark.parametrize("host", ["192.168.1.10", "127.0.0.1", "[fe80::1]", "camera.local"])
async def test_services_at_the_devices_own_port_are_asked_where_we_dialled(
    device: OnvifDevice, client: OnvifClient, host: str
) -> None:
    device.operations["GetServices"] = services(8000, host)
    assert [channel.token for channel in await client.channels()] == ["P 1{a}"]
    assert client.manner.services["media"] == "/onvif/media"


async def test_a_service_at_another_port_than_the_devices_own_keeps_it(
    device: OnvifDevice, client: OnvifClient
) -> None:
    device.operations["GetServices"] = services(8000, media=8899)
    await client.capabilities()
    assert client.manner.services["media"] == ":8899/onvif/media"
    assert client.manner.services["device"] == "/onvif/device"


async def test_a_picture_at_a_port_that_is_closed_is_asked_where_we_dialled(
    device: OnvifDevice, client: OnvifClient
) -> None:
    device.operations |= {
        "GetServices": services(8000),
        "GetSnapshotUri": "<x:MediaUri><x:Uri>http://127.0.0.1:1025/snap.jpg</x:Uri></x:MediaUri>",
        "/snap.jpg": JPEG,
    }
    picture = await client.snapshot(Channel(1))
    assert picture.data == JPEG


async def test_an_index_that_answers_with_broken_xml_is_not_called_missing(
    device: OnvifDevice, client: OnvifClient
) -> None:
    device.operations |= {
        "GetServices": services(8000),
        "FindEvents": b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n<broken>>",
    }
    with pytest.raises(BadAnswer) as caught:
        await client.recordings(Channel(1, token="R1"), 0, 1_000)
    assert caught.value.reason is Reason.BAD_XML


async def test_an_index_that_lacks_everything_is_called_missing(
    device: OnvifDevice, client: OnvifClient
) -> None:
    device.operations["GetServices"] = services(8000)
    with pytest.raises(NotSupported):
        await client.recordings(Channel(1, token="R1"), 0, 1_000)

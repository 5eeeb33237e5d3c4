"""Identity, services, pictures and streams: each half that a device gives is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from lxml import etree

from cameras.protocols import base
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceKind,
    Manner,
    NotSupported,
    Reason,
    Unreachable,
)
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.identity import mac_address
from tests.protocols.onvif_device import OnvifDevice, answer, fault
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import ScriptedDevice, reply

JPEG = b"\xff\xd8\xff\xe0picture"
INFORMATION = (
    "<x:Manufacturer>Acme</x:Manufacturer><x:Model>C1</x:Model><x:FirmwareVersion>1.2"
    "</x:FirmwareVersion><x:SerialNumber>S7</x:SerialNumber><x:HardwareId>H</x:HardwareId>"
)
INTERFACES = (
    "<x:NetworkInterfaces><tt:Info><tt:HwAddress>aa-bb-cc-00-11-22</tt:HwAddress></tt:Info>"
    "</x:NetworkInterfaces><x:NetworkInterfaces><tt:Info><tt:HwAddress>00:00:00:00:00:00"
    "</tt:HwAddress></tt:Info></x:NetworkInterfaces>"
)


def scopes(*values: str) -> str:
    return "".join(
        f"<x:Scopes><tt:ScopeItem>onvif://www.onvif.org/{value}</tt:ScopeItem></x:Scopes>"
        for value in values
    )


def profile(token: str, source: str) -> str:
    return (
        f'<x:Profiles token="{token}"><tt:Name>{token}-name</tt:Name><tt:VideoSourceConfiguration>'
        f"<tt:SourceToken>{source}</tt:SourceToken></tt:VideoSourceConfiguration></x:Profiles>"
    )


@pytest.fixture
async def device() -> AsyncIterator[OnvifDevice]:
    async with OnvifDevice("none") as device:
        device.offer("device", "media")
        yield device


@pytest.fixture
async def client(device: OnvifDevice) -> AsyncIterator[OnvifClient]:
    async with Transport(deadline=HANG_S) as transport:
        yield OnvifClient(transport.to(device.server.endpoint, None, Manner()))


def test_the_client_has_every_interface_that_it_promises() -> None:
    for interface in (
        base.TellsIdentity,
        base.TellsTime,
        base.ListsChannels,
        base.IndexesRecordings,
        base.TakesSnapshots,
        base.Streams,
    ):
        conversation = Transport().to(base.Endpoint("127.0.0.1"), None, Manner())
        assert isinstance(OnvifClient(conversation), interface)


async def test_identity_is_put_together(device: OnvifDevice, client: OnvifClient) -> None:
    device.operations |= {
        "GetDeviceInformation": INFORMATION,
        "GetNetworkInterfaces": INTERFACES,
        "GetScopes": scopes("name/North%20Gate", "hardware/C1"),
    }
    identity = await client.identity()
    assert (identity.maker, identity.model, identity.serial) == ("Acme", "C1", "S7")
    assert (identity.firmware, identity.hardware) == ("1.2", "H")
    assert (identity.macs, identity.name) == (("AA:BB:CC:00:11:22",), "North Gate")
    assert identity.kind is DeviceKind.CAMERA


@pytest.mark.parametrize("name", ["GetDeviceInformation", "GetNetworkInterfaces", "GetScopes"])
async def test_half_an_identity_is_given(
    device: OnvifDevice, client: OnvifClient, name: str
) -> None:
    contents = {
        "GetDeviceInformation": INFORMATION,
        "GetNetworkInterfaces": INTERFACES,
        "GetScopes": scopes("name/Gate"),
    }
    device.operations[name] = contents[name]
    identity = await client.identity()
    assert identity.maker or identity.macs or identity.name


async def test_lengths_that_count_letters_and_not_bytes_cost_nothing(
    device: OnvifDevice, client: OnvifClient
) -> None:
    """Each Turkish letter then stands one byte behind the end of the answer."""
    for name, content in (
        ("GetDeviceInformation", INFORMATION),
        ("GetScopes", scopes("name/Gate")),
    ):
        whole = answer(name, content.replace("Acme", "Işık").replace("Gate", "Giriş kapısı"))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n"
        device.operations[name] = (head + whole).encode()
    identity = await client.identity()
    assert (identity.maker, identity.name) == ("Işık", "Giriş kapısı")


async def test_no_identity_at_all_is_an_error(client: OnvifClient) -> None:
    with pytest.raises(NotSupported):
        await client.identity()


@pytest.mark.parametrize("service", ["recording", "search"])
async def test_a_recording_service_makes_a_recorder(
    device: OnvifDevice, client: OnvifClient, service: str
) -> None:
    device.offer("device", "media", service)
    device.operations["GetDeviceInformation"] = INFORMATION
    assert (await client.identity()).kind is DeviceKind.RECORDER


async def test_many_pictures_make_a_recorder(device: OnvifDevice, client: OnvifClient) -> None:
    device.operations["GetDeviceInformation"] = INFORMATION
    device.operations["GetProfiles"] = "".join(profile(f"P{n}", f"V{n}") for n in range(8))
    assert (await client.identity()).kind is DeviceKind.RECORDER


async def test_a_camera_has_one_channel_per_lens(device: OnvifDevice, client: OnvifClient) -> None:
    device.operations["GetProfiles"] = (
        profile("main", "V1") + profile("sub", "V1") + profile("other", "V2")
    )
    channels = await client.channels()
    assert [(c.number, c.token, c.name) for c in channels] == [
        (1, "main", "main-name"),
        (2, "other", "other-name"),
    ]


async def test_media2_alone_is_enough(device: OnvifDevice, client: OnvifClient) -> None:
    device.offer("device", "media2")
    device.operations |= {
        "GetProfiles": '<x:Profiles token="M2"><x:Name>main</x:Name></x:Profiles>',
        "GetStreamUri": "<x:Uri>rtsp://127.0.0.1/live</x:Uri>",
        "GetSnapshotUri": f"<x:Uri>http://127.0.0.1:{device.server.port}/snap.jpg</x:Uri>",
        "/snap.jpg": JPEG,
    }
    (channel,) = await client.channels()
    assert channel.token == "M2"
    assert (await client.live(channel)).url == "rtsp://127.0.0.1:554/live"
    assert (await client.snapshot(channel)).data == JPEG


@pytest.mark.parametrize("refuses", [False, True])
async def test_media2_tells_its_lenses_when_it_is_asked_for_them(
    device: OnvifDevice, client: OnvifClient, refuses: bool
) -> None:
    """Media2 gives no configuration that is not asked for; some firmware does not know the question."""

    def told(request: etree._Element) -> str:
        kind = request.findtext("{*}Type")
        if kind and refuses:
            return fault("InvalidArgVal")
        lens = "<x:Configurations><x:VideoSource token='C{0}'><tt:SourceToken>V{0}</tt:SourceToken>"
        lens += "</x:VideoSource></x:Configurations>"
        return "".join(
            f'<x:Profiles token="P{n}"><x:Name>{n}</x:Name>{lens.format(n) if kind else ""}'
            "</x:Profiles>"
            for n in range(1, 4)
        )

    device.offer("device", "media2")
    device.operations["GetProfiles"] = told
    assert len(await client.channels()) == (1 if refuses else 3)


async def test_the_source_of_the_sound_is_no_lens(device: OnvifDevice, client: OnvifClient) -> None:
    sound = "<tt:AudioSourceConfiguration><tt:SourceToken>A1</tt:SourceToken></tt:AudioSourceConfiguration>"
    device.operations["GetProfiles"] = (
        profile("main", "V1").replace("<tt:VideoSource", f"{sound}<tt:VideoSource", 1)
        + profile("sub", "V1")
        + f'<x:Profiles token="sound"><tt:Name>sound</tt:Name>{sound}</x:Profiles>'
    )
    assert [channel.token for channel in await client.channels()] == ["main"]


async def test_a_stream_is_no_picture(device: OnvifDevice, client: OnvifClient) -> None:
    """Nothing is asked at the port of the streams."""
    device.operations |= {
        "GetProfiles": profile("main", "V1"),
        "GetSnapshotUri": "<x:MediaUri><tt:Uri>rtsp://127.0.0.1:554/live</tt:Uri></x:MediaUri>",
    }
    with pytest.raises(NotSupported, match="instead of a picture"):
        await client.snapshot(Channel(1))


async def test_capabilities_stand_in_for_services(device: OnvifDevice, client: OnvifClient) -> None:
    """Recording, Search and Replay stand under Extension there."""
    del device.operations["GetServices"]
    address = f"http://10.1.1.1:{device.server.port}"
    device.operations["GetCapabilities"] = (
        f"<x:Capabilities><tt:Media><tt:XAddr>{address}/m</tt:XAddr></tt:Media><tt:Extension>"
        f"<tt:Search><tt:XAddr>{address}/s</tt:XAddr></tt:Search><tt:Replay><tt:XAddr>{address}/r"
        "</tt:XAddr></tt:Replay></tt:Extension></x:Capabilities>"
    )
    offered = await client.capabilities()
    assert offered["snapshot"]
    assert offered["recordings"]
    assert offered["playback"]
    assert client.manner.services["search"] == "/s"


async def test_usual_paths_are_tried_when_a_device_lists_nothing(
    device: OnvifDevice, client: OnvifClient
) -> None:
    del device.operations["GetServices"]
    device.operations["GetProfiles"] = profile("main", "V1")
    assert [channel.token for channel in await client.channels()] == ["main"]


async def test_remembered_services_are_not_asked_again(device: OnvifDevice) -> None:
    device.operations["GetProfiles"] = profile("main", "V1")
    manner = Manner(services={"device": "/onvif/device_service", "media": "/onvif/media"})
    async with Transport() as transport:
        await OnvifClient(transport.to(device.server.endpoint, None, manner)).channels()
    assert device.calls == ["GetProfiles"]


async def test_an_address_of_another_host_is_asked_on_the_device(
    device: OnvifDevice, client: OnvifClient
) -> None:
    """D5: 0 packets elsewhere, for services, pictures and streams."""
    async with ScriptedDevice(reply(b"elsewhere")) as other:
        listed = device.operations["GetServices"]
        assert isinstance(listed, str)
        here, away = f"127.0.0.1:{device.server.port}", f"127.0.0.2:{other.port}"
        device.operations |= {
            "GetServices": listed.replace(here, f"evil@10.255.255.1:{device.server.port}"),
            "GetProfiles": profile("main", "V1"),
            "GetSnapshotUri": "<x:MediaUri><tt:Uri>http://u:p@10.255.255.1/snap.jpg</tt:Uri></x:MediaUri>",
            "GetStreamUri": f"<x:MediaUri><tt:Uri>rtsp://u:p@{away}/live</tt:Uri></x:MediaUri>",
            "/snap.jpg": JPEG,
        }
        picture = await client.snapshot(Channel(1))
        target = await client.live(Channel(1))
    assert (picture.data, picture.content_type) == (JPEG, "image/jpeg")
    assert target.url == f"rtsp://127.0.0.1:{other.port}/live"
    assert other.connections == 0


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "", "http://127.0.0.1:22/x", "ftp://a/b"])
async def test_an_unusable_stream_address_is_refused(
    device: OnvifDevice, client: OnvifClient, uri: str
) -> None:
    """D5."""
    device.operations |= {
        "GetProfiles": profile("main", "V1"),
        "GetStreamUri": f"<x:MediaUri><tt:Uri>{uri}</tt:Uri></x:MediaUri>",
    }
    with pytest.raises(BadAnswer):
        await client.live(Channel(1))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(b"<html>no</html>", Reason.UNDECODABLE), (b"", Reason.NOT_SUPPORTED)],
)
async def test_what_is_no_picture_is_refused(
    device: OnvifDevice, client: OnvifClient, picture: bytes, reason: Reason
) -> None:
    device.operations |= {
        "GetProfiles": profile("main", "V1"),
        "GetSnapshotUri": f"<x:MediaUri><tt:Uri>http://127.0.0.1:{device.server.port}/s</tt:Uri>"
        "</x:MediaUri>",
        "/s": picture,
    }
    with pytest.raises((BadAnswer, NotSupported)) as caught:
        await client.snapshot(Channel(1))
    assert caught.value.reason is reason


async def test_a_dead_device_is_unreachable_for_every_capability(device: OnvifDevice) -> None:
    endpoint = device.server.endpoint
    await device.server.__aexit__()
    async with Transport() as transport:
        client = OnvifClient(transport.to(endpoint, None, Manner()))
        for ask in (client.identity, client.read_clock, client.channels, client.capabilities):
            with pytest.raises(Unreachable):
                await ask()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("aabbcc001122", "AA:BB:CC:00:11:22"),
        ("aa:bb:cc:00:11:22", "AA:BB:CC:00:11:22"),
        ("00-00-00-00-00-00", ""),
        ("aa:bb", ""),
        ("'; drop table", ""),
    ],
)
def test_macs_are_written_one_way(written: str, expected: str) -> None:
    assert mac_address(written) == expected

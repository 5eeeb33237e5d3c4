"""D5: what a device hands out never changes the host that we dial."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cameras.protocols.base import Endpoint, Manner, Untrusted
from cameras.protocols.http import Transport, path_on_device
from tests.protocols.scripted_device import ScriptedDevice, reply

CAMERA = Endpoint("10.0.0.5", 80, rtsp_port=1554)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://10.0.0.5/onvif/media", ("/onvif/media", 80)),
        ("http://10.0.0.5:8899/onvif/media", ("/onvif/media", 8899)),
        ("http://192.168.1.10/snap.jpg?ch=1&x=a%20b", ("/snap.jpg?ch=1&x=a%20b", 80)),
        ("http://evil.example:9000/x", ("/x", 9000)),
        ("http://user:secret@10.0.0.5/x#y", ("/x", 80)),
        ("http://10.0.0.5@evil.example/x", ("/x", 80)),
        ("http://[::ffff:127.0.0.1]/x", ("/x", 80)),
        ("http://2130706433/x", ("/x", 80)),
        ("/onvif/media", ("/onvif/media", 80)),
        ("http://10.0.0.5", ("/", 80)),
        ("https://10.0.0.5/x", ("/x", 80)),
        ("rtsp://admin:secret@10.9.9.9/Streaming/101", ("/Streaming/101", 1554)),
        ("rtsp://10.0.0.5:554/live?ch=1", ("/live?ch=1", 554)),
        ("http://10.0.0.5/ğ", ("/%C4%9F", 80)),
        ("http://10.0.0.5/media http://[fe80::5]/media", ("/media", 80)),
        ("http://fe80::5/onvif/media \r\n", ("/onvif/media", 80)),
        ("http://:80/onvif/media", ("/onvif/media", 80)),
    ],
)
def test_an_address_becomes_a_path_on_the_device(url: str, expected: tuple[str, int]) -> None:
    assert path_on_device(CAMERA, url) == expected


def test_a_device_behind_translation_keeps_the_port_that_we_dial() -> None:
    assert path_on_device(Endpoint("10.0.0.5", 8080), "http://192.168.1.10/x") == ("/x", 8080)


def test_tls_is_not_dropped_for_a_plain_address() -> None:
    assert path_on_device(Endpoint("10.0.0.5", 443, tls=True), "http://10.0.0.5/x") == ("/x", 443)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://10.0.0.5/x",
        "gopher://10.0.0.5/x",
        "//evil.example/x",
        "javascript:alert(1)",
        "http://10.0.0.5:22/x",
        "http://10.0.0.5:445/x",
        "http://10.0.0.5:99999/x",
        "http:\\\\evil.example\\x",
        "http://10.0.0.5/x\r\nHost: evil",
        "",
        "http://10.0.0.5/" + "x" * 3000,
    ],
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(Untrusted):
        path_on_device(CAMERA, url)


async def test_a_path_cannot_lead_to_another_host() -> None:
    async with (
        ScriptedDevice(reply(b"other")) as other,
        ScriptedDevice(reply(b"device")) as device,
        Transport() as transport,
    ):
        conversation = transport.to(device.endpoint, None, Manner())
        for path in (f"//127.0.0.1:{other.port}/", f"/@127.0.0.1:{other.port}/"):
            assert (await conversation.call("GET", path)).body == b"device"
        with pytest.raises(Untrusted):
            await conversation.call("GET", f"@127.0.0.1:{other.port}/")
        with pytest.raises(Untrusted):
            await conversation.call("GET", "/", port=22)
    assert other.connections == 0


async def test_a_name_that_leads_elsewhere_the_second_time_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D5: DNS rebinding: the address found first is the one that is dialled."""
    asked: list[str] = []

    async def resolver(host: str, port: int, **_more: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.99"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with ScriptedDevice(reply(b"device")) as device, Transport() as transport:
        named = Endpoint("camera.example", device.port)
        conversation = transport.to(named, None, Manner())
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver)
        for _call in range(3):
            assert (await conversation.call("GET", "/")).body == b"device"
    assert asked == ["camera.example"]

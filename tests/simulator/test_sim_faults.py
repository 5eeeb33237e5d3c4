"""Each switch of the simulated campus does what its name says."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from lxml import etree

from simulator.faults import CATALOGUE, UnknownFault, set_fault
from simulator.generator import make_campus
from simulator.running import NotLoopback, RunningCampus
from simulator.world import Dialect, SimDevice
from tests.simulator.http_probe import (
    WAIT_S,
    Answer,
    exchange,
    one_camera,
    one_recorder,
    onvif,
    signed,
)

DEVICE = "/onvif/device_service"


@pytest.fixture
async def campus() -> AsyncIterator[RunningCampus]:
    made, _ = one_camera()
    async with RunningCampus(made, rtsp="none", discovery_port=0) as running:
        yield running


@pytest.fixture
def camera(campus: RunningCampus) -> SimDevice:
    return campus.campus.devices[0]


async def information(device: SimDevice) -> Answer:
    return await onvif(device, DEVICE, "tds", "GetDeviceInformation")


async def first_bytes(device: SimDevice, request: bytes, wait_s: float) -> bytes:
    """Return what arrives within a time, from a device that never ends."""
    reader, writer = await asyncio.open_connection(device.address, device.http_port)
    writer.write(request)
    got = b""
    try:
        async with asyncio.timeout(wait_s):
            while chunk := await reader.read(65_536):
                got += chunk
    except TimeoutError:
        pass
    finally:
        writer.close()
    return got


@asynccontextmanager
async def dripping(device: SimDevice) -> AsyncIterator[asyncio.StreamReader]:
    """What a device sends that was asked for its page."""
    reader, writer = await asyncio.open_connection(device.address, device.http_port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    try:
        async with asyncio.timeout(WAIT_S):
            yield reader
    finally:
        writer.close()


async def seconds_of(what: Awaitable[bytes]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await what
    return loop.time() - began


async def test_a_dead_device_refuses_and_comes_back(
    campus: RunningCampus, camera: SimDevice
) -> None:
    set_fault(camera, "dead")
    await campus.follow()
    with pytest.raises(ConnectionRefusedError):
        await information(camera)
    set_fault(camera, "dead", None)
    await campus.follow()
    assert (await information(camera)).status == 200


async def test_a_silent_device_accepts_and_says_nothing(camera: SimDevice) -> None:
    set_fault(camera, "silent")
    assert await first_bytes(camera, b"GET / HTTP/1.1\r\n\r\n", 0.1) == b""


async def test_a_closing_device_sends_nothing(camera: SimDevice) -> None:
    set_fault(camera, "close")
    with pytest.raises((ConnectionError, ValueError, IndexError)):
        await information(camera)


async def test_a_slow_device_answers_late(camera: SimDevice) -> None:
    set_fault(camera, "slow", 80)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await information(camera)).status == 200
    assert loop.time() - began >= 0.08


async def test_a_dripping_device_sends_byte_by_byte(camera: SimDevice) -> None:
    set_fault(camera, "drip", 0.05)
    async with dripping(camera) as reader:
        await reader.readuntil(b"\r\n\r\n")
        assert await seconds_of(reader.readexactly(4)) >= 3 * 0.05


async def test_headers_can_drip_as_well(camera: SimDevice) -> None:
    set_fault(camera, "drip_headers", 0.05)
    async with dripping(camera) as reader:
        assert await seconds_of(reader.readuntil(b"\r\n\r\n")) >= 2 * 0.05


async def test_a_busy_device_is_busy_so_often(camera: SimDevice) -> None:
    set_fault(camera, "busy", {"times": 2})
    assert [(await information(camera)).status for _ in "123"] == [503, 503, 200]


async def test_a_fault_can_strike_one_operation_only(camera: SimDevice) -> None:
    set_fault(camera, "busy", {"only": ["GetScopes"]})
    assert (await onvif(camera, DEVICE, "tds", "GetScopes")).status == 503
    assert (await information(camera)).status == 200


async def test_a_redirect_names_its_target(camera: SimDevice) -> None:
    set_fault(camera, "redirect", "http://127.0.0.1:1/")
    answer = await information(camera)
    assert answer.status == 302
    assert answer.headers["location"] == "http://127.0.0.1:1/"


async def test_a_digest_loop_calls_every_answer_stale() -> None:
    made, device = one_recorder(Dialect.ISAPI)
    set_fault(device, "digest_loop")
    async with RunningCampus(made, rtsp="none", discovery_port=0):
        answer = await signed(device, "GET", "/ISAPI/System/deviceInfo")
    assert answer.status == 401
    assert "stale=true" in answer.headers["www-authenticate"]


async def test_a_huge_body_is_chunked_to_its_full_length(camera: SimDevice) -> None:
    set_fault(camera, "huge_body", 10_000_000)
    got = await exchange(camera, b"GET / HTTP/1.0\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in got
    assert len(got) > 9_900_000


async def test_a_gzip_bomb_is_small_on_the_wire(camera: SimDevice) -> None:
    set_fault(camera, "gzip_bomb", 5_000_000)
    answer = await information(camera)
    assert len(answer.body) < 10_000
    assert len(gzip.decompress(answer.body)) == 5_000_000


@pytest.mark.parametrize(
    ("fault", "mark"),
    [
        ("dtd", b"<!DOCTYPE"),
        ("billion_laughs", b"&a9;"),
        ("xxe", b"file:///etc/hostname"),
        ("html_login", b"<title>Login</title>"),
        ("nul", b"a\0b"),
        ("control_chars", b"\x1b[2J"),
        ("utf16", b"\xff\xfe"),
        ("legacy_charset", "şğıİ".encode("cp1254")),
    ],
)
async def test_a_spoilt_body_carries_its_mark(camera: SimDevice, fault: str, mark: bytes) -> None:
    set_fault(camera, fault)
    assert mark in (await information(camera)).body


async def test_deep_xml_is_as_deep_as_told(camera: SimDevice) -> None:
    set_fault(camera, "deep_xml", 200)
    root = etree.fromstring((await information(camera)).body)
    assert len(list(root.iter("d"))) == 200


async def test_a_name_can_be_anything(camera: SimDevice) -> None:
    camera.name = "=cmd()<script>../../x \U0001f4f7 \u202egnp"
    answer = await onvif(camera, DEVICE, "tds", "GetScopes")
    assert answer.status == 200
    camera.model = "M" * 1_000_000
    assert len((await information(camera)).text("Model") or "") == 1_000_000


async def test_an_empty_answer_is_a_success_without_a_body(camera: SimDevice) -> None:
    set_fault(camera, "empty")
    answer = await information(camera)
    assert (answer.status, answer.body) == (200, b"")


async def test_a_cut_off_answer_is_shorter_than_it_says(camera: SimDevice) -> None:
    set_fault(camera, "cut_off")
    answer = await information(camera)
    assert len(answer.body) < int(answer.headers["content-length"])


async def test_a_plain_port_answers_a_tls_hello_with_junk(camera: SimDevice) -> None:
    set_fault(camera, "tls_junk")
    assert (await exchange(camera, b"\x16\x03\x01\x00\x05hello\r\n\r\n"))[:1] == b"\xff"


async def test_an_echoing_device_repeats_the_security_header(camera: SimDevice) -> None:
    set_fault(camera, "echo_security")
    assert b"UsernameToken" in (await information(camera)).body


async def test_an_unknown_fault_is_refused(camera: SimDevice) -> None:
    with pytest.raises(UnknownFault):
        set_fault(camera, "no_such_thing")
    assert "dead" in CATALOGUE


async def test_calls_at_once_are_counted(camera: SimDevice) -> None:
    camera.latency_ms = 500  # long enough for the last of them to arrive on a slow machine
    await asyncio.gather(*(information(camera) for _ in range(4)))
    assert camera.max_at_once == 4
    assert camera.at_once == 0


async def test_a_device_stands_on_loopback_only() -> None:
    made = make_campus(1, 0)
    made.devices[0].address = "192.0.2.1"
    with pytest.raises(NotLoopback):
        RunningCampus(made)


def test_a_made_campus_has_the_asked_share_of_bad_devices() -> None:
    made = make_campus(100, 10, 3, dead_share=0.1, slow_share=0.05)
    faults = [name for device in made.devices for name in device.faults]
    assert len(made.devices) == 110
    assert faults.count("drip") == round(110 * 0.05)
    assert faults.count("dead") + faults.count("silent") == 11
    assert sum(len(d.channels) for d in made.devices[:10]) == 100

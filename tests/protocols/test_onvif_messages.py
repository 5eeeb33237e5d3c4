"""Request envelopes: from the WSDLs, parsed once, filled in as bytes and signed in Zulu time."""

from __future__ import annotations

import re

import pytest
import time_machine
from lxml import etree

from cameras.protocols.base import Login
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.faults import fault_error
from cameras.protocols.onvif.messages import Argument
from cameras.protocols.onvif.security import username_token
from cameras.protocols.xml import find, parse, text
from core.secret import Secret
from tests.protocols.onvif_device import fault

REPLAY: dict[str, Argument] = {
    "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
    "RecordingToken": "R1",
}


def build(service: str, operation: str, header: bytes = b"", **arguments: Argument) -> bytes:
    texts: list[str] = []
    return messages.template(service, operation, arguments, texts).fill(texts, header)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("device", "GetSystemDateAndTime", {}),
        ("device", "GetServices", {"IncludeCapability": False}),
        ("device", "GetCapabilities", {"Category": ["All"]}),
        ("device", "GetDeviceInformation", {}),
        ("device", "GetNetworkInterfaces", {}),
        ("device", "GetScopes", {}),
        ("device", "GetNTP", {}),
        ("media", "GetProfiles", {}),
        ("media", "GetSnapshotUri", {"ProfileToken": "P"}),
        ("media2", "GetStreamUri", {"Protocol": "RTSP", "ProfileToken": "P"}),
        ("recording", "GetRecordings", {}),
        ("search", "GetRecordingSummary", {}),
        ("search", "EndSearch", {"SearchToken": "S"}),
        ("replay", "GetReplayUri", REPLAY),
    ],
)
def test_each_message_is_one_soap_body(
    service: str, operation: str, arguments: dict[str, Argument]
) -> None:
    root = parse(build(service, operation, **arguments))
    message = find(root, f"Body/{operation}")
    assert message is not None
    assert etree.QName(message).namespace == messages.NAMESPACES[service]


def test_a_shape_is_built_once_and_filled_with_any_text() -> None:
    first = parse(build("replay", "GetReplayUri", **REPLAY))
    nasty = {**REPLAY, "RecordingToken": "<a>&zz1zz"}
    second = parse(build("replay", "GetReplayUri", **nasty))
    assert text(first, "Body/GetReplayUri/RecordingToken") == "R1"
    assert text(second, "Body/GetReplayUri/RecordingToken") == "<a>&zz1zz"
    assert text(second, "Body/GetReplayUri/StreamSetup/Transport/Protocol") == "RTSP"
    texts: list[str] = []
    template = messages.template("replay", "GetReplayUri", REPLAY, texts)
    assert template is messages.template("replay", "GetReplayUri", nasty, [])


def test_a_warm_start_leaves_nothing_to_parse() -> None:
    messages._bindings.cache_clear()
    messages.warm_up()
    assert messages._bindings.cache_info().currsize == 1
    assert set(messages._bindings()) == set(messages.SERVICES)


@time_machine.travel("2026-11-01T12:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("offset_ms", "created"),
    [
        (0, "2026-11-01T12:00:00Z"),
        (-3_600_000, "2026-11-01T11:00:00Z"),
        (-(10**15), "1970-01-01T00:00:00Z"),
        (10**15, "9999-12-31T23:59:59Z"),
    ],
)
def test_created_is_the_devices_time_in_zulu(offset_ms: int, created: str) -> None:
    """Some devices refuse "+00:00" and fractions."""
    header = username_token(Login("a<b", Secret("canary")), offset_ms)
    root = parse(build("device", "GetScopes", header))
    token = find(root, "Header/Security/UsernameToken")
    assert text(token, "Created") == created
    assert text(token, "Username") == "a<b"
    assert b"canary" not in header


def test_no_two_signatures_are_alike() -> None:
    login = Login("a", Secret("b"))
    nonces = {re.findall(rb"<wsse:Nonce[^>]*>([^<]+)", username_token(login, 0))[0] for _ in "12"}
    assert len(nonces) == 2


def test_only_code_words_of_a_fault_are_told() -> None:
    """A fault text may echo the caller's header: user, digest and nonce."""
    root = parse(fault("InvalidArgVal", text="canary UsernameToken").encode())
    element = find(root, "Body/Fault")
    assert element is not None
    assert str(fault_error(element)) == (
        "BAD_ANSWER: the device answers with a fault: Sender/InvalidArgVal"
    )

"""Who an ONVIF device says it is: device information, MAC addresses and scopes, each optional."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from cameras.protocols.base import BadAnswer, DeviceKind, Identity, NotSupported
from cameras.protocols.onvif.soap import USUAL_PATHS, SoapConversation
from cameras.protocols.xml import descendants, find_all, text

_SCOPE = "onvif://www.onvif.org/"
_MAC = re.compile(r"^([0-9A-F]{2})" + r"[:-]?([0-9A-F]{2})" * 5 + "$")
_RECORDER_WORDS = ("networkvideorecorder", "networkvideostorage", "nvr", "dvr")
_LONGEST_NAME = 200


def mac_address(written: str) -> str:
    """`aa-bb-cc-dd-ee-ff` and its relatives as `AA:BB:CC:DD:EE:FF`; blank when it is none."""
    match = _MAC.match(written.strip().upper())
    if match is None or set("".join(match.groups())) == {"0"}:
        return ""
    return ":".join(match.groups())


def scope_values(scopes: Iterable[str], kind: str) -> list[str]:
    """What scopes like `onvif://www.onvif.org/<kind>/<value>` say, decoded."""
    prefix = f"{_SCOPE}{kind}/"
    return [
        unquote(scope[len(prefix) :]).strip()[:_LONGEST_NAME]
        for scope in scopes
        if scope.lower().startswith(prefix)
    ]


def says_recorder(scopes: Iterable[str]) -> bool:
    """Do the scopes call the device a recorder?"""
    types = " ".join(scope_values(scopes, "type")).lower().replace("_", "").replace(" ", "")
    return any(word in types for word in _RECORDER_WORDS)


async def read_identity(soap: SoapConversation) -> Identity:
    """All that the device tells. Raises only when it tells nothing at all."""
    failure: BadAnswer | NotSupported | None = None
    maker = model = firmware = serial = hardware = ""
    try:
        told = (await soap.call("device", "GetDeviceInformation")).content
        maker, model = text(told, "Manufacturer"), text(told, "Model")
        firmware, serial = text(told, "FirmwareVersion"), text(told, "SerialNumber")
        hardware = text(told, "HardwareId")
    except (BadAnswer, NotSupported) as error:
        failure = error
    macs = await _macs(soap)
    scopes = await _scopes(soap)
    if failure is not None and not macs and not scopes:
        raise failure
    names = scope_values(scopes, "name")
    return Identity(
        maker=maker,
        model=model,
        serial=serial,
        firmware=firmware,
        hardware=hardware or next(iter(scope_values(scopes, "hardware")), ""),
        macs=macs,
        name=names[0] if names else "",
        kind=await _kind(soap, scopes),
    )


async def _macs(soap: SoapConversation) -> tuple[str, ...]:
    try:
        answer = await soap.call("device", "GetNetworkInterfaces")
    except (BadAnswer, NotSupported):
        return ()
    macs = (mac_address(text(element)) for element in descendants(answer.content, "HwAddress"))
    return tuple(dict.fromkeys(mac for mac in macs if mac))


async def _scopes(soap: SoapConversation) -> list[str]:
    try:
        answer = await soap.call("device", "GetScopes")
    except (BadAnswer, NotSupported):
        return []
    return [text(scope, "ScopeItem") for scope in find_all(answer.content, "Scopes")]


async def _kind(soap: SoapConversation, scopes: list[str]) -> DeviceKind:
    if says_recorder(scopes):
        return DeviceKind.RECORDER
    try:
        services = soap.manner.services or await soap.services()
    except (BadAnswer, NotSupported):
        return DeviceKind.UNKNOWN
    if USUAL_PATHS in soap.manner.quirks:
        return DeviceKind.UNKNOWN
    if "recording" in services or "search" in services:
        return DeviceKind.RECORDER
    return DeviceKind.CAMERA if {"media", "media2"} & services.keys() else DeviceKind.UNKNOWN

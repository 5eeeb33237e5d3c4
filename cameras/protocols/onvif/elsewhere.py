"""Finds ONVIF where it is not as usual: at another path, or without its clock. Asks without any login."""

from __future__ import annotations

from cameras.protocols.base import BadAnswer, Busy, NotSupported, TooLarge, TooSlow, Untrusted
from cameras.protocols.onvif.faults import NotAuthorized
from cameras.protocols.onvif.soap import SoapConversation

_PATHS = ("/onvif/services", "/onvif/devices", "/onvif/service")
_NO_ANSWER = (NotSupported, BadAnswer, TooLarge, Busy, TooSlow, Untrusted)


async def speaks_onvif_after_all(soap: SoapConversation) -> bool:
    """Whether a device that does not tell the time at the usual path speaks ONVIF even so.

    Some firmware lacks GetSystemDateAndTime, which everybody begins with. A path that answers is remembered.
    """
    if await _answers(soap, "GetCapabilities", ""):
        return True
    for path in _PATHS:
        if await _answers(soap, "GetSystemDateAndTime", path):
            soap.use_device_path(path)
            return True
    return False


async def _answers(soap: SoapConversation, operation: str, path: str) -> bool:
    try:
        answer = await soap.call_bare("device", operation, path)
    except NotAuthorized as wanted:
        # A web server that asks for a login everywhere is no ONVIF device; one that says so in SOAP is.
        return not (wanted.offers_digest or wanted.offers_basic)
    except _NO_ANSWER:
        return False
    if operation == "GetSystemDateAndTime":
        soap.take_offset(answer)
    return True

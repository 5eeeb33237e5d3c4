"""SOAP faults as ordinary input: which `DeviceError` a fault is (SOAP 1.1 and 1.2, any status)."""

from __future__ import annotations

import re

from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    DeviceError,
    LockedOut,
    NotSupported,
    Reason,
)
from cameras.protocols.http_faults import says_busy, says_locked
from cameras.protocols.xml import descendants, find, local_name

# Firmwares put it in words of their own; a refusal that is not recognised costs two more tries of a login.
_REFUSED = re.compile(
    r"not ?authori[sz]ed|unauthori[sz]ed|failed ?authentication|failedcheck|invalidsecurity"
    r"|messageexpired|securitytokenunavailable|processing the <?wsse:security>? header"
    r"|authenticat(ion|e) ?(is )?(failed|failure|error)|could not be authenticated|sender not auth"
    r"|(time|authority|auth|authori[sz]ation) (check )?fail|access denied|not permitted|\b401\b|illegal user"
    r"|(wrong|invalid|incorrect|bad) (user ?name|password|user\b|login|credentials?)"
    r"|(user ?name|password|login) (or password )?(is )?(error|wrong|incorrect|invalid|fail)"
    r"|user (does )?not exist",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(
    r"no ?(profile|recording|source)|no such (channel|token)|invalid ?(recording|token)", re.I
)
_UNSUPPORTED = re.compile(
    r"not ?(supported|implemented)|unknown ?action|no ?such ?service|unrecogni[sz]ed", re.I
)
_BUSY = re.compile(r"too ?many|out of (memory|resources)|resource unavailable", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]{1,48}\Z")


class NotAuthorized(Exception):
    """The device wants a login, or another one. Never leaves the ONVIF client."""

    def __init__(
        self,
        http_date: str = "",
        received_ms: float = 0.0,
        *,
        offers_digest: bool = False,
        offers_basic: bool = False,
    ) -> None:
        super().__init__("not authorized")
        self.http_date = http_date
        self.received_ms = received_ms
        self.offers_digest = offers_digest
        self.offers_basic = offers_basic


def fault_in(root: etree._Element) -> etree._Element | None:
    """The Fault of an envelope, or None."""
    body = find(root, "Body")
    return find(body, "Fault") if body is not None else None


def fault_error(fault: etree._Element) -> DeviceError | NotAuthorized:
    """What a fault means. Only its code words go into the detail, never its texts."""
    words = " ".join(piece.strip()[:500] for piece in fault.itertext() if isinstance(piece, str))[
        :4000
    ]
    told = words.encode()
    code = _code(fault)
    if says_locked(told):
        return LockedOut("the device says that the account is locked")
    if _REFUSED.search(words):
        return NotAuthorized()
    if says_busy(told) or _BUSY.search(words):
        return Busy(f"the device answers with a fault: {code}")
    if _UNSUPPORTED.search(words):
        return NotSupported(f"the device answers with a fault: {code}")
    if _NO_SUCH.search(words):
        return NotSupported(
            f"the device answers with a fault: {code}", reason=Reason.NO_SUCH_CHANNEL
        )
    return BadAnswer(f"the device answers with a fault: {code}")


def _code(fault: etree._Element) -> str:
    codes = [
        (element.text or "").strip().rpartition(":")[2]
        for name in ("Value", "faultcode")
        for element in descendants(fault, name)
        if local_name(element) == name
    ]
    return "/".join(code for code in codes[:3] if _CODE.match(code)) or "without a code"

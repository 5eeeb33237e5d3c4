"""The few ONVIF answers that a test of many protocols needs, with WS-Security checked."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.protocols.vendor_device import USER, Answer, Asked

_SERVICES = {
    "device": "http://www.onvif.org/ver10/device/wsdl",
    "media": "http://www.onvif.org/ver10/media/wsdl",
    "search": "http://www.onvif.org/ver10/search/wsdl",
}
_NOT_AUTHORIZED = (
    '<s:Fault xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Code><s:Value>s:Sender'
    "</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>"
)


@dataclass
class Onvif:
    """`password` None lets everybody in; `scopes` are given without login."""

    maker: str = "Axis"
    serial: str = "ACCC8E000001"
    password: str | None = None
    scopes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("device", "media", "search")
    locked: bool = False
    signed: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        if not asked.path.startswith("/onvif"):
            return (404, b"not here")
        operation = re.search(rb"<(?:\w+:)?(Get\w+)", asked.body)
        name = operation[1].decode() if operation else ""
        if name == "GetSystemDateAndTime":
            return _envelope(name, _time())
        if name == "GetScopes" and self.scopes:
            items = (f"<Scopes><ScopeItem>{scope}</ScopeItem></Scopes>" for scope in self.scopes)
            return _envelope(name, "".join(items))
        if not self._lets_in(asked.body, name):
            words = "<s>user is locked</s>" if self.locked else _NOT_AUTHORIZED
            return (400, _soap(words))
        return self._open(name)

    def _open(self, name: str) -> Answer:
        if name == "GetDeviceInformation":
            return _envelope(
                name,
                f"<Manufacturer>{self.maker}</Manufacturer><Model>M1</Model>"
                f"<SerialNumber>{self.serial}</SerialNumber>",
            )
        if name == "GetServices":
            rows = (
                f"<Service><Namespace>{_SERVICES[s]}</Namespace><XAddr>http://10.9.9.9/onvif/{s}"
                "</XAddr></Service>"
                for s in self.services
            )
            return _envelope(name, "".join(rows))
        return (500, _soap("<s:Fault><s:Reason>ActionNotSupported</s:Reason></s:Fault>"))

    def _lets_in(self, body: bytes, name: str) -> bool:
        if self.password is None:
            return True
        told = {
            key: found[1].decode()
            for key in ("Username", "Password", "Nonce", "Created")
            if (found := re.search(rf"<(?:\w+:)?{key}(?:\s[^>]*)?>([^<]*)<".encode(), body))
        }
        if len(told) < 4:
            return False
        self.signed.append(name)
        nonce = base64.b64decode(told["Nonce"])
        digest = hashlib.sha1(
            nonce + told["Created"].encode() + self.password.encode(), usedforsecurity=False
        ).digest()
        return told["Username"] == USER and base64.b64encode(digest).decode() == told["Password"]


def _time() -> str:
    now = datetime.now(UTC)
    return (
        "<SystemDateAndTime><DateTimeType>Manual</DateTimeType><UTCDateTime>"
        f"<Time><Hour>{now.hour}</Hour><Minute>{now.minute}</Minute><Second>{now.second}</Second>"
        f"</Time><Date><Year>{now.year}</Year><Month>{now.month}</Month><Day>{now.day}</Day></Date>"
        "</UTCDateTime></SystemDateAndTime>"
    )


def _envelope(operation: str, inner: str) -> bytes:
    return _soap(f"<{operation}Response>{inner}</{operation}Response>")


def _soap(inner: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f"{inner}</s:Body></s:Envelope>"
    ).encode()

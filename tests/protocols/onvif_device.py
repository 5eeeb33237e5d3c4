"""A small ONVIF device for tests: operations by name, with the login modes that devices have."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from cameras.protocols.base import Login
from core.secret import Secret
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply

LOGIN = Login("operator", Secret("s3cret-<&>"))
_OPEN = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:x="urn:any"'
    ' xmlns:tns1="http://www.onvif.org/ver10/topics"><s:Body>'
)
_CLOSE = "</s:Body></s:Envelope>"
Content = str | bytes | Callable[[etree._Element], str | bytes]


def envelope(content: str) -> str:
    return _OPEN + content + _CLOSE


def answer(operation: str, content: str = "") -> str:
    """An envelope with `<OperationResponse>`."""
    return envelope(f"<x:{operation}Response>{content}</x:{operation}Response>")


def fault(subcode: str, code: str = "Sender", text: str = "no") -> str:
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode><s:Value>ter:{subcode}</s:Value>"
        f"</s:Subcode></s:Code><s:Reason><s:Text>{text}</s:Text></s:Reason></s:Fault>"
    )


def date_time(name: str, ms: float) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return (
        f"<tt:{name}><tt:Time><tt:Hour>{moment.hour}</tt:Hour><tt:Minute>{moment.minute}</tt:Minute>"
        f"<tt:Second>{moment.second}</tt:Second></tt:Time><tt:Date><tt:Year>{moment.year}</tt:Year>"
        f"<tt:Month>{moment.month}</tt:Month><tt:Day>{moment.day}</tt:Day></tt:Date></tt:{name}>"
    )


class OnvifDevice:
    """Give `operations` their contents; `shown_ms` and `checked_ms` are its clock's errors."""

    def __init__(self, auth: str = "wsse", **operations: Content) -> None:
        self.auth = auth  # none, wsse, http, closed (wsse even for the clock)
        self.shown_ms = 0
        self.checked_ms: int | None = None
        self.fault_status = 400
        self.operations: dict[str, Content] = dict(operations)
        self.calls: list[str] = []
        self.signed: list[str] = []
        self.server = ScriptedDevice(self._serve)

    async def __aenter__(self) -> OnvifDevice:
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.__aexit__()

    def offer(self, *names: str) -> None:
        """Answers GetServices with these services, each at `/onvif/<name>`."""
        spaces = {"media2": "ver20/media"}
        self.operations["GetServices"] = "".join(
            f"<x:Service><x:Namespace>http://www.onvif.org/{spaces.get(n, 'ver10/' + n)}/wsdl"
            f"</x:Namespace><x:XAddr>http://127.0.0.1:{self.server.port}/onvif/{n}</x:XAddr>"
            "</x:Service>"
            for n in names
        )

    async def _serve(self, seen: Seen, _: asyncio.StreamWriter) -> bytes:
        if seen.method == "GET":
            picture = self.operations.get(seen.target, b"")
            assert isinstance(picture, bytes)
            return reply(picture, 200 if picture else 404, content_type="image/jpeg")
        root = etree.fromstring(seen.body)
        request = next(iter(root.iter("{*}Body")))[0]
        operation = etree.QName(request).localname
        self.calls.append(operation)
        refusal = self._refusal(seen, root, operation)
        if refusal is not None:
            return refusal
        if operation == "GetSystemDateAndTime" and operation not in self.operations:
            shown = date_time("UTCDateTime", time.time() * 1000 + self.shown_ms)
            clock = f"<x:SystemDateAndTime>{shown}</x:SystemDateAndTime>"
            return reply(answer(operation, clock))
        told = self.operations.get(operation)
        content: str | bytes | None = told(request) if callable(told) else told
        if content is None:
            return reply(fault("ActionNotSupported"), self.fault_status)
        if isinstance(content, bytes):
            return content
        return reply(content if content.startswith("<s:") else answer(operation, content))

    def _refusal(self, seen: Seen, root: etree._Element, operation: str) -> bytes | None:
        if self.auth == "none" or (operation == "GetSystemDateAndTime" and self.auth != "closed"):
            return None
        if self.auth == "http":
            if seen.headers.get("authorization", "").startswith("Digest"):
                return None
            challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
            return reply("", 401, headers=(challenge,))
        if self._is_signed(root):
            return None
        return reply(fault("NotAuthorized"), self.fault_status)

    def _is_signed(self, root: etree._Element) -> bool:
        token = root.find("{*}Header/{*}Security/{*}UsernameToken")
        if token is None:
            return False
        nonce, created = (token.findtext("{*}" + name, "") for name in ("Nonce", "Created"))
        self.signed.append(created)
        plain = base64.b64decode(nonce) + created.encode() + LOGIN.password.reveal().encode()
        proof = base64.b64encode(hashlib.sha1(plain).digest()).decode()
        error = self.shown_ms if self.checked_ms is None else self.checked_ms
        now = time.time() + error / 1000
        return (
            token.findtext("{*}Username") == LOGIN.username
            and token.findtext("{*}Password") == proof
            and abs(datetime.fromisoformat(created).timestamp() - now) < 5
        )

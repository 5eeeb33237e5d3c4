"""One ONVIF conversation: finds the services, signs, climbs the login ladder, reads the reply.

The ladder: nothing (for the clock) -> WS-Security digest with the measured offset -> HTTP digest.
`Manner.auth` remembers the rung that worked. A call tries a login at most twice, and after a
refusal nothing is sent any more: devices lock accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    CredentialRefused,
    DeviceError,
    NotSupported,
    Reason,
    Untrusted,
)
from cameras.protocols.http import Conversation, Reply, path_on_device
from cameras.protocols.http_answers import no_safe_login
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.faults import NotAuthorized, fault_error, fault_in
from cameras.protocols.onvif.replies import not_authorized, wants_another_version
from cameras.protocols.onvif.security import username_token
from cameras.protocols.onvif.service_paths import port_of_its_own, split_port
from cameras.protocols.onvif.times import date_time_ms, http_date_ms
from cameras.protocols.xml import descendants, find, find_all, local_name, parse, text

DEVICE_PATH = "/onvif/device_service"
USUAL_PATHS = "usual-paths"
CLOCK_NEEDS_LOGIN = "clock-needs-login"
SIGNED_IN_TRUE_TIME = "signed-in-true-time"
HTTP_LOGIN_ON = "http-login-on-"
SOAP_1_1 = "soap-1-1"

_GUESSED = ("device", "media", "recording", "search", "replay")
_NAMES = {
    "http://www.onvif.org/ver10/device/wsdl": "device",
    "http://www.onvif.org/ver10/media/wsdl": "media",
    "http://www.onvif.org/ver20/media/wsdl": "media2",
    "http://www.onvif.org/ver10/events/wsdl": "events",
    "http://www.onvif.org/ver10/recording/wsdl": "recording",
    "http://www.onvif.org/ver10/search/wsdl": "search",
    "http://www.onvif.org/ver10/replay/wsdl": "replay",
    "http://www.onvif.org/ver20/imaging/wsdl": "imaging",
    "http://www.onvif.org/ver10/deviceIO/wsdl": "deviceio",
}
# Open to everybody by the standard (access class PRE_AUTH): an answer proves no login.
_PRE_AUTH = {"GetServices", "GetCapabilities", "GetSystemDateAndTime"}
_HALF_HOUR_MS = 30 * 60 * 1000
_NEAR_MS = 60 * 1000


@dataclass(frozen=True)
class Answer:
    """The operation's own element inside the Body, and the times of the exchange."""

    content: etree._Element
    reply: Reply


class SoapConversation:
    """Calls ONVIF operations of one device over one `Conversation`."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.manner = conversation.manner
        self.shown_offset_ms: int | None = None  # what the device shows as UTC, against ours
        self.shown_zone_ms: int | None = None  # how far its wall clock is ahead of its UTC
        self._offset_ms: int | None = None  # with which we sign
        self._proven = False
        self._refusal: CredentialRefused | None = None
        self._http_login = {
            quirk.removeprefix(HTTP_LOGIN_ON)
            for quirk in self.manner.quirks
            if quirk.startswith(HTTP_LOGIN_ON)
        }
        self._services = dict(self.manner.services)

    async def call(self, service: str, operation: str, **arguments: messages.Argument) -> Answer:
        """Asks with the login, where there is one.

        Raises `NotSupported` when the device does not offer the service, and the other errors of
        `protocols.base`; SOAP faults are translated.
        """
        if self._refusal is not None:
            raise self._refusal
        return await self.call_at(await self._path(service), service, operation, **arguments)

    async def call_at(
        self, path: str, service: str, operation: str, **arguments: messages.Argument
    ) -> Answer:
        """As `call`, at a path that the device gave for this one purpose (see `path_of`)."""
        if self._refusal is not None:
            raise self._refusal
        ask = _Ask(service, operation, arguments, path)
        if self.conversation.login is None:
            return await self._without_login(ask)
        if operation in _PRE_AUTH and CLOCK_NEEDS_LOGIN not in self.manner.quirks:
            try:
                return await self._send(ask, b"", http_login=False)
            except NotAuthorized:
                pass
        if self._offset_ms is None:
            await self.measure_offset()
        try:
            return await self._climb(ask)
        except CredentialRefused as refusal:
            self._refusal = refusal
            raise

    async def call_bare(self, service: str, operation: str, path: str = "") -> Answer:
        """Asks without any login. Raises `NotAuthorized` when the device wants one."""
        ask = _Ask(service, operation, {}, path or await self._path(service))
        return await self._send(ask, b"", http_login=False)

    def use_device_path(self, path: str) -> None:
        """Asks the device service there from now on."""
        self._services["device"] = self.manner.services["device"] = path

    async def services(self) -> dict[str, str]:
        """Service names to paths, asked of the device now and remembered in the manner.

        A device that speaks SOAP but lists nothing is tried at the usual path; that is a guess
        for this conversation only.
        """
        found: dict[str, str] = {}
        failures: list[DeviceError] = []
        for ask in (self._from_get_services, self._from_get_capabilities):
            try:
                found = await ask()
            except (NotSupported, BadAnswer) as error:
                failures.append(error)
            if found:
                break
        device_path = self.manner.services.get("device") or found.get("device") or DEVICE_PATH
        if found:
            if USUAL_PATHS in self.manner.quirks:
                self.manner.quirks.remove(USUAL_PATHS)
            self._services = self.manner.services = {**found, "device": device_path}
            return self._services
        if failures and not any(isinstance(error, NotSupported) for error in failures):
            raise failures[0]
        self._note(USUAL_PATHS)
        self._services = dict.fromkeys(_GUESSED, device_path)
        return self._services

    async def measure_offset(self) -> Answer | None:
        """Reads the clock without login, and sets the offset with which messages are signed.

        None when the device wants a login even for that: then its HTTP `Date` or our own time
        has to do for the first signature.
        """
        try:
            answer = await self.call_bare("device", "GetSystemDateAndTime")
        except NotAuthorized as refused:
            self._note(CLOCK_NEEDS_LOGIN)
            shown = http_date_ms(refused.http_date)
            self._offset_ms = round(shown - refused.received_ms) if shown is not None else 0
            return None
        except (BadAnswer, NotSupported):
            self._offset_ms = 0
            return None
        self.take_offset(answer)
        return answer

    def take_offset(self, answer: Answer) -> None:
        """Sets the signing offset from a GetSystemDateAndTime answer."""
        shown = date_time_ms(find(answer.content, "SystemDateAndTime/UTCDateTime"))
        if shown is not None:
            self.shown_offset_ms = round(shown - answer.reply.received_ms)
            wall = date_time_ms(find(answer.content, "SystemDateAndTime/LocalDateTime"))
            self.shown_zone_ms = None if wall is None else wall - shown
        else:
            shown = http_date_ms(answer.reply.headers.get("Date", ""))
        self._offset_ms = 0 if shown is None else round(shown - answer.reply.received_ms)
        if SIGNED_IN_TRUE_TIME in self.manner.quirks:
            self._offset_ms = _without_zone(self._offset_ms)

    async def _without_login(self, ask: _Ask) -> Answer:
        try:
            answer = await self._send(ask, b"", http_login=False)
        except NotAuthorized:
            raise CredentialRefused(
                "the device asks for a login", reason=Reason.NO_CREDENTIAL
            ) from None
        self.manner.auth = self.manner.auth or "none"
        return answer

    async def _climb(self, ask: _Ask) -> Answer:
        """The login that worked before; after a refusal the other one, once."""
        if ask.service in self._http_login or self.manner.auth.startswith(("digest", "basic")):
            return await self._by_http(ask, then_sign=True)
        try:
            answer = await self._signed(ask)
        except NotAuthorized as refused:
            return await self._other_way(ask, refused)
        self._proven = True
        self.manner.auth = "wsse"
        return answer

    async def _other_way(self, ask: _Ask, refused: NotAuthorized) -> Answer:
        is_tls = self.conversation.endpoint.tls
        if refused.offers_digest or (refused.offers_basic and is_tls):
            return await self._by_http(ask, then_sign=False)
        if self._proven:
            # The login is good, this operation is above its rights: no reason to park it.
            raise NotSupported("the login may not ask this")
        other = _without_zone(self._offset_ms or 0)
        if other == self._offset_ms:
            besides = f"; {no_safe_login(True)}" if refused.offers_basic else ""
            if CLOCK_NEEDS_LOGIN in self.manner.quirks and not refused.http_date:
                besides += "; its clock could not be read first, and a wrong one looks the same"
            raise CredentialRefused(f"the device refuses the login{besides}")
        # A device that shows local time as UTC may still check signatures in true UTC.
        self._offset_ms = other
        try:
            answer = await self._signed(ask)
        except NotAuthorized:
            raise CredentialRefused("the device refuses the login") from None
        self._note(SIGNED_IN_TRUE_TIME)
        self._proven = True
        self.manner.auth = "wsse"
        return answer

    async def _signed(self, ask: _Ask) -> Answer:
        login = self.conversation.login
        header = username_token(login, self._offset_ms or 0) if login is not None else b""
        return await self._send(ask, header, http_login=False)

    async def _by_http(self, ask: _Ask, *, then_sign: bool) -> Answer:
        was_proven, was_auth = self._proven, self.manner.auth
        if was_auth == "wsse" and not was_proven:
            self.manner.auth = ""
        try:
            answer = await self._send(ask, b"", http_login=True)
        except (NotAuthorized, NotSupported) as error:
            # What is merely not there says nothing against the login; only a way of login that the
            # device does not offer leads to the other one.
            if isinstance(error, NotSupported):
                wants_other_way = error.reason is Reason.UNSAFE_LOGIN
                if was_proven or not (then_sign and wants_other_way):
                    raise
            if not then_sign:
                raise CredentialRefused("the device refuses the login") from None
            try:
                answer = await self._signed(ask)
            except NotAuthorized:
                if was_proven:
                    raise NotSupported("the login may not ask this") from None
                raise CredentialRefused("the device refuses the login") from None
            self.manner.auth = "wsse"
        else:
            if was_proven and was_auth == "wsse":
                self._http_login.add(ask.service)
                self._note(HTTP_LOGIN_ON + ask.service)
        self._proven = True
        return answer

    async def _send(self, ask: _Ask, header: bytes, *, http_login: bool) -> Answer:
        reply = await self._post(ask, header, http_login=http_login)
        # Only what carries no login is put again: silence may be the answer to a wrong one.
        is_bare = not (header or http_login)
        if is_bare and wants_another_version(reply):
            self._change_version()
            other = await self._post(ask, header, http_login=False)
            if wants_another_version(other):
                self._change_version()
            else:
                reply = other
        if reply.status == 401:
            raise not_authorized(reply)
        return Answer(self._content(reply, ask.operation), reply)

    def _change_version(self) -> None:
        """From SOAP 1.2 to 1.1, or back: another firmware may speak otherwise."""
        quirks = self.manner.quirks
        quirks.remove(SOAP_1_1) if SOAP_1_1 in quirks else quirks.append(SOAP_1_1)

    async def _post(self, ask: _Ask, header: bytes, *, http_login: bool) -> Reply:
        texts: list[str] = []
        template = messages.template(ask.service, ask.operation, ask.arguments, texts)
        path, port = split_port(ask.path)
        message = template.fill(texts, header)
        content_type = template.content_type
        headers: dict[str, str] = {}
        if SOAP_1_1 in self.manner.quirks:
            message, content_type, headers = template.in_soap_1_1(message)
        return await self.conversation.call(
            "POST",
            path,
            port=port,
            body=message,
            headers=headers,
            content_type=content_type,
            authenticate=http_login,
        )

    def _content(self, reply: Reply, operation: str) -> etree._Element:
        try:
            root = parse(reply.body, self.manner.quirks)
        except BadAnswer:
            if reply.status in (404, 405, 410, 415, 501):
                raise NotSupported(f"{operation}: HTTP {reply.status}") from None
            if reply.status == 403:
                raise not_authorized(reply) from None
            if reply.status >= 400:
                raise BadAnswer(f"{operation}: HTTP {reply.status}") from None
            raise
        fault = fault_in(root)
        if fault is not None:
            error = fault_error(fault)
            raise not_authorized(reply) if isinstance(error, NotAuthorized) else error
        content = find(root, f"Body/{operation}Response")
        if content is None:
            raise BadAnswer(f"{operation}: the reply has no {operation}Response")
        return content

    async def _path(self, service: str) -> str:
        if service == "device":
            return self._services.get("device", DEVICE_PATH)
        if not self._services.keys() - {"device"}:
            await self.services()
        path = self._services.get(service)
        if path is None:
            raise NotSupported(f"the device has no {service} service")
        return path

    async def _from_get_services(self) -> dict[str, str]:
        answer = await self.call("device", "GetServices", IncludeCapability=False)
        return self.services_in(answer)

    def services_in(self, answer: Answer) -> dict[str, str]:
        """The known services of a GetServices answer, on the dialled host."""
        told: dict[str, str] = {}
        for service in find_all(answer.content, "Service"):
            name = _NAMES.get(text(service, "Namespace").rstrip("/"))
            if name is not None:
                told.setdefault(name, text(service, "XAddr"))
        return self._on_device(told)

    async def _from_get_capabilities(self) -> dict[str, str]:
        answer = await self.call("device", "GetCapabilities", Category=["All"])
        told: dict[str, str] = {}
        for address in descendants(answer.content, "XAddr"):
            parent = address.getparent()
            name = local_name(parent).lower() if parent is not None else ""
            if name in _NAMES.values():
                told.setdefault(name, text(address))
        return self._on_device(told)

    def path_of(self, address: str) -> str:
        """The path of an address that the device gave. Raises NotSupported when it cannot be used."""
        found = self._on_device({"": address})
        if not found:
            raise NotSupported("the device gives an address that cannot be used")
        return found[""]

    def _on_device(self, told: dict[str, str]) -> dict[str, str]:
        """Paths of the told addresses. One that cannot be used counts as not offered.

        The port in the device service's own address is the one that we dialled, whatever the device
        calls it: behind a forwarded port the two differ, and its other services are there as well.
        """
        endpoint = self.conversation.endpoint
        found: dict[str, str] = {}
        own_port = port_of_its_own(endpoint, told)
        for name, address in told.items():
            try:
                path, port = path_on_device(endpoint, address)
            except Untrusted:
                self._note("unusable-address")
                continue
            is_ours = port in (endpoint.port, own_port)
            found[name] = path if is_ours else f":{port}{path}"
        return found

    def _note(self, quirk: str) -> None:
        if quirk not in self.manner.quirks:
            self.manner.quirks.append(quirk)


@dataclass(frozen=True)
class _Ask:
    service: str
    operation: str
    arguments: dict[str, messages.Argument]
    path: str


def _without_zone(offset_ms: int) -> int:
    """The offset less whole half hours, where it is within a minute of some; else unchanged."""
    steps = round(offset_ms / _HALF_HOUR_MS)
    rest = offset_ms - steps * _HALF_HOUR_MS
    return rest if steps and abs(rest) <= _NEAR_MS else offset_ms

"""The ONVIF side of a device: finds the operation, checks the login, answers or refuses."""

from __future__ import annotations

from xml.sax.saxutils import escape

from lxml import etree

from simulator import onvif_device
from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.logins import DigestGate, Outcome, WsseGate
from simulator.onvif_device import OnvifCall, Operation, offered
from simulator.onvif_events import EVENTS, NOTIFICATION
from simulator.onvif_media import MEDIA, MEDIA2
from simulator.onvif_recording_setup import RECORDING_SETUP, REPLAY_SETUP, SEARCH_SETUP
from simulator.onvif_search import REPLAY, SEARCH
from simulator.onvif_setup import EVERYWHERE, SETUP
from simulator.paths import SERVICE_PATHS
from simulator.pictures import snapshot
from simulator.soap import (
    CONTENT_TYPE,
    NAMESPACES,
    WSNT,
    SoapCall,
    SoapFault,
    envelope,
    fault_reply,
    parse_call,
)
from simulator.world import Auth, Campus, SimDevice

_SERVICES: dict[str, tuple[str, dict[str, Operation]]] = {
    NAMESPACES["tds"]: ("device", {**onvif_device.OPERATIONS, **SETUP, **EVERYWHERE}),
    NAMESPACES["trt"]: ("media", {**MEDIA, **EVERYWHERE}),
    NAMESPACES["tr2"]: ("media2", {**MEDIA2, **EVERYWHERE}),
    NAMESPACES["trc"]: ("recording", {**RECORDING_SETUP, **EVERYWHERE}),
    NAMESPACES["tse"]: ("search", {**SEARCH, **SEARCH_SETUP, **EVERYWHERE}),
    NAMESPACES["trp"]: ("replay", {**REPLAY, **REPLAY_SETUP, **EVERYWHERE}),
    NAMESPACES["tev"]: ("events", {**EVENTS, **EVERYWHERE}),
    WSNT: ("events", NOTIFICATION),
}
# The access class PRE_AUTH of the ONVIF core specification.
_BEFORE_LOGIN = {
    "GetWsdlUrl",
    "GetServices",
    "GetServiceCapabilities",
    "GetCapabilities",
    "GetHostname",
    "GetSystemDateAndTime",
}
_WRITES = ("Set", "Create", "Delete", "SystemReboot")


class OnvifSide:
    """Answers SOAP calls and the snapshot page of one device."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        algorithm = "SHA-256" if device.auth is Auth.DIGEST_SHA256 else "MD5"
        self._digest = DigestGate(device, campus, algorithm)
        self._wsse = WsseGate(device, campus)
        self._names = {path: name for name, path in SERVICE_PATHS[device.dialect].items()}

    def knows(self, path: str) -> bool:
        """Whether this path belongs to ONVIF."""
        return path.startswith("/onvif/")

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        if request.path == "/onvif/snapshot":
            return self._snapshot(request)
        name = self._names.get(request.path)
        if name is None or name not in offered(self._device):
            return Reply(404, b"Not Found", operation=request.path)
        if request.method != "POST":
            return Reply(405, b"", operation=request.path)
        operation = ""
        try:
            call = parse_call(request)
            operation = call.operation
            return self._operate(request, name, call)
        except SoapFault as error:
            return fault_reply(error, operation)

    def _operate(self, request: Request, name: str, call: SoapCall) -> Reply:
        known, operations = _SERVICES.get(call.namespace, ("", {}))
        operation = operations.get(call.operation)
        username = ""
        if self._needs_login(call.operation):
            refusal, username = self._refusal(request, name, call)
            if refusal is not None:
                return refusal
        if known != name or operation is None:
            raise SoapFault("Optional Action Not Implemented", "ter:ActionNotSupported", status=500)
        writes = call.operation.startswith(_WRITES) and name != "events"
        if writes and not self._may_write(username):
            raise SoapFault("Not authorized", "ter:NotAuthorized", "ter:OperationProhibited")
        idle = writes and fault(self._device, "ok_did_nothing", call.operation) is not None
        asked = OnvifCall(self._campus, self._device, call, username, idle)
        body = operation(asked)
        header = ""
        if fault(self._device, "echo_security") is not None and call.header is not None:
            header = "".join(
                etree.tostring(each, encoding="unicode", with_tail=False) for each in call.header
            )
        return Reply(
            200,
            envelope(body, header),
            CONTENT_TYPE,
            operation=call.operation,
            after_ms=asked.wait_ms,
        )

    def _needs_login(self, operation: str) -> bool:
        if self._device.auth is Auth.NONE:
            return False
        if operation == "GetSystemDateAndTime":
            return self._device.time_needs_auth
        return operation not in _BEFORE_LOGIN

    def _may_write(self, username: str) -> bool:
        if self._device.auth is Auth.NONE:
            return True
        user = self._device.users.get(username)
        return user is not None and user.level == "Administrator"

    def _wants_digest(self, service: str) -> bool:
        auth = self._device.auth
        if auth is Auth.WSSE_THEN_DIGEST:
            return service != "device"
        return auth in (Auth.DIGEST_MD5, Auth.DIGEST_SHA256)

    def _refusal(self, request: Request, service: str, call: SoapCall) -> tuple[Reply | None, str]:
        digest_loop = fault(self._device, "digest_loop", call.operation) is not None
        if digest_loop or self._wants_digest(service):
            refusal, username, outcome = self._digest.demand(request)
            if refusal is not None:
                refusal.operation = call.operation
                refusal.content_type = CONTENT_TYPE
                refusal.body = _not_authorized(outcome, call.operation).body
            return refusal, username
        outcome, username = self._wsse.check(call.header)
        if outcome is Outcome.RIGHT:
            return None, username
        return _not_authorized(outcome, call.operation), username

    def _snapshot(self, request: Request) -> Reply:
        if self._device.auth is not Auth.NONE:
            refusal, _, _ = self._digest.demand(request)
            if refusal is not None:
                return refusal
        number = request.arguments().get("channel", "1")
        channel = self._device.channel(int(number)) if number.isdigit() else None
        if channel is None:
            return Reply(404, b"Not Found", operation=request.path)
        picture = snapshot(self._campus, self._device, channel)
        if picture is None:
            return Reply(503, b"No video", operation=request.path)
        return Reply(200, picture, "image/jpeg", operation=request.path)


def _not_authorized(outcome: Outcome, operation: str) -> Reply:
    reasons = {Outcome.LOCKED: "The account is locked, try again in 30 minutes"}
    reason = reasons.get(outcome, "Sender not Authorized")
    return fault_reply(SoapFault(escape(reason), "ter:NotAuthorized"), operation)

"""SOAP 1.2 envelopes as a strict ONVIF device reads and writes them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from lxml import etree

from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.world import SimDevice

SOAP = "http://www.w3.org/2003/05/soap-envelope"
TT = "http://www.onvif.org/ver10/schema"
WSNT = "http://docs.oasis-open.org/wsn/b-2"
CONTENT_TYPE = "application/soap+xml; charset=utf-8"

NAMESPACES = {
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl",
    "trc": "http://www.onvif.org/ver10/recording/wsdl",
    "tse": "http://www.onvif.org/ver10/search/wsdl",
    "trp": "http://www.onvif.org/ver10/replay/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
}
_DECLARED = "".join(
    f' xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "s": SOAP,
        "tt": TT,
        **NAMESPACES,
        "ter": "http://www.onvif.org/ver10/error",
        "wsnt": WSNT,
        "wsa": "http://www.w3.org/2005/08/addressing",
        "tns1": "http://www.onvif.org/ver10/topics",
        "xs": "http://www.w3.org/2001/XMLSchema",
    }.items()
)
_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope{_DECLARED}>'
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


class SoapFault(Exception):
    """A fault to answer with. `subcodes` are ONVIF's, outermost first, with prefix."""

    def __init__(
        self, reason: str, *subcodes: str, code: str = "Sender", status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.subcodes = subcodes
        self.code = code
        self.status = status if status is not None else (400 if code == "Sender" else 500)


@dataclass(slots=True)
class SoapCall:
    """One call: its namespace, the operation, the operation's element, and the header."""

    namespace: str
    operation: str
    element: etree._Element
    header: etree._Element | None
    arguments: dict[str, str] = field(default_factory=dict)  # of the address that was asked

    def text(self, *names: str, default: str = "") -> str:
        """Return the text of the descendant reached by these local names, or the default."""
        found = child(self.element, *names)
        if found is None or found.text is None:
            return default
        return found.text.strip()


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """Return the first descendant along these local names."""
    current = element
    for name in names:
        found = next((each for each in current if etree.QName(each).localname == name), None)
        if found is None:
            return None
        current = found
    return current


def parse_call(request: Request) -> SoapCall:
    """Read a request; raises SoapFault where a strict device would."""
    content_type = request.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/soap+xml":
        raise SoapFault("Content type not understood", "ter:WellFormed", status=415)
    try:
        root = etree.fromstring(request.body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise SoapFault("Not well formed", "ter:WellFormed") from error
    if root.tag != f"{{{SOAP}}}Envelope":
        raise SoapFault("SOAP 1.2 only", code="VersionMismatch", status=500)
    body = root.find(f"{{{SOAP}}}Body")
    if body is None or not len(body):
        raise SoapFault("No body", "ter:InvalidArgVal", "ter:NoContent")
    name = etree.QName(body[0])
    action = parameters.partition("action=")[2].strip().strip('"')
    if action and name.localname not in action:
        raise SoapFault("Action does not fit the body", "ter:ActionNotSupported")
    header = root.find(f"{{{SOAP}}}Header")
    return SoapCall(name.namespace or "", name.localname, body[0], header, request.arguments())


def envelope(body: str, header: str = "") -> bytes:
    """Return a whole envelope around the body's XML."""
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f"{_HEAD}{head}<s:Body>{body}</s:Body></s:Envelope>".encode()


def fault_reply(error: SoapFault, operation: str = "") -> Reply:
    """Return a fault as a reply."""
    inner = ""
    for name in reversed(error.subcodes):
        inner = f"<s:Subcode><s:Value>{name}</s:Value>{inner}</s:Subcode>"
    body = (
        f"<s:Fault><s:Code><s:Value>s:{error.code}</s:Value>{inner}</s:Code><s:Reason>"
        f'<s:Text xml:lang="en">{escape(error.reason)}</s:Text></s:Reason></s:Fault>'
    )
    return Reply(error.status, envelope(body), CONTENT_TYPE, operation=operation)


def parse_duration(text: str) -> int:
    """Return an xs:duration of hours, minutes and seconds as milliseconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise SoapFault("Bad duration", "ter:InvalidArgVal")
    hours, minutes, seconds = (float(each or 0) for each in match.groups())
    return round((hours * 3600 + minutes * 60 + seconds) * 1000)


def xml_time(device: SimDevice, device_ms: int, *, milliseconds: bool = True) -> str:
    """Return a device instant as xs:dateTime; without zone where that fault is set."""
    moment = dt.datetime.fromtimestamp(device_ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if milliseconds:
        moment += f".{device_ms % 1000:03d}"
    return moment if fault(device, "zoneless_times") is not None else moment + "Z"


def parse_xml_time(text: str) -> int:
    """Return an xs:dateTime as milliseconds; without a zone it counts as UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise SoapFault("Bad time", "ter:InvalidArgVal") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return round(moment.timestamp() * 1000)


def boolean(device: SimDevice, value: bool) -> str:
    """Return a boolean as the device writes it."""
    text = "true" if value else "false"
    return text.upper() if fault(device, "capital_booleans") is not None else text

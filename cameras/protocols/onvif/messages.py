"""ONVIF request envelopes: built once by zeep from the WSDLs, then filled in as bytes.

zeep needs milliseconds for an envelope and microseconds matter in a sweep, so the serialised
envelope of an operation is kept with gaps for its texts. The WSDLs are those of onvif-zeep; they
are parsed at most once per process (`warm_up` before a fork shares them between workers).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Hashable
from copy import deepcopy
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import zeep
from lxml import etree

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
# Services whose few messages are written by hand: onvif-zeep lacks the first, and for the others another
# WSDL would cost every worker memory.
BY_HAND = {
    "media2": "http://www.onvif.org/ver20/media/wsdl",
    "events": "http://www.onvif.org/ver10/events/wsdl",
    "notification": "http://docs.oasis-open.org/wsn/b-2",
}
SERVICES = {
    "device": ("devicemgmt", "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding"),
    "media": ("media", "{http://www.onvif.org/ver10/media/wsdl}MediaBinding"),
    "recording": ("recording", "{http://www.onvif.org/ver10/recording/wsdl}RecordingBinding"),
    "search": ("search", "{http://www.onvif.org/ver10/search/wsdl}SearchBinding"),
    "replay": ("replay", "{http://www.onvif.org/ver10/replay/wsdl}ReplayBinding"),
}
NAMESPACES = {name: binding[1:].partition("}")[0] for name, (_, binding) in SERVICES.items()}
NAMESPACES |= BY_HAND

# A text, number, time span, or nested dicts and lists of them, as zeep takes them.
Argument = Any
_GAP = re.compile(rb"zz(\d+)zz")


class _NoNetwork(zeep.Transport):
    """The WSDLs are complete on disk: an address in one of them is never fetched."""

    def load(self, url: str) -> bytes:
        if url.startswith(("http:", "https:")):
            raise OSError("a WSDL refers to an address outside")
        content: bytes = super().load(url)
        return content


class Template:
    """An envelope in pieces: before and after the place of the security header, with gaps."""

    def __init__(self, serialised: bytes, action: str) -> None:
        body = serialised.index(b":Body")
        cut = serialised.rindex(b"<", 0, body)
        self.head = serialised[:cut]
        pieces = _GAP.split(serialised[cut:])
        self._first = pieces[0]
        self._rest = [(int(pieces[i]), pieces[i + 1]) for i in range(1, len(pieces), 2)]
        self.content_type = f'application/soap+xml; charset=utf-8; action="{action}"'
        self._action = action

    def fill(self, texts: list[str], header: bytes) -> bytes:
        """The finished envelope; `texts` are escaped here, `header` is XML already."""
        parts = [self.head, header, self._first]
        for number, after in self._rest:
            parts += (escape(texts[number]).encode(), after)
        return b"".join(parts)

    def in_soap_1_1(self, filled: bytes) -> tuple[bytes, str, dict[str, str]]:
        """A filled envelope in the older version, its content type, and the header that names the action."""
        older = filled.replace(SOAP.encode(), _SOAP_1_1.encode(), 1)
        return older, "text/xml; charset=utf-8", {"SOAPAction": f'"{self._action}"'}


@cache
def _wsdl_folder() -> Path:
    """onvif-zeep installs its WSDLs beside its package; importing it would load far more."""
    spec = importlib.util.find_spec("onvif")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package onvif-zeep is not installed.")
    return Path(spec.origin).parent.parent / "wsdl"


@cache
def _bindings() -> dict[str, Any]:
    """The binding of each service: it knows how every operation's message is written.

    One document imports all WSDLs, so that the types which they share are parsed and kept once.
    """
    folder = _wsdl_folder()
    imports, ports = [], []
    for service, (file, binding) in SERVICES.items():
        namespace, _brace, name = binding[1:].partition("}")
        place = quoteattr(str(folder / f"{file}.wsdl"))
        imports.append(f"<import namespace={quoteattr(namespace)} location={place}/>")
        ports.append(f'<port name="{service}" binding="of:{name}" xmlns:of={quoteattr(namespace)}>')
        ports.append('<soap:address location="http://device/"/></port>')
    document = (
        f'<definitions xmlns="{_WSDL}" xmlns:soap="{_WSDL}soap12/" targetNamespace="urn:all">'
        f'{"".join(imports)}<service name="all">{"".join(ports)}</service></definitions>'
    )
    client = zeep.Client(
        BytesIO(document.encode()),
        transport=_NoNetwork(),
        settings=zeep.Settings(strict=False, xml_huge_tree=False, forbid_dtd=True),
    )
    (every,) = client.wsdl.services.values()
    return {name: port.binding for name, port in every.ports.items()}


def warm_up() -> None:
    """Parses the WSDLs. Call it before forking workers."""
    _bindings()


_templates: dict[Hashable, Template] = {}


def template(
    service: str, operation: str, arguments: dict[str, Argument], texts: list[str]
) -> Template:
    """The envelope for this operation and shape of arguments; the texts in it go to `texts`.

    Texts become gaps; numbers, booleans, time spans and XML elements are part of the shape.
    """
    shaped = _with_gaps(arguments, texts) if arguments else arguments
    key = (service, operation, _frozen(shaped)) if arguments else (service, operation)
    found = _templates.get(key)
    if found is None:
        found = _templates[key] = _build_template(service, operation, shaped)
    return found


def _with_gaps(value: Argument, texts: list[str]) -> Argument:
    if isinstance(value, str):
        texts.append(value)
        return f"zz{len(texts) - 1}zz"
    if isinstance(value, dict):
        return {name: _with_gaps(inner, texts) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_gaps(inner, texts) for inner in value]
    return value


def _frozen(value: Argument) -> Hashable:
    if isinstance(value, dict):
        return tuple((name, _frozen(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return type(value), value


def _build_template(service: str, operation: str, shaped: dict[str, Argument]) -> Template:
    action = f"{NAMESPACES[service]}/{operation}"
    if service in BY_HAND:
        return Template(_by_hand(BY_HAND[service], operation, shaped), action)
    envelope = _bindings()[service].get(operation).create(**shaped).content
    return Template(etree.tostring(envelope), action)


def _by_hand(namespace: str, operation: str, shaped: dict[str, Argument]) -> bytes:
    """A flat message; what is an element already becomes the child of its field."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap-env": SOAP})
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    message = etree.SubElement(body, f"{{{namespace}}}{operation}", nsmap={"ns0": namespace})
    for name, value in shaped.items():
        field = etree.SubElement(message, f"{{{namespace}}}{name}")
        if isinstance(value, etree._Element):
            field.append(deepcopy(value))
        else:
            field.text = value
    return etree.tostring(envelope)


def topic_filter(expression: str) -> etree._Element:
    """An element for filters: events of one branch of the `tns1` topic tree."""
    notification = "http://docs.oasis-open.org/wsn/b-2"
    element = etree.Element(
        f"{{{notification}}}TopicExpression",
        nsmap={"wsnt": notification, "tns1": "http://www.onvif.org/ver10/topics"},
    )
    element.set("Dialect", "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet")
    element.text = expression
    return element


def seconds(number: int) -> timedelta:
    """A time span as an argument."""
    return timedelta(seconds=number)

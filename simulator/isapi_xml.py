"""The XML of ISAPI pages: documents, errors, wall-clock times."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import escape

from lxml import etree

from simulator.clocks import TSI_MS
from simulator.faults import Reply, fault
from simulator.world import SimDevice

XML = 'application/xml; charset="UTF-8"'
NAMESPACE = "http://www.hikvision.com/ver20/XMLSchema"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


class IsapiError(Exception):
    """A ResponseStatus to answer with."""

    def __init__(self, status: int, code: int, text: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.status = status
        self.code = code
        self.text = text
        self.sub_code = sub_code


def leaf(tag: str, text: str) -> str:
    """Return an element with text."""
    return f"<{tag}>{escape(text)}</{tag}>"


def document(root: str, inner: str) -> bytes:
    """Return a whole document."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} version="2.0" xmlns="{NAMESPACE}">'
        f"{inner}</{root}>\n"
    ).encode()


def parse_document(body: bytes, root_name: str) -> etree._Element:
    """Read a request's document, whatever its namespace; raises IsapiError."""
    try:
        root = etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise IsapiError(400, 5, "Invalid XML Format", "badXmlFormat") from error
    if etree.QName(root).localname != root_name:
        raise IsapiError(400, 6, "Invalid XML Content", "badXmlContent")
    return root


def error_reply(device: SimDevice, path: str, error: IsapiError) -> Reply:
    """Return an error; with HTTP 200 where that fault is set."""
    inner = leaf("requestURL", path) + leaf("statusCode", str(error.code))
    inner += leaf("statusString", error.text) + leaf("subStatusCode", error.sub_code)
    status = 200 if fault(device, "errors_as_200") is not None else error.status
    return Reply(status, document("ResponseStatus", inner), XML)


def wall_text(local_ms: int, between: str = "T") -> str:
    """Return an instant of the device's local base as its wall clock shows it."""
    wall = dt.datetime.fromtimestamp((local_ms + TSI_MS) // 1000, dt.UTC)
    return wall.strftime(f"%Y-%m-%d{between}%H:%M:%S")


def wall_ms(text: str) -> int:
    """Return the local-base instant of a wall-clock text; a zone in it is ignored. ValueError."""
    wall = dt.datetime.fromisoformat(text.strip()[:19]).replace(tzinfo=dt.UTC)
    return int(wall.timestamp()) * 1000 - TSI_MS

"""Answers WS-Discovery probes that reach a device's own address (unicast, UDP 3702)."""

from __future__ import annotations

import asyncio
import uuid
from typing import cast
from xml.sax.saxutils import escape

from lxml import etree

from simulator.onvif_device import scopes_of
from simulator.paths import SERVICE_PATHS, http_url
from simulator.world import Campus, SimDevice

PORT = 3702
_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def endpoint_of(device: SimDevice) -> str:
    """Return the lasting address of the device's endpoint."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, device.serial + device.mac)}"


def probe_matches(device: SimDevice, related: str) -> bytes:
    """Return the answer to the probe with this message id."""
    scopes = escape(" ".join(scopes_of(device)))
    address = escape(http_url(device, SERVICE_PATHS[device.dialect]["device"]))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope '
        f'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{_WSA}" xmlns:d="{_WSD}" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(related)}"
        f"</a:RelatesTo><a:To>{_WSA}/role/anonymous</a:To><a:Action>{_WSD}/ProbeMatches</a:Action>"
        "</s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>"
        f"{endpoint_of(device)}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>{scopes}</d:Scopes>"
        f"<d:XAddrs>{address}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch>"
        "</d:ProbeMatches></s:Body></s:Envelope>"
    ).encode()


class DiscoveryEndpoint(asyncio.DatagramProtocol):
    """The UDP side of one device."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        quiet = "silent" in self._device.faults or self._device.is_down(self._campus.now_ms())
        if quiet or self._transport is None:
            return
        try:
            root = etree.fromstring(data, _PARSER)
        except etree.XMLSyntaxError:
            return
        probe = next(iter(root.iter(f"{{{_WSD}}}Probe")), None)
        if probe is None:
            return
        types = probe.findtext(f"{{{_WSD}}}Types") or ""
        if types.strip() and not any(t in types for t in ("NetworkVideoTransmitter", "Device")):
            return
        related = next((each.text or "" for each in root.iter(f"{{{_WSA}}}MessageID")), "")
        # A 1 MB name does not fit into a datagram: such a device stays silent here.
        answer = probe_matches(self._device, related)
        if len(answer) < 65_000:
            self._transport.sendto(answer, addr)

"""Single items of ISAPI's lists, at the list's own address with `/<id>` behind it; and small fixed pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from simulator.faults import Reply
from simulator.http import Request
from simulator.isapi_xml import NAMESPACE, XML, IsapiError, document, leaf
from simulator.world import SimDevice

Page = Callable[[Request, re.Match[str]], Reply]


def one_of(whole: Page) -> Page:
    """Return the page that gives the one item of this list whose id stands in the address."""

    def page(request: Request, match: re.Match[str]) -> Reply:
        for item in etree.fromstring(whole(request, match).body):
            if item.findtext("{*}id") == match[1]:
                return _alone(item)
        raise IsapiError(400, 4, "Invalid Operation", "invalidOperation")

    return page


def part_of(whole: Page, name: str) -> Page:
    """Return the page that gives the element of this name inside of a larger document."""

    def page(request: Request, match: re.Match[str]) -> Reply:
        found = etree.fromstring(whole(request, match).body).find(f"{{*}}{name}")
        if found is None:
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        return _alone(found)

    return page


def _alone(item: etree._Element) -> Reply:
    inner = "".join(etree.tostring(each, encoding="unicode", with_tail=False) for each in item)
    # The namespace stands on the document's root.
    inner = inner.replace(f' xmlns="{NAMESPACE}"', "")
    return Reply(200, document(str(etree.QName(item).localname), inner), XML)


def admin_accesses(device: SimDevice) -> Reply:
    """Return the ports at which this device may be asked."""
    is_tls = "tls" in device.faults
    ports = {"HTTP": 80, "HTTPS": 443, "RTSP": device.rtsp_port, "DEV_MANAGE": 8000}
    ports["HTTPS" if is_tls else "HTTP"] = device.http_port
    on = {"HTTP": not is_tls, "HTTPS": is_tls}
    inner = "".join(
        f"<AdminAccessProtocol>{leaf('id', str(n))}{leaf('enabled', str(on.get(name, True)).lower())}"
        f"{leaf('protocol', name)}{leaf('portNo', str(port))}</AdminAccessProtocol>"
        for n, (name, port) in enumerate(ports.items(), 1)
    )
    return Reply(200, document("AdminAccessProtocolList", inner), XML)

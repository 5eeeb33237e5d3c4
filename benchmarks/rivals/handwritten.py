"""The rival of the sweep that is hard to beat: string templates, one aiohttp session, bare lxml.

It makes the same six calls with the same login on the wire and reads the same fields. What it leaves
out is what costs us the rest: byte caps, one deadline for all, a pinned host, hostile XML, faults,
other logins, other ports, quirks.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from lxml import etree

from simulator.world import SimDevice

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_SEARCH = "http://www.onvif.org/ver10/search/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_NAMES = {"tds": _DEVICE, "trt": _MEDIA, "tse": _SEARCH, "tt": _SCHEMA}

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
    "{header}<s:Body>{body}</s:Body></s:Envelope>"
)
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_HEADER = (
    f'<s:Header><w:Security xmlns:w="{_WSSE}-wssecurity-secext-1.0.xsd" s:mustUnderstand="1">'
    "<w:UsernameToken><w:Username>{username}</w:Username>"
    f'<w:Password Type="{_WSSE}-username-token-profile-1.0#PasswordDigest">{{digest}}</w:Password>'
    f'<w:Nonce EncodingType="{_WSSE}-soap-message-security-1.0#Base64Binary">{{nonce}}</w:Nonce>'
    f'<u:Created xmlns:u="{_WSSE}-wssecurity-utility-1.0.xsd">{{created}}</u:Created>'
    "</w:UsernameToken></w:Security></s:Header>"
)


_DATE = ("Year", "Month", "Day")
_CLOCK = ("Hour", "Minute", "Second")


@dataclass(frozen=True)
class Swept:
    """What was read of one device: the fields that the product reads as well."""

    time: tuple[int, ...]
    services: dict[str, str]
    serial: str
    profiles: list[tuple[str, str]]
    snapshot: str
    recordings: str


class Sweep:
    """One session for all devices, `at_once` of them at a time."""

    def __init__(self, username: str, password: str, at_once: int) -> None:
        self.username = username
        self.password = password
        self.at_once = at_once

    async def run(self, devices: list[SimDevice]) -> list[Swept]:
        self.places = asyncio.Semaphore(self.at_once)
        connector = aiohttp.TCPConnector(limit=0, force_close=False)
        async with aiohttp.ClientSession(connector=connector) as session:
            return await asyncio.gather(*(self._one(session, device) for device in devices))

    async def _one(self, session: aiohttp.ClientSession, device: SimDevice) -> Swept:
        async with self.places:
            base = f"http://{device.address}:{device.http_port}"
            url = f"{base}/onvif/device_service"
            told = await self._call(session, url, _DEVICE, "GetSystemDateAndTime")
            moment = _numbers(told.find(".//tt:UTCDateTime", _NAMES))
            ahead = _instant(moment) - datetime.now(UTC)
            body = f'<GetServices xmlns="{_DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>'
            told = await self._call(session, url, _DEVICE, "GetServices", body)
            services = {
                str(each.findtext("tds:Namespace", "", _NAMES)): str(
                    each.findtext("tds:XAddr", "", _NAMES)
                )
                for each in told.iterfind(".//tds:Service", _NAMES)
            }
            told = await self._call(session, url, _DEVICE, "GetDeviceInformation", ahead=ahead)
            serial = told.findtext(".//tds:SerialNumber", "", _NAMES)
            media = services[_MEDIA]
            told = await self._call(session, media, _MEDIA, "GetProfiles", ahead=ahead)
            profiles = [
                (str(each.get("token")), str(each.findtext(".//tt:SourceToken", "", _NAMES)))
                for each in told.iterfind(".//trt:Profiles", _NAMES)
            ]
            body = (
                f'<GetSnapshotUri xmlns="{_MEDIA}"><ProfileToken>{profiles[0][0]}</ProfileToken>'
                "</GetSnapshotUri>"
            )
            told = await self._call(session, media, _MEDIA, "GetSnapshotUri", body, ahead)
            snapshot = told.findtext(".//tt:Uri", "", _NAMES)
            search = services[_SEARCH]
            told = await self._call(session, search, _SEARCH, "GetRecordingSummary", ahead=ahead)
            recordings = told.findtext(".//tt:NumberRecordings", "", _NAMES)
        return Swept(moment, services, str(serial), profiles, str(snapshot), str(recordings))

    async def _call(
        self,
        session: aiohttp.ClientSession,
        url: str,
        namespace: str,
        operation: str,
        body: str = "",
        ahead: timedelta | None = None,
    ) -> Any:
        envelope = _ENVELOPE.format(
            header="" if ahead is None else self._signature(ahead),
            body=body or f'<{operation} xmlns="{namespace}"/>',
        )
        kind = f'application/soap+xml; charset=utf-8; action="{namespace}/{operation}"'
        async with session.post(url, data=envelope, headers={"Content-Type": kind}) as reply:
            content = await reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{operation}: HTTP {reply.status}")
        return etree.fromstring(content)

    def _signature(self, ahead: timedelta) -> str:
        nonce = os.urandom(16)
        created = (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        digest = hashlib.sha1(nonce + created.encode() + self.password.encode()).digest()
        return _HEADER.format(
            username=self.username,
            digest=base64.b64encode(digest).decode(),
            nonce=base64.b64encode(nonce).decode(),
            created=created,
        )


def _numbers(moment: Any) -> tuple[int, ...]:
    """Year, month, day, hour, minute, second."""
    date = [int(moment.findtext(f"tt:Date/tt:{name}", "0", _NAMES)) for name in _DATE]
    clock = [int(moment.findtext(f"tt:Time/tt:{name}", "0", _NAMES)) for name in _CLOCK]
    return (*date, *clock)


def _instant(numbers: tuple[int, ...]) -> datetime:
    year, month, day, hour, minute, second = numbers
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)

"""A bare HTTP caller for the tests of the simulator: raw sockets, no client library to forgive."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import os
from dataclasses import dataclass, field

from lxml import etree

from simulator.generator import PASSWORD, USERNAME, make_device
from simulator.logins import PASSWORD_DIGEST, WSSE, WSU, digest_response, parse_digest
from simulator.recording import RecordingPlan
from simulator.soap import NAMESPACES, SOAP
from simulator.world import Campus, Dialect, Kind, SimChannel, SimDevice

WAIT_S = 120


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def text(self, *local_names: str) -> str | None:
        """Return the text of the first element with the last name, below the others in order."""
        found = etree.fromstring(self.body)
        for name in local_names:
            below = next(found.iter(f"{{*}}{name}"), None)
            if below is None:
                return None
            found = below
        return found.text

    def texts(self, local_name: str) -> list[str]:
        """Return the text of every element of this name."""
        root = etree.fromstring(self.body)
        return [each.text or "" for each in root.iter(f"{{*}}{local_name}")]

    def pairs(self) -> dict[str, str]:
        """Return the lines of a CGI reply."""
        lines = self.body.decode().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)


async def exchange(device: SimDevice, request: bytes) -> bytes:
    """Send bytes and return everything that comes until the device hangs up."""
    reader, writer = await asyncio.open_connection(device.address, device.http_port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), WAIT_S)
    finally:
        writer.close()


async def send(
    device: SimDevice,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send one request on a connection of its own."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {device.address}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines.append(f"Content-Length: {len(body)}")
    raw = await exchange(device, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    head, _, rest = raw.partition(b"\r\n\r\n")
    first, *others = head.decode("utf-8").split("\r\n")
    fields = dict(line.split(": ", 1) for line in others)
    return Answer(int(first.split(" ")[1]), {k.lower(): v for k, v in fields.items()}, rest)


async def signed(
    device: SimDevice,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    username: str = USERNAME,
    password: str = PASSWORD,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send a request with HTTP digest, after the challenge."""
    refused = await send(device, method, target, body, headers)
    challenge = parse_digest(refused.headers["www-authenticate"])
    algorithm = challenge.get("algorithm", "MD5")
    given = {
        "nonce": challenge["nonce"],
        "uri": target,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "abcdef",
    }
    response = digest_response(algorithm, (username, challenge["realm"], password), method, given)
    parts = [f'username="{username}"', f'realm="{challenge["realm"]}"', f'response="{response}"']
    parts += [f'{name}="{given[name]}"' for name in ("nonce", "uri", "cnonce")]
    parts += ["qop=auth", "nc=00000001", f"algorithm={algorithm}"]
    authorization = {"Authorization": "Digest " + ", ".join(parts)}
    return await send(device, method, target, body, {**(headers or {}), **authorization})


@dataclass
class Soap:
    """How to sign an ONVIF call; `created` shifts the stamp by so many seconds."""

    username: str = USERNAME
    password: str = PASSWORD
    created: float = 0.0
    is_signed: bool = True
    content_type: str = "application/soap+xml; charset=utf-8"
    zone: str = "Z"
    digest: bool = False
    stamp: str = ""  # instead of now
    nonce: bytes = field(default_factory=lambda: os.urandom(16))


def security(soap: Soap) -> str:
    """Return the WS-Security header."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=soap.created)
    created = soap.stamp or moment.strftime("%Y-%m-%dT%H:%M:%S") + soap.zone
    digest = hashlib.sha1(soap.nonce + created.encode() + soap.password.encode()).digest()
    return (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:UsernameToken><w:Username>'
        f"{soap.username}</w:Username><w:Password "
        f'Type="{PASSWORD_DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
        f"<w:Nonce>{base64.b64encode(soap.nonce).decode()}</w:Nonce><u:Created>{created}"
        "</u:Created></w:UsernameToken></w:Security>"
    )


async def onvif(
    device: SimDevice,
    path: str,
    prefix: str,
    operation: str,
    inner: str = "",
    soap: Soap | None = None,
) -> Answer:
    """Call an ONVIF operation; `inner` uses the prefix `x` of the operation's namespace."""
    soap = soap or Soap()
    header = security(soap) if soap.is_signed and not soap.digest else ""
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{header}</s:Header><s:Body>'
        f'<x:{operation} xmlns:x="{NAMESPACES[prefix]}" xmlns:tt="http://www.onvif.org/ver10/'
        f'schema">{inner}</x:{operation}></s:Body></s:Envelope>'
    ).encode()
    headers = {"Content-Type": soap.content_type}
    if soap.digest:
        return await signed(device, "POST", path, body, headers=headers)
    return await send(device, "POST", path, body, headers)


def one_recorder(
    dialect: Dialect = Dialect.ONVIF, plan: RecordingPlan | None = None, channels: int = 2
) -> tuple[Campus, SimDevice]:
    """Make a campus of one recorder on free ports."""
    lenses = [
        SimChannel(
            number, f"Kapı {number}", f"REC{number:03d}", "", plan or RecordingPlan(), number
        )
        for number in range(1, channels + 1)
    ]
    device = make_device(
        "127.64.200.1", Kind.RECORDER, dialect, 1, lenses, http_port=0, rtsp_port=0
    )
    device.clock.offset_ms = 0
    device.clock.rebuild()
    return Campus([device]), device


def one_camera(dialect: Dialect = Dialect.ONVIF) -> tuple[Campus, SimDevice]:
    """Make a campus of one camera on a free port."""
    lens = SimChannel(1, "Ana giriş", "REC001")
    device = make_device("127.64.200.2", Kind.CAMERA, dialect, 2, [lens], http_port=0, rtsp_port=0)
    device.clock.offset_ms = 0
    device.clock.rebuild()
    return Campus([device]), device

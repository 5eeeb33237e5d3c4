"""How devices check who calls: HTTP digest (RFC 7616) and WS-Security UsernameToken digests."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import unquote

from lxml import etree

from simulator.clocks import Base
from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.world import Campus, Dialect, SimDevice

NONCE_LIFE_S = 300
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PASSWORD_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_CREATED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|\+00:00)$")


class Outcome(StrEnum):
    """What a login came to."""

    RIGHT = "RIGHT"
    MISSING = "MISSING"
    WRONG = "WRONG"
    STALE = "STALE"
    LOCKED = "LOCKED"


def parse_digest(header: str) -> dict[str, str]:
    """Return the parameters of an Authorization: Digest header; empty for another scheme."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        return {}
    found = {}
    for match in _PARAMETER.finditer(rest):
        found[match[1].lower()] = match[2] if match[2] is not None else match[3]
    return found


def digest_response(
    algorithm: str, login: tuple[str, str, str], method: str, given: dict[str, str]
) -> str:
    """Return the response that (user, realm, password) must send for these parameters."""
    hasher: Callable[[bytes], hashlib._Hash]
    hasher = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def digest(text: str) -> str:
        return hasher(text.encode()).hexdigest()

    first = digest(":".join(login))
    second = digest(f"{method}:{given.get('uri', '')}")
    parts = [first, given.get("nonce", "")]
    if given.get("qop"):
        parts += [given.get("nc", ""), given.get("cnonce", ""), given["qop"]]
    return digest(":".join([*parts, second]))


class DigestGate:
    """HTTP digest of one device. Nonces live for five minutes and count upwards."""

    def __init__(self, device: SimDevice, campus: Campus, algorithm: str = "MD5") -> None:
        self._device = device
        self._campus = campus
        self.algorithm = algorithm
        self._nonces: OrderedDict[str, tuple[int, int]] = OrderedDict()

    @property
    def realm(self) -> str:
        """The realm that this make shows."""
        if self._device.dialect is Dialect.DAHUA:
            return f"Login to {self._device.serial[-12:] or 'device'}"
        return f"{self._device.model or 'device'}-{self._device.serial[-6:]}"

    def check(self, method: str, target: str, authorization: str) -> tuple[Outcome, str]:
        """Judge an Authorization header. Returns the outcome and the user's name."""
        given = parse_digest(authorization)
        username = given.get("username", "")
        if not given:
            return Outcome.MISSING, ""
        if fault(self._device, "digest_loop") is not None:
            return Outcome.STALE, username
        if self._device.is_locked(username):
            return Outcome.LOCKED, username
        fresh = self._nonce_outcome(given)
        if fresh is not None:
            return fresh, username
        right = self._is_right(method, target, given)
        self._device.note_login(username, right)
        if right:
            return Outcome.RIGHT, username
        locked = self._device.is_locked(username)
        return (Outcome.LOCKED if locked else Outcome.WRONG), username

    def _nonce_outcome(self, given: dict[str, str]) -> Outcome | None:
        known = self._nonces.get(given.get("nonce", ""))
        if known is None or self._campus.now_ms() - known[0] > NONCE_LIFE_S * 1000:
            return Outcome.STALE
        try:
            count = int(given.get("nc", "1"), 16)
        except ValueError:
            return Outcome.WRONG
        if given.get("qop") and count <= known[1]:
            return Outcome.STALE
        return None

    def _is_right(self, method: str, target: str, given: dict[str, str]) -> bool:
        username = given.get("username", "")
        password = self._device.password_of(username)
        algorithm = given.get("algorithm", "MD5").upper()
        if password is None or algorithm != self.algorithm or given.get("realm") != self.realm:
            return False
        # Two spellings of one resource are equal (RFC 7616, 3.4.6); callers sign one and send another.
        if unquote(given.get("uri", "")) != unquote(target) or given.get("qop", "auth") != "auth":
            return False
        expected = digest_response(algorithm, (username, self.realm, password), method, given)
        if not secrets.compare_digest(expected, given.get("response", "").lower()):
            return False
        nonce = given["nonce"]
        self._nonces[nonce] = (self._nonces[nonce][0], int(given.get("nc", "1"), 16))
        return True

    def challenge(self, *, stale: bool = False) -> str:
        """Return a fresh WWW-Authenticate value."""
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = (self._campus.now_ms(), 0)
        while len(self._nonces) > 512:
            self._nonces.popitem(last=False)
        algorithm = f", algorithm={self.algorithm}" if self.algorithm != "MD5" else ""
        return (
            f'Digest realm="{self.realm}", qop="auth", nonce="{nonce}", '
            f'opaque="{self._device.seed & 0xFFFFFFFF:08x}"{algorithm}'
            f"{', stale=true' if stale else ''}"
        )

    def demand(self, request: Request) -> tuple[Reply | None, str, Outcome]:
        """Return the 401 that this request deserves (None when signed in), user and outcome."""
        outcome, username = self.check(
            request.method, request.target, request.headers.get("authorization", "")
        )
        if outcome is Outcome.RIGHT:
            return None, username, outcome
        reply = Reply(401, operation=request.path)
        reply.headers = [("WWW-Authenticate", self.challenge(stale=outcome is Outcome.STALE))]
        return reply, username, outcome


class WsseGate:
    """WS-Security UsernameToken digests of one device, with `Created` against its own clock."""

    def __init__(self, device: SimDevice, campus: Campus) -> None:
        self._device = device
        self._campus = campus
        self._used: OrderedDict[str, None] = OrderedDict()

    def check(self, header: etree._Element | None) -> tuple[Outcome, str]:
        """Judge the Header element of an envelope."""
        token = None
        if header is not None:
            token = header.find(f"{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        if token is None:
            return Outcome.MISSING, ""
        username = token.findtext(f"{{{WSSE}}}Username") or ""
        if self._device.is_locked(username):
            return Outcome.LOCKED, username
        created = token.findtext(f"{{{WSU}}}Created") or ""
        if not self._is_fresh(created):
            return Outcome.STALE, username
        right = self._is_right(token, username, created)
        self._device.note_login(username, right)
        if right:
            return Outcome.RIGHT, username
        locked = self._device.is_locked(username)
        return (Outcome.LOCKED if locked else Outcome.WRONG), username

    def _is_fresh(self, created: str) -> bool:
        match = _CREATED.match(created)
        # Some firmware of this make refuses a written-out offset.
        if match is None or (match[2] != "Z" and self._device.dialect is Dialect.ISAPI):
            return False
        try:
            stamp = dt.datetime.fromisoformat(match[1]).replace(tzinfo=dt.UTC)
        except ValueError:
            return False
        shown = self._device.clock.at(self._campus.now_ms(), Base.UTC)
        return abs(stamp.timestamp() * 1000 - shown) <= self._device.wsse_tolerance_s * 1000

    def _is_right(self, token: etree._Element, username: str, created: str) -> bool:
        password = self._device.password_of(username)
        element = token.find(f"{{{WSSE}}}Password")
        nonce = token.findtext(f"{{{WSSE}}}Nonce") or ""
        if password is None or element is None or element.get("Type") != PASSWORD_DIGEST:
            return False
        try:
            raw = base64.b64decode(nonce, validate=True)
        except ValueError:
            return False
        key = nonce + created
        if not raw or key in self._used:
            return False
        expected = base64.b64encode(
            hashlib.sha1(raw + created.encode() + password.encode()).digest()
        ).decode()
        if not secrets.compare_digest(expected, (element.text or "").strip()):
            return False
        self._used[key] = None
        if len(self._used) > 256:
            self._used.popitem(last=False)
        return True

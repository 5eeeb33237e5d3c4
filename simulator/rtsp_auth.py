"""Sign-in to a simulated RTSP server: Digest with MD5 or SHA-256 as RFC 2069 and 7616, or Basic.

Wrong tries are counted on the device, together with those over HTTP: the lock is one.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from simulator.faults import fault
from simulator.logins import digest_response, parse_digest
from simulator.rtsp_message import Reply, Request
from simulator.world import Auth, SimDevice


def manner_of(device: SimDevice) -> str:
    """none, basic, digest-md5 or digest-sha256; WS-Security does not exist in RTSP."""
    chosen = fault(device, "rtsp_auth")
    if chosen is not None:
        return str(chosen)
    if device.auth is Auth.NONE or not device.users:
        return "none"
    return "digest-sha256" if device.auth is Auth.DIGEST_SHA256 else "digest-md5"


class Gate:
    """Decides about the requests of one connection."""

    def __init__(self, device: SimDevice) -> None:
        self._device = device
        self._nonce = secrets.token_hex(16)
        self._realm = f"{device.maker or 'IP camera'} {device.serial[-6:]}".strip()

    def refusal(self, request: Request) -> Reply | None:
        """None when the request may pass, otherwise the reply that refuses it."""
        device, manner = self._device, manner_of(self._device)
        if fault(device, "rtsp_auth_loop") is not None or fault(device, "digest_loop") is not None:
            self._nonce = secrets.token_hex(16)
            return self._challenge("digest-md5", is_stale=True)
        if manner == "none":
            return None
        given = request.header("Authorization")
        if not given:
            return self._challenge(manner)
        if manner == "basic":
            username, is_right = self._check_basic(given)
        else:
            username, is_right = self._check_digest(manner, given, request)
        if device.is_locked(username):
            return Reply(401, reason="Unauthorized: account locked")
        device.note_login(username, is_right)
        return None if is_right else self._challenge(manner)

    def _check_basic(self, given: str) -> tuple[str, bool]:
        scheme, _, rest = given.partition(" ")
        try:
            username, _, password = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", False
        known = self._device.password_of(username)
        return username, scheme.lower() == "basic" and known is not None and known == password

    def _check_digest(self, manner: str, value: str, request: Request) -> tuple[str, bool]:
        given = parse_digest(value)
        username = given.get("username", "")
        password = self._device.password_of(username)
        algorithm = "SHA-256" if manner == "digest-sha256" else "MD5"
        if (
            password is None
            or given.get("nonce") != self._nonce
            or given.get("uri") != request.url
            or given.get("algorithm", "MD5").upper() != algorithm
        ):
            return username, False
        login = (username, self._realm, password)
        expected = digest_response(algorithm, login, request.method, given)
        return username, secrets.compare_digest(expected, given.get("response", "").lower())

    def _challenge(self, manner: str, *, is_stale: bool = False) -> Reply:
        if manner == "basic":
            return Reply(401, {"WWW-Authenticate": f'Basic realm="{self._realm}"'})
        words = [f'realm="{self._realm}"', f'nonce="{self._nonce}"']
        if manner == "digest-sha256":
            words.append("algorithm=SHA-256")
        if is_stale:
            words.append("stale=true")
        return Reply(401, {"WWW-Authenticate": "Digest " + ", ".join(words)})

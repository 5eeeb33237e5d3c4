"""WS-Security UsernameToken with password digest (OASIS UsernameToken Profile 1.1)."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from xml.sax.saxutils import escape

from cameras.protocols.base import Login

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_TYPE = f"{_WSS}username-token-profile-1.0#PasswordDigest"
_ENCODING = f"{_WSS}soap-message-security-1.0#Base64Binary"
_HEADER = (
    "<soap-env:Header>"
    f'<wsse:Security xmlns:wsse="{_WSS}wssecurity-secext-1.0.xsd"'
    f' xmlns:wsu="{_WSS}wssecurity-utility-1.0.xsd">'
    "<wsse:UsernameToken><wsse:Username>%s</wsse:Username>"
    f'<wsse:Password Type="{_TYPE}">%s</wsse:Password>'
    f'<wsse:Nonce EncodingType="{_ENCODING}">%s</wsse:Nonce>'
    "<wsu:Created>%s</wsu:Created></wsse:UsernameToken></wsse:Security></soap-env:Header>"
)
# Devices keep 32-bit or four-digit-year clocks; beyond them there is nothing to write.
_EARLIEST, _LATEST = 0, 253402300799


def username_token(login: Login, offset_ms: int) -> bytes:
    """The SOAP header that proves the login now, by the device's clock (`offset_ms` ahead of ours).

    `Created` is Zulu time in whole seconds: some devices refuse "+00:00" or fractions.
    """
    device_now = min(max(time.time() + offset_ms / 1000, _EARLIEST), _LATEST)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(device_now))
    nonce = os.urandom(16)
    proof = hashlib.sha1(
        nonce + created.encode() + login.password.reveal().encode(), usedforsecurity=False
    ).digest()
    return (
        _HEADER
        % (
            escape(login.username),
            base64.b64encode(proof).decode(),
            base64.b64encode(nonce).decode(),
            created,
        )
    ).encode()

"""TLS as cameras and recorders speak it. It hides what is said from bystanders; a pin proves the device.

Their certificates are of their own making, so that no authority can vouch for them. Firmware that is years
old often has one way of agreeing on a key, by RSA, which this Python no longer offers unless told to, and
does not know of RFC 5746 (2010). Refusing those would not make anybody safer: it leaves plain HTTP.
"""

from __future__ import annotations

import ssl

# Level 1 asks for keys of 1024 bits: what many devices made for themselves.
_CIPHERS = "DEFAULT:@SECLEVEL=1"
# ssl.OP_LEGACY_SERVER_CONNECT, which Python names from 3.12 on.
_WITHOUT_RFC_5746 = 0x4


def device_tls() -> ssl.SSLContext:
    """TLS 1.2 and newer, whoever shows whatever certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= _WITHOUT_RFC_5746
    return context

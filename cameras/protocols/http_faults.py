"""Which `DeviceError` an HTTP failure is: connection faults, busy words and lock-out words."""

from __future__ import annotations

import errno
import re
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    DeviceError,
    LockedOut,
    Reason,
    TooLarge,
    Unreachable,
    Untrusted,
)

_READ_FOR_WORDS = 8192
_LOCK_WORDS = re.compile(
    rb"(?<!<)\blocked\b(?!>)|<locked>\s*(true|1|yes)\b|<lockstatus>\s*lock(ed)?\s*<|userlock|account[ _-]?lock|lock(ed)?[ _-]?out"
    rb"|too many (failed|invalid|illegal|login)",
    re.IGNORECASE,
)
_BUSY_WORDS = re.compile(rb"\b(device ?busy|busy|overload(ed)?|try again later)\b", re.IGNORECASE)
_LOCK_STATUSES = {400, 401, 403, 500}


class NotHttp(BadAnswer):
    """What came cannot be read as HTTP; perhaps in a more forgiving way."""

    def __init__(self) -> None:
        super().__init__("the answer is not HTTP")


def says_locked(body: bytes) -> bool:
    """Does an error text say that the account is locked?"""
    return bool(_LOCK_WORDS.search(body[:_READ_FOR_WORDS]))


def says_busy(body: bytes) -> bool:
    """Does an error text say that the device is busy?"""
    return bool(_BUSY_WORDS.search(body[:_READ_FOR_WORDS]))


def raise_for_busy_or_lock(status: int, body: bytes) -> None:
    """Raises `LockedOut` or `Busy` where status or error text say so."""
    if status < 400:
        return
    if status == 423 or (status in _LOCK_STATUSES and says_locked(body)):
        raise LockedOut("the device says that the account is locked")
    if status in (429, 503) or (status >= 500 and says_busy(body)):
        raise Busy(f"the device is busy (HTTP {status})")


def as_device_error(error: BaseException, *, tls: bool) -> DeviceError:
    """Translates what aiohttp or the socket raised."""
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return Untrusted("another certificate than the one known", reason=Reason.TLS_FAULT)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Untrusted("the TLS connection cannot be made", reason=Reason.TLS_FAULT)
    if isinstance(error, aiohttp.ServerTimeoutError | TimeoutError):
        return Unreachable("no answer to the connection")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connection_fault(error.os_error, tls=tls)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Busy("the answer is cut off")
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        if _comes_from(error, LineTooLong):
            return TooLarge("a header line is too long")
        return NotHttp()
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return Busy("the device closed the connection")
    return NotHttp()


def _comes_from(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _connection_fault(cause: OSError, *, tls: bool) -> DeviceError:
    if cause.errno == errno.ECONNREFUSED:
        return Unreachable("nothing listens there", reason=Reason.CONNECTION_REFUSED)
    if tls and isinstance(cause, ConnectionResetError | BrokenPipeError):
        return Untrusted("the TLS connection is broken off", reason=Reason.TLS_FAULT)
    return Unreachable("no way to the device")

"""One ISAPI call, and which `DeviceError` its refusals are.

A refusal is a ResponseStatus (or userCheck) document, with an HTTP error or with HTTP 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    CredentialRefused,
    DeviceError,
    LockedOut,
    NotSupported,
    Reason,
)
from cameras.protocols.http import Conversation, Reply
from cameras.protocols.xml import descendants, local_name, parse, text

# What may be missing on a device without making the rest of an answer useless.
OPTIONAL = (NotSupported, BadAnswer)

_FIELDS = frozenset(
    ("statusCode", "statusValue", "subStatusCode", "statusString", "lockStatus", "retryLoginTime")
)
_LONGEST_JSON, _LONGEST_FIELD = 16 * 1024, 1024
_REFUSALS = {"responsestatus", "usercheck"}
_OK = {"", "0", "1", "200"}
_BUSY_CODE = "2"
_UNREAD_CODES = {"5", "6"}
_NOT_SUPPORTED = re.compile(
    r"not ?support|methodnotallowed|notimplement|lowprivilege|nopermission|theaccountisnotenabled"
    r"|notactivated",
    re.IGNORECASE,
)
_LOCKED = re.compile(r"(?:^|[^a-z])lock|(?<!un)(?<!b)locked|userlock", re.IGNORECASE)
_BUSY = re.compile(r"busy|upgrading|nomemory|serviceunavailable", re.IGNORECASE)
_LOGIN = re.compile(r"badauthorization|unauthorized|invalid ?user|password", re.IGNORECASE)
_UNREAD = re.compile(r"invalid ?xml|badxml|badparam|messageparam", re.IGNORECASE)
_CHANNEL = re.compile(r"channel|track", re.IGNORECASE)


class ServerFault(BadAnswer):
    """HTTP 500 and its kin: recorders give them now and then for no reason; one retry is fair."""


class NotUnderstood(BadAnswer):
    """The device cannot read our request, or not in this spelling."""


async def ask(conversation: Conversation, path: str, *, body: bytes = b"") -> etree._Element:
    """The document at /ISAPI/`path`; POST when there is a body."""
    reply = await call(conversation, path, body=body)
    return read_document(reply, conversation.manner.quirks)


async def call(
    conversation: Conversation, path: str, *, body: bytes = b"", authenticate: bool = True
) -> Reply:
    """The raw reply; searches change nothing, so a dropped connection may repeat them."""
    return await conversation.call(
        "POST" if body else "GET",
        f"/ISAPI/{path}",
        body=body,
        content_type="application/xml" if body else None,
        authenticate=authenticate,
    )


def read_document(reply: Reply, quirks: list[str] | None = None) -> etree._Element:
    """The root of a reply of success; raises for refusals, whatever the HTTP status."""
    if reply.status >= 400:
        raise_for_failure(reply)
    refused = _refusal_in_json(reply.body)
    if refused is not None:
        raise refused
    root = parse(reply.body, quirks)
    if local_name(root).lower() in _REFUSALS:
        error = refusal_of(root)
        if error is not None:
            raise error
    return root


def raise_for_failure(reply: Reply) -> None:
    """Raises for an HTTP error; the document in it is more exact than the status."""
    try:
        error = _refusal_in_json(reply.body) or refusal_of(parse(reply.body))
    except DeviceError:
        error = None
    if error is not None and type(error) is not BadAnswer:
        raise error
    if reply.status == 401:
        raise CredentialRefused("the device refuses the login")
    if reply.status in (403, 404, 405, 501):
        raise NotSupported(f"the device does not give this (HTTP {reply.status})")
    if reply.status >= 500:
        raise ServerFault(f"the device answers with HTTP {reply.status}")
    raise error or BadAnswer(f"the device answers with HTTP {reply.status}")


def refusal_of(root: etree._Element) -> DeviceError | None:
    """The error that a ResponseStatus or userCheck document tells; None when it says OK."""
    return _refusal({name: _first(root, name) for name in _FIELDS})


def _refusal(told: Mapping[str, str]) -> DeviceError | None:
    code = told["statusCode"] or told["statusValue"]
    words = f"{told['subStatusCode']} {told['statusString']}"
    if _LOCKED.search(told["lockStatus"]) or _LOCKED.search(words):
        return LockedOut("the device says that the account is locked")
    if code in _OK and (code or words.strip().lower() in ("", "ok")):
        return None
    if _LOGIN.search(words) or code == "401":
        left = told["retryLoginTime"]
        tries = f", {left} tries left" if left.isdecimal() else ""
        return CredentialRefused(f"the device refuses the login{tries}")
    if code == _BUSY_CODE or _BUSY.search(words):
        return Busy("the device says that it is busy")
    if _NOT_SUPPORTED.search(words):
        return NotSupported("the device does not support this, or not for this account")
    if _CHANNEL.search(words):
        return NotSupported("no such channel", reason=Reason.NO_SUCH_CHANNEL)
    if code in _UNREAD_CODES or _UNREAD.search(words):
        return NotUnderstood(f"the device cannot read our request (status {code[:12]})")
    return BadAnswer(f"the device answers with status {code[:12]}")


def _refusal_in_json(body: bytes) -> DeviceError | None:
    """As `refusal_of`, of a ResponseStatus in JSON: newer firmware refuses in it what was asked in XML.

    None for everything else that begins like JSON.
    """
    if not body[:64].lstrip().startswith(b"{") or len(body) > _LONGEST_JSON:
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    told = told.get("ResponseStatus", told) if isinstance(told, dict) else None
    if not isinstance(told, dict) or not _FIELDS & told.keys():
        return None
    return _refusal({name: str(told.get(name, ""))[:_LONGEST_FIELD] for name in _FIELDS})


def _first(root: etree._Element, name: str) -> str:
    return text(next(descendants(root, name), None))

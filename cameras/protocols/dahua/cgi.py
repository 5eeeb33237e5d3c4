"""One call of Dahua's CGI, and which `DeviceError` its refusals are."""

from __future__ import annotations

import re

from cameras.protocols.base import BadAnswer, Busy, CredentialRefused, LockedOut, NotSupported
from cameras.protocols.dahua.messages import Table, read_table
from cameras.protocols.http import MESSAGE_LIMIT, Conversation, Reply
from cameras.protocols.http_faults import says_busy, says_locked

# What may be missing on a device without making the rest of an answer useless.
OPTIONAL = (NotSupported, BadAnswer)

_ERROR = re.compile(rb"\s*(error|bad request|invalid|unauthori[sz]ed|not found|<)", re.IGNORECASE)
_NO_AUTHORITY = re.compile(rb"authority|permission", re.IGNORECASE)
_UNKNOWN_CALL = re.compile(rb"not (implemented|supported|found)|no such", re.IGNORECASE)
_READ_FOR_WORDS = 1_000


async def ask(
    conversation: Conversation,
    path: str,
    *,
    limit: int = MESSAGE_LIMIT,
    deadline: float | None = None,
    authenticate: bool = True,
    repeatable: bool = True,
) -> Reply:
    """GET /cgi-bin/`path`; the reply is one of success. `deadline` is in seconds.

    `repeatable=False` for calls that move something on in the device, such as the next page.
    """
    reply = await conversation.call(
        "GET",
        f"/cgi-bin/{path}",
        limit=limit,
        deadline=deadline,
        authenticate=authenticate,
        repeatable=repeatable,
    )
    raise_for_refusal(reply.status, reply.body)
    return reply


async def ask_table(conversation: Conversation, path: str) -> Table:
    """The key=value lines that `path` answers with; BadAnswer when there is not one."""
    table = read_table((await ask(conversation, path)).body)
    if not table:
        raise BadAnswer("no values in the answer")
    return table


def raise_for_refusal(status: int, body: bytes) -> None:
    """Raises for HTTP errors and for error texts, which some firmware sends with HTTP 200."""
    text = body[:_READ_FOR_WORDS]
    is_error = bool(_ERROR.match(text))
    if status < 400 and not is_error:
        return
    if says_locked(text):
        raise LockedOut("the device says that the account is locked")
    if status == 401:
        raise CredentialRefused("the device refuses the login")
    if status == 403 or _NO_AUTHORITY.search(text):
        raise NotSupported("the account may not do this")
    if status in (404, 405, 501) or _UNKNOWN_CALL.search(text):
        raise NotSupported("the device does not have this call")
    if says_busy(text):
        raise Busy("the device says that it is busy")
    if status >= 400:
        raise BadAnswer(f"the device answers with HTTP {status}")
    raise BadAnswer("the device answers with an error text")

"""What an HTTP reply says before its envelope is read: that a login is wanted, or another version of SOAP."""

from __future__ import annotations

from cameras.protocols.digest import best_digest, parse_challenges
from cameras.protocols.http import Reply
from cameras.protocols.onvif.faults import NotAuthorized


def not_authorized(reply: Reply) -> NotAuthorized:
    """The refusal in a reply, with the ways of HTTP login that it offers and what is needed to sign by its time."""
    values = getattr(reply.headers, "getall", lambda name, default: default)
    challenges = parse_challenges(values("WWW-Authenticate", []))
    is_challenge = reply.status == 401
    return NotAuthorized(
        reply.headers.get("Date", ""),
        reply.received_ms,
        offers_digest=is_challenge and best_digest(challenges) is not None,
        offers_basic=is_challenge and any(one.scheme == "basic" for one in challenges),
    )


def wants_another_version(reply: Reply) -> bool:
    """Devices made for SOAP 1.1 call SOAP 1.2 a mismatch or an unknown type, or answer with nothing at all."""
    is_empty = 200 <= reply.status < 300 and not reply.body.strip()
    return is_empty or reply.status == 415 or b"VersionMismatch" in reply.body[:4096]

"""From where the current work comes: request id, address and session, for the entries it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


def _no_session() -> str:
    return ""


@dataclass(frozen=True)
class Origin:
    """`session_hash` is asked late: signing in changes the session in the middle of a request."""

    request_id: str = ""
    ip: str = ""
    session_hash: Callable[[], str] = _no_session


_current: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039  frozen


def current() -> Origin:
    """The origin of the running request or task; an empty one outside of both."""
    return _current.get()


@contextmanager
def origin(value: Origin) -> Iterator[None]:
    """Entries written inside the block carry `value`."""
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)

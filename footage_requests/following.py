"""What follows from a change of a case: held footage and standing decisions keep in step with it.

Every change goes through here, inside its own transaction, so that no door can forget one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import deciding
from .models import FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person


def cameras_named(request: FootageRequest, *, by: Person | str) -> None:
    """Places are known now: footage is held before anybody decides."""
    holding = _module("holding")
    if holding is not None and request.status in request.BEFORE_DECISION:
        holding.hold_request(request, by)


def content_changed(request: FootageRequest, *, by: Person | str, because: str) -> None:
    """Counts the version up and voids what was decided on the content before. The row is locked.

    Raises errors.Refused when a package has been sealed: what has left is not undone by an edit.
    """
    request.content_version += 1
    request.save(update_fields=["content_version"])
    if deciding.void(request, because=because, by=by):
        return
    if request.status == FootageRequest.Status.AWAITING_DECISION:
        request.take("reopen", by=by, because=because)


def ended(request: FootageRequest, *, by: Person | str, because: str) -> None:
    """The case is over without a release: nothing is held for it any longer."""
    holding = _module("holding")
    if holding is None:
        return
    for hold in request.holds.filter(status__in=["REQUESTED", "HELD", "EXTENDED"]):
        holding.release(hold, by=by, because=because)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(f"{__package__}.{name}")
    except ModuleNotFoundError:
        return None

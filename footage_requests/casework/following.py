"""What follows from a change of a case: held footage and standing decisions keep in step with it.

Every change goes through here, inside its own transaction, so that no door can forget one. Cases that
end need nothing: `hold_life` releases what is held for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import hold_tasks
from ..decisions import deciding
from ..holds import holding
from ..models import FootageRequest, Hold

if TYPE_CHECKING:
    from accounts.models import Person


def cameras_named(request: FootageRequest, *, by: Person | str) -> None:
    """Places are known now: footage is held before anybody decides, and the recorders are asked."""
    if request.status not in request.BEFORE_DECISION:
        return
    holding.hold_request(request, by)
    if request.items.exists():
        hold_tasks.ask_recorders(request)


def reinstated(request: FootageRequest, *, by: Person | str, because: str) -> None:
    """A case that had ended goes on: what was to be released because of its end is kept."""
    for hold in request.holds.filter(status__in=Hold.KEPT, release_on__isnull=False):
        holding.keep_again(hold, by=by, because=because)


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

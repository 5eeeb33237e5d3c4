"""Sound in a decision: a stronger intrusion than pictures, so approving pictures never releases it.

It is released only where the request asked for it, by the superior, camera by camera, with a reason of its own. What
the inventory says of the cameras' sound is shown before, and stands in the decision with what was decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Installation

from ..errors import NotThisPerson, Refused
from ..models import FootageRequest, RequestItem

OFF, ON, UNKNOWN = "OFF", "ON", "UNKNOWN"
WORDS = {
    OFF: gettext_lazy("sound: the inventory says that this camera records none"),
    ON: gettext_lazy("sound: the inventory says that this camera records it"),
    UNKNOWN: gettext_lazy("sound: the inventory knows no camera here at that time"),
}


def check(request: FootageRequest, reason: str) -> None:
    """Raises Refused where sound must not be released."""
    if not request.wants_audio:
        raise Refused(_("Sound was not asked for."))
    if not reason.strip():
        raise Refused(
            _("Write why the sound is released: approving the pictures does not release it.")
        )


def heard(leaving: Collection[int], named: Collection[int], *, is_released: bool) -> set[int]:
    """Of which leaving items sound goes with the pictures. Raises Refused for one that does not leave."""
    if not is_released or not leaving:
        return set()
    if not set(named) <= set(leaving):
        raise Refused(_("Sound can be released only of a camera whose pictures leave."))
    return set(named or leaving)


def refuse_on_duty() -> None:
    """The most senior person on duty lets footage be watched, never heard."""
    raise NotThisPerson(_("Sound is released by the superior alone."))


def recorded_by(request: FootageRequest, items: Iterable[RequestItem]) -> dict[int, str]:
    """What the inventory says of each item's camera; blank where no sound was asked for. One query."""
    rows = list(items)
    if not request.wants_audio:
        return {item.pk: "" for item in rows}
    places = {item.position_id for item in rows}
    known = list(Installation.objects.filter(position__in=places).select_related("device"))
    return {item.pk: _recorded_by(item, known) for item in rows}


def _recorded_by(item: RequestItem, known: Iterable[Installation]) -> str:
    told = {
        row.device.audio_off
        for row in known
        if row.position_id == item.position_id
        and row.starts_at < item.ends_at
        and (row.ends_at is None or row.ends_at > item.starts_at)
    }
    if not told:
        return UNKNOWN
    return OFF if all(told) else ON


def as_data(request: FootageRequest, reason: str, *, is_released: bool) -> dict[str, Any]:
    """For `Decision.shown`: what was asked and what was decided."""
    return {
        "asked": request.wants_audio,
        "released": is_released,
        "reason": reason.strip() if is_released else "",
    }

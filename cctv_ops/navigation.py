"""The left navigation in the order of the day, only with what this person may open, and the red banner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts import permissions as accounts_permissions
from audit import sealing
from audit.access import may_read_log
from cameras import permissions as cameras_permissions
from control_room import permissions as control_room_permissions
from footage_requests import permissions as requests_permissions
from inventory import permissions as inventory_permissions

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True)
class _Place:
    title: Promise
    url_name: str
    icon: str
    is_open_to: Callable[[Person], bool]
    prefix: str = ""


@dataclass(frozen=True)
class Entry:
    title: str
    url: str
    icon: str
    is_current: bool


def _sees_today(person: Person) -> bool:
    return cameras_permissions.can_see_cameras(person) or requests_permissions.can_see_requests(
        person
    )


PLACES = (
    _Place(gettext_lazy("Today"), "today", "home", _sees_today),
    _Place(gettext_lazy("Cameras"), "cameras:positions", "device-cctv", cameras_permissions.can_see_cameras),
    _Place(gettext_lazy("Recorders"), "cameras:recorders", "server", cameras_permissions.can_see_cameras),
    _Place(gettext_lazy("Days"), "cameras:days", "calendar", cameras_permissions.can_see_cameras),
    _Place(gettext_lazy("Daily sheet"), "cameras:sheets", "file-text", cameras_permissions.can_see_sheets),
    _Place(gettext_lazy("Requests"), "footage_requests:board", "inbox", requests_permissions.can_see_requests),
    _Place(gettext_lazy("Findings"), "cameras:findings", "alert-triangle", cameras_permissions.can_see_cameras),
    _Place(gettext_lazy("Checks"), "cameras:runs", "list-check", cameras_permissions.can_see_cameras),
    _Place(gettext_lazy("Inventory"), "inventory:devices", "database", inventory_permissions.can_see_inventory, "/inventory/"),
    _Place(gettext_lazy("Shift notes"), "control_room:notes", "notes", control_room_permissions.can_see_notes, "/control-room/"),
    _Place(gettext_lazy("Reports"), "cameras:reports", "printer", cameras_permissions.can_see_reports),
    _Place(gettext_lazy("Audit"), "audit:entries", "shield-check", may_read_log),
    _Place(gettext_lazy("People"), "accounts:people", "users", accounts_permissions.can_see_people),
)  # fmt: skip


def navigation_for(person: Person, path: str) -> list[Entry]:
    """What this person may open, with the entry of the page that is open now marked."""
    entries = []
    for place in PLACES:
        if place.is_open_to(person):
            url = reverse(place.url_name)
            is_current = path == url if url == "/" else path.startswith(place.prefix or url)
            entries.append(Entry(str(place.title), url, place.icon, is_current))
    return entries


_ALARMS = {
    sealing.TAMPERED: gettext_lazy(
        "The audit log does not match its seals. Tell the head of the unit at once."
    ),
    sealing.UNSEALED: gettext_lazy(
        "The audit log has not been sealed for 5 minutes: the sealer is not running."
    ),
}


def alarm_for(person: Person) -> str:
    """A sentence when the audit log was tampered with or is not sealed; everybody sees it."""
    return str(_ALARMS.get(sealing.alarm(), ""))

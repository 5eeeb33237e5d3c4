"""The disks of a recorder in words: one by one for its page, and together in the sentence of a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cameras.models import DeviceCondition
from cameras.protocols.base import Reason
from cameras.protocols.disk_states import DiskTrouble
from cameras.wording.reasons import word_for

TROUBLES = {
    DiskTrouble.FAULTY: pgettext_lazy("disk", "faulty"),
    DiskTrouble.FAILING: pgettext_lazy("disk", "about to fail"),
    DiskTrouble.MISSING: pgettext_lazy("disk", "missing"),
    DiskTrouble.DEGRADED: pgettext_lazy("disk", "array degraded"),
    DiskTrouble.NOT_WRITABLE: pgettext_lazy("disk", "cannot be written"),
}
_TOGETHER = {
    DiskTrouble.MISSING: gettext_lazy(
        "disk %(slots)s is missing: look for it in the recorder, or take it out in the inventory"
    ),
    DiskTrouble.FAULTY: gettext_lazy("disk %(slots)s is faulty: have it replaced"),
    DiskTrouble.NOT_WRITABLE: gettext_lazy(
        "disk %(slots)s cannot be written: nothing new is kept on it"
    ),
    DiskTrouble.DEGRADED: gettext_lazy(
        "%(slots)s is degraded: when one more disk fails, its recordings are lost"
    ),
    DiskTrouble.FAILING: gettext_lazy(
        "disk %(slots)s is about to fail (SMART): have it replaced before it does"
    ),
}


@dataclass(frozen=True)
class DiskFacts:
    """What the page of a recorder shows. `note` says why nothing, or nothing newer, is known."""

    rows: list[dict[str, Any]]
    told_at: dt.datetime | None
    note: str = ""


def disk_facts(condition: DeviceCondition | None) -> DiskFacts:
    """The disks as told last, with the age of that; or why they are not known."""
    if condition is None:
        return DiskFacts([], None, _("Its disks have not been asked about yet."))
    rows = [_row(disk) for disk in condition.disks]
    told_at = condition.disks_at
    if condition.disks_reason:
        return DiskFacts(rows, told_at, _why(condition.disks_reason))
    if told_at is None and not rows:
        return DiskFacts(rows, None, _("Its disks have not been asked about yet."))
    return DiskFacts(rows, told_at, "" if rows else _("It told of no disk at all."))


def _why(reason: str) -> str:
    if reason == Reason.NOT_SUPPORTED:
        return _("This recorder does not tell about its disks: look at its own screen.")
    return _("Its disks could not be asked about last: %(reason)s.") % {"reason": word_for(reason)}


def _row(disk: dict[str, Any]) -> dict[str, Any]:
    trouble, megabytes = disk.get("trouble"), disk.get("capacity_mb")
    since = disk.get("since")
    return {
        "slot": disk.get("slot", ""),
        "healthy": disk.get("healthy"),
        "size": _("%(size)s TB") % {"size": number_format(megabytes / 1_000_000, 1)}
        if megabytes
        else "",
        "trouble": _trouble_word(trouble),
        "said": disk.get("word", ""),
        "since": dt.datetime.fromisoformat(since) if since else None,
    }


def _trouble_word(code: str | None) -> str:
    """What is wrong in a word; a fault without a name is a fault all the same."""
    return str(TROUBLES.get(code or DiskTrouble.FAULTY, code))  # type: ignore[call-overload]


def all_troubles(troubles: Sequence[Sequence[str | None]]) -> str:
    """(slot, trouble) pairs as one phrase, what loses footage first."""
    slots: dict[str, list[str]] = {}
    for slot, code in troubles:
        slots.setdefault(code or DiskTrouble.FAULTY, []).append(slot or "?")
    return "; ".join(
        str(phrase) % {"slots": ", ".join(slots[code])}
        for code, phrase in _TOGETHER.items()
        if code in slots
    )

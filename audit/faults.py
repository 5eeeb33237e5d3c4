"""What a verification may find, how bad it is, and the sentence for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

# Enough to see the pattern; the counts say how many there are.
LISTED = 200


class Level(IntEnum):
    """Exit codes of `audit_verify`."""

    OK = 0
    WARNING = 1
    TAMPERED = 2
    CANNOT_CHECK = 3


CODES = {
    "text_changed": (Level.TAMPERED, _("the text of the entry is not the one that was hashed")),
    "column_differs": (Level.TAMPERED, _("column differs from the sealed record: %(columns)s")),
    "unreadable": (Level.TAMPERED, _("the text of the entry cannot be read")),
    "entry_missing": (Level.TAMPERED, _("the entry is missing")),
    "entry_swapped": (Level.TAMPERED, _("another entry stands in the place of the sealed one")),
    "leaf_missing": (Level.TAMPERED, _("%(count)s seals are missing before this one")),
    "chain_broken": (Level.TAMPERED, _("the chain does not continue from the seal before")),
    "previous_missing": (
        Level.TAMPERED,
        _("an earlier entry about the same object (%(object)s) is missing"),
    ),
    "pending_without_entry": (Level.TAMPERED, _("an entry disappeared before it was sealed")),
    "pending_changed": (Level.TAMPERED, _("the entry was changed before it was sealed")),
    "never_sealed": (Level.TAMPERED, _("the entry has no seal and does not wait for one")),
    "shrunk": (Level.TAMPERED, _("the log has %(size)s entries, %(who)s saw %(seen)s")),
    "root_differs": (Level.TAMPERED, _("the root at size %(size)s is not the one %(who)s saw")),
    "unsealed": (
        Level.WARNING,
        _("%(count)s entries wait for their seal, the oldest for %(seconds)s s"),
    ),
    "clock_back": (Level.WARNING, _("the clock went back by %(seconds)s s")),
    "id_gaps": (
        Level.WARNING,
        _("%(count)s ids are not used (undone transactions leave such gaps), first: %(first)s"),
    ),
}


@dataclass(frozen=True)
class Fault:
    code: str
    leaf: int | None = None
    entry_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> Level:
        return CODES[self.code][0]

    def sentence(self) -> str:
        """One line that names the place and what is wrong."""
        text = str(CODES[self.code][1]) % self.facts
        if self.leaf is not None:
            return _("Leaf %(leaf)s: %(text)s") % {"leaf": self.leaf, "text": text}
        if self.entry_id is not None:
            return _("Entry %(entry)s: %(text)s") % {"entry": self.entry_id, "text": text}
        return text[:1].upper() + text[1:]

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "level": self.level.name,
            "leaf": self.leaf,
            "entry": self.entry_id,
            "facts": self.facts,
        }


def stored_sentence(stored: dict[str, Any]) -> str:
    """The sentence of a fault that went through `as_dict`."""
    return Fault(stored["code"], stored["leaf"], stored["entry"], stored["facts"]).sentence()


@dataclass
class Report:
    """Outcome of one verification of leaves [since, size). `root` (hex) only when `since` is 0."""

    since: int = 0
    size: int = 0
    chain: str = ""
    root: str = ""
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, code: str, **place: Any) -> None:
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] <= LISTED:
            self.faults.append(Fault(code, **place))

    @property
    def exit_code(self) -> Level:
        return max((CODES[code][0] for code in self.counts), default=Level.OK)

    def as_dict(self) -> dict[str, Any]:
        return {
            "exit_code": int(self.exit_code),
            "since": self.since,
            "size": self.size,
            "root": self.root,
            "chain": self.chain,
            "counts": self.counts,
            "faults": [fault.as_dict() for fault in self.faults],
        }

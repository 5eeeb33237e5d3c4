"""What is said of the sound of a package: which files there are of each line, what is missing, and why.

Codes and instants are stored; the sentences are made in the reader's language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cameras.days.coverage import Interval, merge, subtract, total
from core import tsi
from core.tsi import from_ms, to_ms

from .. import said
from ..models import DecisionLine, Exhibit, Package
from ..models.holds import Part

MOST_FILES = 60
"""For one film. Sound that is broken more often is left out from there on."""
_TOLD_MS = 1_000
"""Shorter holes, such as a frame at an edge, stand in the list of gaps and not in sentences."""
_MOST_SPANS = 20


@dataclass(frozen=True)
class SoundOfLine:
    """One released line: its files, the milliseconds of true time without sound, and why, as stored sentences."""

    line: DecisionLine
    files: tuple[str, ...]
    missing: tuple[Interval, ...]
    reasons: tuple[Any, ...]

    @property
    def missing_ms(self) -> int:
        return total(self.missing)

    @property
    def position(self) -> str:
        return str(self.line.item.position.name)

    @property
    def words(self) -> str:
        """In the reader's language."""
        return words_from(self.as_data())

    def as_data(self) -> dict[str, Any]:
        """Plain data for records, which tell it in words later."""
        return {
            "position": self.position,
            "files": list(self.files),
            "missing": [list(span) for span in self.missing],
            "because": list(self.reasons),
        }


_BROKEN = said.say("SOUND_BROKEN")


def words_from(told: Mapping[str, Any]) -> str:
    """One line in the reader's language, from `SoundOfLine.as_data`."""
    names = {
        "camera": told["position"],
        "files": ", ".join(told["files"]),
        "missing": _spans((int(start), int(end)) for start, end in told["missing"]),
        "why": "; ".join(dict.fromkeys(said.read_all(told["because"]))) or said.read(_BROKEN),
    }
    if not told["files"]:
        return _("%(camera)s: no sound, because %(why)s.") % names
    if not names["missing"]:
        return _("%(camera)s: sound of all approved minutes (%(files)s).") % names
    return _("%(camera)s: sound (%(files)s), but none of %(missing)s: %(why)s.") % names


def _spans(missing: Iterable[Interval]) -> str:
    long = [span for span in missing if span[1] - span[0] >= _TOLD_MS]
    told = [
        f"{tsi.stamp(from_ms(start))} - {tsi.clock_time(from_ms(end))}"
        for start, end in long[:_MOST_SPANS]
    ]
    return ", ".join([*told, "…"] if len(long) > _MOST_SPANS else told)


def sound_of(package: Package) -> list[SoundOfLine]:
    """Each released line with its sound; empty where the decision releases none."""
    if not package.decision.includes_audio:
        return []
    files = list(package.exhibits.filter(kind=Exhibit.Kind.SOUND, replaced_at=None))
    slices = list(package.sound_slices.all())
    lines = package.decision.lines.filter(includes_audio=True).select_related("item__position")
    return [
        _of_line(
            line,
            [one for one in files if one.line_id == line.pk],
            [one for one in slices if one.line_id == line.pk],
        )
        for line in lines
    ]


def _of_line(line: DecisionLine, files: list[Exhibit], slices: list[Any]) -> SoundOfLine:
    whole = (to_ms(line.starts_at), to_ms(line.ends_at))
    there = merge((int(a), int(b)) for a, b in (one.facts["delivered"] for one in files))
    reasons = [_reason(part) for part in slices if part.state != Part.State.DONE]
    films = Counter(one.ident.rpartition("-S")[0] for one in files)
    if any(count >= MOST_FILES for count in films.values()):
        reasons.append(said.say("SOUND_TOO_MANY"))
    return SoundOfLine(
        line,
        tuple(one.ident for one in files),
        tuple(subtract([whole], there)),
        tuple(reasons),
    )


def _reason(part: Any) -> Any:
    """Why a piece has no sound: a stored sentence, or a code that pictures have as well."""
    if part.state == Part.State.EMPTY:
        return said.say("SOUND_NOT_THERE")
    if part.failure.startswith(said.MARK):
        return part.failure
    return said.reason(part.failure or "INTERNAL")


def as_facts(package: Package) -> list[dict[str, Any]]:
    """Plain data of each line, for the frozen content of records."""
    return [one.as_data() for one in sound_of(package)]


def words_of(package: Package) -> list[str]:
    """One sentence for each line, in the reader's language."""
    return [one.words for one in sound_of(package)]


def notes_of(package: Package) -> list[str]:
    """For the unit alone: cameras whose sound was recorded although the inventory says that it is off."""
    off = {
        line["item_id"]
        for line in package.decision.shown.get("lines", ())
        if line.get("sound") == "OFF"
    }
    found = {one.position for one in sound_of(package) if one.files and one.line.item_id in off}
    return [
        _(
            "%(camera)s: the inventory says that no sound is recorded there. Have it switched off, or the "
            "inventory put right."
        )
        % {"camera": name}
        for name in sorted(found)
    ]

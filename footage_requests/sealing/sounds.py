"""Sound in a package: checked before it is sealed, and what the records say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from cameras.protocols.sound_reading import NotSound, SoundFacts, read_sound

from .. import said
from ..errors import Refused
from ..footage.sound_told import sound_of
from ..models import Package
from .leaving import Leaving
from .sources import StoredFile
from .text_records import utc_text

_SLACK_MS = 2_000


def check(source: StoredFile, item: Leaving) -> SoundFacts:
    """Proves that a file of sound is what its row says, and that it was released. Raises Refused."""
    row, names = item.exhibit, {"ident": item.exhibit.ident}
    if not (row.package.decision.includes_audio and row.line.includes_audio):
        raise Refused(_("Exhibit %(ident)s is sound, which was not released.") % names)
    try:
        found = read_sound(source.pieces(0, source.size), source.size)
    except NotSound as error:
        raise Refused(
            _("Exhibit %(ident)s cannot be played: %(reason)s") % {**names, "reason": error}
        ) from error
    known = {
        "bitstream_sha256": found.payload_sha256,
        "codec": found.sound.codec,
        "rate": found.sound.rate,
        "channels": found.sound.channels,
        "samples": found.samples,
    }
    for name, value in known.items():
        if row.facts.get(name) != value:
            raise Refused(
                _("Exhibit %(ident)s differs from its record: %(what)s.") % {**names, "what": name}
            )
    told = item.delivered_ms[1] - item.delivered_ms[0] - int(row.facts.get("drift_ms", 0))
    if abs(found.duration_ms - told) > _SLACK_MS:
        raise Refused(_("Exhibit %(ident)s has another length than its record says.") % names)
    return found


def facts_of(found: SoundFacts, item: Leaving) -> dict[str, Any]:
    """What the manifest says of a file of sound, beside what it says of every exhibit."""
    return {
        "codec": found.sound.codec,
        "samples_per_second": found.sound.rate,
        "channels": found.sound.channels,
        "samples": found.samples,
        "clock_minus_samples_ms": int(item.exhibit.facts.get("drift_ms", 0)),
    }


def sound_facts(package: Package) -> list[dict[str, Any]]:
    """For the manifest: each released line with its files of sound, what has none, and why."""
    return [
        {
            "position": one.line.item.position.code,
            "exhibits": list(one.files),
            "without": [{"from": utc_text(a), "until": utc_text(b)} for a, b in one.missing],
            "because": sorted({said.code_of(reason) for reason in one.reasons}),
        }
        for one in sound_of(package)
    ]


def gaps_of(package: Package) -> Iterator[tuple[str, str, int, int]]:
    """For gaps.csv: what was released and has no sound."""
    for one in sound_of(package):
        for start, end in one.missing:
            yield "sound", one.line.item.position.code, start, end


def decided_words(package: Package) -> str:
    """What the superior decided on sound, in the reader's language."""
    decision = package.decision
    if not decision.includes_audio:
        return _("not released")
    told = {"why": decision.audio_reason, "cameras": ", ".join(decision.heard_alone())}
    if not told["cameras"]:
        return _("released expressly: %(why)s") % told
    return _("released expressly of %(cameras)s alone: %(why)s") % told

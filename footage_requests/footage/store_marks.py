"""Whose files lie in the evidence store: every installation that keeps some there leaves a mark beside them.

A sweep removes sealed files that no row names. Where two databases share the folder, or this one was restored
from an older copy, such files are somebody's evidence: then they stay, and people are told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from audit.models import Entry

from .. import said
from ..models import EvidenceFile

MOST_STRAYS = 25
"""A killed worker leaves one file, perhaps a few. More without a row are a sign that the rows are missing."""


def own_name() -> str:
    """What stays the same for this database for good: its first audit entry; '' before there is one."""
    first = Entry.objects.order_by("pk").values_list("canon", flat=True).first()
    return hashlib.sha256(first.encode()).hexdigest()[:32] if first else ""


def leave_mark() -> None:
    """This installation keeps files here. Cheap when the mark is there already."""
    name = own_name()
    path = _folder() / name
    if name and not path.exists():
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("0")


def why_kept(strays: Sequence[Path]) -> said.Said | None:
    """Why files without a row must not be removed; None when they are what killed workers left."""
    name = own_name()
    others = sorted(path.name for path in _marks() if path.name != name)
    if others:
        return said.say("STORE_SHARED", mark=others[0][:8])
    was_restored = (_noticed() or {}).get("say") == "STORE_NEWER"
    if was_restored or _newest_row() < _newest_known(name):
        return said.say("STORE_NEWER")
    if len(strays) > MOST_STRAYS:
        return said.say("STORE_STRAYS", count=len(strays))
    return None


def note_rows() -> None:
    """The newest row that was ever known here: a database that knows less was restored."""
    name = own_name()
    if name and (_folder() / name).exists():
        (_folder() / name).write_text(str(_newest_row()))


def note_kept(why: said.Said | None) -> None:
    """Tells Bugün what was kept and why, until a sweep keeps nothing any more."""
    if why is None:
        _notice().unlink(missing_ok=True)
    else:
        _notice().write_text(json.dumps(why))


def kept_because() -> str:
    """Why the last sweep kept files without a row, in the reader's language; '' when it kept none."""
    return said.read(_noticed())


def _noticed() -> dict[str, Any] | None:
    try:
        return dict(json.loads(_notice().read_text()))
    except (OSError, ValueError):
        return None


def _newest_row() -> int:
    return EvidenceFile.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _newest_known(name: str) -> int:
    path = _folder() / name
    return int(path.read_text() or 0) if name and path.exists() else 0


def _marks() -> list[Path]:
    return list(_folder().iterdir()) if _folder().exists() else []


def _folder() -> Path:
    return Path(settings.EVIDENCE_DIR) / "installations"


def _notice() -> Path:
    return Path(settings.EVIDENCE_DIR) / "kept-without-rows.json"

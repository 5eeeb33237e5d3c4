"""What the log holds as codes, in words: names of runs, and why a login was held back."""

from __future__ import annotations

from collections.abc import Iterable

from audit.models import Entry
from cameras.models import Run
from core import tsi

from .reasons import word_for


def run_names(ids: Iterable[str]) -> dict[str, str]:
    """What each run was and about which day, by its id."""
    runs = Run.objects.filter(pk__in=ids).values_list("pk", "kind", "day")
    kinds = {kind: str(label) for kind, label in Run.Kind.choices}
    return {str(pk): f"{kinds[kind]}, {tsi.day_text(day)}" for pk, kind, day in runs}


def reason_of(entry: Entry) -> str:
    """The vault keeps the code with which a device refused."""
    return word_for(entry.because) if entry.action == "credential.park" else ""

"""Checks that each entry's predecessor about the same object is still in the log.

Eight bytes per hash keep a million entries in 24 MB; what seems missing is asked again in full.
"""

from __future__ import annotations

import json
from array import array

from .faults import Report
from .models import Entry, Seal


class ObjectLinks:
    """Collects leaf hashes and the hashes that they point back to."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._previous = array("Q")
        self._leaves = array("Q")

    def add(self, leaf: int, entry_hash: str, previous: str) -> None:
        self._hashes.append(int(entry_hash[:16], 16))
        if previous:
            self._previous.append(int(previous[:16], 16))
            self._leaves.append(leaf)

    def report_missing(self, report: Report, using: str) -> None:
        """Adds a fault for each entry whose predecessor is nowhere."""
        if not self._previous:
            return
        # Every worker loads this module, and few of them ever verify the log.
        import numpy as np

        hashes = np.sort(np.frombuffer(self._hashes, dtype=np.uint64))
        previous = np.frombuffer(self._previous, dtype=np.uint64)
        places = np.minimum(np.searchsorted(hashes, previous), len(hashes) - 1)
        unknown = np.flatnonzero(hashes[places] != previous)
        for position in unknown.tolist():
            self._ask(report, self._leaves[position], using)

    def _ask(self, report: Report, leaf: int, using: str) -> None:
        """A predecessor may stand before the verified part, or still wait for its seal."""
        entry_id = Seal.objects.using(using).values_list("entry_id", flat=True).get(leaf=leaf)
        canon = Entry.objects.using(using).values_list("canon", flat=True).get(pk=entry_id)
        content = json.loads(canon)
        thing = content["object"]
        earlier = Entry.objects.using(using).filter(
            object_type=thing["type"], object_id=thing["id"], leaf_hash=content["prev"]
        )
        if not earlier.exists():
            named = f"{thing['type']} {thing['name']}".strip()
            report.add("previous_missing", leaf=leaf, entry_id=entry_id, facts={"object": named})

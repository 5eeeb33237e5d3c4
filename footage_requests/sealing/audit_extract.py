"""The request's own audit entries with proofs that they stand in the log, without showing any other.

Entries end with the verification of the package: the sealing itself cannot stand inside what it seals. Proofs
are those of RFC 6962 against one tree head; where a signed checkpoint covers all of them, that one.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.canon import reference
from audit.merkle import node
from audit.models import Checkpoint, Entry, Seal
from audit.sealing import backlog, leaf_of

from ..errors import Refused
from ..models import Package

WAIT_S = 10.0
_POLL_S = 0.2


class LogNotSealed(Refused):
    """The audit log lacks its newest seals: releases wait for it (A20)."""


@dataclass(frozen=True)
class Extract:
    """What goes into the package: the entries with proofs, and the tree head that they lead to."""

    jsonl: str
    head: dict[str, object]
    leaves: list[int]


def await_seal(entry: Entry, wait_s: float = WAIT_S) -> int:
    """The entry's number in the log, as soon as it has one. Raises LogNotSealed."""
    until = time.monotonic() + wait_s
    while True:
        leaf = leaf_of(entry)
        if leaf is not None:
            return leaf
        if time.monotonic() >= until or backlog().alarm:
            raise LogNotSealed(
                _("The audit log is not being sealed: packages wait until its sealer runs again.")
            )
        time.sleep(_POLL_S)


def last_entry(package: Package) -> Entry:
    """The entry of the package's verification. Raises Refused when there is none."""
    entry = Entry.objects.about(package).filter(action="package.verify").first()
    if entry is None:
        raise Refused(_("The audit log has no entry of this package's verification."))
    return entry


def extract(package: Package, wait_s: float = WAIT_S) -> Extract:
    """The entries about the request and all that belongs to it, up to the verification."""
    last = last_entry(package)
    await_seal(last, wait_s)
    entries = list(Entry.objects.filter(_own(package), pk__lte=last.pk).order_by("pk"))
    for entry in entries:
        await_seal(entry, wait_s)
    numbers = dict(
        Seal.objects.filter(entry_id__in=[entry.pk for entry in entries]).values_list(
            "entry_id", "leaf"
        )
    )
    entries.sort(key=lambda entry: numbers[entry.pk])
    leaves = [numbers[entry.pk] for entry in entries]
    checkpoint = Checkpoint.objects.filter(size__gt=max(leaves)).order_by("-size").first()
    hashes = _hashes(checkpoint.size if checkpoint else None)
    root, proofs = inclusion_proofs(hashes, leaves)
    if checkpoint is not None and root.hex() != checkpoint.root:
        raise LogNotSealed(_("The audit log does not match its checkpoint: nothing is released."))
    lines = [
        json.dumps(
            {
                "leaf": leaf,
                "canon": entry.canon,
                "leaf_hash": entry.leaf_hash,
                "proof": [step.hex() for step in proof],
            },
            ensure_ascii=False,
        )
        for entry, leaf, proof in zip(entries, leaves, proofs, strict=True)
    ]
    head = {
        "format": 1,
        "origin": checkpoint.note.partition("\n")[0] if checkpoint else settings.UNIT_NAME,
        "size": len(hashes),
        "root": root.hex(),
        "checkpoint": checkpoint.note if checkpoint else None,
    }
    return Extract("\n".join(lines) + "\n", head, leaves)


def _own(package: Package) -> Q:
    request = package.request
    rows = [
        request,
        package,
        *request.items.all(),
        *request.attachments.all(),
        *request.holds.all(),
        *request.decisions.all(),
        *package.exhibits.all(),
    ]
    own = Q()
    for row in rows:
        object_type, object_id, _name = reference(row)
        own |= Q(object_type=object_type, object_id=object_id)
    return own


def _hashes(size: int | None) -> list[bytes]:
    seals = Seal.objects.order_by("leaf").values_list("leaf_hash", flat=True)
    chosen = seals if size is None else seals[:size]
    return [bytes.fromhex(text) for text in chosen.iterator(chunk_size=5000)]


def inclusion_proofs(leaves: list[bytes], numbers: list[int]) -> tuple[bytes, list[list[bytes]]]:
    """The tree's root and the proof of each numbered leaf; the tree is built once for all of them."""
    proofs: list[list[bytes]] = [[] for _number in numbers]
    places = list(numbers)
    level = leaves
    while len(level) > 1:
        for proof, place in zip(proofs, places, strict=True):
            if place ^ 1 < len(level):
                proof.append(level[place ^ 1])
        places = [place >> 1 for place in places]
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        # An odd last node has no sibling and moves up as it is.
        level = pairs + level[len(pairs) * 2 :]
    return level[0], proofs

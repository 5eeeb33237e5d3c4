"""Writes the log as files that the stand-alone verifier reads without this system.

entries.jsonl: {"leaf", "canon"} per line, in order. seals.jsonl: {"leaf", "entry_id", "leaf_hash",
"chain", "sealed_at"}. head.json: {"format", "size", "root", "chain", "exported_at"}; checkpoints'
notes are added to it as {"size", "root", "note"}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from .canon import utc_text
from .merkle import Frontier
from .models import Checkpoint, Entry, Seal
from .sealing import FIRST_CHAIN

FORMAT = 1
CHUNK = 2000


def export_log(folder: Path, *, using: str = DEFAULT_DB_ALIAS) -> dict[str, Any]:
    """Writes the three files into an empty or new folder and returns the head."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    tree, chain, leaf = Frontier(), FIRST_CHAIN, 0
    with (
        (folder / "entries.jsonl").open("w", encoding="utf-8") as entries,
        (folder / "seals.jsonl").open("w", encoding="utf-8") as seals,
    ):
        while True:
            chunk = list(Seal.objects.using(using).filter(leaf__gte=leaf).order_by("leaf")[:CHUNK])
            if not chunk:
                break
            found = Entry.objects.using(using).filter(pk__in=[seal.entry_id for seal in chunk])
            canons = dict(found.values_list("pk", "canon"))
            for seal in chunk:
                canon = canons.get(seal.entry_id)
                if canon is not None:
                    _line(entries, {"leaf": seal.leaf, "canon": canon})
                _line(seals, _seal_content(seal))
                tree.append(bytes.fromhex(seal.leaf_hash))
                chain, leaf = seal.chain, seal.leaf + 1
    head = {
        "format": FORMAT,
        "size": leaf,
        "root": tree.root().hex(),
        "chain": chain,
        "exported_at": utc_text(timezone.now()),
        "checkpoints": list(
            Checkpoint.objects.using(using).order_by("size").values("size", "root", "note")
        ),
    }
    (folder / "head.json").write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
    return head


def _seal_content(seal: Seal) -> dict[str, Any]:
    return {
        "leaf": seal.leaf,
        "entry_id": seal.entry_id,
        "leaf_hash": seal.leaf_hash,
        "chain": seal.chain,
        "sealed_at": utc_text(seal.sealed_at),
    }


def _line(file: Any, content: dict[str, Any]) -> None:
    file.write(json.dumps(content, ensure_ascii=False) + "\n")

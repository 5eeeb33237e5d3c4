#!/usr/bin/env python3
"""Verifies an exported audit log. Needs Python 3.8 or later and nothing else.

    python3 verify.py FOLDER [--size N --root HEX]

FOLDER holds entries.jsonl, seals.jsonl and head.json. With --size and --root (from a paper, a mail or
another witness) the tree of the first N entries must have exactly that root.
Exit: 0 sound, 2 tampered with, 3 cannot check. Shares no code with the system that wrote the log.

Rules: leaf = SHA-256(00 || canon), node = SHA-256(01 || left || right) as in RFC 6962.
chain = SHA-256(02 || previous chain LF leaf LF entry id LF leaf hash LF sealed at), all as text;
the first previous chain is 64 zeros. canon is RFC 8785 JSON.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def unique_pairs(pairs):
    names = [name for name, _value in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def lines(path):
    with path.open(encoding="utf-8", newline="\n") as file:
        for text in file:
            yield json.loads(text)


def tree_root(level):
    """Root over leaf hashes (bytes); an odd last node moves up unchanged."""
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()


def check_canon(canon):
    """The text is JSON without repeated names, floats or spaces between its parts."""
    content = json.loads(canon, object_pairs_hook=unique_pairs, parse_float=refuse)
    again = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if again != canon:
        raise ValueError("the text is not canonical")


def refuse(text):
    raise ValueError("a number is not an integer: " + text)


def check_seals(folder, tell):
    """Returns (leaf hashes, last chain) and tells what is wrong."""
    chain = "0" * 64
    hashes: list = []
    for seal in lines(folder / "seals.jsonl"):
        number = len(hashes)
        if seal["leaf"] != number:
            tell(f"leaf {number}: the seal is missing or out of order")
        fields = (chain, str(seal["leaf"]), str(seal["entry_id"]), seal["leaf_hash"])
        text = "\n".join((*fields, seal["sealed_at"]))
        if sha256_hex(b"\x02" + text.encode()) != seal["chain"]:
            tell(f"leaf {seal['leaf']}: the chain does not continue")
        chain = seal["chain"]
        hashes.append(bytes.fromhex(seal["leaf_hash"]))
    return hashes, chain


def check_entries(folder, hashes, tell):
    expected = 0
    for entry in lines(folder / "entries.jsonl"):
        leaf = entry["leaf"]
        for missing in range(expected, leaf):
            tell(f"leaf {missing}: the entry is missing")
        expected = leaf + 1
        if (
            leaf >= len(hashes)
            or sha256_hex(b"\x00" + entry["canon"].encode()) != hashes[leaf].hex()
        ):
            tell(f"leaf {leaf}: the text is not the sealed one")
            continue
        try:
            check_canon(entry["canon"])
        except ValueError as error:
            tell(f"leaf {leaf}: {error}")
    for missing in range(expected, len(hashes)):
        tell(f"leaf {missing}: the entry is missing")


def check_roots(hashes, chain, head, known, tell):
    if (head["size"], head["chain"]) != (len(hashes), chain):
        tell("the head does not belong to these seals")
    roots = [(head["size"], head["root"], "the head")]
    roots += [(c["size"], c["root"], "a checkpoint") for c in head.get("checkpoints", [])]
    for size, root, who in roots + known:
        if size > len(hashes):
            tell(f"the log has {len(hashes)} entries, {who} has {size}")
        elif tree_root(hashes[:size]) != root.lower():
            tell(f"the root at size {size} is not that of {who}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Verifies an exported audit log.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--root")
    options = parser.parse_args(arguments)
    faults: list = []
    known = [(options.size, options.root, "the witness")] if options.root and options.size else []
    try:
        head = json.loads((options.folder / "head.json").read_text(encoding="utf-8"))
        hashes, chain = check_seals(options.folder, faults.append)
        check_entries(options.folder, hashes, faults.append)
        check_roots(hashes, chain, head, known, faults.append)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stdout.write(f"cannot check: {error}\n")
        return 3
    for fault in faults:
        sys.stdout.write(fault + "\n")
    if faults:
        return 2
    sys.stdout.write(f"sound: {len(hashes)} entries, root {head['root']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

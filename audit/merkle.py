"""Merkle tree of RFC 6962 over leaf hashes: root, inclusion and consistency proofs, and their checks.

All hashes here are raw 32-byte SHA-256 values. The check of proofs follows RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: `log2(size)` hashes give the root at any moment."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        # Each trailing one bit of the old size is a full subtree that the new leaf completes.
        carry, bits = leaf, self.size
        while bits & 1:
            carry = node(self._subtrees.pop(), carry)
            bits >>= 1
        self._subtrees.append(carry)
        self.size += 1

    def root(self) -> bytes:
        if not self._subtrees:
            return EMPTY_ROOT
        top = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            top = node(left, top)
        return top


def root(leaves: Iterable[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two below `size`: how many leaves the left subtree has."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} in a tree of {len(leaves)}.")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the tree of the first `old_size` leaves is a beginning of the tree of all of them."""
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"There is no tree of {old_size} inside one of {len(leaves)}.")
    return _subproof(leaves, old_size, whole=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if old_size <= split:
        return [*_subproof(leaves[:split], old_size, whole=whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], old_size - split, whole=False), root(leaves[:split])]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    if not 0 <= index < size:
        return False
    position, last, top = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            top = node(step, top)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            top = node(top, step)
        position, last = position >> 1, last >> 1
    return last == 0 and top == expected_root


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    # A power of two is itself a node of the new tree and is therefore left out of the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_top = new_top = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_top, new_top = node(step, old_top), node(step, new_top)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_top = node(new_top, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_top == old_root and new_top == new_root

"""The tree's arithmetic against the definition in RFC 6962, every size up to 33, and forged proofs."""

from __future__ import annotations

import hashlib

import pytest

from audit import merkle


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + bytes([number])).digest() for number in range(count)]


def root_by_definition(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    left, right = root_by_definition(hashes[:split]), root_by_definition(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(34))
def test_the_root_is_that_of_the_definition(size):
    assert merkle.root(leaves(size)) == root_by_definition(leaves(size))


def test_the_root_of_known_vectors():
    """Test vectors of the Certificate Transparency reference: leaves "", 00, 10, 2021."""
    data = [b"", b"\x00", b"\x10", b"\x20\x21"]
    hashed = [hashlib.sha256(b"\x00" + item).digest() for item in data]

    assert merkle.root(hashed[:1]).hex().startswith("6e340b9cffb37a98")
    assert merkle.root(hashed[:2]).hex().startswith("fac54203e7cc696c")
    assert merkle.root(hashed[:3]).hex().startswith("aeb6bcfe274b70a1")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 33])
def test_each_leaf_is_proven_and_no_other_is(size):
    tree = leaves(size)
    top = merkle.root(tree)
    for index, leaf in enumerate(tree):
        proof = merkle.inclusion_proof(tree, index)
        assert merkle.verify_inclusion(leaf, index, size, proof, top)
        assert not merkle.verify_inclusion(b"x" * 32, index, size, proof, top)
        assert not merkle.verify_inclusion(leaf, index, size, [*proof, top], top)
        assert not merkle.verify_inclusion(leaf, size, size, proof, top)
        if proof:
            assert not merkle.verify_inclusion(leaf, index, size, proof[:-1], top)


@pytest.mark.parametrize("new_size", [1, 2, 3, 6, 7, 8, 20, 33])
def test_every_older_tree_is_a_beginning_and_a_changed_one_is_not(new_size):
    tree = leaves(new_size)
    new_root = merkle.root(tree)
    for old_size in range(1, new_size + 1):
        proof = merkle.consistency_proof(tree, old_size)
        old_root = merkle.root(tree[:old_size])
        forged = merkle.root([*tree[: old_size - 1], b"x" * 32])
        check = merkle.verify_consistency
        assert check(old_size, new_size, old_root, new_root, proof)
        assert not check(old_size, new_size, forged, new_root, proof)
        assert not check(old_size, new_size, old_root, forged, proof)
        assert not check(old_size, new_size, old_root, new_root, [*proof, old_root])
    assert not merkle.verify_consistency(0, new_size, merkle.EMPTY_ROOT, new_root, [])


def test_proofs_of_leaves_that_do_not_exist_are_refused():
    with pytest.raises(IndexError):
        merkle.inclusion_proof(leaves(3), 3)
    with pytest.raises(IndexError):
        merkle.consistency_proof(leaves(3), 4)

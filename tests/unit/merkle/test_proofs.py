"""Which code says what is wrong with a proof."""

from __future__ import annotations

import pytest

from ledger.errors import VerificationError
from ledger.merkle.hashing import EMPTY_ROOT, check_lengths, leaf_hash, node_hash, root_of
from ledger.merkle.proofs import (
    check_consistency,
    check_inclusion,
    prove_consistency,
    prove_inclusion,
)
from ledger.values import TreeHead

LEAVES = [leaf_hash(bytes([number])) for number in range(11)]
HEAD = TreeHead(11, root_of(LEAVES))
OLD = TreeHead(6, root_of(LEAVES[:6]))


def code_of(*arguments: object, check: object = check_inclusion) -> str:
    with pytest.raises(VerificationError) as caught:
        check(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_codes_of_inclusion() -> None:
    proof = prove_inclusion(LEAVES, 3)
    assert code_of(LEAVES[3], 11, HEAD, proof) == "index_out_of_range"
    assert code_of(LEAVES[3], -1, HEAD, proof) == "index_out_of_range"
    assert code_of(LEAVES[3], 0, TreeHead(0, EMPTY_ROOT), []) == "index_out_of_range"
    assert code_of(LEAVES[3], 3, HEAD, proof[:-1]) == "inclusion_path_length"
    assert code_of(LEAVES[3], 3, HEAD, [*proof[:-1], b""]) == "hash_length"
    assert code_of(LEAVES[3][:31], 3, HEAD, proof) == "hash_length"
    assert code_of(LEAVES[4], 3, HEAD, proof) == "inclusion_root"


def test_codes_of_consistency() -> None:
    proof = prove_consistency(LEAVES, 6)
    check_consistency(OLD, HEAD, proof)
    for arguments, code in [
        ((HEAD, OLD, proof), "consistency_sizes"),
        ((TreeHead(0, EMPTY_ROOT), HEAD, []), "consistency_sizes"),
        ((OLD, HEAD, proof[1:]), "consistency_path_length"),
        ((OLD, HEAD, [*proof[:-1], b"x"]), "hash_length"),
        ((OLD, HEAD, [*proof[:-1], LEAVES[0]]), "consistency_root"),
        ((HEAD, HEAD, [LEAVES[0]]), "consistency_path_length"),
        ((HEAD, TreeHead(11, OLD.root), []), "consistency_root"),
    ]:
        assert code_of(*arguments, check=check_consistency) == code


def test_a_head_is_consistent_with_itself() -> None:
    check_consistency(HEAD, HEAD, [])


def test_the_makers_refuse_what_is_not_there() -> None:
    assert code_of(LEAVES, 11, check=prove_inclusion) == "index_out_of_range"
    assert code_of(LEAVES, 12, check=prove_consistency) == "consistency_sizes"
    assert prove_consistency(LEAVES, 0) == []


def test_a_short_hash_has_no_root() -> None:
    assert code_of([LEAVES[0], b"short"], check=root_of) == "hash_length"
    check_lengths([])

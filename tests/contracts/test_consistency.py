"""The proof check against published vectors, every small pair of sizes, and many large ones."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.machine import Machine, start
from tests.contracts.trees import invented_tree, leaves_tree

VECTORS = Path(__file__).resolve().parents[1] / "data/vectors/transparency-dev_merkle/testdata"
PROOF_ERRORS = {
    "ConsistencyProofTooShort",
    "ConsistencyProofTooLong",
    "ConsistencyOldRootDiffers",
    "ConsistencyNewRootDiffers",
}
CASES = 200_000
LARGEST = 1 << 24


@pytest.fixture(scope="module")
def machine() -> Machine:
    return start()


def test_storage_written_by_hand_is_what_the_contract_reads(machine: Machine) -> None:
    machine.set_head(77, b"\x55" * 32)
    assert machine.head() == (77, b"\x55" * 32)
    machine.set_head(5, b"\x56" * 32)
    assert machine.head() == (5, b"\x56" * 32)


def vector_cases() -> Iterator[tuple[str, dict]]:
    for path in sorted((VECTORS / "consistency").rglob("*.json")):
        yield str(path.relative_to(VECTORS)), json.loads(path.read_text(encoding="utf-8"))


def decode(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def carried(case: dict) -> bool:
    """Whether uint64 and bytes32 can hold the case; for size 0 and equal sizes the contract has own rules."""
    hashes = [decode(case["root1"]), decode(case["root2"]), *map(decode, case["proof"] or [])]
    return all(len(value) == 32 for value in hashes) and 0 < case["size1"] < case["size2"]


def test_published_vectors_agree(machine: Machine) -> None:
    ran = {True: 0, False: 0}
    for name, case in vector_cases():
        if not carried(case):
            continue
        machine.set_head(case["size1"], decode(case["root1"]))
        error = machine.anchor(
            case["size2"], decode(case["root2"]), [decode(item) for item in case["proof"] or []]
        )
        assert (error in PROOF_ERRORS) if case["wantErr"] else error is None, (name, error)
        ran[case["wantErr"]] += 1
    assert ran == {
        True: 57,
        False: 4,
    }  # of 84; the rest have size 0, equal sizes or hashes of another length


def mutations(proof: list[bytes], rng: random.Random) -> Iterator[tuple[str, list[bytes]]]:
    """Every proof beside `proof` that differs by one hash, with the kind of difference."""
    for place in range(len(proof)):
        yield "flipped", [*proof[:place], flip(proof[place], rng), *proof[place + 1 :]]
        yield "missing", proof[:place] + proof[place + 1 :]
    for place in range(len(proof) + 1):
        yield "extra", [*proof[:place], rng.randbytes(32), *proof[place:]]


def flip(value: bytes, rng: random.Random) -> bytes:
    bit = rng.randrange(256)
    return (int.from_bytes(value) ^ 1 << bit).to_bytes(32)


EXPECTED = {
    "flipped": {"ConsistencyOldRootDiffers", "ConsistencyNewRootDiffers"},
    "missing": {"ConsistencyProofTooShort"},
    "extra": {"ConsistencyProofTooLong"},
}


def test_every_pair_of_small_sizes(machine: Machine) -> None:
    rng = random.Random("small sizes")
    tree = leaves_tree([bytes([number]) for number in range(33)])
    pairs = 0
    for new in range(2, 34):
        for old in range(1, new):
            pairs += 1
            old_root, new_root, proof = tree.root(0, old), tree.root(0, new), tree.proof(old, new)
            for kind, bad in mutations(proof, rng):
                machine.set_head(old, old_root)
                assert machine.anchor(new, new_root, bad) in EXPECTED[kind], (old, new, kind)
            machine.set_head(old, flip(old_root, rng))
            assert machine.anchor(new, new_root, proof) in PROOF_ERRORS, (old, new)
            machine.set_head(old, old_root)
            assert machine.anchor(new, flip(new_root, rng), proof) == "ConsistencyNewRootDiffers"
            assert machine.head() == (old, old_root)
            assert machine.anchor(new, new_root, proof) is None, (old, new)
            assert machine.head() == (new, new_root)
    assert pairs == 528


def test_a_proof_serves_no_other_pair_of_heads(machine: Machine) -> None:
    """Every honest proof for every other pair of honest heads: taken only where it is that pair's own."""
    tree = leaves_tree([bytes([number]) for number in range(12)])
    pairs = [(old, new) for new in range(2, 13) for old in range(1, new)]
    proofs = {pair: tree.proof(*pair) for pair in pairs}
    taken = 0
    for old, new in pairs:
        for proof in proofs.values():
            machine.set_head(old, tree.root(0, old))
            error = machine.anchor(new, tree.root(0, new), proof)
            right = proof == proofs[old, new]
            assert (error is None) if right else error in PROOF_ERRORS, (old, new, proof)
            taken += right
    assert taken >= len(pairs) == 66


def sizes(rng: random.Random) -> tuple[int, int]:
    """Two sizes up to 2**24, of every order of magnitude, some beside a power of two."""
    old = rng.randrange(1, 1 << rng.randint(1, 24))
    if rng.random() < 0.1:
        old = max(1, (1 << rng.randint(1, 23)) + rng.randint(-1, 1))
    growth = rng.randrange(1, 1 << rng.randint(1, 24))
    return old, min(old + growth, LARGEST)


def forged_calls(
    old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes], rng: random.Random
) -> Iterator[tuple[tuple[int, bytes], tuple[int, bytes], list[bytes]]]:
    """Forged calls near a good one, as (head on chain, head asked for, proof)."""
    yield old, (new[0], flip(new[1], rng)), proof
    yield (old[0], flip(old[1], rng)), new, proof
    place = rng.randrange(len(proof) + 1)
    yield old, new, [*proof[:place], rng.randbytes(32), *proof[place:]]
    if proof:
        place = rng.randrange(len(proof))
        yield old, new, [*proof[:place], flip(proof[place], rng), *proof[place + 1 :]]
        yield old, new, proof[:place] + proof[place + 1 :]


@pytest.mark.parametrize("part", range(4))
def test_two_hundred_thousand_large_cases(machine: Machine, part: int) -> None:
    rng = random.Random(f"large sizes {part}")
    cases = 0
    while cases < CASES // 4:
        old, new = sizes(rng)
        if old == new:
            continue
        tree = invented_tree(old, rng.randbytes)
        old_head, new_head = (old, tree.root(0, old)), (new, tree.root(0, new))
        proof = tree.proof(old, new)
        for before, after, bad in forged_calls(old_head, new_head, proof, rng):
            machine.set_head(*before)
            assert machine.anchor(*after, bad) in PROOF_ERRORS, (old, new)
            cases += 1
        machine.set_head(*old_head)
        assert machine.anchor(*new_head, proof) is None, (old, new)
        cases += 1
    assert machine.head() == new_head

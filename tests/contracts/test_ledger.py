"""What TreeHeadLedger refuses, each with its own error and the numbers in it."""

import hashlib

import pytest
from eth_utils import keccak

from tests.contracts.devnet import log_id
from tests.contracts.engine import (
    ANCHORERS,
    AUTHORITIES,
    STRANGER,
    Engine,
    Event,
    Refused,
    start,
)
from tests.contracts.trees import Tree, leaves_tree, uniform_tree

ORIGIN = "demo/beijing/1"
LOG = log_id(ORIGIN)
GROWTH = 1 << 24
LEAVES = [f"leaf {number}".encode() for number in range(1100)]
HONEST = leaves_tree(LEAVES)


@pytest.fixture
def engine() -> Engine:
    started = start()
    for region, name in enumerate(("beijing", "tianjin", "hebei")):
        started.registry(
            "registerLog",
            f"demo/{name}/1",
            b"\7" * 32,
            ANCHORERS[region],
            sender=AUTHORITIES[region],
        )
    return started


def anchor(
    engine: Engine, size: int, *, tree: Tree = HONEST, proof: list[bytes] | None = None
) -> None:
    """Move the log's head to `size` of `tree`, from wherever it is."""
    old = engine.ledger("head", LOG)[0]
    if proof is None:
        proof = tree.proof(old, size) if 0 < old < size else []
    engine.ledger("anchor", LOG, size, tree.root(0, size), proof, sender=ANCHORERS[0])


def refused(engine: Engine, *arguments: object, sender: str = ANCHORERS[0]) -> tuple:
    """The error's name and values; the head must stay and nothing be emitted."""
    before = engine.ledger("head", LOG)
    with pytest.raises(Refused) as caught:
        engine.ledger("anchor", *arguments, sender=sender)
    assert engine.ledger("head", LOG) == before
    return (caught.value.name, *caught.value.values)


def test_head_grows_and_the_event_tells_old_and_new(engine: Engine) -> None:
    assert engine.ledger("head", LOG) == (0, bytes(32), 0)
    anchor(engine, 5)
    engine.now += 60
    anchor(engine, 13)
    told = engine.events
    root, old_root = HONEST.root(0, 13), HONEST.root(0, 5)
    values = {"log": LOG, "size": 13, "root": root, "oldSize": 5, "oldRoot": old_root}
    assert told == [Event("TreeHeadAnchored", values)]
    assert engine.ledger("head", LOG) == (13, root, engine.now)


def test_the_known_tree_of_eight_leaves_anchors(engine: Engine) -> None:
    known = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    tree = leaves_tree(
        [bytes.fromhex(text) for text in [*texts, "606162636465666768696a6b6c6d6e6f"]]
    )
    assert tree.root(0, 8).hex() == known
    for size in (3, 7, 8):
        anchor(engine, size, tree=tree)
    assert engine.ledger("head", LOG)[1].hex() == known


def test_repeat_of_the_current_head_changes_nothing(engine: Engine) -> None:
    anchor(engine, 5)
    before = engine.ledger("head", LOG)
    engine.now += 60
    anchor(engine, 5)
    assert engine.events == []
    anchor(engine, 5, proof=[b"\1" * 32])
    assert engine.events == []
    assert engine.ledger("head", LOG) == before


def test_region_that_rewrote_an_anchored_leaf_cannot_move_its_head(engine: Engine) -> None:
    anchor(engine, 1000)
    rewritten = leaves_tree([*LEAVES[:10], b"another weight", *LEAVES[11:]])
    root, forged = rewritten.root(0, 1024), rewritten.root(0, 1000)
    anchored = HONEST.root(0, 1000)
    proof = rewritten.proof(1000, 1024)
    assert refused(engine, LOG, 1024, root, proof) == (
        "ConsistencyOldRootDiffers", 1000, anchored, forged,
    )  # fmt: skip
    honest = HONEST.proof(1000, 1024)
    assert refused(engine, LOG, 1024, root, honest) == (
        "ConsistencyNewRootDiffers", 1024, root, HONEST.root(0, 1024),
    )  # fmt: skip
    for mixed in range(1, len(proof)):
        name, *_ = refused(engine, LOG, 1024, root, honest[:mixed] + proof[mixed:])
        assert name.startswith("Consistency")
    assert refused(engine, LOG, 1024, root, [])[0] == "ConsistencyProofTooShort"
    assert refused(engine, LOG, 1000, forged, [])[0] == "TreeRootDiffers"


def test_refusals_name_their_reason_and_their_numbers(engine: Engine) -> None:
    anchor(engine, 9)
    root9, root5 = HONEST.root(0, 9), HONEST.root(0, 5)
    other = b"\x0f" * 32
    proof = HONEST.proof(9, 12)
    root12 = HONEST.root(0, 12)
    assert refused(engine, LOG, 0, other, []) == ("TreeSizeZero", LOG)
    assert refused(engine, LOG, 5, root5, []) == ("TreeSizeSmaller", LOG, 9, 5)
    assert refused(engine, LOG, 9, other, []) == ("TreeRootDiffers", LOG, 9, root9, other)
    assert refused(engine, other, 12, root12, proof) == ("LogUnknown", other)
    assert refused(engine, LOG, 12, root12, proof, sender=STRANGER) == (
        "AnchorAccountWrong", LOG, ANCHORERS[0], STRANGER,
    )  # fmt: skip
    tianjin = log_id("demo/tianjin/1")
    assert refused(engine, tianjin, 12, root12, proof) == (
        "AnchorAccountWrong", tianjin, ANCHORERS[1], ANCHORERS[0],
    )  # fmt: skip
    assert refused(engine, LOG, 12, root12, [*proof, other]) == (
        "ConsistencyProofTooLong", 9, 12, len(proof) + 1,
    )  # fmt: skip
    assert refused(engine, LOG, 12, root12, proof[:-1]) == (
        "ConsistencyProofTooShort", 9, 12, len(proof) - 1,
    )  # fmt: skip


def test_replay_after_the_head_moved_is_refused_as_smaller(engine: Engine) -> None:
    anchor(engine, 9)
    call = (LOG, 12, HONEST.root(0, 12), HONEST.proof(9, 12))
    engine.ledger("anchor", *call, sender=ANCHORERS[0])
    anchor(engine, 20)
    assert refused(engine, *call) == ("TreeSizeSmaller", LOG, 20, 12)


def test_first_head_takes_no_proof(engine: Engine) -> None:
    assert refused(engine, LOG, 7, b"\1" * 32, [b"\2" * 32]) == ("ConsistencyProofTooLong", 0, 7, 1)


@pytest.mark.parametrize("old", [0, 9])
def test_thief_cannot_jump_the_size(engine: Engine, old: int) -> None:
    tree = uniform_tree()
    if old:
        anchor(engine, old, tree=tree)
    for size in (old + GROWTH + 1, 2**64 - 1):
        proof = tree.proof(old, size) if old else []
        assert refused(engine, LOG, size, tree.root(0, size), proof) == (
            "TreeGrowthTooLarge", LOG, old, size, GROWTH,
        )  # fmt: skip
    anchor(engine, old + GROWTH, tree=tree)
    assert engine.ledger("head", LOG)[0] == old + GROWTH


def test_size_beyond_uint64_is_refused_before_any_rule(engine: Engine) -> None:
    """A size whose low 64 bits are a good one: cut off, the call would pass."""
    address = engine.addresses["TreeHeadLedger"]

    def call(size: int) -> bytes:
        selector = keccak(text="anchor(bytes32,uint64,bytes32,bytes32[])")[:4]
        return selector + LOG + size.to_bytes(32) + HONEST.root(0, 7) + encode_words(128, 0)

    for size in (2**64 + 7, 2**255 + 7):
        with pytest.raises(RuntimeError, match=r"Revert.*output: 0x }"):
            engine.evm.message_call(ANCHORERS[0], address, call(size))
        assert engine.ledger("head", LOG) == (0, bytes(32), 0)
    engine.evm.message_call(ANCHORERS[0], address, call(7))
    assert engine.ledger("head", LOG)[0] == 7


def encode_words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32) for number in numbers)


def test_the_empty_head_of_a_new_log_is_no_repeat(engine: Engine) -> None:
    assert engine.ledger("head", LOG) == (0, bytes(32), 0)
    assert refused(engine, LOG, 0, bytes(32), []) == ("TreeSizeZero", LOG)
    empty_root = hashlib.sha256().digest()
    assert refused(engine, LOG, 0, empty_root, []) == ("TreeSizeZero", LOG)


def test_a_log_of_another_region_is_untouched(engine: Engine) -> None:
    anchor(engine, 9)
    assert engine.ledger("head", log_id("demo/tianjin/1")) == (0, bytes(32), 0)


def test_log_id_is_sha256_of_the_origin(engine: Engine) -> None:
    assert engine.registry("currentLog", 0) == hashlib.sha256(ORIGIN.encode()).digest()

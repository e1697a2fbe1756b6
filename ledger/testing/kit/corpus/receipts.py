"""Bundles whose receipt fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.testing.kit.corpus.scene import Example, Scene
from ledger.testing.kit.world import START, Posted, World


def bad_receipts(scene: Scene) -> Iterator[Example]:
    """Receipts changed, exchanged, or signed by the wrong keys."""
    first, log = scene.shown(scene.first), scene.first.log
    size = len(log.leaves)

    def with_(proof: str | None = None, leaf: str | None = None) -> bytes:
        return scene.one(replace(first, proof=proof or first.proof, leaf=leaf or first.leaf))

    leaf = first.leaf.replace('"received":177', '"received":178')
    yield Example(
        "leaf-changed", "The time received was changed.", "failed inclusion", with_(leaf=leaf)
    )
    second = scene.shown(scene.second)
    yield Example(
        "receipt-other",
        "The receipt of another record.",
        "failed leaf",
        with_(leaf=second.leaf, proof=second.proof),
    )
    index = f"index {scene.first.index}"
    yield Example(
        "index-other",
        "Another index.",
        "failed inclusion",
        with_(proof=first.proof.replace(index, "index 4")),
    )
    stale = log.checkpoint(scene.first.index, scene.world.witnesses(log, scene.first.index))
    head = first.proof.partition("\n\n")[0]
    yield Example(
        "checkpoint-stale",
        "A checkpoint before the record.",
        "failed inclusion",
        with_(proof=f"{head}\n\n{stale}"),
    )
    witnesses = scene.world.witnesses(log, size)
    note = log.checkpoint(size, witnesses)
    unsigned = "".join(
        line + "\n" for line in note.splitlines() if not line.startswith(f"— {log.origin} ")
    )
    yield Example(
        "log-unsigned",
        "Witnesses signed, the log did not.",
        "failed log_signature",
        with_(proof=f"{head}\n\n{unsigned}"),
    )
    own = log.checkpoint(size, {"tianjin": START + 100_000, "hebei": START + 100_000})
    yield Example(
        "own-witness",
        "The own region in the place of a witness.",
        "pending certificate quorum",
        with_(proof=f"{head}\n\n{own}"),
    )
    old = log.checkpoint(size - 1, witnesses).splitlines()[-1]
    kept = note.splitlines()[:-1]
    mixed = "\n".join([*kept, old]) + "\n"
    yield Example(
        "cosignature-broken",
        "A cosignature of another size.",
        "failed quorum",
        with_(proof=f"{head}\n\n{mixed}"),
    )
    elsewhere = World("demo-00000000")
    elsewhere.append(scene.first.compact, elsewhere.log("tianjin"))
    strange = elsewhere.evidence(Posted(elsewhere.log("tianjin"), 0, first.statement))
    yield Example(
        "log-unknown",
        "A log that the policy does not name.",
        "failed log_signature",
        scene.one(strange),
    )
    yield Example(
        "closed-log-later",
        "A state of the log after its closing.",
        "failed authorised log_signature",
        scene.one(first),
        "policy-closed",
    )
    yield Example(
        "forked",
        "One log signed two roots for one size.",
        "failed authorised log_signature",
        _forked(scene),
    )


def _forked(scene: Scene) -> bytes:
    log = scene.first.log
    honest = scene.shown(scene.first)
    size = len(log.leaves)
    kept = log.leaves[-1]
    log.leaves[-1] = encode_leaf(Leaf(leaf_hash(b"another history"), START * 1000, -1))
    other = scene.shown(scene.second, size=size)
    log.leaves[-1] = kept
    return scene.one(honest, other)

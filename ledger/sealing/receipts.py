"""Receipts: what an author gets back."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import tree
from ledger.errors import UnavailableError
from ledger.merkle.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.note import parse_note
from ledger.merkle.proof import TlogProof, format_proof
from ledger.ports import LeafRow, Signer, Store
from ledger.values import Millis, Origin, StatementId, TreeHead


@dataclass(frozen=True, slots=True)
class ReceiptOut:
    """The region's signed promise: ``proof`` (C2SP tlog-proof) leads from ``leaf`` to a checkpoint."""

    id: StatementId
    origin: Origin
    index: int
    received: Millis
    leaf: str
    proof: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A head and the note in which its log signed it."""

    head: TreeHead
    note: str


def sign_head(origin: Origin, head: TreeHead, signer: Signer) -> Signed:
    """Sign a head; the same bytes each time."""
    return Signed(head, sign_checkpoint(Checkpoint(str(origin), head), signer))


def receipt(leaf: LeafRow, path: tuple[bytes, ...], note: str) -> ReceiptOut:
    """Put a receipt together; the path must lead from the leaf to the note's root."""
    return ReceiptOut(
        id=leaf.statement,
        origin=leaf.origin,
        index=leaf.index,
        received=leaf.received,
        leaf=leaf_line(leaf).decode("ascii"),
        proof=format_proof(TlogProof(leaf.index, path, note)),
    )


def leaf_line(leaf: LeafRow) -> bytes:
    """The bytes that are hashed."""
    return encode_leaf(Leaf(leaf.statement, leaf.received, leaf.prev_index))


async def stored_receipt(store: Store, leaf: LeafRow, signed: Signed | None) -> ReceiptOut:
    """The receipt of a leaf logged before, under ``signed`` or, of a closed log, a note that is kept.

    Raises:
        UnavailableError: checkpoint_missing, if no checkpoint at hand covers the leaf.
    """
    if signed is None or signed.head.size <= leaf.index:
        signed = await _kept(store, leaf)
    path = await tree.inclusion(store, leaf.origin, leaf.index, signed.head.size)
    return receipt(leaf, tuple(path), signed.note)


def closing_name(origin: Origin) -> str:
    """Name in the store's meta of the checkpoint at which a log was closed."""
    return f"closing:{origin}"


async def _kept(store: Store, leaf: LeafRow) -> Signed:
    notes = [await store.get_meta(closing_name(leaf.origin))]
    anchor = await store.anchor_covering(leaf.origin, leaf.index, quorate=False)
    notes.append(None if anchor is None else anchor.checkpoint)
    for note in notes:
        if note is not None:
            head = parse_checkpoint(parse_note(note).text).head
            if head.size > leaf.index:
                return Signed(head, note)
    raise UnavailableError("checkpoint_missing", "no checkpoint at hand covers this leaf yet")

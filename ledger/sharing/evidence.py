"""Evidence for one logged statement: leaf, inclusion proof, checkpoint, anchor (formats.md section 4)."""

from __future__ import annotations

from collections.abc import Callable

from ledger import tree
from ledger.bundle import Anchor, Evidence
from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.merkle import tiles
from ledger.merkle.checkpoint import parse_checkpoint
from ledger.merkle.cosignature import add_signature
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.note import parse_note
from ledger.merkle.proof import TlogProof, format_proof
from ledger.merkle.tiles import TileId
from ledger.ports import AnchorRow, Found, LeafRow
from ledger.sharing.holdings import Coverage, Holdings
from ledger.values import DIGEST_SIZE, Origin

NewestSigned = Callable[[Origin], str | None]
"""The newest checkpoint that a log of this node has signed, or None (a mirrored log)."""


class Prover:
    """Builds evidence from what is stored; whether it holds is for the verifier to judge.

    Made for one request: the records of a dossier share most of their tiles.
    """

    def __init__(self, holdings: Holdings, newest_signed: NewestSigned) -> None:
        self._store = holdings.store
        self._coverage = Coverage(holdings)
        self._newest_signed = newest_signed
        self._tiles: dict[tuple[Origin, TileId], bytes] = {}

    async def evidence(self, found: Found, presented: str) -> Evidence:
        """Evidence under the first anchored checkpoint that has its quorum, else the newest signed.

        Raises:
            UnavailableError: checkpoint_missing, where no checkpoint of the log covers the leaf yet.
        """
        leaf = found.leaf
        row = await self._coverage.covering(leaf, quorate=True)
        if row is not None and _size(cosigned(row)) > leaf.index:
            note, anchor = cosigned(row), _anchor(row)
        else:
            note, anchor = await self._signed(leaf), None
        proof = format_proof(TlogProof(leaf.index, await self._path(leaf, note), note))
        return Evidence(presented, leaf_line(leaf), proof, anchor)

    async def _signed(self, leaf: LeafRow) -> str:
        note = self._newest_signed(leaf.origin)
        if note is not None and _size(note) > leaf.index:
            return note
        # A mirror has no other checkpoint of the log than the anchored ones.
        row = await self._coverage.covering(leaf, quorate=False)
        if row is None or _size(cosigned(row)) <= leaf.index:
            raise UnavailableError(
                "checkpoint_missing", "no checkpoint that covers this record is here yet"
            )
        return cosigned(row)

    async def _path(self, leaf: LeafRow, note: str) -> tuple[bytes, ...]:
        size = _size(note)
        try:
            wanted = tiles.plan_inclusion(leaf.index, size)
            held = {one: await self._tile(leaf.origin, one) for one in wanted}
            return tuple(tiles.inclusion_from_tiles(leaf.index, size, held))
        except (InputError, VerificationError, TypeError):
            # Tiles or checkpoint were altered in the database: the rest of the evidence still goes out,
            # and the verifier names what does not hold.
            return ()

    async def _tile(self, origin: Origin, tile: TileId) -> bytes:
        data = self._tiles.get((origin, tile))
        if data is None:
            data = await tree.tile(self._store, origin, tile)
            self._tiles[(origin, tile)] = data
        return data


def cosigned(row: AnchorRow) -> str:
    """The checkpoint of an anchored head with the cosignatures collected so far."""
    note = row.checkpoint or ""
    for _, line in sorted(row.cosignatures.items(), key=str):
        try:
            note = add_signature(note, line)
        except VerificationError:
            # Altered in the database: without it the verifier counts one witness less.
            continue
    return note


def leaf_line(leaf: LeafRow) -> str:
    """The leaf's bytes as they were hashed, as far as its columns still tell."""
    try:
        return encode_leaf(Leaf(leaf.statement, leaf.received, leaf.prev_index)).decode()
    except VerificationError:
        # Altered in the database: the verifier refuses it by its own check, `leaf`.
        return ""


def _anchor(row: AnchorRow) -> Anchor | None:
    facts = row.facts
    # Typed as unknown, since an altered column may have brought anything.
    numbers: tuple[object, ...] = (facts.block_number, facts.log_index)
    hashes: tuple[object, ...] = (facts.block_hash, facts.transaction)
    if any(not isinstance(one, bytes) or len(one) != DIGEST_SIZE for one in hashes):
        return None
    if any(not isinstance(one, int) or not 0 <= one < 2**53 for one in numbers):
        # Altered in the database into what no bundle can carry; the anchor is a claim to look up anyway.
        return None
    return Anchor(facts.block_number, facts.block_hash, facts.transaction, facts.log_index)


def _size(note: str) -> int:
    """Size in a checkpoint; 0 where it cannot be read, so that nothing is proven by it."""
    try:
        return parse_checkpoint(parse_note(note).text).head.size
    except VerificationError:
        return 0

"""A log's tree read from its store: right at every size, and few reads however large it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest

from ledger import tree
from ledger.errors import InputError, VerificationError
from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import leaf_hash, node_hash, root_of
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.proofs import (
    check_consistency,
    check_inclusion,
    prove_consistency,
    prove_inclusion,
)
from ledger.merkle.tiles import TileId, decode_entries
from ledger.ports import LeafRow, Store
from ledger.values import Millis, Origin, StatementId, TreeHead

ORIGIN = Origin("demo-1a2b3c4d", "tianjin", 1)


def row(index: int) -> LeafRow:
    leaf = Leaf(index.to_bytes(32, "big"), 1000 + index, -1)
    digest = leaf_hash(encode_leaf(leaf))
    return LeafRow(ORIGIN, index, StatementId(leaf.statement), Millis(leaf.received), -1, digest)


class GrownStore:
    """The few methods of a store that a tree is read with, over leaves really appended."""

    def __init__(self, size: int) -> None:
        self.rows = [row(index) for index in range(size)]
        self.tiles: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        frontier = Frontier()
        for leaf in self.rows:
            for done in frontier.append(leaf.hash):
                self.tiles[done.level, done.index] = (done.root, done.data)
        self.frontier = frontier

    async def size(self, origin: Origin) -> int:
        return len(self.rows)

    async def leaves(self, origin: Origin, start: int, count: int) -> list[LeafRow]:
        return self.rows[start : start + count]

    async def tile(self, origin: Origin, level: int, index: int) -> bytes | None:
        return self.tiles.get((level, index), (b"", None))[1]

    async def tile_roots(self, origin: Origin, level: int, start: int, count: int) -> list[bytes]:
        found = [self.tiles.get((level, index)) for index in range(start, start + count)]
        return [held[0] for held in found if held]


class VastStore:
    """A log of any size whose leaves are all alike, so that every subtree of a height is too."""

    def __init__(self, size: int) -> None:
        self.count = size
        self.roots = [row(0).hash]
        for _ in range(64):
            self.roots.append(node_hash(self.roots[-1], self.roots[-1]))
        self.reads: Counter[int] = Counter()

    def root(self) -> bytes:
        peaks = [self.roots[height] for height in range(63) if self.count >> height & 1]
        root = peaks[0]
        for peak in peaks[1:]:
            root = node_hash(peak, root)
        return root

    def entries(self, level: int, start: int, count: int) -> list[bytes]:
        self.reads[level] += 1
        there = max(0, min(count, (self.count >> 8 * level) - start))
        return [self.roots[8 * level]] * there

    async def size(self, origin: Origin) -> int:
        return self.count

    async def leaves(self, origin: Origin, start: int, count: int) -> list[LeafRow]:
        return [row(0) for _ in self.entries(0, start, count)]

    async def tile(self, origin: Origin, level: int, index: int) -> bytes | None:
        held = self.entries(level, index * 256, 256)
        return b"".join(held) if len(held) == 256 else None

    async def tile_roots(self, origin: Origin, level: int, start: int, count: int) -> list[bytes]:
        return self.entries(level + 1, start, count)


@pytest.fixture(scope="module")
def grown() -> GrownStore:
    return GrownStore(66_000)


def as_store(store: Any) -> Store:
    return cast(Store, store)


def sizes() -> Iterator[int]:
    yield from (1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 66_000)


def test_roots_and_proofs_at_every_edge(grown: GrownStore) -> None:
    store = as_store(grown)
    hashes = [leaf.hash for leaf in grown.rows]

    async def check() -> None:
        for size in sizes():
            head = TreeHead(size, await tree.root(store, ORIGIN, size))
            assert head.root == root_of(hashes[:size])
            for index in {0, size // 2, size - 1}:
                proof = await tree.inclusion(store, ORIGIN, index, size)
                assert proof == prove_inclusion(hashes[:size], index)
                check_inclusion(hashes[index], index, head, proof)
                old = TreeHead(index + 1, root_of(hashes[: index + 1]))
                proof = await tree.consistency(store, ORIGIN, old.size, size)
                assert proof == prove_consistency(hashes[:size], old.size)
                check_consistency(old, head, proof)
        assert await tree.consistency(store, ORIGIN, 0, 300) == []

    asyncio.run(check())


def test_the_frontier_is_taken_up_where_the_log_stands(grown: GrownStore) -> None:
    frontier = asyncio.run(tree.load_frontier(as_store(grown), ORIGIN))
    assert frontier.size == 66_000
    assert frontier.root() == grown.frontier.root()
    more, same = row(66_000).hash, grown.frontier.copy()
    assert [frontier.append(more) for _ in range(300)] == [same.append(more) for _ in range(300)]
    assert frontier.root() == same.root()


def test_an_empty_log() -> None:
    store = as_store(GrownStore(0))
    assert asyncio.run(tree.root(store, ORIGIN, 0)).hex().startswith("e3b0c442")
    assert asyncio.run(tree.load_frontier(store, ORIGIN)).size == 0


def test_entries_hash_to_the_tile_over_them(grown: GrownStore) -> None:
    store = as_store(grown)
    for index, width in ((0, 256), (257, 208), (3, 17)):
        data = asyncio.run(tree.entries(store, ORIGIN, index, width))
        over = asyncio.run(tree.tile(store, ORIGIN, TileId(0, index, width)))
        assert b"".join(map(leaf_hash, decode_entries(data))) == over


def test_beyond_the_log_is_not_found(grown: GrownStore) -> None:
    store = as_store(grown)
    for work in (
        tree.tile(store, ORIGIN, TileId(0, 257)),
        tree.tile(store, ORIGIN, TileId(0, 257, 209)),
        tree.tile(store, ORIGIN, TileId(1, 1, 2)),
        tree.tile(store, ORIGIN, TileId(63, 0)),
        tree.entries(store, ORIGIN, 257, 209),
        tree.root(store, ORIGIN, 66_001),
        tree.inclusion(store, ORIGIN, 5, 66_001),
        tree.consistency(store, ORIGIN, 5, 2**40),
    ):
        with pytest.raises(InputError, match="not_found"):
            asyncio.run(cast(Any, work))


def test_questions_no_log_can_answer(grown: GrownStore) -> None:
    store = as_store(grown)
    for work, code in (
        (tree.inclusion(store, ORIGIN, 5, 5), "index_out_of_range"),
        (tree.consistency(store, ORIGIN, 6, 5), "consistency_sizes"),
        (tree.root(store, ORIGIN, -1), "tree_size_out_of_range"),
    ):
        with pytest.raises(VerificationError, match=code):
            asyncio.run(cast(Any, work))


@pytest.mark.parametrize("size", [5_000_003, 2**24 - 1, 2**24, 2**24 + 1, 10**10 + 7])
def test_a_cold_proof_at_millions_of_leaves_reads_two_tiles_a_level(size: int) -> None:
    store = VastStore(size)
    leaf, head = store.roots[0], TreeHead(size, store.root())

    async def check() -> None:
        for index in (0, 1, size // 3, size // 2, size - 257, size - 1):
            store.reads.clear()
            proof = await tree.inclusion(as_store(store), ORIGIN, index, size)
            check_inclusion(leaf, index, head, proof)
            assert max(store.reads.values()) <= 2
            store.reads.clear()
            await tree.consistency(as_store(store), ORIGIN, index + 1, size)
            assert max(store.reads.values(), default=0) <= 2
        store.reads.clear()
        assert await tree.root(as_store(store), ORIGIN, size) == head.root
        assert (await tree.load_frontier(as_store(store), ORIGIN)).root() == head.root
        assert max(store.reads.values()) <= 2

    asyncio.run(check())

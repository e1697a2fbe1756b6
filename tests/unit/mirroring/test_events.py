"""Anchor events are read from a cursor, which is worth nothing on another chain."""

import asyncio
from dataclasses import replace

from ledger.mirroring.events import EventReader
from ledger.ports import Block
from ledger.store import SqliteStore
from ledger.values import AnchorFacts, ChainIdentity, Millis, Origin, TreeHead

ORIGIN = Origin("demo-00000000", "beijing", 1)
KNOWN = ChainIdentity(1, bytes(32), 2, b"\2" * 32, bytes(20), bytes(32))
OTHER = replace(KNOWN, deploy_block_hash=b"\3" * 32)


class Blocks:
    """A chain with one event, or none; ``asked`` are the ranges that were read."""

    def __init__(self, event: AnchorFacts | None) -> None:
        self.event = event
        self.asked: list[tuple[int, int]] = []

    async def anchors(self, first: int, last: int) -> list[AnchorFacts]:
        self.asked.append((first, last))
        event = self.event
        return [event] if event is not None and first <= event.block_number <= last else []


def anchored(block: int) -> AnchorFacts:
    return AnchorFacts(
        log_id=ORIGIN.log_id,
        head=TreeHead(1, bytes(32)),
        block_number=block,
        block_hash=block.to_bytes(32),
        block_time=Millis(0),
        transaction=bytes(32),
        log_index=0,
    )


def read(path, *readings):
    """Read one chain after the other with the same store; what each showed, and what it was asked."""

    async def work():
        store, found = await SqliteStore.open(path / "ledger.db"), []
        try:
            for chain, known, height in readings:
                final = Block(height, height.to_bytes(32), Millis(0))
                reader = EventReader(store, chain)
                shown = [one async for some in reader.read(known, final, [ORIGIN]) for one in some]
                found.append(([one.block_number for one in shown], chain.asked))
        finally:
            await store.close()
        return found

    return asyncio.run(work())


def test_the_next_reading_goes_on_a_little_before_the_last(tmp_path):
    assert read(tmp_path, (Blocks(None), KNOWN, 40), (Blocks(anchored(45)), KNOWN, 50)) == [
        ([], [(2, 40)]),
        ([45], [(33, 50)]),
    ]


def test_another_chain_is_read_from_its_deployment_though_it_is_higher(tmp_path):
    """Where nothing had been anchored yet, no event of the chain before gives it away."""
    assert read(tmp_path, (Blocks(None), KNOWN, 40), (Blocks(anchored(10)), OTHER, 50)) == [
        ([], [(2, 40)]),
        ([10], [(2, 50)]),
    ]

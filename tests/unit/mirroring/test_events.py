"""Anchor events are read from a cursor, which is worth nothing on another chain, or on one rolled back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ledger.mirroring.events import EventReader
from ledger.ports import Block
from ledger.store import SqliteStore
from ledger.values import AnchorFacts, ChainIdentity, Millis, Origin, TreeHead

ORIGIN = Origin("demo-00000000", "beijing", 1)
KNOWN = ChainIdentity(1, bytes(32), 2, b"\2" * 32, bytes(20), bytes(32))
OTHER = replace(KNOWN, deploy_block_hash=b"\3" * 32)


class Blocks:
    """A chain with events in these blocks.

    Attributes:
        kept: the newest block that it shares with the chain before it was rolled back; None: never was.
        asked: the ranges that were read.
        looked: the blocks that were looked at.
        then: what happens once a range was read.
    """

    def __init__(
        self, *events: int, kept: int | None = None, then: Callable[["Blocks"], None] | None = None
    ) -> None:
        self.events = events
        self.kept = kept
        self.then = then
        self.asked: list[tuple[int, int]] = []
        self.looked: list[int] = []

    async def block(self, number: int) -> Block:
        self.looked.append(number)
        return self.at(number)

    async def anchors(self, first: int, last: int) -> list[AnchorFacts]:
        self.asked.append((first, last))
        found = [self._anchored(one) for one in self.events if first <= one <= last]
        if self.then is not None:
            self.then(self)
        return found

    def at(self, number: int) -> Block:
        later = self.kept is not None and number > self.kept
        return Block(number, (number + (later << 32)).to_bytes(32), Millis(0))

    def _anchored(self, block: int) -> AnchorFacts:
        return AnchorFacts(
            log_id=ORIGIN.log_id,
            head=TreeHead(1, bytes(32)),
            block_number=block,
            block_hash=self.at(block).hash,
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
                reader, final = EventReader(store, chain), chain.at(height)
                shown = [one async for some in reader.read(known, final, [ORIGIN]) for one in some]
                found.append(([one.block_number for one in shown], chain.asked))
        finally:
            await store.close()
        return found

    return asyncio.run(work())


def test_the_next_reading_goes_on_a_little_before_the_last(tmp_path):
    chain = Blocks(45)
    assert read(tmp_path, (Blocks(), KNOWN, 40), (chain, KNOWN, 50)) == [
        ([], [(2, 40)]),
        ([45], [(33, 50)]),
    ]
    assert chain.looked == [40]


def test_a_chain_that_stands_still_is_asked_nothing(tmp_path):
    chain = Blocks(10)
    assert read(tmp_path, (Blocks(10), KNOWN, 40), (chain, KNOWN, 40)) == [
        ([10], [(2, 40)]),
        ([], []),
    ]
    assert chain.looked == []


def test_another_chain_is_read_from_its_deployment_though_it_is_higher(tmp_path):
    """Where nothing had been anchored yet, no event of the chain before gives it away."""
    assert read(tmp_path, (Blocks(), KNOWN, 40), (Blocks(10), OTHER, 50)) == [
        ([], [(2, 40)]),
        ([10], [(2, 50)]),
    ]


def test_a_chain_rolled_back_through_blocks_without_events_is_read_again(tmp_path):
    """The last event still stands, and the chain has grown past the cursor: only blocks tell."""
    before, after = Blocks(100), Blocks(100, 155, kept=150)
    assert read(tmp_path, (before, KNOWN, 199), (before, KNOWN, 200), (after, KNOWN, 210))[2] == (
        [100, 155],
        # Whether the event stands, and on from there.
        [(100, 100), (100, 210)],
    )


def test_a_chain_rolled_back_before_any_event_is_read_again(tmp_path):
    assert read(tmp_path, (Blocks(), KNOWN, 200), (Blocks(155, kept=150), KNOWN, 210)) == [
        ([], [(2, 200)]),
        ([155], [(2, 210)]),
    ]


def test_where_the_last_event_is_gone_all_is_read_again(tmp_path):
    before, after = Blocks(60, 100), Blocks(60, 80, kept=70)
    assert read(tmp_path, (before, KNOWN, 199), (before, KNOWN, 200), (after, KNOWN, 210))[2] == (
        [60, 80],
        [(100, 100), (2, 210)],
    )


def test_a_chain_that_shows_fewer_blocks_is_read_from_the_last_event(tmp_path):
    """Its nodes lag, or it was rolled back: the block of the cursor is not there to tell."""
    before, after = Blocks(100), Blocks(100, 155, kept=150)
    assert read(tmp_path, (before, KNOWN, 199), (before, KNOWN, 200), (after, KNOWN, 160))[2] == (
        [100, 155],
        [(100, 100), (100, 160)],
    )


def test_an_event_read_while_the_chain_changed_is_no_place_to_go_on_from(tmp_path):
    """It stands, and another one before it was never seen: the range of that one had been read."""

    def changes(chain):
        chain.events, chain.kept = (500, 1500), 400

    changing = Blocks(then=changes)
    assert read(tmp_path, (changing, KNOWN, 2000), (changing, KNOWN, 2010)) == [
        ([1500], changing.asked),
        ([500, 1500], changing.asked),
    ]

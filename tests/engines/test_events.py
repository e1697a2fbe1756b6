import itertools

import pytest

from ledger.chain.events import block_times
from ledger.errors import UnavailableError
from tests.engines.waiting import said
from tests.engines.world import play


def test_events_by_range_are_complete_and_in_order(engine):
    async def scene(world):
        chain = world.chain()
        start = (await chain.final_block()).number + 1
        sizes = [0, 3, 4, 256, 300, 512]
        sent = [await world.anchor(chain, old, new) for old, new in itertools.pairwise(sizes)]
        end = (await chain.final_block()).number
        events = await chain.anchors(start, end)
        assert [event.head for event in events] == [world.head(size) for size in sizes[1:]]
        assert [event.transaction for event in events] == sent
        assert {event.log_id for event in events} == {world.log}
        places = [(event.block_number, event.log_index) for event in events]
        assert places == sorted(places)
        for event, transaction in zip(events, sent, strict=True):
            receipt = await chain.receipt(transaction)
            assert (event.block_number, event.block_hash) == (
                receipt.block_number,
                receipt.block_hash,
            )
            assert event.block_time == (await world.block(receipt.block_number)).time
            assert event.block_time % 1000 == 0
        times = [event.block_time for event in events]
        assert times == sorted(times)

    play(engine, scene)


def test_ranges_are_inclusive(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 1)
        transaction = await world.anchor(chain, 1, 2)
        last = (await chain.receipt(transaction)).block_number
        everything = await chain.anchors(world.first, last)
        (second,) = await chain.anchors(last, last)
        assert second.head == world.head(2)
        assert everything[-1] == second
        assert await chain.anchors(world.first, last - 1) == everything[:-1]

    play(engine, scene)


def test_an_empty_range_is_empty(engine):
    async def scene(world):
        chain = world.chain()
        before = (await chain.final_block()).number
        assert await chain.anchors(world.first, before) == []
        await world.another_block()
        quiet = (await chain.final_block()).number
        await world.anchor(chain, 0, 1)
        # Blocks without a transaction, with one of others, and none at all.
        assert await chain.anchors(before + 1, quiet) == []
        assert await chain.anchors(quiet, quiet) == []
        assert await chain.anchors(quiet + 1, quiet) == []

    play(engine, scene)


@pytest.mark.parametrize("first", [0, 1_000_000])
def test_a_range_beyond_the_head_is_answered_in_full_or_not_at_all(engine, first):
    """Engines give what there is, or say that they have not come so far."""

    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 1)
        await world.anchor(chain, 1, 2)
        last = (await chain.final_block()).number
        begin = last + first if first else world.first
        answer = await said(chain.anchors(begin, last + first + 1000))
        sizes = [event.head.size for event in answer] if isinstance(answer, list) else answer
        assert sizes in ([] if first else [1, 2], "chain_unavailable")

    play(engine, scene)


def test_events_of_another_ledger_are_not_ours(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 1)
        first, begun = (await chain.final_block()).number, world.first
        await world.begin()
        await world.register()
        other = world.chain()
        await world.anchor(other, 0, 2)
        last = (await other.final_block()).number
        assert [event.head.size for event in await other.anchors(begun, last)] == [2]
        assert [event.head.size for event in await chain.anchors(begun, last)] == [1]
        assert first < last

    play(engine, scene)


def test_a_block_that_was_replaced_meanwhile_is_noticed(engine):
    async def scene(world):
        block = await world.chain().final_block()
        assert await block_times(world.rpc, {block.number: block.hash}) == {block.hash: block.time}
        with pytest.raises(UnavailableError) as moved:
            await block_times(world.rpc, {block.number: bytes(32)})
        assert moved.value.code == "chain_moved"

    play(engine, scene)

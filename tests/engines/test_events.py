import itertools

import pytest

from ledger.chain.events import block_times
from ledger.errors import UnavailableError
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
            assert event.block_time % 1000 == 0
        times = [event.block_time for event in events]
        assert times == sorted(times)
        assert times[-1] == (await chain.final_block()).time

    play(engine, scene)


def test_ranges_are_inclusive_and_may_pass_the_head(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 1)
        await world.anchor(chain, 1, 2)
        last = await chain.final_block()
        everything = await chain.anchors(0, last.number)
        (second,) = await chain.anchors(last.number, last.number)
        assert second.head == world.head(2)
        assert everything[-1] == second
        assert await chain.anchors(0, second.block_number - 1) == everything[:-1]
        assert await chain.anchors(last.number, last.number - 1) == []

    play(engine, scene)


def test_events_of_another_ledger_are_not_ours(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 1)
        first = (await chain.final_block()).number
        await world.begin()
        await world.register()
        other = world.chain()
        await world.anchor(other, 0, 2)
        last = (await other.final_block()).number
        assert [event.head.size for event in await other.anchors(0, last)] == [2]
        assert [event.head.size for event in await chain.anchors(0, last)] == [1]
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

"""A chain that is rolled back, and one that cannot be: what was anchored comes back, or never goes."""

import pytest

from ledger.chain.reading import read_anchor_facts
from ledger.chain.rpc import NodeRefused
from tests.engines.world import play


@pytest.mark.needs("snapshot")
def test_a_rolled_back_chain_takes_the_same_bytes_again(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 3)
        snapshot = await world.rpc.call("evm_snapshot")
        due = await chain.nonce()
        signed = await world.sign(chain, 3, 9)
        await chain.send(signed.raw)
        await world.mined(chain, signed.hash)
        lost = (await world.events())[-1]
        assert await world.rpc.call("evm_revert", snapshot) is True
        assert await chain.receipt(signed.hash) is None
        assert await chain.nonce() == due
        assert (await chain.head(world.log)).head == world.head(3)
        assert await chain.identity() == world.deployment.chain
        await world.another_block()
        await chain.send(signed.raw)
        await world.mined(chain, signed.hash)
        again = (await world.events())[-1]
        assert (again.transaction, again.head) == (lost.transaction, lost.head)
        assert again.block_hash != lost.block_hash
        facts = await read_anchor_facts(
            engine.url, world.deployment.chain, [(signed.hash, again.log_index)]
        )
        assert facts.events == {(signed.hash, again.log_index): again}

    play(engine, scene)


@pytest.mark.lacks("snapshot")
def test_a_chain_that_cannot_be_rolled_back_keeps_its_blocks(engine):
    async def scene(world):
        chain = world.chain()
        transaction = await world.anchor(chain, 0, 3)
        receipt, events = await chain.receipt(transaction), await world.events()
        with pytest.raises(NodeRefused):
            await world.rpc.call("evm_snapshot")
        for _ in range(3):
            await world.another_block()
        assert (await world.block(receipt.block_number)).hash == receipt.block_hash
        assert await chain.receipt(transaction) == receipt
        assert await world.events() == events

    play(engine, scene)


@pytest.mark.needs("snapshot")
def test_a_rolled_back_chain_gets_its_lost_heads_again_in_order(scene):
    async def test(worker):
        await worker.grow(3)
        snapshot = await worker.world.rpc.call("evm_snapshot")
        for count in (4, 300):
            await worker.grow(count)
        before = await worker.events()
        assert [event.head.size for event in before] == [3, 7, 256, 307]
        await worker.keep(before)
        await worker.world.rpc.call("evm_revert", snapshot)
        assert await worker.sizes() == [3]
        await worker.add(2)
        worker.anchorer = worker.fresh()
        await worker.settle()
        after = await worker.events()
        assert [event.head.size for event in after] == [3, 7, 256, 307, 309]
        assert [event.head for event in after[:4]] == [event.head for event in before]
        assert worker.anchorer.status.alarm is None

    scene(test)


@pytest.mark.lacks("snapshot")
def test_on_a_chain_that_cannot_be_rolled_back_each_head_is_anchored_once(scene):
    async def test(worker):
        for count in (3, 4, 300):
            await worker.grow(count)
        before = await worker.events()
        assert [event.head.size for event in before] == [3, 7, 256, 307]
        await worker.keep(before)
        worker.anchorer = worker.fresh()
        await worker.grow(2)
        after = await worker.events()
        assert after[:4] == before
        assert [event.head.size for event in after[4:]] == [309]
        assert worker.anchorer.status.alarm is None
        assert await worker.hashes() == [after[-1].transaction]

    scene(test)

"""The same chain through several nodes; an engine that has one is asked over two connections."""

import asyncio
import itertools

from ledger.chain.agreedchain import AgreedChain
from ledger.chain.panel import ChainNode
from ledger.chain.standing import Standing
from tests.engines.waiting import said, until
from tests.engines.world import key, play


def test_the_same_bytes_through_every_node_have_one_effect(engine):
    async def scene(world):
        chains = through_nodes(world)
        due = await chains[0].nonce()
        signed = await world.sign(chains[0], 0, 4)
        for _ in range(2):
            await asyncio.gather(*(chain.send(signed.raw) for chain in chains))
        for chain in chains:
            receipt = await world.receipt(chain, signed.hash)
            assert receipt.ok
            # Mined meanwhile: every node is silent about bytes that the chain has.
            await chain.send(signed.raw)
            assert await chain.nonce() == due + 1
            (event,) = await chain.anchors(world.first, receipt.block_number)
            assert (event.head, event.transaction) == (world.head(4), signed.hash)

    play(engine, scene)


def test_two_transactions_with_one_nonce_through_two_nodes_are_one(engine):
    async def scene(world):
        chains = through_nodes(world)
        due = await chains[0].nonce()
        signed = [await world.sign(chains[0], 0, size) for size in (4, 9)]
        await asyncio.gather(*itertools.starmap(sent, zip(chains, signed, strict=False)))

        async def used() -> bool:
            return await chains[0].nonce() > due

        await until(used, "one of both is mined")
        found = [await chains[0].receipt(one.hash) for one in signed]
        assert [receipt is None for receipt in found].count(True) == 1
        (event,) = await world.events()
        assert event.transaction in {one.hash for one in signed}
        for chain in chains:
            await world.mined(chain, event.transaction)
            for one in signed:
                await chain.send(one.raw)
            assert await chain.nonce() == due + 1

    play(engine, scene)


def test_a_worker_bears_two_of_its_own_with_one_nonce(scene):
    """Two leaders signed different heads, and each handed its own to another node."""

    async def test(worker):
        chains = through_nodes(worker.world)
        await worker.grow(3)
        due = await worker.chain.nonce()
        rows = [await worker.sign(await worker.add(count), due) for count in (4, 2)]
        for row in rows:
            await worker.store.put_outbox(row)
        await asyncio.gather(*itertools.starmap(sent, zip(chains, rows, strict=False)))
        await worker.settle(bears="chain_rejected")
        assert await worker.sizes() in ([3, 7, 9], [3, 9])
        assert worker.anchorer.status.alarm is None

    scene(test)


def test_two_workers_of_one_region_anchor_each_head_once(scene):
    """Both believe that they lead, and each asks another node."""

    async def test(worker):
        other = worker.twin(through_nodes(worker.world)[1])
        for count in (3, 4, 300):
            await worker.add(count)
            both = [one.settle(bears="chain_rejected") for one in (worker, other)]
            await asyncio.gather(*both)
        sizes = await worker.sizes()
        assert sizes == sorted(set(sizes))
        assert sizes[-1] == 307
        for one in (worker, other):
            assert one.anchorer.status.alarm is None

    scene(test)


def test_honest_nodes_that_lag_behind_each_other_are_never_set_aside(scene):
    """The worker believes what two of them say alike, and looks all the time."""

    async def test(worker):
        world = worker.world
        nodes = world.nodes if world.nodes[1:] else world.nodes * 2
        chain = AgreedChain(
            [ChainNode(f"authority {place}", rpc) for place, rpc in enumerate(nodes)],
            world.deployment.chain,
            key("anchor"),
            standing=Standing(),
            fees=world.fees,
        )
        agreed = worker.twin(chain)
        for size in range(1, 6):
            await agreed.grow(1, bears="chain_lagging")
            # A node may not have the newest block yet, or not its receipts.
            await until(lambda: told(chain, world, size), "two nodes show the anchor")  # noqa: B023
        assert await worker.sizes() == [1, 2, 3, 4, 5]
        final = await chain.final_block()
        assert await chain.block(final.number) == final
        assert set(chain.states.values()) == {"ok"}
        assert agreed.anchorer.status.alarm is None

    async def told(chain, world, size):
        final = await said(chain.final_block())
        if final == "chain_lagging":
            return False
        events = await said(chain.anchors(world.first, final.number))
        return events != "chain_lagging" and len(events) == size

    scene(test)


def through_nodes(world):
    """The anchor account's chain through each node, through the only one twice."""
    nodes = world.nodes if world.nodes[1:] else world.nodes * 2
    return [world.chain(rpc=rpc) for rpc in nodes]


async def sent(chain, transaction) -> None:
    """Send what may be refused: another one has its nonce."""
    assert await said(chain.send(transaction.raw)) in (None, "chain_rejected")

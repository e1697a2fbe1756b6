import asyncio

from ledger.chain.reading import read_anchor_facts
from tests.engines.engine import Engine
from tests.engines.world import opened, play


def test_what_was_answered_survives_the_end_of_the_engine(own_engine):
    async def before():
        async with opened(own_engine.url, own_engine.settings) as world:
            await world.begin()
            await world.register()
            chain = world.chain()
            sent = [await world.anchor(chain, old, new) for old, new in ((0, 3), (3, 9), (9, 300))]
            events = await chain.anchors(0, (await chain.final_block()).number)
            return world.deployment, sent, events, await chain.final_block()

    async def after(deployment, sent, events, newest):
        async with opened(own_engine.url, own_engine.settings) as world:
            world.deployment = deployment
            chain = world.chain()
            assert await chain.identity() == deployment.chain
            assert (await chain.final_block()) == newest
            assert await chain.anchors(0, newest.number) == events
            for transaction in sent:
                assert (await chain.receipt(transaction)).ok
            assert (await chain.head(world.log)).head == world.head(300)
            await world.anchor(chain, 300, 301)
            assert (await chain.head(world.log)).head == world.head(301)

    held = asyncio.run(before())
    own_engine.stop()
    own_engine.start()
    asyncio.run(after(*held))


def test_a_chain_begun_anew_is_another_chain(own_engine, tmp_path):
    async def deployed():
        async with opened(own_engine.url, own_engine.settings) as world:
            await world.begin()
            return world.deployment

    async def seen(deployment, url):
        async with opened(url, own_engine.settings) as world:
            world.deployment = deployment
            shown = await world.chain().identity()
            facts = await read_anchor_facts(url, deployment.chain, [(bytes(32), 0)])
            return shown, facts

    deployment = asyncio.run(deployed())
    anew = Engine(own_engine.settings, tmp_path / "anew")
    anew.start()
    try:
        shown, facts = asyncio.run(seen(deployment, anew.url))
    finally:
        anew.stop()
    assert shown != deployment.chain
    assert shown.code_hash != deployment.chain.code_hash
    assert shown.deploy_block_hash != deployment.chain.deploy_block_hash
    assert (facts.identity, facts.events) == (shown, {})


def test_a_rolled_back_chain_takes_the_same_bytes_again(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 3)
        snapshot = await world.rpc.call("evm_snapshot")
        due = await chain.nonce()
        signed = chain.sign_anchor(due, world.log, world.head(9), world.proof(3, 9))
        await chain.send(signed.raw)
        await world.mined(chain, signed.hash)
        (lost,) = await chain.anchors(
            (await chain.receipt(signed.hash)).block_number, (await chain.final_block()).number
        )
        assert await world.rpc.call("evm_revert", snapshot) is True
        assert await chain.receipt(signed.hash) is None
        assert await chain.nonce() == due
        assert (await chain.head(world.log)).head == world.head(3)
        assert await chain.identity() == world.deployment.chain
        await world.rpc.call("evm_mine")
        await chain.send(signed.raw)
        await world.mined(chain, signed.hash)
        (again,) = await chain.anchors(lost.block_number, (await chain.final_block()).number)
        assert (again.transaction, again.head) == (lost.transaction, lost.head)
        assert again.block_hash != lost.block_hash
        facts = await read_anchor_facts(
            engine.url, world.deployment.chain, [(signed.hash, again.log_index)]
        )
        assert facts.events == {(signed.hash, again.log_index): again}

    play(engine, scene)

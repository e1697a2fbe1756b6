import asyncio

from ledger.chain.reading import read_anchor_facts
from tests.engines.engine import Engine
from tests.engines.world import opened


def test_what_was_answered_survives_the_end_of_the_engine(own_engine):
    async def before():
        async with opened(own_engine) as world:
            await world.begin()
            await world.register()
            chain = world.chain()
            sent = [await world.anchor(chain, old, new) for old, new in ((0, 3), (3, 9), (9, 300))]
            events = await world.events()
            return world.deployment, sent, events, await chain.final_block()

    async def after(deployment, sent, events, newest):
        async with opened(own_engine) as world:
            world.deployment = deployment
            chain = world.chain()
            assert await chain.identity() == deployment.chain
            assert (await chain.final_block()).number >= newest.number
            assert await world.block(newest.number) == newest
            assert await chain.anchors(world.first, newest.number) == events
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
        async with opened(own_engine) as world:
            await world.begin()
            return world.deployment

    async def seen(deployment, engine):
        async with opened(engine) as world:
            world.deployment = deployment
            shown = await world.chain().identity()
            facts = await read_anchor_facts(engine.url, deployment.chain, [(bytes(32), 0)])
            return shown, facts

    deployment = asyncio.run(deployed())
    anew = Engine(own_engine.settings, tmp_path / "anew")
    anew.start()
    try:
        shown, facts = asyncio.run(seen(deployment, anew))
    finally:
        anew.stop()
    assert shown != deployment.chain
    assert shown.code_hash != deployment.chain.code_hash
    assert shown.deploy_block_hash != deployment.chain.deploy_block_hash
    assert (facts.identity, facts.events) == (shown, {})

from ledger.chain.reading import read_anchor_facts
from tests.engines.world import play


def test_facts_are_what_the_events_say(engine):
    async def scene(world):
        chain = world.chain()
        for old, new in ((0, 3), (3, 9)):
            await world.anchor(chain, old, new)
        events = await world.events()
        known = world.deployment.chain
        wanted = [(event.transaction, event.log_index) for event in events]
        facts = await read_anchor_facts(engine.url, known, wanted)
        assert facts.identity == known
        assert facts.error is None
        assert facts.events == dict(zip(wanted, events, strict=True))
        assert facts.rpc == world.rpc.shown

    play(engine, scene)


def test_any_node_tells_the_same_facts(engine):
    async def scene(world):
        transaction = await world.anchor(world.chain(), 0, 3)
        (event,) = await world.events()
        place = (event.transaction, event.log_index)
        for url, rpc in zip(engine.urls, world.nodes, strict=True):
            await world.mined(world.chain(rpc=rpc), transaction)
            facts = await read_anchor_facts(
                url, world.deployment.chain, [place], height=event.block_number
            )
            assert (facts.error, facts.events) == (None, {place: event})

    play(engine, scene)


def test_what_the_chain_does_not_show_is_absent_and_not_silent(engine):
    async def scene(world):
        transaction = await world.anchor(world.chain(), 0, 3)
        known = world.deployment.chain
        wanted = [(b"\1" * 32, 0), (transaction, 999)]
        facts = await read_anchor_facts(engine.url, known, wanted)
        assert facts.events == {wanted[0]: None, wanted[1]: None}
        assert facts.error is None

    play(engine, scene)


def test_silence_is_an_error_and_never_absence(engine):
    async def scene(world):
        known = world.deployment.chain
        facts = await read_anchor_facts("http://127.0.0.1:9/secret", known, [(bytes(32), 0)])
        assert (facts.identity, facts.events) == (None, {})
        assert "127.0.0.1" in facts.error
        assert "secret" not in facts.error + facts.rpc

    play(engine, scene, log=False)


def test_a_node_that_lags_behind_cannot_tell(engine):
    async def scene(world):
        known = world.deployment.chain
        facts = await read_anchor_facts(engine.url, known, [(bytes(32), 0)], height=10**9)
        assert facts.events == {}
        assert "before 1000000000" in facts.error

    play(engine, scene, log=False)

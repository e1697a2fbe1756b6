from ledger.values import TreeHead
from tests.engines.world import play


def test_head_moves_with_each_anchor(engine):
    async def scene(world):
        chain = world.chain()
        before = await chain.head(world.log)
        assert (before.head, before.time) == (TreeHead(0, bytes(32)), 0)
        for old, new in ((0, 1), (1, 256), (256, 257), (257, 600)):
            transaction = await world.anchor(chain, old, new)
            receipt = await chain.receipt(transaction)
            assert receipt.ok
            assert await chain.refusal(transaction) is None
            held = await chain.head(world.log)
            assert held.head == world.head(new)
            assert held.time == (await world.block(receipt.block_number)).time

    play(engine, scene)


def test_signing_is_deterministic_and_sends_nothing(engine):
    async def scene(world):
        chain = world.chain()
        one, two = (chain.sign_anchor(7, world.log, world.head(5), []) for _ in range(2))
        assert one == two
        assert chain.sign_anchor(8, world.log, world.head(5), []).hash != one.hash
        assert await chain.receipt(one.hash) is None

    play(engine, scene)


def test_repeating_the_head_succeeds_and_emits_nothing(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 10)
        transaction = await world.anchor(chain, 10, 10)
        receipt = await chain.receipt(transaction)
        assert receipt.ok
        assert await chain.anchors(receipt.block_number, receipt.block_number) == []

    play(engine, scene)

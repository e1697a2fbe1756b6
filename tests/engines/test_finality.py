import pytest

from ledger.chain.rpc import NodeRefused, Rpc
from ledger.errors import UnavailableError
from tests.engines.world import play


@pytest.mark.parametrize("policy", [0, 1, 3])
def test_final_block_keeps_its_distance(engine, policy):
    async def scene(world):
        # Blocks may come while it is asked.
        before = await world.chain().final_block()
        final = await world.chain(confirmations=policy).final_block()
        after = await world.chain().final_block()
        assert before.number - policy <= final.number <= after.number - policy
        assert final == await world.block(final.number)

    play(engine, scene)


def test_a_block_is_had_by_its_number_once_it_is_there(engine):
    async def scene(world):
        chain = world.chain()
        final = await chain.final_block()
        assert await chain.block(final.number) == final
        with pytest.raises(UnavailableError):
            await chain.block(final.number + 1_000_000)

    play(engine, scene)


@pytest.mark.needs("finalized")
def test_the_nodes_own_finalized_block_can_be_believed(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 3)
        final = await world.chain(confirmations="finalized").final_block()
        assert 0 <= final.number <= (await world.chain().final_block()).number
        assert final == await world.block(final.number)

    play(engine, scene)


@pytest.mark.lacks("finalized")
def test_a_missing_tag_is_told(engine):
    play(engine, finalized_is_told_as_missing)


class WithoutTag(Rpc):
    """The engine's node, if it did not know the tag ``finalized`` and said so in these words."""

    answer: NodeRefused | None

    async def call(self, method, *params):
        if method == "eth_getBlockByNumber" and params[0] == "finalized":
            if self.answer is not None:
                raise self.answer
            return None
        return await super().call(method, *params)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        NodeRefused(-32602, "invalid block tag", None),
        NodeRefused(-39001, "Unknown block", None),
    ],
)
def test_a_missing_tag_is_told_alike_in_whatever_words(engine, answer):
    async def scene(world):
        world.rpc = WithoutTag(engine.url)
        world.rpc.answer = answer
        await finalized_is_told_as_missing(world)
        world.rpc.close()

    play(engine, scene)


async def finalized_is_told_as_missing(world):
    with pytest.raises(UnavailableError) as refused:
        await world.chain(confirmations="finalized").final_block()
    assert refused.value.code == "chain_unavailable"
    # What needs no tag is answered as before.
    assert (await world.chain(confirmations=1).final_block()).number > 0

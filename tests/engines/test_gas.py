"""Gas is counted in two ways: what was used, or no less than half of the limit."""

import pytest

from ledger.chain import answers
from ledger.chain.sending import receipt_json
from ledger.chain.web3chain import ANCHOR_GAS
from tests.engines.world import play

# A little less and a little more than the first anchor of a log uses: 75,700.
_LEAST, _MOST = 75_000, 80_000


@pytest.mark.parametrize("limit", [ANCHOR_GAS, 4 * ANCHOR_GAS])
def test_an_anchor_never_counts_its_whole_limit(engine, limit):
    async def scene(world):
        chain = world.chain(gas=limit)
        transaction = await world.anchor(chain, 0, 3)
        used = await gas_used(world, transaction)
        assert _LEAST < used <= max(_MOST, limit // 2)

    play(engine, scene)


def test_a_long_proof_leaves_a_third_of_the_limit(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 255)
        transaction = await world.anchor(chain, 255, 600)
        assert (await chain.receipt(transaction)).ok
        assert await gas_used(world, transaction) <= 2 * ANCHOR_GAS // 3

    play(engine, scene)


def test_a_refusal_is_told_from_running_out_of_gas(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 10)
        signed = await world.sign(chain, 10, 9)
        await chain.send(signed.raw)
        assert not await world.mined(chain, signed.hash)
        assert await gas_used(world, signed.hash) < ANCHOR_GAS
        with world.refuses("contract_tree_size_smaller"):
            raise await chain.refusal(signed.hash)

    play(engine, scene)


def test_too_little_gas_is_named(engine):
    async def scene(world):
        chain = world.chain(gas=30_000)
        signed = await world.sign(chain, 0, 10)
        await chain.send(signed.raw)
        assert not await world.mined(chain, signed.hash)
        assert await gas_used(world, signed.hash) == 30_000
        refused = await chain.refusal(signed.hash)
        assert (refused.code, refused.arguments) == ("contract_out_of_gas", {"gas": 30_000})

    play(engine, scene)


async def gas_used(world, transaction: bytes) -> int:
    return answers.number(answers.member(await receipt_json(world.rpc, transaction), "gasUsed"))

"""What the contract refuses, told alike by a call and by a mined transaction, with reasons or without."""

import pytest

from ledger.chain.refusals import ContractRefused
from ledger.values import TreeHead
from tests.engines.world import play


def refused_cases(world):
    rewritten = TreeHead(20, b"\7" * 32)
    growth = TreeHead(10 + 2**24 + 1, b"\1" * 32)
    good = world.proof(10, 20)
    return [
        ("contract_tree_size_smaller", "anchor", world.log, world.head(9), []),
        ("contract_tree_root_differs", "anchor", world.log, TreeHead(10, bytes(32)), []),
        ("contract_tree_size_zero", "anchor", world.log, TreeHead(0, bytes(32)), []),
        ("contract_tree_growth_too_large", "anchor", world.log, growth, []),
        ("contract_anchor_account_wrong", "stranger", world.log, world.head(20), good),
        ("contract_log_unknown", "anchor", b"\2" * 32, world.head(20), good),
        ("contract_consistency_new_root_differs", "anchor", world.log, rewritten, good),
        (
            "contract_consistency_old_root_differs",
            "anchor",
            world.log,
            world.head(20),
            [b"\3" * 32, *good[1:]],
        ),
        ("contract_consistency_proof_too_short", "anchor", world.log, world.head(20), good[:-1]),
        (
            "contract_consistency_proof_too_long",
            "anchor",
            world.log,
            world.head(20),
            [*good, bytes(32)],
        ),
    ]


async def refused_both_ways(world):
    """Each case's code, and the refusals of a call and of a mined transaction."""
    for code, account, log, head, proof in refused_cases(world):
        chain = world.chain(account)
        with pytest.raises(ContractRefused) as called:
            await chain.check_anchor(log, head, proof)
        signed = chain.sign_anchor(await chain.nonce(), log, head, proof)
        await chain.send(signed.raw)
        assert not await world.mined(chain, signed.hash)
        yield code, called.value, await chain.refusal(signed.hash)


@pytest.mark.needs("reasons")
def test_refusals_are_typed_alike_from_a_call_and_from_a_mined_transaction(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 10)
        async for code, called, mined in refused_both_ways(world):
            assert called.code == mined.code == code
            assert called.arguments == mined.arguments
            assert called.detail == mined.detail
        assert (await world.chain().head(world.log)).head == world.head(10)

    play(engine, scene)


@pytest.mark.needs("reasons")
def test_refusal_carries_the_numbers(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 10)
        with pytest.raises(ContractRefused) as refused:
            await chain.check_anchor(world.log, world.head(3), [])
        assert refused.value.name == "TreeSizeSmaller"
        assert refused.value.arguments == {"log": "0x" + world.log.hex(), "size": 10, "got": 3}

    play(engine, scene)


@pytest.mark.lacks("reasons")
def test_refusals_without_a_reason_are_refusals(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 10)
        async for _, called, mined in refused_both_ways(world):
            assert called.code == mined.code == "contract_reverted"
            assert called.detail == mined.detail == "the call was reverted: no reason given"
        assert (await world.chain().head(world.log)).head == world.head(10)

    play(engine, scene)

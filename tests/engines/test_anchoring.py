import pytest

from ledger.chain.refusals import ContractRefused
from ledger.values import TreeHead
from tests.engines.world import play


def test_head_moves_with_each_anchor(engine):
    async def scene(world):
        chain = world.chain()
        before = await chain.head(world.log)
        assert (before.head, before.time) == (TreeHead(0, bytes(32)), 0)
        for old, new in ((0, 1), (1, 256), (256, 257), (257, 600)):
            transaction = await world.anchor(chain, old, new)
            assert (await chain.receipt(transaction)).ok
            assert await chain.refusal(transaction) is None
            assert (await chain.head(world.log)).head == world.head(new)
        final = await chain.final_block()
        assert (await chain.head(world.log)).time == final.time

    play(engine, scene)


def test_signing_is_deterministic_and_sends_nothing(engine):
    async def scene(world):
        chain = world.chain()
        one, two = (chain.sign_anchor(7, world.log, world.head(5), []) for _ in range(2))
        assert one == two
        assert chain.sign_anchor(8, world.log, world.head(5), []).hash != one.hash
        assert await chain.receipt(one.hash) is None

    play(engine, scene)


@pytest.mark.parametrize("policy", [0, 1, 3])
def test_final_block_keeps_its_distance(engine, policy):
    async def scene(world):
        chain = world.chain(confirmations=policy)
        newest = await world.chain().final_block()
        final = await chain.final_block()
        assert final.number == newest.number - policy
        if policy == 0:
            assert final.hash == newest.hash

    play(engine, scene)


def test_the_nodes_own_finalized_block_can_be_believed(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 3)
        newest = await world.chain().final_block()
        final = await world.chain(confirmations="finalized").final_block()
        assert 0 <= final.number <= newest.number
        assert (
            final.hash
            == (await world.chain(confirmations=newest.number - final.number).final_block()).hash
        )

    play(engine, scene)


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


def test_refusals_are_typed_alike_from_a_call_and_from_a_mined_transaction(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 10)
        for code, account, log, head, proof in refused_cases(world):
            chain = world.chain(account)
            with pytest.raises(ContractRefused) as called:
                await chain.check_anchor(log, head, proof)
            signed = chain.sign_anchor(await chain.nonce(), log, head, proof)
            await chain.send(signed.raw)
            assert not await world.mined(chain, signed.hash)
            mined = await chain.refusal(signed.hash)
            assert called.value.code == mined.code == code
            assert called.value.arguments == mined.arguments
            assert called.value.detail == mined.detail
        assert (await world.chain().head(world.log)).head == world.head(10)

    play(engine, scene)


def test_refusal_carries_the_numbers(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 10)
        with pytest.raises(ContractRefused) as refused:
            await chain.check_anchor(world.log, world.head(3), [])
        assert refused.value.name == "TreeSizeSmaller"
        assert refused.value.arguments == {"log": "0x" + world.log.hex(), "size": 10, "got": 3}

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


def test_too_little_gas_is_named(engine):
    async def scene(world):
        chain = world.chain(gas=30_000)
        signed = chain.sign_anchor(await chain.nonce(), world.log, world.head(10), [])
        await chain.send(signed.raw)
        assert not await world.mined(chain, signed.hash)
        refused = await chain.refusal(signed.hash)
        assert (refused.code, refused.arguments) == ("contract_out_of_gas", {"gas": 30_000})

    play(engine, scene)

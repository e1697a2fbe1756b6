import asyncio

import pytest

from ledger.chain.accounts import Fees
from ledger.chain.rpc import Rpc
from ledger.errors import UnavailableError
from tests.engines.world import play


def test_the_same_bytes_may_be_sent_again_and_again(engine):
    async def scene(world):
        chain = world.chain()
        due = await chain.nonce()
        signed = chain.sign_anchor(due, world.log, world.head(4), [])
        for _ in range(3):
            await chain.send(signed.raw)
        await world.mined(chain, signed.hash)
        await chain.send(signed.raw)
        assert await chain.nonce() == due + 1
        assert (await chain.head(world.log)).head == world.head(4)

    play(engine, scene)


def test_what_no_chain_has_seen_has_neither_receipt_nor_refusal(engine):
    async def scene(world):
        chain = world.chain()
        assert await chain.receipt(b"\x11" * 32) is None
        assert await chain.refusal(b"\x11" * 32) is None

    play(engine, scene)


def test_several_senders_at_once_have_one_effect(engine):
    async def scene(world):
        chain = world.chain()
        signed = await world.sign(chain, 0, 4)
        await asyncio.gather(*(world.chain().send(signed.raw) for _ in range(6)))
        await world.mined(chain, signed.hash)
        assert [event.head for event in await world.events()] == [world.head(4)]

    play(engine, scene)


def test_a_used_nonce_is_left_to_the_receipt(engine):
    async def scene(world):
        chain = world.chain()
        due = await chain.nonce()
        taken = chain.sign_anchor(due, world.log, world.head(4), [])
        late = chain.sign_anchor(due, world.log, world.head(9), [])
        await chain.send(taken.raw)
        await world.mined(chain, taken.hash)
        await chain.send(late.raw)
        assert await chain.receipt(late.hash) is None
        # The worker sees by account nonce and head that the nonce went to other bytes of its own.
        assert await chain.nonce() == due + 1
        again = chain.sign_anchor(due + 1, world.log, world.head(9), world.proof(4, 9))
        await chain.send(again.raw)
        assert await world.mined(chain, again.hash)
        assert (await chain.head(world.log)).head == world.head(9)

    play(engine, scene)


def test_what_the_chain_will_not_take_is_said(engine):
    async def scene(world):
        chain = world.chain()
        due = await chain.nonce()
        starved = world.chain(gas=1000).sign_anchor(due, world.log, world.head(4), [])
        for raw in (starved.raw, b"\xff\xff"):
            with pytest.raises(UnavailableError) as refused:
                await chain.send(raw)
            assert refused.value.code == "chain_rejected"
        assert (await chain.head(world.log)).head.size == 0

    play(engine, scene)


def test_a_silent_node_is_unavailable_and_nothing_else(engine):
    async def scene(world):
        silent = Rpc("http://127.0.0.1:9", timeout=1)
        world.rpc = silent
        chain = world.chain()
        for question in (
            chain.identity(),
            chain.final_block(),
            chain.head(world.log),
            chain.nonce(),
            chain.receipt(bytes(32)),
            chain.anchors(0, 5),
            chain.send(b"\xc0"),
        ):
            with pytest.raises(UnavailableError) as refused:
                await question
            assert refused.value.code == "chain_unavailable"
        silent.close()

    play(engine, scene)


def test_fees_may_be_those_of_eip_1559(engine):
    async def scene(world):
        chain = world.chain(fees=Fees(world.fees.price, world.fees.price // 2))
        signed = chain.sign_anchor(await chain.nonce(), world.log, world.head(3), [])
        assert signed.raw[0] == 2
        await chain.send(signed.raw)
        assert await world.mined(chain, signed.hash)
        assert (await chain.head(world.log)).head == world.head(3)

    play(engine, scene)


def test_node_fees_are_asked_for(engine):
    async def scene(world):
        chain = world.chain(fees=None)
        transaction = await world.anchor(chain, 0, 3)
        assert (await chain.receipt(transaction)).ok

    play(engine, scene)

"""Nonces that are not due yet, and nonces that are used twice before either is mined."""

import pytest

from ledger.chain.accounts import Fees
from ledger.errors import UnavailableError
from tests.engines.waiting import said
from tests.engines.world import address_of, key, play


@pytest.mark.needs("queueing")
def test_a_nonce_that_is_not_due_is_kept_until_it_is(engine):
    async def scene(world):
        chain = world.chain()
        due = await chain.nonce()
        later = await world.sign(chain, 4, 9, ahead=1)
        for _ in range(2):
            await chain.send(later.raw)
        assert await chain.receipt(later.hash) is None
        assert await chain.nonce() == due
        await world.anchor(chain, 0, 4)
        assert await world.mined(chain, later.hash)
        assert [event.head.size for event in await world.events()] == [4, 9]

    play(engine, scene)


@pytest.mark.lacks("queueing")
def test_a_nonce_that_is_not_due_is_refused_at_once(engine):
    async def scene(world):
        chain = world.chain()
        due = await chain.nonce()
        later = await world.sign(chain, 4, 9, ahead=1)
        for _ in range(2):
            with pytest.raises(UnavailableError) as refused:
                await chain.send(later.raw)
            assert refused.value.code == "chain_rejected"
        await world.anchor(chain, 0, 4)
        assert await chain.receipt(later.hash) is None
        assert await chain.nonce() == due + 1
        # Nothing of it is left: the same bytes are taken once they are due.
        await chain.send(later.raw)
        assert await world.mined(chain, later.hash)
        assert [event.head.size for event in await world.events()] == [4, 9]

    play(engine, scene)


@pytest.mark.needs("replacement")
def test_what_waits_gives_way_to_the_same_nonce_at_a_higher_price(engine):
    async def scene(world):
        dearer = world.chain(fees=await higher_price(world))
        chain = world.chain()
        first = await world.sign(chain, 4, 9, ahead=1)
        second = await world.sign(dearer, 4, 12, ahead=1)
        await chain.send(first.raw)
        await dearer.send(second.raw)
        await world.anchor(chain, 0, 4)
        assert await world.mined(chain, second.hash)
        assert await chain.receipt(first.hash) is None
        assert [event.head.size for event in await world.events()] == [4, 12]
        # Its nonce is used: nothing is left to do for it.
        await chain.send(first.raw)

    play(engine, scene)


@pytest.mark.lacks("replacement")
def test_the_same_nonce_at_a_higher_price_changes_nothing(engine):
    async def scene(world):
        dearer = world.chain(fees=await higher_price(world))
        chain = world.chain()
        first = await world.sign(chain, 0, 4)
        second = await world.sign(dearer, 0, 9)
        await chain.send(first.raw)
        assert await said(dearer.send(second.raw)) in (None, "chain_rejected")
        assert await world.mined(chain, first.hash)
        # Silent now, whatever was said before: the nonce is used.
        await dearer.send(second.raw)
        assert await chain.receipt(second.hash) is None
        assert [event.head.size for event in await world.events()] == [4]

    play(engine, scene)


def test_the_same_nonce_at_the_same_price_changes_nothing(engine):
    async def scene(world):
        chain = world.chain()
        first, second = await world.sign(chain, 0, 4), await world.sign(chain, 0, 9)
        await chain.send(first.raw)
        assert await said(chain.send(second.raw)) in (None, "chain_rejected")
        assert await world.mined(chain, first.hash)
        await chain.send(second.raw)
        assert await chain.receipt(second.hash) is None
        assert [event.head.size for event in await world.events()] == [4]

    play(engine, scene)


async def higher_price(world) -> Fees:
    """Twice the price and a little, which the anchor account can pay."""
    price = 2 * world.fees.price + 1_000
    await world.purse.fill(address_of(key("anchor")), price)
    return Fees(price)

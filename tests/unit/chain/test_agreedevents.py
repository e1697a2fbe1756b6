"""Events that two nodes show alike, held against the contract's heads, also where old states are dropped."""

import asyncio

import pytest

from ledger.chain.agreedevents import AgreedEvents
from ledger.chain.events import AnchorEvent
from ledger.chain.panel import Panel
from ledger.chain.sending import RefusedToTellError
from ledger.chain.standing import Standing
from ledger.chain.view import Mined
from ledger.errors import DisputedError, UnavailableError
from ledger.ports import ChainHead
from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead

LOG = b"\x01" * 32
FINAL = 1000
TIME = Millis(1_700_000_000_000)
KNOWN = ChainIdentity(1, bytes(32), 0, bytes(32), bytes(20), bytes(32))


def anchor(number, size):
    return AnchorFacts(
        LOG, TreeHead(size, b"\x02" * 32), number, b"\x03" * 32, b"\x04" * 32, 0, TIME
    )


OLD, NEW = anchor(10, 5), anchor(900, 7)


class Shown:
    """A view that has states from block ``oldest`` on, of a contract that took these anchors."""

    def __init__(self, oldest=0, shows=(OLD, NEW), took=(OLD, NEW)):
        self.oldest, self.shows, self.took = oldest, shows, took
        self.heights = []

    async def anchors(self, first, last):
        return tuple(one for one in self.shows if first <= one.block_number <= last)

    async def mined(self, transaction):
        one = next(one for one in self.shows if one.transaction == transaction)
        event = AnchorEvent(LOG, one.head, one.block_number, one.block_hash, transaction, 0)
        return Mined(True, one.block_number, one.block_hash, (), (event,))

    async def head(self, log_id, height):
        self.heights.append(height)
        if height < self.oldest:
            raise RefusedToTellError("chain_unavailable", "failed to load state at height")
        heads = [one.head for one in self.took if one.block_number <= height]
        return ChainHead(heads[-1] if heads else TreeHead(0, bytes(32)), TIME)


def read(*views, last=100):
    panel = Panel((), KNOWN, 0, Standing())
    panel._views = {f"authority {place}": view for place, view in enumerate(views)}
    return asyncio.run(AgreedEvents(panel).read(0, last, FINAL))


def test_events_are_read_again_from_nodes_that_have_dropped_their_old_states():
    assert read(Shown(oldest=990), Shown(oldest=990), Shown(oldest=990)) == [OLD]


def test_one_that_still_has_them_is_not_believed_alone():
    assert read(Shown(), Shown(oldest=990), Shown(oldest=990)) == [OLD]


def test_where_two_have_the_state_of_that_time_it_decides():
    views = Shown(), Shown(oldest=990), Shown()
    assert read(*views) == [OLD]
    assert {height for view in views for height in view.heights} == {100}
    with pytest.raises(UnavailableError) as refused:
        read(*(Shown(shows=(OLD,), took=(NEW,)) for _ in range(3)))
    assert refused.value.code == "chain_lagging"
    with pytest.raises(DisputedError):
        read(Shown(took=(NEW,)), Shown())


@pytest.mark.parametrize("last", [100, FINAL])
def test_an_event_that_the_contract_never_came_to_is_not_believed(last):
    views = [Shown(oldest=990, shows=(OLD,), took=()) for _ in range(3)]
    with pytest.raises(UnavailableError) as refused:
        read(*views, last=last)
    assert refused.value.code == "chain_lagging"


def test_nodes_that_tell_no_head_at_all_are_waited_for():
    with pytest.raises(UnavailableError) as refused:
        read(Shown(oldest=2000), Shown(oldest=2000))
    assert refused.value.code == "chain_lagging"

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ledger import tree
from ledger.anchoring import Anchorer, Outcome
from ledger.errors import DisputedError, UnavailableError
from ledger.ports import AnchorRow, OutboxRow
from ledger.store import SqliteStore
from ledger.values import AnchorFacts, TreeHead
from tests.unit.anchoring.model_chain import ModelChain, ModelWorld
from tests.unit.anchoring.support import BEIJING, HandClock, MemoryLock, StopTasks, grow

pytestmark = pytest.mark.usefixtures("either")


class Setting:
    def __init__(self, store, confirmations=0):
        self.store = store
        self.world = ModelWorld()
        self.chain = ModelChain(self.world, "beijing", confirmations)
        self.world.owners[BEIJING.log_id] = self.chain.account
        self.lock = MemoryLock()
        self.clock = HandClock()
        self.anchorer = self.fresh()

    def fresh(self, sleeps=1, closing=None):
        """The worker of a process that has just started."""
        self.tasks = StopTasks(self.clock, sleeps)
        return Anchorer(
            origin=BEIJING,
            store=self.store,
            chain=self.chain,
            head_lock=self.lock,
            identity=self.world_identity(),
            clock=self.clock,
            tasks=self.tasks,
            closing=closing,
        )

    def world_identity(self):
        self.known = getattr(self, "known", self.world.identity)
        return self.known

    async def grow(self, count):
        return await grow(self.store, BEIJING, count, self.lock)

    async def follow(self):
        """Keep every event of the chain, as the follower of the same node does."""
        for event in [e for mined in self.world.blocks for e in mined.events]:
            await self.store.put_anchor(AnchorRow(BEIJING, event))

    def leave(self, head):
        """Whoever has our account's key anchors a head of a log of their own."""
        mined = self.world.mine()
        at = mined.block
        mined.events.append(
            AnchorFacts(BEIJING.log_id, head, at.number, at.hash, bytes(32), 0, at.time)
        )

    @property
    def on_chain(self):
        event = self.world.head(BEIJING.log_id)
        return event.head if event else None

    @property
    def sizes(self):
        return [e.head.size for mined in self.world.blocks for e in mined.events]


@pytest.fixture
def scene(tmp_path):
    @asynccontextmanager
    async def opened(confirmations=0):
        store = await SqliteStore.open(tmp_path / "ledger.db")
        try:
            yield Setting(store, confirmations)
        finally:
            await store.close()

    def run(test, confirmations=0):
        async def whole():
            async with opened(confirmations) as setting:
                await test(setting)

        asyncio.run(whole())

    return run


def test_nothing_waits_nothing_is_sent(scene):
    async def test(s):
        assert await s.anchorer.step() is Outcome.IDLE
        assert s.chain.sent == []

    scene(test)


def test_a_log_is_anchored_by_tiles_and_then_to_its_end(scene):
    async def test(s):
        head = await s.grow(600)
        assert await s.anchorer.step() is Outcome.MINED
        assert await s.anchorer.step() is Outcome.MINED
        assert await s.anchorer.step() is Outcome.IDLE
        assert s.sizes == [512, 600]
        assert s.on_chain == head
        await s.grow(3)
        await s.anchorer.step()
        assert s.sizes == [512, 600, 603]
        await s.follow()
        await s.anchorer.step()
        assert await s.store.outbox(s.chain.sender) == []
        assert s.anchorer.status.backlog == 0

    scene(test)


def test_the_transaction_is_stored_before_it_is_sent(scene):
    async def test(s):
        await s.grow(5)
        stored = []
        send = s.chain.send

        async def watched(raw):
            stored.append([row.raw for row in await s.store.outbox(s.chain.sender)])
            await send(raw)

        s.chain.send = watched
        await s.anchorer.step()
        assert stored == [[s.chain.sent[0]]]

    scene(test)


def test_a_lost_transaction_is_sent_again_with_the_same_bytes_also_after_a_restart(scene):
    async def test(s):
        await s.grow(5)
        s.chain.lose_sends = 2
        assert await s.anchorer.step() is Outcome.SENT
        await s.grow(5)
        assert await s.anchorer.step() is Outcome.SENT
        assert await s.fresh().step() is Outcome.MINED
        assert len(set(s.chain.sent[:3])) == 1
        assert s.sizes == [5, 10]

    scene(test)


def test_a_crash_between_store_and_send_loses_nothing(scene):
    async def test(s):
        head = await s.grow(5)
        signed = s.chain.sign_anchor(0, BEIJING.log_id, head, [])
        await s.store.put_outbox(
            OutboxRow(BEIJING, head, s.chain.sender, 0, signed.raw, signed.hash)
        )
        await s.fresh().step()
        assert s.sizes == [5]
        assert s.world.nonce(s.chain.sender) == 1

    scene(test)


def test_an_answer_lost_after_the_chain_took_it_anchors_once(scene):
    async def test(s):
        await s.grow(5)
        send = s.chain.send

        async def taken_then_lost(raw):
            await send(raw)
            raise UnavailableError("chain_unavailable", "time-out")

        s.chain.send = taken_then_lost
        with pytest.raises(UnavailableError):
            await s.anchorer.step()
        s.chain.send = send
        assert await s.fresh().step() is Outcome.IDLE
        assert s.sizes == [5]
        assert s.world.nonce(s.chain.sender) == 1

    scene(test)


def test_another_chain_under_the_same_address_gets_nothing(scene):
    async def test(s):
        await s.grow(5)
        s.world.identity = replace(s.world.identity, deploy_block_hash=bytes(32))
        assert await s.anchorer.step() is Outcome.STOPPED
        assert s.anchorer.status.alarm.code == "chain_identity"
        assert s.chain.sent == []
        assert await s.store.outbox(s.chain.sender) == []
        s.world.identity = s.known
        assert await s.anchorer.step() is Outcome.MINED
        assert s.anchorer.status.alarm is None

    scene(test)


def test_never_above_what_the_head_lock_holds(scene):
    async def test(s):
        locked = await s.grow(5)
        await grow(s.store, BEIJING, 3)
        await s.anchorer.step()
        assert s.on_chain == locked
        assert await s.anchorer.step() is Outcome.IDLE

    scene(test)


@pytest.mark.parametrize("held", [None, TreeHead(4, bytes(32)), TreeHead(9, bytes(32))])
def test_a_head_lock_that_the_log_does_not_fit_stops_anchoring(scene, held):
    async def test(s):
        await s.grow(5)
        s.lock.heads = {} if held is None else {BEIJING: held}
        assert await s.anchorer.step() is Outcome.STOPPED
        assert s.anchorer.status.alarm.code.startswith("head_lock_")
        assert s.chain.sent == []

    scene(test)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_chain_put_in_its_place_during_a_look_is_not_signed_for(scene, monkeypatch, looks):
    """Its nonce, 0, would have gone into a second payload of ours; a step that settled one looks twice."""

    async def test(s):
        await s.grow(2)
        await s.anchorer.step()
        await s.grow(2)
        pinned, other = s.world.identity, replace(s.world.identity, genesis_hash=bytes(32))
        shown, nonces = iter([pinned] * looks + [other]), iter([1] * (looks - 1) + [0])

        async def identity():
            return next(shown)

        async def nonce():
            return next(nonces)

        sent = len(s.chain.sent)
        with monkeypatch.context() as replaced:
            replaced.setattr(s.chain, "identity", identity)
            replaced.setattr(s.chain, "nonce", nonce)
            assert await s.anchorer.step() is Outcome.STOPPED
        assert s.anchorer.status.alarm.code == "chain_identity"
        assert len(s.chain.sent) == sent
        assert {row.nonce for row in await s.store.outbox(s.chain.sender)} <= {0}
        await s.anchorer.step()
        assert s.sizes == [2, 4]

    scene(test)


def test_a_nonce_used_by_none_of_our_hashes_is_adopted_if_our_log_extends_the_head(scene):
    async def test(s):
        await s.grow(5)
        s.chain.lose_sends = 1
        await s.anchorer.step()
        # A twin of this process, started by mistake, anchored an earlier head with the same account.
        head = TreeHead(4, await tree.root(s.store, BEIJING, 4))
        s.world.receive(s.chain.sign_anchor(0, BEIJING.log_id, head, []).raw)
        assert await s.anchorer.step() is Outcome.SENT, "its receipt may be late"
        s.clock.turn(5)
        assert await s.anchorer.step() is Outcome.MINED
        assert s.sizes == [4, 5]
        kept = await s.store.evidence("anchor_nonce_foreign")
        assert len(kept) == 1

    scene(test)


def test_a_receipt_that_comes_after_its_nonce_was_counted_accuses_nobody(scene, monkeypatch):
    async def test(s):
        await s.grow(5)
        s.world.hold = True
        assert await s.anchorer.step() is Outcome.SENT
        s.world.release()
        with monkeypatch.context() as late:
            late.setattr(s.chain, "receipt", _no_receipt)
            for _ in range(3):
                assert await s.anchorer.step() is Outcome.SENT
                s.clock.turn(1)
        await s.grow(2)
        s.world.hold = False
        assert await s.anchorer.step() is Outcome.MINED
        assert s.sizes == [5, 7]
        # It was seen: should it be hidden again, its time begins anew.
        s.clock.turn(60)
        with monkeypatch.context() as late:
            late.setattr(s.chain, "receipt", _no_receipt)
            assert await s.anchorer.step() is Outcome.SENT
        assert s.anchorer.status.alarm is None
        assert await s.store.evidence("anchor_nonce_foreign") == []

    async def _no_receipt(_):
        return None

    scene(test)


def test_a_nonce_used_by_others_while_nothing_waits_is_an_alarm_that_stops_nothing(scene):
    async def test(s):
        await s.grow(5)
        assert await s.anchorer.step() is Outcome.MINED
        assert await s.anchorer.step() is Outcome.IDLE
        assert s.anchorer.status.alarm is None
        # A thief of the key repeats our head: the ledger does not change, but the account was used.
        s.world.receive(s.chain.sign_anchor(1, BEIJING.log_id, s.on_chain, []).raw)
        for _ in range(3):
            assert await s.anchorer.step() is Outcome.IDLE
        alarm = s.anchorer.status.alarm
        assert (alarm.code, alarm.slows) == ("anchor_nonce_foreign", False)
        assert "nonce 1 " in alarm.detail
        assert s.chain.sender.hex() in alarm.detail
        await s.grow(2)
        assert await s.anchorer.step() is Outcome.MINED
        assert s.sizes == [5, 7]
        await s.anchorer.step()
        assert s.anchorer.status.alarm == alarm
        # A start finds the gap again only if it is still open; the evidence is kept either way.
        again = s.fresh()
        assert await again.step() is Outcome.IDLE
        assert again.status.alarm is None
        assert len(await s.store.evidence("anchor_nonce_foreign")) == 1

    scene(test)


def test_a_nonce_used_by_others_is_found_after_a_restart_too(scene):
    async def test(s):
        await s.grow(5)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        s.world.receive(s.chain.sign_anchor(1, BEIJING.log_id, s.on_chain, []).raw)
        again = s.fresh(sleeps=3)
        with pytest.raises(StopTasks.OverError):
            await again.run()
        assert again.status.alarm.code == "anchor_nonce_foreign"
        assert s.tasks.slept == [1.0, 1.0, 1.0], "what stops nothing slows nothing down"

    scene(test)


def test_what_a_restored_database_anchored_before_it_was_lost_is_adopted(scene):
    """The same account, the same log, a database that has forgotten two of its transactions."""

    async def test(s):
        await s.grow(5)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        await s.grow(4)
        for size in (7, 9):
            proof = await tree.consistency(s.store, BEIJING, s.on_chain.size, size)
            head = TreeHead(size, await tree.root(s.store, BEIJING, size))
            nonce = s.world.nonce(s.chain.sender)
            s.world.receive(s.chain.sign_anchor(nonce, BEIJING.log_id, head, proof).raw)
        assert s.sizes == [5, 7, 9]
        again = s.fresh()
        # Nothing is concluded before the chain's events were read.
        assert await again.step() is Outcome.IDLE
        assert again.status.alarm is None
        await s.follow()
        assert await again.step() is Outcome.IDLE
        assert again.status.alarm is None
        # From here on they count as ours, and one more of nobody's is one.
        s.world.receive(s.chain.sign_anchor(3, BEIJING.log_id, s.on_chain, []).raw)
        await again.step()
        assert again.status.alarm.code == "anchor_nonce_foreign"
        assert "nonce 3 " in again.status.alarm.detail

    scene(test)


def test_one_unknown_transaction_too_many_is_an_alarm_beside_those_that_are_ours(scene):
    async def test(s):
        await s.grow(5)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        await s.grow(2)
        proof = await tree.consistency(s.store, BEIJING, 5, 7)
        head = TreeHead(7, await tree.root(s.store, BEIJING, 7))
        s.world.receive(s.chain.sign_anchor(1, BEIJING.log_id, head, proof).raw)
        s.world.receive(s.chain.sign_anchor(2, BEIJING.log_id, head, []).raw)
        await s.follow()
        again = s.fresh()
        await again.step()
        assert again.status.alarm.code == "anchor_nonce_foreign"

    scene(test)


def test_our_own_transactions_that_come_back_after_a_roll_back_accuse_nobody(scene):
    async def test(s):
        before = len(s.world.blocks) - 1
        for count in (3, 4, 2):
            await s.grow(count)
            while await s.anchorer.step() is not Outcome.IDLE:
                pass
        await s.follow()
        await s.anchorer.step()
        last = s.chain.sent[-1]
        s.world.roll_back(before + 1)
        worker = s.fresh()
        assert await worker.step() is Outcome.MINED
        assert s.sizes == [3, 7]
        s.world.receive(last)
        while await worker.step() is not Outcome.IDLE:
            pass
        assert s.sizes == [3, 7, 9]
        assert worker.status.alarm is None

    scene(test)


def test_an_account_that_was_used_before_its_first_anchor_accuses_nobody(scene):
    async def test(s):
        s.world.receive(s.chain.sign_anchor(0, bytes(32), TreeHead(1, bytes(32)), []).raw)
        await s.grow(5)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        assert s.sizes == [5]
        assert s.anchorer.status.alarm is None

    scene(test)


@pytest.mark.parametrize("broken", ["put_meta", "put_outbox"])
def test_a_crash_while_a_transaction_is_stored_accuses_nobody(scene, broken, monkeypatch):
    async def test(s):
        await s.grow(5)

        async def crash(*_):
            raise UnavailableError("store_unavailable", broken)

        with monkeypatch.context() as patched:
            patched.setattr(s.store, broken, crash)
            with pytest.raises(UnavailableError):
                await s.anchorer.step()
        again = s.fresh()
        while await again.step() is not Outcome.IDLE:
            pass
        assert s.sizes == [5]
        assert again.status.alarm is None

    scene(test)


@pytest.mark.parametrize("size", [3, 5, 5000])
def test_a_head_on_the_chain_that_our_log_does_not_extend_is_an_alarm(scene, size):
    async def test(s):
        await s.grow(5)
        s.chain.lose_sends = 1
        await s.anchorer.step()
        thief = TreeHead(size, b"\x07" * 32)
        s.world.receive(s.chain.sign_anchor(0, BEIJING.log_id, thief, []).raw)
        sent = len(s.chain.sent)
        assert await s.anchorer.step() is Outcome.STOPPED
        assert s.anchorer.status.alarm.code == "anchor_foreign_head"
        assert len(s.chain.sent) == sent
        assert len(await s.store.evidence("anchor_foreign_head")) == 1

    scene(test)


@pytest.mark.parametrize("size", [20, 23, 5000])
def test_a_head_that_our_log_does_not_extend_anchors_none_of_its_leaves(scene, size):
    """Nor once it was read back from the store, by a process that the chain does not answer."""

    async def test(s):
        for count in (5, 4, 3):
            await s.grow(count)
            while await s.anchorer.step() is not Outcome.IDLE:
                pass
        await s.grow(11)
        s.leave(TreeHead(size, b"\x07" * 32))
        await s.follow()
        with pytest.raises(StopTasks.OverError):
            await s.anchorer.run()
        assert s.anchorer.status.alarm.code == "anchor_foreign_head"
        again = s.fresh()
        s.chain.down = True
        with pytest.raises(StopTasks.OverError):
            await again.run()
        assert again.status.unavailable == "chain_unavailable"
        for status in (s.anchorer.status, again.status):
            assert (status.anchored, status.backlog) == (12, 11)

    scene(test)


@pytest.mark.parametrize("broken", ["identity", "nonce"])
def test_a_store_that_takes_no_evidence_of_an_alarm_ends_no_worker(scene, broken):
    async def test(s):
        await s.grow(3)
        told, s.store.add_evidence = s.store.add_evidence, never
        if broken == "identity":
            s.known = replace(s.known, chain_id=9)
            s.anchorer = s.fresh(sleeps=2)
        else:
            s.anchorer = s.fresh(sleeps=2)
            s.chain.nonce = contradicted
        with pytest.raises(StopTasks.OverError):
            await s.anchorer.run()
        assert s.anchorer.status.unavailable == "store_unavailable"
        s.store.add_evidence = told
        s.tasks.left = 2
        with pytest.raises(StopTasks.OverError):
            await s.anchorer.run()
        code = {"identity": "chain_identity", "nonce": "chain_disputed"}[broken]
        assert len(await s.store.evidence(code)) == 1
        assert s.sizes == []

    async def never(*_):
        raise UnavailableError("store_unavailable", "not now")

    async def contradicted():
        raise DisputedError("chain_disputed", "two say one, two say another")

    scene(test)


def test_a_rolled_back_chain_gets_its_lost_heads_again_in_order(scene):
    async def test(s):
        heads, before = [], len(s.world.blocks) - 1
        for count in (3, 4, 300, 1):
            await s.grow(count)
            while await s.anchorer.step() is not Outcome.IDLE:
                pass
        events = [e for mined in s.world.blocks for e in mined.events]
        for event in events:
            heads.append(event.head)
            await s.store.put_anchor(AnchorRow(BEIJING, event))
        assert [head.size for head in heads] == [3, 7, 256, 307, 308]
        await s.grow(20)
        s.world.roll_back(before + 1)
        assert s.sizes == [3]
        worker = s.fresh()
        while await worker.step() is not Outcome.IDLE:
            pass
        assert s.sizes == [3, 7, 256, 307, 308, 328]

    scene(test)


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_of_a_closed_log_only_what_the_chain_lacks_up_to_its_end_returns(scene, left):
    """Beyond the end are leaves that go on in the next epoch, and a head that was anchored all the same."""

    async def test(s):
        before, closing = len(s.world.blocks) - 1, None
        for count in (3, 4, 2):
            await s.grow(count)
            while await s.anchorer.step() is not Outcome.IDLE:
                pass
            closing = closing if count == 2 else s.on_chain
        await s.follow()
        await s.anchorer.step()
        await s.grow(5)
        s.world.roll_back(before + left)
        worker = s.fresh(closing=closing)
        assert not worker.restored
        while await worker.step() is not Outcome.IDLE:
            pass
        assert worker.restored
        assert s.sizes == [3, 7, 9][: max(left, 2)]

    scene(test)


def test_a_closed_log_returns_though_the_new_chain_is_silent_at_the_first_look(scene):
    """What the store knows of another chain says nothing of what this one holds."""

    async def test(s):
        closing = await s.grow(7)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        await s.follow()
        s.world.roll_back(3)
        s.chain.down = True
        worker = s.fresh(sleeps=9, closing=closing)
        later = s.tasks.sleep

        async def back(seconds):
            s.chain.down = False
            await later(seconds)

        s.tasks.sleep = back
        await worker.run(until=lambda: worker.restored)
        assert s.on_chain == closing

    scene(test)


@pytest.mark.parametrize("followed", [0, 2])
@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("refused", [False, True])
def test_a_head_that_only_mirrors_saw_before_a_roll_back_returns(scene, followed, left, refused):
    """They wait for it, and cosign no later one before. A refusal takes a nonce that no head returns with."""

    async def test(s):
        before = len(s.world.blocks) - 1
        for at, count in enumerate((3, 4, 2, 5)):
            await s.grow(count)
            if refused and at == 1:
                s.world.owners[BEIJING.log_id] = b"another"
                await s.anchorer.step()
                s.world.owners[BEIJING.log_id] = s.chain.account
            while await s.anchorer.step() is not Outcome.IDLE:
                pass
            if at < followed:
                await s.follow()
        await s.anchorer.step()
        await s.grow(20)
        s.world.roll_back(before + left)
        worker = s.fresh()
        while await worker.step() is not Outcome.IDLE:
            pass
        assert s.sizes == [3, 7, 9, 14, 34]

    scene(test)


def test_an_unfinal_transaction_lost_in_a_reorganisation_is_sent_again(scene):
    async def test(s):
        await s.grow(5)
        await s.anchorer.step()
        [row] = await s.store.outbox(s.chain.sender)
        s.world.roll_back(len(s.world.blocks) - 2)
        assert s.on_chain is None
        await s.anchorer.step()
        assert s.chain.sent[0] == s.chain.sent[-1] == row.raw
        assert s.sizes == [5]

    scene(test, confirmations=2)


def test_anchoring_goes_on_while_earlier_transactions_wait_to_be_final(scene):
    async def test(s):
        for _ in range(3):
            await s.grow(1)
            await s.anchorer.step()
        assert s.sizes == [1, 2, 3]
        assert len(await s.store.outbox(s.chain.sender)) == 3
        for _ in range(3):
            s.world.mine()
        await s.anchorer.step()
        assert len(await s.store.outbox(s.chain.sender)) == 3
        await s.follow()
        await s.anchorer.step()
        assert await s.store.outbox(s.chain.sender) == []

    scene(test, confirmations=3)


def test_a_transaction_that_waits_keeps_its_nonce_while_earlier_ones_wait_to_be_final(scene):
    async def test(s):
        await s.grow(1)
        await s.anchorer.step()
        s.world.hold = True
        for _ in range(3):
            await s.grow(1)
            assert await s.anchorer.step() is Outcome.SENT
        first, second = await s.store.outbox(s.chain.sender)
        assert [first.nonce, second.nonce] == [0, 1]
        assert set(s.chain.sent) == {first.raw, second.raw}
        s.world.hold = False
        s.world.release()
        await s.anchorer.step()
        assert s.sizes == [1, 2, 4]

    scene(test, confirmations=3)


def test_a_refused_call_is_an_alarm_that_slows_down_and_ends_when_the_head_is_there(scene):
    async def test(s):
        await s.grow(5)
        s.world.owners[BEIJING.log_id] = bytes(20)
        worker = s.fresh(sleeps=6)
        with pytest.raises(StopTasks.OverError):
            await worker.run()
        assert worker.status.alarm.code == "anchor_refused"
        assert worker.status.alarm.detail.endswith("ModelSays(no)")
        assert s.tasks.slept[-1] > s.tasks.slept[-2] > 1
        assert len(await s.store.evidence("anchor_refused")) == 1
        s.world.owners[BEIJING.log_id] = s.chain.account
        await worker.step()
        await worker.step()
        assert s.sizes == [5]
        assert worker.status.alarm is None

    scene(test)


def test_a_silent_chain_slows_the_worker_down_and_is_told(scene):
    async def test(s):
        await s.grow(5)
        s.chain.down = True
        worker = s.fresh(sleeps=10)
        with pytest.raises(StopTasks.OverError):
            await worker.run()
        assert worker.status.unavailable == "chain_unavailable"
        assert s.tasks.slept[-1] == 10.0
        s.chain.down = False
        await worker.step()
        assert worker.status.unavailable is None
        assert s.sizes == [5]

    scene(test)


def test_what_waits_is_told_though_the_chain_is_silent_or_another(scene):
    async def test(s):
        await s.grow(5)
        while await s.anchorer.step() is not Outcome.IDLE:
            pass
        await s.follow()
        await s.grow(4)
        s.chain.down = True
        for worker in (s.anchorer, s.fresh()):
            worker._tasks = StopTasks(s.clock, 1)
            with pytest.raises(StopTasks.OverError):
                await worker.run()
            assert (worker.status.anchored, worker.status.backlog) == (5, 4)
        s.chain.down = False
        s.known, s.world.identity = s.world_identity(), replace(s.world.identity, chain_id=7)
        await s.grow(2)
        for worker in (s.anchorer, s.fresh()):
            await worker.step()
            assert worker.status.alarm.code == "chain_identity"
            assert (worker.status.anchored, worker.status.backlog) == (5, 6)

    scene(test)


def test_status_tells_backlog_and_age_of_the_head(scene):
    async def test(s):
        await s.grow(300)
        await s.anchorer.step()
        await s.anchorer.step()
        await s.grow(7)
        s.chain.lose_sends = 1
        await s.anchorer.step()
        status = s.anchorer.status
        assert (status.anchored, status.signed, status.backlog) == (300, 307, 7)
        assert status.head_age(s.world.time + 4000) == 4000

    scene(test)

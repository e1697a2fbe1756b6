"""The anchor worker on a real engine when the account is used by others, and when it is refused."""

from collections import Counter

import pytest

from ledger.chain.registry import account_key
from ledger.chain.registrystate import KeyRole
from tests.engines.waiting import until
from tests.engines.world import address_of, key


def test_an_account_used_by_others_is_an_alarm_and_anchoring_goes_on(scene):
    async def test(worker):
        await worker.grow(3)
        head = (await worker.chain.head(worker.world.log)).head
        due = await worker.chain.nonce()
        stolen = worker.chain.sign_anchor(due, worker.world.log, head, [])
        await worker.chain.send(stolen.raw)
        assert await worker.world.mined(worker.chain, stolen.hash)
        await worker.settle()
        assert worker.anchorer.status.alarm.code == "anchor_nonce_foreign"
        assert f"nonce {due} " in worker.anchorer.status.alarm.detail
        await worker.grow(2)
        assert await worker.sizes() == [3, 5]

    scene(test)


def test_a_receipt_that_comes_after_its_nonce_was_counted_accuses_nobody(scene):
    """Engines may count a transaction first and show its receipt later; here each is later still."""

    async def test(worker):
        receipt, asked = worker.chain.receipt, Counter()

        async def late(transaction: bytes):
            found = await receipt(transaction)
            asked[transaction] += found is not None
            return found if asked[transaction] > 3 else None

        worker.chain.receipt = late
        for _ in range(4):
            await worker.grow(1)
        assert await worker.sizes() == [1, 2, 3, 4]
        assert worker.anchorer.status.alarm is None
        assert await worker.store.evidence("anchor_nonce_foreign") == []

    scene(test)


@pytest.mark.needs("reasons")
def test_a_refusal_is_told_with_its_reason_and_its_numbers(scene):
    async def test(worker):
        other = address_of(key("another anchor account"))
        alarm = await refused_for(worker, other)
        assert "AnchorAccountWrong(" in alarm.detail
        assert f"expected=0x{other.hex()}" in alarm.detail.lower()

    scene(test)


@pytest.mark.lacks("reasons")
def test_a_refusal_without_a_reason_is_told(scene):
    async def test(worker):
        alarm = await refused_for(worker, address_of(key("another anchor account")))
        assert alarm.detail.endswith(": the call was reverted: no reason given")

    scene(test)


async def refused_for(worker, account):
    """The alarm once the chain refuses our anchors, since they are for another account to send."""
    await worker.grow(3)
    await worker.world.registry("beijing").change_key(KeyRole.ANCHOR, account_key(account))
    await worker.add(2)

    async def told():
        await worker.anchorer.step()
        return worker.anchorer.status.alarm

    alarm = await until(told, "the refusal is told")
    assert alarm.code == "anchor_refused"
    kept = await worker.store.evidence("anchor_refused")
    assert kept[0][2] == alarm.detail
    assert await worker.sizes() == [3]
    return alarm

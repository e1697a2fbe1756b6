"""Processes that end while they sign, store and send; sends that are lost; databases that are restored."""

import shutil

import pytest

from ledger import failpoints
from ledger.anchoring import Outcome
from ledger.errors import UnavailableError
from tests.engines.worker import Worker, working
from tests.engines.world import play
from tests.unit.anchoring.support import MemoryLock


class EndedError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("point", ["anchor.signed", "anchor.stored", "anchor.sent"])
def test_a_process_that_ends_while_it_anchors_loses_and_repeats_nothing(scene, point):
    async def test(worker):
        await worker.grow(3)
        held = await worker.hashes()
        await worker.add(2)
        await end_at(point, worker)
        stored = [each for each in await worker.hashes() if each not in held]
        assert len(stored) == (0 if point == "anchor.signed" else 1)
        worker.anchorer = worker.fresh()
        await worker.settle()
        events = await worker.events()
        assert [event.head.size for event in events] == [3, 5]
        # What was stored is what is mined: never another transaction in its place.
        assert stored in ([], [events[1].transaction])
        assert worker.anchorer.status.alarm is None

    scene(test)


def test_a_transaction_lost_on_its_way_is_sent_again_until_it_is_seen(scene):
    async def test(worker):
        await worker.grow(3)
        lost = lose_sends(worker, 4)
        await worker.add(2)
        for _ in range(4):
            assert await worker.anchorer.step() is Outcome.SENT
            worker.anchorer = worker.fresh()
        assert len(lost) == 4
        assert len(set(lost)) == 1
        assert await worker.sizes() == [3]
        await worker.settle()
        assert await worker.sizes() == [3, 5]
        assert worker.anchorer.status.alarm is None

    scene(test)


def test_an_answer_lost_after_the_chain_took_it_anchors_once(scene):
    async def test(worker):
        await worker.grow(3)
        send, due = worker.chain.send, await worker.chain.nonce()

        async def deaf(raw: bytes) -> None:
            await send(raw)
            raise UnavailableError("chain_unavailable", "the answer is lost")

        worker.chain.send = deaf
        await worker.add(2)
        with pytest.raises(UnavailableError):
            await worker.anchorer.step()
        worker.chain.send = send
        worker.anchorer = worker.fresh()
        await worker.settle()
        assert await worker.sizes() == [3, 5]
        assert await worker.chain.nonce() == due + 1
        assert worker.anchorer.status.alarm is None

    scene(test)


def test_a_restored_database_finds_its_nonces_on_the_chain(engine, tmp_path):
    """It is of before the last two anchors, and so is its log until the other regions give it back."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    lock = MemoryLock()

    async def test(world):
        due = await world.chain().nonce()
        async with working(world, original / "ledger.db", lock) as worker:
            await worker.grow(3)
        shutil.copytree(original, copy)
        async with working(world, original / "ledger.db", lock) as worker:
            await worker.grow(4)
            await worker.grow(2)
        async with working(world, copy / "ledger.db", lock) as restored:
            assert await restored.anchorer.step() is Outcome.STOPPED
            assert restored.anchorer.status.alarm.code == "head_lock_contradicts"
            await restored.add(6)
            await restored.keep(await world.events())
            await restored.grow(3)
            assert await restored.sizes() == [3, 7, 9, 12]
            assert await restored.chain.nonce() == due + 4
            assert restored.anchorer.status.alarm is None

    play(engine, test)


def test_a_restored_database_takes_what_it_had_signed_for_its_own(engine, tmp_path):
    """The copy holds a transaction that was not sent yet; the original sent it later."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    lock = MemoryLock()

    async def test(world):
        due = await world.chain().nonce()
        async with working(world, original / "ledger.db", lock) as worker:
            await worker.grow(3)
            await worker.add(4)
            await end_at("anchor.stored", worker)
        shutil.copytree(original, copy)
        async with working(world, original / "ledger.db", lock) as worker:
            await worker.settle()
        async with working(world, copy / "ledger.db", lock) as restored:
            await restored.settle()
            await restored.grow(2)
            assert await restored.sizes() == [3, 7, 9]
            assert await restored.chain.nonce() == due + 3
            assert restored.anchorer.status.alarm is None

    play(engine, test)


async def end_at(point: str, worker: Worker) -> None:
    """Let the worker's process end at that failpoint of its next step."""

    def hook(name: str) -> None:
        if name == point:
            raise EndedError

    failpoints.listen(hook)
    try:
        with pytest.raises(EndedError):
            await worker.anchorer.step()
    finally:
        failpoints.listen(None)


def lose_sends(worker: Worker, count: int) -> list[bytes]:
    """Lose the next sends on their way to the chain; gives what was lost."""
    send, lost = worker.chain.send, []

    async def losing(raw: bytes) -> None:
        if len(lost) == count:
            await send(raw)
        else:
            lost.append(raw)

    worker.chain.send = losing
    return lost

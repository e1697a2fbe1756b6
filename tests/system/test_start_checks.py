"""What a node finds out after its start from the other regions: a fork of its own, a clock of its own."""

import asyncio
import json
import shutil
from dataclasses import replace

import pytest

import ledger.testing.local
from ledger.merkle.checkpoint import open_checkpoint
from ledger.mirroring import Refetcher
from ledger.node.opening import open_world
from ledger.node.world import SystemClock
from ledger.ports import Lack
from ledger.testing.local import local_network
from ledger.values import Millis
from tests.system.play import Play
from tests.system.test_turns_and_thefts import copied

HOUR = 3_600_000


async def nobody_answers(recovery, origin, locked) -> Lack:
    """What a start finds out while chain and mirrors are silent."""
    return Lack(0, 0, ("chain", "hebei", "tianjin"))


@pytest.mark.parametrize("silent", [False, True])
def test_a_database_restored_together_with_its_lock_signs_nothing_once_a_mirror_answers(
    tmp_path, monkeypatch, silent
):
    """As from a snapshot of the whole machine: the lock fits the log, only the mirrors know better.

    Asked at the start they give back what is lost, and nobody can know what else was promised; where they
    are silent then, what they say later stops the log.
    """
    code = "log_contradicted" if silent else "promises_forgotten"
    data, lock = tmp_path / "beijing" / "ledger.sqlite", tmp_path / "locks" / "beijing"

    async def before() -> None:
        async with local_network(tmp_path) as local:
            await local.register_parties()
            play = Play(local, {})
            await play.post("beijing", play.file("beijing", "in the snapshot"))
            await local.settle()
            copied(data, tmp_path / "snapshot.sqlite")
            shutil.copytree(lock, tmp_path / "snapshot")
            await play.post("beijing", play.file("beijing", "after the snapshot"))
            await local.settle()
            # Nothing is wrong so far: everyone has been asked and nobody is contradicted.
            await play.until(lambda: local.nodes["beijing"]._watch.confirmed)
            assert all(node.readiness()["ready"] for node in local.nodes.values())
            play.desk.http.close()

    async def after() -> None:
        async with local_network(tmp_path) as local:
            node, play = local.nodes["beijing"], Play(local, {})
            await play.until(lambda: not node.readiness()["ready"])
            state = await asyncio.to_thread(play.desk.get, "beijing", "/readyz")
            assert (state.status_code, state.json()["log"]["code"]) == (503, code)
            size = await node.store.size(node.sealer.origin)
            posted = await asyncio.to_thread(
                play.desk.post, "beijing", play.file("beijing", "in the fork")
            )
            assert (posted.status_code, posted.json()["code"]) == (503, code)
            assert await node.store.size(node.sealer.origin) == size
            if silent:
                # Evidence that convinces anyone: our own signature under a head that is longer. Each mirror
                # shows it with the cosignatures it has, so it may be kept once for each.
                kept = await node.store.evidence("fork")
                assert {subject for _, subject, _, _ in kept} == {str(node.sealer.origin)}
                key = local.network.open_log("beijing").key
                notes = [note for _, _, body, _ in kept for note in json.loads(body)["notes"]]
                heads = [open_checkpoint(note, key)[0].head for note in notes]
                assert max(head.size for head in heads) == size + 1
            else:
                assert node.sealer.signed is None
                assert await node.store.evidence("fork") == []
            for name in ("tianjin", "hebei"):
                assert local.nodes[name].readiness()["ready"], name
                await play.post(name, play.file(name, "meanwhile"))
            play.desk.http.close()

    asyncio.run(before())
    for file in data.parent.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "snapshot.sqlite", data)
    shutil.rmtree(lock)
    shutil.copytree(tmp_path / "snapshot", lock)
    if silent:
        monkeypatch.setattr(Refetcher, "bring_back", nobody_answers)
    asyncio.run(after())


class Ahead(SystemClock):
    """A clock that was set wrong before the node started."""

    def now(self) -> Millis:
        return Millis(super().now() + HOUR)


def test_a_node_whose_clock_no_other_region_shares_takes_no_records(tmp_path, monkeypatch):
    async def opened(settings, *ports):
        world = await open_world(settings, *ports)
        return replace(world, clock=Ahead()) if settings.region == "hebei" else world

    monkeypatch.setattr(ledger.testing.local, "open_world", opened)

    async def test() -> None:
        async with local_network(tmp_path) as local:
            play = Play(local, {})
            await play.until(lambda: local.nodes["hebei"].readiness()["clock"] is not None)
            for name, node in local.nodes.items():
                await play.until(lambda node=node: not node._watch.waiting)
                answer = await asyncio.to_thread(play.desk.post, name, b"x")
                code = "clock_departed" if name == "hebei" else "statement_malformed"
                assert answer.json()["code"] == code, name
                assert node.readiness()["ready"] is (name != "hebei")
            play.desk.http.close()

    asyncio.run(test())

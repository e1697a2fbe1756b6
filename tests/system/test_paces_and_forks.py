"""Witnesses at their own paces, one of them gone for an hour; a log that shows each another history."""

import asyncio
import json
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from ledger import tree
from ledger.errors import ConflictError
from ledger.keys.demo import demo_log_key
from ledger.keys.log import LogKey
from ledger.merkle.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.store import SqliteStore
from ledger.values import Origin, TreeHead
from tests.unit.anchoring.model_chain import ModelWorld
from tests.unit.anchoring.support import NETWORK, HandClock
from tests.unit.mirroring.regions import (
    CARRIER,
    NAMES,
    LocalPeer,
    Region,
    bill,
    policies,
    registration,
    statement,
)

KINDS = ["bill_of_lading"]


@asynccontextmanager
async def regions(folder):
    """Three regions with real services, stores in files, one model chain, one clock turned by hand."""
    async with AsyncExitStack() as stack:
        world, clock, made = ModelWorld(), HandClock(), []
        for name in NAMES:
            store = await SqliteStore.open(folder / f"{name}.db")
            stack.push_async_callback(store.close)
            made.append(Region(name, store, world, clock, policies()))
        for region in made:
            region.connect(made)
        yield made


async def file(region, *names) -> None:
    await region.post(
        *(statement(region.name, CARRIER, "bill_of_lading", bill(name)) for name in names)
    )


WORKERS = ("anchorer", "mirror", "follower", "witness")


class Timetable:
    """Runs each worker of each region at a pace of its own, in virtual time."""

    def __init__(self, made, dice: random.Random) -> None:
        self.made, self.dice = made, dice
        self.clock = made[0].clock
        self.start = self.clock.monotonic()
        self.stopped: dict[str, float] = {}
        self.due = {}
        for region in made:
            for worker in WORKERS:
                pace = dice.uniform(30, 60) if worker == "anchorer" else dice.uniform(20, 150)
                self.due[region.name, worker] = (dice.uniform(0, pace), pace)

    async def run(self, seconds: float, events: dict[float, object]) -> None:
        """Go on for that long; ``events`` are things to do at times from the start."""
        end = self.clock.monotonic() - self.start + seconds
        while True:
            name, (at, pace) = min(self.due.items(), key=lambda one: one[1][0])
            for when in sorted(one for one in events if one <= min(at, end)):
                self._turn_to(when)
                await events.pop(when)()
            if at > end:
                self._turn_to(end)
                return
            self._turn_to(at)
            self.due[name] = (at + pace * self.dice.uniform(0.5, 1.5), pace)
            region = next(one for one in self.made if one.name == name[0])
            if not region.down:
                await getattr(region, name[1]).step()

    def _turn_to(self, at: float) -> None:
        gap = self.start + at - self.clock.monotonic()
        if gap > 0:
            self.clock.turn(gap)


def planned(made, dice: random.Random, victim: Region) -> dict[float, object]:
    """Posts at random times, and an hour for which one region is gone."""

    def posting(region, n):
        async def post():
            if not region.down:
                await file(region, f"{region.name}-{n}")

        return post

    async def stop():
        victim.down = True

    async def restart():
        victim.down = False
        victim.start()

    events = {dice.uniform(0, 5000): posting(dice.choice(made), n) for n in range(30)}
    return events | {700.0: stop, 4300.0: restart}


async def heads(made):
    """(region, origin, row) of every anchored head as each region knows it."""
    for region in made:
        for origin in [one.origin for one in made]:
            for row in await region.anchors(origin):
                yield region, origin, row


@pytest.mark.parametrize("seed", [1, 2])
def test_every_anchored_head_ends_with_its_quorum_whatever_the_paces(tmp_path, seed):
    async def test():
        async with regions(tmp_path) as made:
            dice = random.Random(seed)
            victim = dice.choice(made)
            for region in made:
                await region.post(registration(region.name, CARRIER, KINDS))
            events = planned(made, dice, victim)
            times = Timetable(made, dice)
            await times.run(4299, events)
            # While it is gone nothing of the others is complete: both other regions must cosign.
            lacking = [
                row
                async for region, origin, row in heads(made)
                if region.origin == origin and region is not victim and not row.quorate
            ]
            assert len(lacking) > 5
            # A witness may pause for minutes, and is asked again after half a minute of silence.
            await times.run(2400, events)
            ended = [(origin, row) async for _, origin, row in heads(made)]
            assert len(ended) > 40
            for origin, row in ended:
                assert row.quorate, (origin, row.facts.head.size)
                own = f"{NETWORK}/{origin.region}/witness"
                assert len(row.cosignatures) == 2
                assert own not in row.cosignatures

    asyncio.run(test())


def test_a_fork_shown_to_two_witnesses_gets_no_quorum_and_becomes_evidence(tmp_path):
    """Beijing signs two histories: Tianjin is fed one, Hebei the other; only one can be anchored."""

    async def test():
        async with regions(tmp_path) as made, AsyncExitStack() as stack:
            beijing, tianjin, hebei = made
            store = await SqliteStore.open(tmp_path / "twin.db")
            stack.push_async_callback(store.close)
            twin = Region("beijing", store, beijing.world, beijing.clock, policies())
            twin.connect([twin, tianjin, hebei])
            first = [registration("beijing", CARRIER, KINDS)]
            first.append(statement("beijing", CARRIER, "bill_of_lading", bill("COMMON")))
            await beijing.post(*first)
            await twin.post(*first)
            # Hebei talks to the twin, Tianjin to the one that holds the anchor account's nonce.
            hebei.peers[:] = [LocalPeer(hebei, twin), LocalPeer(hebei, tianjin)]
            hebei.start()
            await file(beijing, "SHOWN-TO-TIANJIN")
            await file(twin, "SHOWN-TO-HEBEI")
            workers = [beijing, tianjin, hebei]
            for _ in range(8):
                beijing.clock.turn(30)
                for region in workers:
                    await region.anchorer.step()
                    await region.mirror.step()
                    await region.follower.step()
                    await region.witness.step()
            # Both witnesses hold three leaves, of two trees; one tree is anchored.
            roots = set()
            for region in (tianjin, hebei):
                assert await region.store.size(beijing.origin) == 3
                roots.add(await tree.root(region.store, beijing.origin, 3))
            assert len(roots) == 2
            for region in made:
                rows = await region.anchors(beijing.origin)
                assert rows
                assert not any(row.quorate for row in rows if row.facts.head.size == 3)
            # The twin cannot anchor its own history either: the contract knows only one.
            await twin.anchorer.step()
            assert twin.anchorer.status.alarm.code == "anchor_foreign_head"
            # Hebei already holds a contradiction: what was anchored is not what it was fed.
            [(_, subject, _, _)] = await hebei.store.evidence("fork")
            assert subject == str(beijing.origin)
            # The witnesses exchange the checkpoints they were shown: both keep the evidence.
            kept = 0
            for region, note in ((tianjin, twin.signed), (hebei, beijing.signed)):
                with pytest.raises(ConflictError) as caught:
                    await region.witness.compare(note[beijing.origin])
                assert caught.value.code == "checkpoint_contradiction"
                for _, _, body, _ in await region.store.evidence("fork"):
                    for signed in json.loads(body)["notes"]:
                        # Evidence that convinces anyone: the log's own signature under each.
                        checkpoint, _ = open_checkpoint(signed, region.logs[beijing.origin].key)
                        kept += checkpoint.origin == str(beijing.origin)
            assert kept >= 4

    asyncio.run(test())


def test_a_fork_at_the_public_door_is_refused_and_kept(desk, town):
    """Hebei's own key signs another head: every node that is shown it keeps both."""
    local = town.net.local
    origin = local.network.open_log("hebei").origin
    true = desk.get("beijing", "/logs/hebei/1/checkpoint").text
    size = int(true.split("\n")[1])
    key = demo_log_key(str(origin))
    forged = sign_checkpoint(Checkpoint(str(origin), TreeHead(size, bytes([9]) * 32)), key)
    for node in ("beijing", "tianjin", "hebei"):
        assert desk.post(node, true, "text/plain", "/checkpoints").status_code == 204
        answer = desk.post(node, forged, "text/plain", "/checkpoints")
        assert (answer.status_code, answer.json()["code"]) == (409, "checkpoint_contradiction")
        found = [
            json.loads(one["body"])
            for one in desk.get(node, "/evidence").json()
            if one["kind"] == "fork" and one["subject"] == str(origin)
        ]
        assert any(forged in body["notes"] for body in found)
        # Twice shown, once kept.
        desk.post(node, forged, "text/plain", "/checkpoints")
        again = [one for one in desk.get(node, "/evidence").json() if one["kind"] == "fork"]
        assert len([one for one in again if one["subject"] == str(origin)]) == len(found)


def test_what_the_log_did_not_sign_is_no_evidence(desk, town):
    origin = town.net.local.network.open_log("hebei").origin
    before = desk.get("beijing", "/evidence").json()
    other = LogKey(str(origin), bytes([5]) * 32)
    head = TreeHead(3, bytes([9]) * 32)
    stranger = sign_checkpoint(Checkpoint(str(origin), head), other)
    answer = desk.post("beijing", stranger, "text/plain", "/checkpoints")
    assert answer.status_code == 422
    unknown = Origin(town.desk.name, "atlantis", 1)
    key = demo_log_key(str(unknown))
    answer = desk.post(
        "beijing",
        sign_checkpoint(Checkpoint(str(unknown), head), key),
        "text/plain",
        "/checkpoints",
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "log_unknown")
    assert desk.get("beijing", "/evidence").json() == before

"""A home disk that is gone for good, with the head lock or without it, and what people do then."""

import asyncio
import json
from contextlib import AsyncExitStack

from ledger.values import Origin
from tests.simulation import rows
from tests.simulation.authors import Given
from tests.simulation.checker import Lost
from tests.simulation.disk import Disk
from tests.simulation.headlock import Folder
from tests.simulation.machines import Machine
from tests.simulation.region import CATCHING_UP_SECONDS
from tests.simulation.scenes import Scenes
from tests.simulation.statements import REGIONS
from tests.simulation.world import World

ENDED = frozenset({"leaves_lost", "promises_forgotten"})
"""Where a log has lost what it promised, and goes on in its next epoch only."""


class Losses:
    """Every way to lose a region's disk.

    Nobody meddles with other storage until two hold everything again: beyond that nothing is promised.

    Attributes:
        named: acknowledged records that stood on a lost disk alone, named by the node or forgotten by it.
    """

    kinds = ("disk_lost", "disk_and_lock_lost")

    def __init__(self, world: World, machines: dict[str, Machine], scenes: Scenes) -> None:
        self._world = world
        self._rng = world.rng
        self._machines = machines
        self._scenes = scenes
        self.named = 0

    async def strike(self, kind: str) -> None:
        machine = self._machines[self._rng.choice(REGIONS)]
        async with AsyncExitStack() as held:
            for one in self._machines.values():
                await held.enter_async_context(one.storage)
            # Without copies a burst just before is what stands on the lost disk alone.
            self._world.authors[machine.region.name].burst(self._rng.randint(1, 6))
            await asyncio.sleep(self._rng.random() * 2)
            async with machine.down():
                with_lock = kind == "disk_and_lock_lost"
                lost = self._lose(machine, with_lock=with_lock)
            if lost is not None:
                await self._go_on(machine, lost, with_lock=with_lock)
                await self._until_mirrored(machine)

    def _lose(self, machine: Machine, *, with_lock: bool) -> list[Given] | None:
        """What was acknowledged and stood there alone; None where the disk was left."""
        world, region = self._world, machine.region
        origin = self._newest(machine)
        others = [one.region.disk for one in self._machines.values() if one is not machine]
        held = max(one.durable("size", origin, 0) for one in others)
        if not 0 < world.chain.head_of(origin.log_id).size <= held or region.lost_keys:
            # Such a log could be closed at no head that anybody holds.
            return None
        world.change_disk(region, Disk(world.on_durable))
        region.lost_at = world.loop.time()
        if with_lock:
            region.folder = Folder()
        if world.habits.copies:
            return []
        world.lost[origin] = Lost(held, world.note(region.name, "disk is lost", held))
        return [
            one
            for one in world.authors[region.name].given
            if one.receipt["origin"] == str(origin) and one.receipt["index"] >= held
        ]

    async def _go_on(self, machine: Machine, lost: list[Given], *, with_lock: bool) -> None:
        """Wait until the node leads again; close the log where it says that it cannot."""
        origin = self._newest(machine)
        end = self._world.loop.time() + CATCHING_UP_SECONDS
        while True:
            code = _code(machine)
            if code in ENDED and self._newest(machine) == origin:
                # Where the lock is gone, too, nobody knows what was promised last.
                if not with_lock:
                    self._check_named(machine, origin, lost)
                self.named += len({one.post.id for one in lost})
                self._scenes.turn(origin.region)
                # Their authors are told, and post them again.
                self._world.authors[origin.region].again(lost)
            elif code == "":
                if lost and self._newest(machine) == origin:
                    self._broken(origin, f"leads though {len(lost)} promised leaves are lost")
                return
            elif self._world.loop.time() > end:
                break
            await asyncio.sleep(1)
        self._world.stuck.append(f"{origin.region} did not go on after its disk was lost: {code}")

    def _check_named(self, machine: Machine, origin: Origin, lost: list[Given]) -> None:
        held = machine.region.disk.tables.get("evidence", {})
        said = [
            json.loads(body)
            for kind, subject, body in held
            if (kind, subject) == ("leaves_lost", str(origin))
        ]
        named = {at for one in said for at in range(one["first"], one["last"] + 1)}
        if missing := {one.receipt["index"] for one in lost} - named:
            self._broken(origin, f"lost leaves {sorted(missing)} are not named")

    async def _until_mirrored(self, machine: Machine) -> None:
        """Wait until the region mirrors again what the others have."""
        mine = machine.region
        sizes = {
            origin: rows.size_of(one.region.disk, origin)
            for one in self._machines.values()
            for origin in self._world.authorities.open_logs(one.region.name)
        }
        end = self._world.loop.time() + CATCHING_UP_SECONDS
        while any(rows.size_of(mine.disk, origin) < size for origin, size in sizes.items()):
            if self._world.loop.time() > end:
                self._world.stuck.append(
                    f"{mine.name} does not mirror again after its disk was lost"
                )
                return
            await asyncio.sleep(1)

    def _broken(self, origin: Origin, what: str) -> None:
        self._world.authors[origin.region].broken.append(f"named: {origin}: {what}")

    def _newest(self, machine: Machine) -> Origin:
        return self._world.authorities.newest_log(machine.region.name)


def _code(machine: Machine) -> str | None:
    """Why the node's log may not grow; '' where it may, None where nobody answers."""
    process = machine.region.answering
    return None if process is None else process.node.readiness()["log"]["code"]

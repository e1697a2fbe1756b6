"""Faults of machines, disks, links, chain and clocks; each lasts a while and is over when it returns."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulation import rows
from tests.simulation.chainview import ChainLink
from tests.simulation.disk import Disk
from tests.simulation.machines import Machine
from tests.simulation.peers import Wire
from tests.simulation.process import State
from tests.simulation.statements import REGIONS
from tests.simulation.world import World


class Faults:
    """Every kind of fault that needs nobody's help to be over.

    Attributes:
        kinds: names of the faults, in an order that seeds may rely on.
    """

    kinds = (
        "crash", "crash_in_commit", "freeze", "power_loss", "power_loss_everywhere",
        "kill_then_power_loss",
        "store_refuses", "store_fails", "old_copy", "outage", "outage_of_one", "flaky_chain",
        "roll_back", "other_chain", "cut", "bad_wires", "clock_slightly", "clock_far",
    )  # fmt: skip

    def __init__(self, world: World, machines: dict[str, Machine]) -> None:
        self._world = world
        self._rng = world.rng
        self._machines = machines

    async def strike(self, kind: str) -> None:
        """Let one fault come and pass."""
        await getattr(self, f"_{kind}")(self._machines[self._rng.choice(REGIONS)])

    async def _crash(self, machine: Machine) -> None:
        machine.region.kill()

    async def _crash_in_commit(self, machine: Machine) -> None:
        """Killed between a commit's write and its sync; the next process reads what is not safe yet."""
        region, disk = machine.region, machine.region.disk
        killed = self._world.loop.create_future()
        disk.on_written = lambda: killed.done() or killed.set_result(region.kill())
        await asyncio.wait([killed], timeout=20)
        disk.on_written = None
        if self._rng.random() < 0.5:
            await machine.answering()
            await asyncio.sleep(self._rng.random())
            region.kill()
            region.lose_power(self._rng)

    async def _freeze(self, machine: Machine) -> None:
        process = machine.region.process
        if process is None or process.state is not State.RUNNING:
            return
        process.state = State.FROZEN
        await asyncio.sleep(self._rng.random() * 15)
        if process.state is State.FROZEN:
            process.state = State.RUNNING
            self._world.loop.put_back(process.parked)
            process.parked.clear()

    async def _power_loss(self, machine: Machine) -> None:
        async with machine.down():
            machine.region.lose_power(self._rng)
            await asyncio.sleep(self._rng.random() * 5)

    async def _power_loss_everywhere(self, _: Machine) -> None:
        for machine in self._machines.values():
            machine.region.kill()
            machine.region.lose_power(self._rng)

    async def _kill_then_power_loss(self, machine: Machine) -> None:
        """What a killed process had written is read by the next one before it is safe on disk."""
        machine.region.kill()
        await machine.answering()
        await asyncio.sleep(self._rng.random() * 0.5)
        machine.region.kill()
        machine.region.lose_power(self._rng)

    async def _store_refuses(self, machine: Machine) -> None:
        machine.region.disk.refusing = self._rng.randint(1, 6)

    async def _store_fails(self, machine: Machine) -> None:
        machine.region.disk.failing = 1

    async def _old_copy(self, machine: Machine) -> None:
        """Run on a backup for a while, then on the region's own disk again."""
        async with machine.storage:
            copy = machine.region.disk.copy()
            await asyncio.sleep(5 + self._rng.random() * 20)
            if await self.outgrown(machine, copy):
                await self.run_on(machine, copy, 8 + self._rng.random() * 12)

    async def outgrown(self, machine: Machine, copy: Disk) -> bool:
        """Wait until the region has promised more than a backup holds; whether it has.

        Before, the backup is no older than the database, and the region may lead on it.
        """
        end = self._world.loop.time() + 30
        while self._world.loop.time() < end:
            origin = self._world.authorities.newest_log(machine.region.name)
            if machine.region.locked(origin) > rows.size_of(copy, origin):
                return True
            await asyncio.sleep(1)
        return False

    async def run_on(
        self, machine: Machine, disk: Disk, seconds: float, alone: float = 0.0
    ) -> None:
        """Run on another database for a while, then on the region's own again.

        ``alone`` are seconds before that in which no other region answers it.

        Not where the other one has gone on meanwhile, as one does that could fetch what it lacked: to take
        it away would be to lose a disk, which may lose what no mirror holds yet. It may have done so in the
        place of a leaf that the own one had written and never promised.
        """
        region = machine.region
        own, before = region.disk, dict(disk.tables.get("size", {}))
        async with machine.down():
            self._world.change_disk(region, disk)
        if alone:
            with self._wired(machine, cut=True):
                await machine.answering()
                await asyncio.sleep(alone)
        await machine.answering()
        await asyncio.sleep(seconds)
        async with machine.down():
            mine = [log for log in disk.tables.get("size", {}) if log.region == region.name]
            if all(rows.grew_as(disk, own, log, before.get(log, 0)) for log in mine):
                self._world.change_disk(region, own)

    async def _outage(self, _: Machine) -> None:
        await self._links(REGIONS, down=True)

    async def _outage_of_one(self, machine: Machine) -> None:
        await self._links([machine.region.name], down=True)

    async def _flaky_chain(self, _: Machine) -> None:
        chance = self._rng.choice((0.1, 0.4))
        await self._links(REGIONS, lose_before=chance, lose_after=chance, stale=chance / 2)

    async def _other_chain(self, machine: Machine) -> None:
        names = self._rng.choice((REGIONS, (machine.region.name,)))
        self._world.other_chain_shown(len(names))
        await self._links(names, chain=self._world.other_chain)

    async def _links(self, names, **how) -> None:
        links = [self._machines[name].region.link for name in names]
        for link in links:
            for field, value in how.items():
                setattr(link, field, value)
        await asyncio.sleep(3 + self._rng.random() * self._rng.choice((5, 40)))
        # Not as it was found: that may have been another fault's doing, which is over by now.
        clear = ChainLink(self._world.chain)
        for link in links:
            for field in how:
                setattr(link, field, getattr(clear, field))

    async def _roll_back(self, _: Machine) -> None:
        chain = self._world.chain
        depth = self._rng.choice((1, 2, 5, 20))
        to_block = max(chain.newest.number - depth, self._world.authorities.floor)
        self._world.note("chain rolls back to", to_block)
        chain.roll_back(to_block, return_to_pool=self._rng.random() < 0.5)
        await asyncio.sleep(self._rng.random() * 5)
        chain.mine_pool()

    async def _cut(self, machine: Machine) -> None:
        await self._wires(machine, cut=True)

    async def _bad_wires(self, machine: Machine) -> None:
        await self._wires(machine, lose=0.3, slow=self._rng.choice((0.1, 3.0)), repeat=0.2)

    async def _wires(self, machine: Machine, **how) -> None:
        with self._wired(machine, **how):
            await asyncio.sleep(5 + self._rng.random() * 40)

    @contextmanager
    def _wired(self, machine: Machine, **how) -> Iterator[None]:
        mine = machine.region.name
        pairs = [(mine, other) for other in REGIONS if other != mine]
        pairs += [(other, mine) for _, other in pairs]
        wires = self._world.wires.wires
        wires.update((pair, Wire(**how)) for pair in pairs)
        yield
        wires.update((pair, Wire()) for pair in pairs)

    async def _clock_slightly(self, machine: Machine) -> None:
        await self._clock(machine, self._rng.uniform(1000, 110_000))

    async def _clock_far(self, machine: Machine) -> None:
        await self._clock(machine, self._rng.choice((200e3, 3600e3, 86_400e3)))

    async def _clock(self, machine: Machine, millis: float) -> None:
        region = machine.region
        jump = round(millis) * self._rng.choice((-1, 1))
        region.clock.jump += jump
        await asyncio.sleep(5 + self._rng.random() * 30)
        region.clock.jump -= jump
        # A process that was started meanwhile took the wrong time for the right one.
        if region.process is not None and region.process.wrong_by != region.clock.jump:
            region.kill()

"""What people have to help with: a lost lock, a lost key, a thief, and the turn to a new epoch."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ledger.errors import ConflictError, UnavailableError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.merkle.tilepath import TILE_WIDTH
from ledger.sealing import Sealer
from ledger.values import Origin, TreeHead
from tests.simulation import rows
from tests.simulation.authorities import SPARE
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.machines import Machine
from tests.simulation.statements import REGIONS
from tests.simulation.world import World


class Scenes:
    """Every kind of trouble that ends with somebody's decision."""

    kinds = (
        "turn", "lost_key", "lock_torn", "lock_removed", "fork_copy", "turn_on_old_copy",
        "turn_on_fork", "thief", "foreign_nonce", "account_changed",
    )  # fmt: skip

    def __init__(self, world: World, machines: dict[str, Machine], faults: Faults) -> None:
        self._world = world
        self._rng = world.rng
        self._machines = machines
        self._faults = faults

    async def strike(self, kind: str) -> None:
        machine = self._machines[self._rng.choice(REGIONS)]
        async with machine.storage:
            await getattr(self, f"_{kind}")(machine)

    async def _turn(self, machine: Machine) -> None:
        self.turn(machine.region.name)

    def turn(self, region: str) -> bool:
        """Two regions close a region's log; False where there is nothing to close yet."""
        closing = self._world.authorities.close_log(region)
        self._world.note(region, "log is closed", closing and closing.size)
        return closing is not None

    async def _lost_key(self, machine: Machine) -> None:
        region = machine.region
        epoch = self._newest(machine).epoch
        async with machine.down():
            region.lost_keys.add(epoch)
        await asyncio.sleep(5 + self._rng.random() * 10)
        if not self.turn(region.name):
            # Nothing was anchored yet, so there is nothing to close: the key is found again.
            region.lost_keys.discard(epoch)
            region.kill()

    async def _lock_torn(self, machine: Machine) -> None:
        await self._lose_lock(machine, machine.region.folder.tear)

    async def _lock_removed(self, machine: Machine) -> None:
        await self._lose_lock(machine, machine.region.folder.remove)

    async def _lose_lock(self, machine: Machine, lose: Callable[[str], None]) -> None:
        origin = self._newest(machine)
        if any(not one.disk.get("anchored", origin) for one in self._world.regions.values()):
            # A mirror that was never shown a checkpoint of the log cannot speak for it.
            return
        async with machine.down():
            lose(str(origin))
        await machine.answering()
        await asyncio.sleep(5 + self._rng.random() * 10)
        for _ in range(60):
            async with machine.down():
                if not (refused := await self._refused(machine)):
                    return
            await asyncio.sleep(2)
        self._world.stuck.append(f"{machine.region.name} could not adopt its head: {refused}")

    async def _refused(self, machine: Machine) -> str:
        """`jjj node adopt-head`; why it is refused for now, or ''."""
        world, region = self._world, machine.region
        origin = self._newest(machine)
        if region.link.down or region.link.chain is not world.chain:
            return "the chain does not answer"
        head = world.chain.head_of(origin.log_id)
        chain = head if head.size else TreeHead(0, EMPTY_ROOT)
        try:
            mirrors = [
                await self._mirror_head(name, origin, chain)
                for name in REGIONS
                if name != region.name
            ]
            with region.offline() as (store, lock, tasks):
                sealer = Sealer(
                    origin=origin,
                    store=store,
                    head_lock=lock,
                    signer=region.keys().log(origin),
                    clock=region.clock,
                    tasks=tasks,
                )
                return (await sealer.adopt(chain, mirrors)).code
        except (ConflictError, UnavailableError) as error:
            return str(error)

    async def _mirror_head(self, name: str, origin: Origin, chain: TreeHead) -> TreeHead:
        process = self._machines[name].region.answering
        if process is None:
            raise UnavailableError("peer_unavailable", f"{name} does not answer")
        note = await process.node.reader.checkpoint(origin)
        if note is None:
            if chain.size:
                raise ConflictError("adopt_refused", f"{name} shows no checkpoint")
            return TreeHead(0, EMPTY_ROOT)
        log = next(one for one in self._world.authorities.published.logs if one.origin == origin)
        return open_checkpoint(note, log.key)[0].head

    async def _fork_copy(self, machine: Machine) -> None:
        """Run on a database that was tampered with, then on the region's own again."""
        origin = self._newest(machine)
        size = machine.region.locked(origin)
        if (disk := _tampered(machine.region.disk, origin, size)) is None:
            return
        await self._faults.run_on(machine, disk, 8.0)

    async def _turn_on_old_copy(self, machine: Machine) -> None:
        """The log is closed at a size that the backup in use does not reach.

        Others have to hold all of it: what stood on the lost disk alone is lost where copies are 0.
        """
        region = machine.region
        origin, copy = self._newest(machine), region.disk.copy()
        end = self._world.loop.time() + 40
        while self._world.chain.head_of(origin.log_id).size <= rows.size_of(copy, origin):
            await asyncio.sleep(1)
            if self._world.loop.time() > end or self._newest(machine) != origin:
                return
        async with machine.down():
            if not self._is_mirrored(machine, origin):
                return
            self.turn(region.name)
        # Nobody shows it at first what it lacks.
        await self._faults.run_on(machine, copy, 8.0, alone=6.0)

    def _is_mirrored(self, machine: Machine, origin: Origin) -> bool:
        mine = machine.region
        others = [one.region.disk for one in self._machines.values() if one.region is not mine]
        return max(rows.size_of(one, origin) for one in others) >= rows.size_of(mine.disk, origin)

    async def _turn_on_fork(self, machine: Machine) -> None:
        """The log is closed at a head that the tampered database in use does not have."""
        region, origin = machine.region, self._newest(machine)
        async with machine.down():
            size = self._world.chain.head_of(origin.log_id).size
            disk = _tampered(region.disk, origin, size)
            if disk is None or not self.turn(region.name):
                return
        await self._faults.run_on(machine, disk, 8.0)

    async def _thief(self, machine: Machine) -> None:
        """Somebody with the anchor key anchors leaves that the log never had; two regions close the log."""
        world, region = self._world, machine.region
        number = world.note(region.name, "anchor key is stolen")
        if world.authorities.steal(number, region.name, region.disk):
            await asyncio.sleep(10 + self._rng.random() * 10)
            self.turn(region.name)

    async def _foreign_nonce(self, machine: Machine) -> None:
        """Somebody uses up the nonce of a transaction of ours that waits for the chain to hear it."""
        world, region = self._world, machine.region
        region.link.lose_before = 1.0
        world.authors[region.name].one()
        await asyncio.sleep(8)
        world.authorities.use_up_nonce(world.note(region.name, "nonce is stolen"), region.name)
        region.link.lose_before = 0.0

    async def _account_changed(self, machine: Machine) -> None:
        """The registry names another anchor account for a while, so that ours is refused."""
        name = machine.region.name
        self._world.authorities.change_account(name, SPARE)
        self._world.authors[name].one()
        await asyncio.sleep(12)
        self._world.authorities.change_account(name, machine.region.account)

    def _newest(self, machine: Machine) -> Origin:
        return self._world.authorities.newest_log(machine.region.name)


def _tampered(disk: Disk, origin: Origin, size: int) -> Disk | None:
    """A copy with another hash in the last of so many leaves; None where a tile keeps the right one."""
    if not 0 < size <= rows.size_of(disk, origin) < TILE_WIDTH:
        return None
    copy = disk.copy()
    table = rows.leaf_table(origin)
    leaf = copy.get(table, size - 1)
    copy.write({(table, size - 1): replace(leaf, hash=bytes(32))})
    copy.sync()
    return copy

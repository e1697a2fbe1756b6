"""Crashes at a chosen failpoint, in a chosen state of the process that reaches it."""

from collections import Counter
from dataclasses import dataclass

from ledger import failpoints
from tests.simulation.coverage import RECOVERY_SECONDS, Cell
from tests.simulation.process import PROCESS, Crashed
from tests.simulation.region import NodeProcess
from tests.simulation.world import World


@dataclass(eq=False)
class Strike:
    """One crash to come; ``done`` once it came."""

    region: str
    cell: Cell
    done: bool = False


class Striker:
    """Listens at every failpoint.

    Attributes:
        counted: crashes by cell.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._armed: list[Strike] = []
        self.counted: Counter[str] = Counter()
        failpoints.listen(self._reach)

    def arm(self, strike: Strike) -> None:
        self._armed.append(strike)

    def disarm(self, strike: Strike) -> None:
        if strike in self._armed:
            self._armed.remove(strike)

    def _reach(self, point: str) -> None:
        process = PROCESS.get()
        if process is None:
            return
        process.check()
        self._world.note(process.name, point)
        mine = [one for one in self._armed if (one.region, one.cell.point) == (process.name, point)]
        if not mine:
            return
        cell = Cell(point, self._has_backlog(process), self._recovers(process))
        for strike in mine:
            if strike.cell == cell:
                self._strike(strike, process)

    def _strike(self, strike: Strike, process: NodeProcess) -> None:
        strike.done = True
        self.disarm(strike)
        self.counted[f"crash {strike.cell}"] += 1
        self._world.note(process.name, "crashes at", strike.cell)
        self._world.regions[process.name].kill()
        raise Crashed(process.name)

    def _recovers(self, process: NodeProcess) -> bool:
        return process.after_crash and self._world.loop.time() < process.born + RECOVERY_SECONDS

    def _has_backlog(self, process: NodeProcess) -> bool:
        """Whether more waits than what the newest commit of this region brought."""
        if process.node is not None and process.node.sealer.waiting:
            return True
        world, disk = self._world, self._world.regions[process.name].disk
        origins = {*world.authorities.open_logs(process.name)}
        if process.node is not None:
            # One that is being turned away from: the chain has closed it, and the node has yet to leave it.
            origins.add(process.node.sealer.origin)
        return any(
            disk.size_before.get(origin, 0) > world.chain.head_of(origin.log_id).size
            for origin in origins
        )

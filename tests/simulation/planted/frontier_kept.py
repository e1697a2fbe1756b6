"""Planted: the tree in memory is kept after a write that failed, though it has grown and the log has not."""

from ledger.ports import Append, TileRow
from ledger.sealing import group
from ledger.sealing.openlog import OpenLog

BREAKS = "roots"
KINDS = ("store_refuses",)
SEED = 12
SECONDS = 100


async def _append(transaction, origin, frontier, names, rows, now):
    if not names:
        return (), []
    start = await transaction.size(origin)
    received = max(await transaction.last_received(origin), now)
    leaves = tuple(group._leaf(origin, at, name, received) for at, name in enumerate(names, start))
    completed = [tile for leaf in leaves for tile in frontier.append(leaf.hash)]
    tiles = tuple(TileRow(origin, one.level, one.index, one.root, one.data) for one in completed)
    await transaction.append(Append(origin, start, rows, leaves, tiles))
    return leaves, completed


def plant(patch) -> None:
    take = OpenLog._take_frontier

    async def _take_frontier(self):
        self._frontier = await take(self)
        return self._frontier

    patch.setattr(group, "_append", _append)
    patch.setattr(OpenLog, "_take_frontier", _take_frontier)

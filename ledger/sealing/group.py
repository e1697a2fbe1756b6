"""One durable step of a log: decide, make leaves and tiles, commit. Signs nothing, answers nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.merkle.frontier import CompletedTile, Frontier
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.ports import Append, Found, LeafRow, StatementRow, Store, TileRow, Transaction
from ledger.sealing.paths import NewestPaths
from ledger.sealing.plan import Candidate, Outcome, Placed, gather_facts, plan
from ledger.values import Millis, Origin, StatementId, TreeHead


@dataclass(frozen=True, slots=True)
class Grown:
    """A log after a step that is committed: what happened to each statement, and the new leaves."""

    head: TreeHead
    frontier: Frontier
    outcomes: tuple[Outcome, ...]
    leaves: tuple[LeafRow, ...]
    paths: NewestPaths

    def leaf(self, placed: Placed) -> LeafRow:
        """The leaf a statement of this step was given."""
        return self.leaves[placed.index - self.leaves[0].index]


@dataclass(frozen=True, slots=True)
class _Name:
    """What a leaf is made of, beside its place and time."""

    statement: StatementId
    prev_index: int


def head_of(frontier: Frontier) -> TreeHead:
    """Size and root of a tree in memory."""
    return TreeHead(frontier.size, frontier.root())


async def grow(
    store: Store, origin: Origin, frontier: Frontier, group: Sequence[Candidate], now: Millis
) -> Grown:
    """Give each statement that the version rules allow a leaf; durable on return.

    ``frontier`` is the log's right edge and is used up: after an error it may be ahead of the store.

    Raises:
        ConflictError: statement_conflict, if the database refuses one of them.
        FatalError: log_moved, store_failed.
        UnavailableError: store_unavailable.
    """
    async with store.transaction() as transaction:
        facts = await gather_facts(transaction, origin.region, group)
        outcomes = plan(group, facts, origin, frontier.size)
        # The same statement twice in a group is one object twice, and one leaf.
        placed = list({one.index: one for one in outcomes if isinstance(one, Placed)}.values())
        names = [_Name(one.row.id, one.prev_index) for one in placed]
        rows = tuple(one.row for one in placed)
        leaves, tiles = await _append(transaction, origin, frontier, names, rows, now)
    return _grown(frontier, outcomes, leaves, tiles)


async def grow_again(
    store: Store,
    origin: Origin,
    frontier: Frontier,
    group: Sequence[Found],
    now: Callable[[], Millis],
) -> Grown:
    """Log statements of a closed log in a later epoch, those left out that stand in a later one already.

    Asks for the time only where there is something to date: after a start nobody may know it yet.

    Raises as grow does, and what ``now`` raises.
    """
    async with store.transaction() as transaction:
        wanted = dict.fromkeys(one.statement.id for one in group)
        wanted |= dict.fromkeys(one.statement.prev for one in group if one.statement.prev)
        held = await transaction.find_ids(origin.region, list(wanted))
        here = {name: one.leaf.index for name, one in held.items() if one.leaf.origin == origin}
        left = [
            one.statement
            for one in group
            if held[one.statement.id].leaf.origin.epoch <= one.leaf.origin.epoch
        ]
        names = _names_again(left, here, frontier.size)
        at = now() if names else Millis(0)
        leaves, tiles = await _append(transaction, origin, frontier, names, (), at)
    return _grown(frontier, (), leaves, tiles)


def _names_again(
    rows: Sequence[StatementRow], here: Mapping[StatementId, int], size: int
) -> list[_Name]:
    """What is logged again, in its old order; ``prev`` counts only where it stands in this log too."""
    places = dict(here) | {row.id: index for index, row in enumerate(rows, size)}
    return [_Name(row.id, -1 if row.prev is None else places.get(row.prev, -1)) for row in rows]


async def _append(
    transaction: Transaction,
    origin: Origin,
    frontier: Frontier,
    names: Sequence[_Name],
    rows: tuple[StatementRow, ...],
    now: Millis,
) -> tuple[tuple[LeafRow, ...], list[CompletedTile]]:
    if not names:
        return (), []
    start = frontier.size
    # Never decreasing, even if the clock went back: the order of leaves is the order of times.
    received = max(await transaction.last_received(origin), now)
    leaves = tuple(_leaf(origin, at, name, received) for at, name in enumerate(names, start))
    completed = [tile for leaf in leaves for tile in frontier.append(leaf.hash)]
    tiles = tuple(TileRow(origin, one.level, one.index, one.root, one.data) for one in completed)
    await transaction.append(Append(origin, start, rows, leaves, tiles))
    return leaves, completed


def _leaf(origin: Origin, index: int, name: _Name, received: Millis) -> LeafRow:
    line = encode_leaf(Leaf(name.statement, received, name.prev_index))
    return LeafRow(origin, index, name.statement, received, name.prev_index, leaf_hash(line))


def _grown(
    frontier: Frontier,
    outcomes: Sequence[Outcome],
    leaves: tuple[LeafRow, ...],
    tiles: Sequence[CompletedTile],
) -> Grown:
    paths = NewestPaths(frontier, tiles)
    return Grown(head_of(frontier), frontier, tuple(outcomes), leaves, paths)

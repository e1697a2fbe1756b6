"""Takes raw rows out of a world for the checker, which knows nothing of the product."""

from ledger.ports import AnchorRow
from ledger.values import Origin
from tests.faults.rawlog import Key
from tests.simulation import rows
from tests.simulation.authors import all_given
from tests.simulation.checker import (
    Checker,
    Promise,
    RawAnchor,
    RawEvent,
    RawLeaf,
    RawLog,
    RawSent,
    RawTile,
    unsettled,
)
from tests.simulation.region import Region
from tests.simulation.world import World

_ALL = 1 << 40


def findings(world: World) -> list[str]:
    """Every broken promise."""
    checker = Checker(
        logs=raw_logs(world),
        promises=[Promise(one.post.compact, one.receipt, one.number) for one in _given(world)],
        sent=[
            RawSent(
                number,
                one.sender.hex(),
                one.nonce,
                one.hash.hex(),
                one.hash in world.authorities.forged,
            )
            for number, one in world.seen()
        ],
        stored={key[2].hex(): number for key, number in world.stored.items()},
        dropped={
            (place[0].hex(), place[1]): [one.hex() for one in hashes]
            for place, hashes in world.chain.dropped.items()
        },
    )
    found = checker.check()
    for name, authors in world.authors.items():
        found += [f"refused: {name}: {text}" for text in authors.refused]
        found += authors.broken
        if disturbed := authors.disturbed():
            found.append(f"disturbed: {name}: {disturbed} answers were interrupted by nothing")
    if strayed := world.strayed():
        found.append(f"identity: another chain got {strayed} transactions")
    found += [f"stuck: {text}" for text in world.stuck]
    found += [f"alive: {text}" for text in world.deaths()]
    found += [f"alive: {text}" for text in world.loop.unexpected]
    return found


def waiting(world: World) -> list[str]:
    """What is not anchored, cosigned or answered yet."""
    found = [
        f"{name}: {len(authors.open)} statements were never answered"
        for name, authors in world.authors.items()
        if authors.open
    ]
    return found + unsettled(raw_logs(world))


def is_quiet(world: World) -> bool:
    """Whether nothing waits; looks closely only once the sizes agree."""
    for name, region in world.regions.items():
        if world.authors[name].open:
            return False
        for origin in world.authorities.open_logs(name):
            if world.chain.head_of(origin.log_id).size != rows.size_of(region.disk, origin):
                return False
    return not waiting(world)


def raw_logs(world: World) -> list[RawLog]:
    return [_raw_log(world, entry) for entry in world.authorities.published.logs]


def _given(world: World):
    return all_given(list(world.authors.values()))


def _raw_log(world: World, entry) -> RawLog:
    origin = entry.origin
    home = world.regions[origin.region]
    others = [one for name, one in world.regions.items() if name != origin.region]
    head = world.chain.head_of(origin.log_id)
    lock = home.folder.files.get(str(origin))
    closed = entry.closed
    forged = world.authorities.forged_heads.get(origin.log_id)
    if closed is not None and head == forged:
        head = closed
    witnesses = [
        region.witness
        for region in world.authorities.published.regions
        if region.name != origin.region
    ]
    forged_lines = [
        f"{one.name} keeps {name}"
        for one in (home, *others)
        for row in _rows(one, origin)
        if row.facts.head == forged
        for name in row.cosignatures
    ]
    return RawLog(
        region=origin.region,
        origin=str(origin),
        key=Key.of(entry.key.text()),
        witnesses=tuple(Key.of(one.text()) for one in witnesses),
        quorum=entry.quorum,
        closed=None if closed is None else (closed.size, closed.root),
        key_lost=origin.epoch in home.lost_keys,
        lost=world.lost.get(origin),
        leaves=_leaves(home, origin),
        tiles=[
            RawTile(one.level, one.index, one.root, one.data)
            for one in home.disk.tables.get("tile", {}).values()
            if one.origin == origin
        ],
        lock=None if lock is None or lock.torn else (lock.says.size, lock.says.root),
        chain=(head.size, head.root),
        events=[
            RawEvent(one.head.size, one.head.root)
            for one in world.chain.events(origin.log_id)
            if one.head != forged
        ],
        anchors={
            one.name: {
                row.size: row
                for row in _anchors(one, origin)
                if forged is None or row.root != forged.root
            }
            for one in (home, *others)
        },
        mirrors={one.name: _leaves(one, origin) for one in others},
        forged_lines=forged_lines,
    )


def _leaves(region: Region, origin: Origin) -> list[RawLeaf]:
    return [
        RawLeaf(one.statement.hex(), one.received, one.prev_index, one.hash)
        for one in rows.leaves(region.disk, origin, 0, _ALL)
    ]


def _rows(region: Region, origin: Origin) -> list[AnchorRow]:
    sizes = region.disk.get("anchored", origin, ())
    return [region.disk.get("anchor", (origin, size)) for size in sizes]


def _anchors(region: Region, origin: Origin) -> list[RawAnchor]:
    return [
        RawAnchor(
            row.facts.head.size,
            row.facts.head.root,
            row.checkpoint,
            tuple(row.cosignatures.values()),
        )
        for row in _rows(region, origin)
    ]

"""A log that shows its regions two histories, by seed: it is found out in one exchange of the two.

The home node's log key signs both. A twin, with a database of its own, shows one of them to one region; the
node itself shows the other region the other one. What they cosign is judged by the case's own leaves.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path

from ledger.errors import ConflictError
from ledger.merkle.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.mirroring import OwnLog
from ledger.mirroring.keeper import Keeper
from ledger.ports import Hold, LeaderToken
from ledger.sharing import PUBLIC
from ledger.store import FileHeadLock, SqliteStore
from ledger.values import TreeHead, witness_name
from ledger.verify import State, verify_bundle
from ledger.verify.policy import Policy
from tests.faults.rawlog import roots
from tests.simulation.disk import Disk
from tests.simulation.process import Process
from tests.simulation.store import ModelStore
from tests.unit.anchoring.model_chain import ModelWorld
from tests.unit.anchoring.support import NETWORK, HandClock
from tests.unit.mirroring.regions import (
    CA,
    CARRIER,
    NAMES,
    LocalPeer,
    Region,
    policies,
    registration,
)
from tests.unit.mirroring.splitting import KINDS, PEER, Split, SplitError, check, listening

# --- how the two meet


async def anchored_history(split: Split) -> list[Region]:
    """The chain shows the region that was shown the twin another root than that of its leaves."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    await split.until_found(split.right)
    return [split.right]


async def anchored_history_without_its_checkpoint(split: Split) -> list[Region]:
    """The home node anchors, and hands the checkpoint of what it anchored to nobody."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()

    def keep_back(peer: LocalPeer) -> None:
        given = peer.checkpoint

        async def checkpoint(origin, size=None):
            return None if origin == split.origin else await given(origin, size)

        peer.checkpoint = checkpoint

    for region in (split.left, split.right):
        keep_back(next(p for p in region.peers if p.region == split.home.name))
    if split.dice.random() < 0.5:
        # Shown the one by its leaves and by the chain the other: nobody has to have signed anything.
        for peer in split.right.peers:
            keep_back(peer)
    await split.until_found(split.right)
    return [split.right]


async def twin_behind_what_is_anchored(split: Split) -> list[Region]:
    """The twin keeps the region short of leaves; as soon as it shows enough of them, it is found out."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    await split.grow(split.home, 9)
    await split.ticks(split.dice.randint(2, 5))
    check(not await split.forks(split.right), "lab: the twin showed enough at once")
    await split.grow(split.twin, 12)
    await split.until_found(split.right)
    return [split.right]


async def receipt_handed_over(split: Split) -> list[Region]:
    """A client hands the receipt's checkpoint of one history to the region that was shown the other."""
    split.quiet = {split.home.name} if split.dice.random() < 0.5 else set()
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    await split.ticks(3)
    found = []
    for region, other in ((split.left, split.twin), (split.right, split.home)):
        note = other.signed[split.origin]
        given = open_checkpoint(note, split.home.logs[split.origin].key)[0].head
        at_once = await region.store.size(split.origin) >= given.size
        try:
            await region.witness.compare(note)
        except ConflictError as error:
            check(error.code == "checkpoint_contradiction", f"found: {error.code}")
        else:
            check(not at_once, f"found: {region.name} took the other history for its own")
            await split.grow(split.home if region is split.left else split.twin, 12)
            await split.until_found(region, given)
        check(await split.holds(region, given), "evidence: the note handed in was not kept")
        found.append(region)
    return found


async def receipt_handed_to_its_home(split: Split) -> list[Region]:
    """The node itself is shown what its twin signed: a copy of it runs somewhere."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    try:
        await split.home.witness.compare(split.twin.signed[split.origin])
    except ConflictError as error:
        check(error.code == "checkpoint_contradiction", f"found: {error.code}")
    else:
        raise SplitError("found: the home node took its twin's history for its own")
    return [split.home]


async def home_asks_its_mirrors(split: Split) -> list[Region]:
    """The twin's history was anchored and cosigned; the node that stood still asks, and stops."""
    await split.begin(anchored=True)
    for region in (split.left, split.right):
        at = next(n for n, p in enumerate(region.peers) if p.region == split.home.name)
        region.peers[at] = LocalPeer(region, split.twin)
        region.start()
    await split.grow(split.twin, split.dice.randint(1, 5))
    stood, at = split.home, split.regions.index(split.home)
    split.twin.connect([split.twin, split.left, split.right])
    split.regions[at] = split.twin
    await split.ticks(4)
    check((await split.twin.anchors(split.origin))[-1].quorate, "lab: the twin got no quorum")
    if split.dice.random() < 0.5:
        await split.grow(stood, split.dice.randint(1, 8))
    told: list[str] = []
    await OwnLog(
        peers=stood.peers,
        origin=lambda: split.origin,
        compare=stood.witness.compare,
        contradicted=lambda _origin, text: told.append(text),
        heard=lambda *_: True,
        clock=split.clock,
        tasks=stood.tasks,
    ).step()
    check(told, "found: the home node was not told of what its key signed")
    # From here on the twin is the log, and what the other one signs is the split.
    split.home, split.twin = split.twin, stood
    return [stood]


async def other_checkpoint_at_an_anchored_size(split: Split) -> list[Region]:
    """Both regions are fed one history, and one of them is given a checkpoint of another."""
    await split.begin(anchored=False)
    await split.grow(split.home, split.dice.randint(1, 4))
    key = split.home.key
    other = split.dice.randbytes(32)

    async def lying(origin, size=None):
        head = TreeHead(size or 1, other)
        return sign_checkpoint(Checkpoint(str(origin), head), key)

    peer = next(p for p in split.right.peers if p.region == split.home.name)
    peer.checkpoint = lying
    await split.until_found(split.right)
    check(any(root == other for _, root in split.signed_notes(await split.forks(split.right))),
          "evidence: the other checkpoint was not kept")  # fmt: skip
    # The other peer has the true one, so the log's true heads get their quorum all the same.
    split.twin = split.home
    return [split.right]


async def handed_over_after_it_was_fetched(split: Split) -> list[Region]:
    """A region that fetched the twin's leaves is handed the home node's to hold before it answers."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    split.quiet = {split.home.name}
    while await split.right.mirror.step():
        pass
    history = await split.history(split.home)
    size = len(history) - 1
    start = split.dice.randint(0, split.common)
    fed = (await split.home.reader.feed(split.origin, 0, 1000, PEER))[start:]
    leader = LeaderToken(1, bytes(8), bytes(16))
    step = Hold(leader, None, TreeHead(size, history[size]), start, tuple(fed))
    with closing(FileHeadLock.open(split.folder / "lock")) as lock:
        keeper = Keeper(
            region=split.right.name,
            store=split.right.store,
            policies=split.right.logs,
            logs=split.right.mirror.logs,
            head_lock=lock,
            clock=split.clock,
        )
        try:
            await keeper.hold(split.origin, step)
        except ConflictError as error:
            check(error.code == "copies_fork", f"found: {error.code}")
        else:
            raise SplitError("found: a region holds two histories")
    return [split.right]


async def bundles_side_by_side(split: Split) -> list[Region]:
    """A client holds a record of each history: each waits for witnesses, both together are a fork."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.split()
    await split.ticks(3)
    policy = _policy(split)
    own = await split.home.store.size(split.origin)
    index = split.dice.randrange(split.common, own)
    one, two = [await _bundle(node, index) for node in (split.home, split.twin)]
    for each in (one, two):
        verdict = verify_bundle(each, policy, at=split.clock.now()).verdict
        check(verdict is not State.PASSED, f"quorum: one of two histories is {verdict}")
    pair = split.dice.sample([one, two], 2)
    joined = type(one)(
        tuple(each.records[0] for each in pair), pair[0].operators, pair[0].certificates
    )
    report = verify_bundle(joined, policy, at=split.clock.now())
    codes = {record.check("log_signature").code for record in report.records}
    check(codes == {"log_forked"}, f"found: the two together say {codes}, {report.verdict}")
    await split.until_found(split.right)
    return [split.right]


async def no_split(split: Split) -> list[Region]:
    """All is well: nobody cries wolf."""
    await split.begin(anchored=split.dice.random() < 0.5)
    await split.grow(split.home, split.dice.randint(1, 9))
    note = split.home.signed[split.origin]
    await split.ticks(2)
    for region in split.regions:
        await region.witness.compare(note)
    split.twin = split.home
    return []


WAYS: tuple[Callable[[Split], Awaitable[list[Region]]], ...] = (
    anchored_history,
    anchored_history_without_its_checkpoint,
    twin_behind_what_is_anchored,
    receipt_handed_over,
    receipt_handed_to_its_home,
    home_asks_its_mirrors,
    other_checkpoint_at_an_anchored_size,
    handed_over_after_it_was_fetched,
    bundles_side_by_side,
    no_split,
)
NAMES_OF_WAYS = tuple(way.__name__ for way in WAYS)


# --- what has to hold however they met


async def judge(split: Split, found: list[Region], told: list[str]) -> None:
    split.quiet = set()
    for region in (split.left, split.right):
        await region.post(registration(region.name, CARRIER, KINDS))
    await split.ticks(5)
    for region in found:
        kept = await split.forks(region)
        check(kept, f"found: {region.name} has forgotten the contradiction")
        check(all(one.get("root") or one.get("anchored_root") for one in kept),
              f"evidence: {region.name} kept no root")  # fmt: skip
    if found:
        check(str(split.origin) in told, "alarm: no node's log told of the fork")
    else:
        check(not told, f"alarm: told of forks of {told} where there is none")
    await _judge_quorums(split)


async def _judge_quorums(split: Split) -> None:
    """Never a quorum on both histories, each witness on the one that it holds, other logs as ever."""
    true, other = await split.history(split.home), await split.history(split.twin)
    apart = split.home is not split.twin
    quorate: set[tuple[int, bytes]] = set()
    for region in {id(one): one for one in (*split.regions, split.home, split.twin)}.values():
        for row in await region.anchors(split.origin):
            head = row.facts.head
            if row.quorate:
                quorate.add((head.size, head.root))
            for name in row.cosignatures:
                witness = next(
                    one for one in split.regions if name == witness_name(NETWORK, one.name)
                )
                check(
                    await _holds(split, witness, head), f"quorum: {name} cosigned what it has not"
                )
    for size, root in quorate:
        check(true[size] == root, f"quorum: size {size} of no anchored history")
        if apart and size > split.common and size < len(other):
            check(other[size] != root, f"quorum: both histories at size {size}")
    for region in (split.left, split.right):
        # As the left region sees it: the other one asks the twin, which answers for nobody.
        rows = await split.left.anchors(region.origin)
        check(
            rows and all(row.quorate for row in rows), f"others: {region.name}'s log has no quorum"
        )


async def _holds(split: Split, witness: Region, head: TreeHead) -> bool:
    leaves = [one.hash for one in await witness.store.leaves(split.origin, 0, head.size)]
    return len(leaves) == head.size and roots(leaves)[head.size] == head.root


def _policy(split: Split) -> Policy:
    return Policy(
        NETWORK, split.home.world.identity, bytes(20), (CA.certificate,), tuple(policies().values())
    )


async def _bundle(node: Region, index: int):
    [leaf] = await node.store.leaves(node.origin, index, 1)
    return await node.reader.bundle([leaf.statement], PUBLIC)


async def play(folder: Path, seed: int, *, on_disk: bool) -> None:
    dice = random.Random(seed)
    async with AsyncExitStack() as stack:
        world, clock = ModelWorld(), HandClock()

        async def region(name: str, file: str) -> Region:
            if on_disk:
                store = await SqliteStore.open(folder / f"{file}.db")
                stack.push_async_callback(store.close)
            else:
                store = ModelStore(Disk(), Process(name, 1, 0.0, after_crash=False), dice, 0.0)
            return Region(name, store, world, clock, policies())

        regions = [await region(name, name) for name in NAMES]
        twin = await region(dice.choice(NAMES), "twin")
        for one in regions:
            one.connect(regions)
        twin.connect([twin, *(one for one in regions if one.name != twin.name)])
        split = Split(folder, regions, twin, dice)
        with listening() as told:
            found = await WAYS[seed % len(WAYS)](split)
            await judge(split, found, told)


def run(
    seed: int, cases: int, folder: Path | None = None, *, on_disk: bool = False
) -> tuple[Counter[str], list[str]]:
    """How often the histories met in each way, and what was believed or found too late.

    In memory, unless ``on_disk``: what is looked at is the same, and takes a tenth of the time.
    """
    met: Counter[str] = Counter()
    findings: list[str] = []
    for case in range(seed * cases, (seed + 1) * cases):
        name = NAMES_OF_WAYS[case % len(WAYS)]
        met[name] += 1
        with tempfile.TemporaryDirectory(dir=folder) as made:
            try:
                asyncio.run(play(Path(made), case, on_disk=on_disk))
            except SplitError as error:
                findings.append(f"{error} (seed {case}: {name})")
    return met, findings


def unmet(met: Mapping[str, int], cases: int) -> list[str]:
    """Ways in which the histories never met, once there were cases enough for every one."""
    return [name for name in NAMES_OF_WAYS if not met.get(name)] if cases >= len(WAYS) else []

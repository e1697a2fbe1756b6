"""A peer that lies to one region, by seed: what that region holds and signs is true, or it says what is not.

What the peer says is well formed and signed as far as it can: with its region's own keys, and with whatever
others signed for something else.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.errors import VerificationError
from ledger.merkle.checkpoint import Checkpoint, format_checkpoint, open_checkpoint, sign_checkpoint
from ledger.merkle.cosignature import check_cosignature, cosign
from ledger.merkle.leaf import encode_leaf, parse_leaf
from ledger.merkle.note import parse_note
from ledger.ports import AnchorRow, FedStatement
from ledger.sharing import Right
from ledger.testing.kit import NoteKey
from ledger.values import TreeHead, witness_name
from tests.faults.rawlog import leaf_hash, roots
from tests.simulation.disk import Disk
from tests.simulation.process import Process
from tests.simulation.store import ModelStore
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
from tests.unit.mirroring.splitting import listening

KINDS = ["bill_of_lading"]
LASTS, AFTER = 6, 12
PEER = Right(peer="anyone")


class LiarError(AssertionError):
    """A lie of a peer that was believed."""


def check(holds: object, what: str) -> None:
    if not holds:
        raise LiarError(what)


@dataclass
class Scene:
    """The region that lies, the one that is lied to, and the third."""

    regions: list[Region]
    liar: Region
    victim: Region
    third: Region
    peer: LocalPeer
    dice: random.Random


Fed = list[FedStatement]


# --- lies about leaves: what is fed is not what is logged


def leaf_left_out(_: Scene, fed: Fed) -> Fed:
    return fed[1:]


def leaf_told_twice(_: Scene, fed: Fed) -> Fed:
    return [fed[0], *fed]


def leaves_exchanged(s: Scene, fed: Fed) -> Fed:
    one, two = s.dice.sample(range(len(fed)), 2)
    fed[one], fed[two] = fed[two], fed[one]
    return fed


def leaf_backdated(s: Scene, fed: Fed) -> Fed:
    at = s.dice.randrange(len(fed))
    leaf = parse_leaf(fed[at].leaf)
    fed[at] = replace(fed[at], leaf=encode_leaf(replace(leaf, received=leaf.received - 60_000)))
    return fed


def leaf_of_another_statement(s: Scene, fed: Fed) -> Fed:
    """A statement that its author signed and nobody logged, in the place of one that was."""
    other = statement(s.liar.name, CARRIER, "bill_of_lading", bill(f"OTHER{s.dice.random()}"))
    signed = other.partition("~")[0].encode()
    at = s.dice.randrange(len(fed))
    leaf = parse_leaf(fed[at].leaf)
    id_ = _id_of(signed)
    fed[at] = FedStatement(encode_leaf(replace(leaf, statement=id_)), signed, ())
    return fed


FALSE_LEAVES = (
    leaf_left_out,
    leaf_told_twice,
    leaves_exchanged,
    leaf_backdated,
    leaf_of_another_statement,
)


# --- lies beside the leaves: which stay as they are


def statement_exchanged(s: Scene, fed: Fed) -> Fed:
    """The leaves as they are, with one another's statements."""
    one, two = s.dice.sample(range(len(fed)), 2)
    a, b = fed[one], fed[two]
    fed[one], fed[two] = replace(a, signed=b.signed), replace(b, signed=a.signed)
    return fed


def disclosures_exchanged(s: Scene, fed: Fed) -> Fed:
    one, two = s.dice.sample(range(len(fed)), 2)
    a, b = fed[one], fed[two]
    fed[one] = replace(a, disclosures=b.disclosures)
    fed[two] = replace(b, disclosures=a.disclosures)
    return fed


def nothing_fed(_: Scene, fed: Fed) -> Fed:
    return []


BESIDE_LEAVES = (statement_exchanged, disclosures_exchanged, nothing_fed)


# --- lies about heads


def checkpoint_of_another_size(s: Scene, origin: Any, size: int) -> str:
    return _note(s, origin, TreeHead(size + s.dice.randint(1, 9), s.dice.randbytes(32)))


def checkpoint_of_another_root(s: Scene, origin: Any, size: int) -> str:
    """Where it is the liar's own log, under its own key: two heads of one size."""
    return _note(s, origin, TreeHead(size, s.dice.randbytes(32)))


def checkpoint_of_another_log(s: Scene, origin: Any, size: int) -> str:
    """A true one, which its own log signed."""
    other = s.dice.choice([one for one in s.regions if one.origin != origin])
    return other.signed[other.origin]


def checkpoint_by_an_impostor(s: Scene, origin: Any, size: int) -> str:
    class Impostor:
        name = str(origin)
        public_key = NoteKey("impostor").public_key
        sign = staticmethod(NoteKey("impostor").sign)

    return sign_checkpoint(
        Checkpoint(str(origin), TreeHead(size, s.dice.randbytes(32))), Impostor()
    )


def checkpoint_that_is_none(s: Scene, origin: Any, size: int) -> str:
    return s.dice.choice(["", "nothing", f"{origin}\n{size}\n\n", "\n\n— x y\n"])


CHECKPOINTS = (
    checkpoint_of_another_size,
    checkpoint_of_another_root,
    checkpoint_of_another_log,
    checkpoint_by_an_impostor,
    checkpoint_that_is_none,
)


# --- lies about cosignatures, all under the liar's own witness key where it is not said otherwise


def cosignature_of_another_root(s: Scene, origin: Any, size: int) -> str:
    return _line(s.liar, origin, TreeHead(size, s.dice.randbytes(32)))


def cosignature_of_another_log(s: Scene, origin: Any, size: int) -> str:
    other = s.dice.choice([one.origin for one in s.regions if one.origin != origin])
    return _line(s.liar, other, TreeHead(size, s.dice.randbytes(32)))


def cosignature_of_the_third(s: Scene, origin: Any, size: int) -> str:
    """The other witness's true line where it has given one, so that one would count twice."""
    return _line(s.third, origin, TreeHead(size, s.dice.randbytes(32)))


def cosignature_that_is_none(s: Scene, origin: Any, size: int) -> str:
    return s.dice.choice(["", "nothing", "— a b\n", f"— {NETWORK}/{s.liar.name}/witness AAAA\n"])


COSIGNATURES = (
    cosignature_of_another_root,
    cosignature_of_another_log,
    cosignature_of_the_third,
    cosignature_that_is_none,
)
LIES: tuple[Callable[..., Any], ...] = (*FALSE_LEAVES, *BESIDE_LEAVES, *CHECKPOINTS, *COSIGNATURES)
NAMES_OF_LIES = tuple(lie.__name__ for lie in LIES)


def _note(s: Scene, origin: Any, head: TreeHead) -> str:
    """Under the log's own key where that is the liar's; of another log it can only hand on what is signed."""
    if origin == s.liar.origin:
        return sign_checkpoint(Checkpoint(str(origin), head), s.liar.key)
    return s.liar.signed[s.liar.origin]


def _line(region: Region, origin: Any, head: TreeHead) -> str:
    key = NoteKey(witness_name(NETWORK, region.name))
    body = format_checkpoint(Checkpoint(str(origin), head))
    return cosign(body, key.name, key.public_key, key.sign, 1_772_409_600)


def _id_of(signed: bytes) -> bytes:
    return hashlib.sha256(signed.rpartition(b".")[0]).digest()


# --- telling, and judging


def tell(s: Scene, lie: Callable[..., Any]) -> Callable[[], int]:
    """Have the peer lie; a function that ends it, and says how often it was told."""
    told = 0
    peer, true = s.peer, (s.peer.feed, s.peer.checkpoint, s.peer.cosignature)

    async def feed(origin: Any, start: int, count: int) -> Fed:
        nonlocal told
        fed = await true[0](origin, start, count)
        if len(fed) < 2 or origin != s.liar.origin:
            return fed
        told += 1
        return lie(s, fed)

    async def checkpoint(origin: Any, size: int | None = None) -> str | None:
        nonlocal told
        told += 1
        return lie(s, origin, size or 1)

    async def cosignature(origin: Any, size: int) -> str | None:
        nonlocal told
        told += 1
        return lie(s, origin, size)

    if lie in CHECKPOINTS:
        peer.checkpoint = checkpoint
    elif lie in COSIGNATURES:
        peer.cosignature = cosignature
    else:
        peer.feed = feed

    def end() -> int:
        peer.feed, peer.checkpoint, peer.cosignature = true
        return told

    return end


async def play(seed: int) -> None:
    dice = random.Random(seed)
    lie = LIES[seed % len(LIES)]
    world, clock = ModelWorld(), HandClock()
    regions = [
        Region(
            name,
            ModelStore(Disk(), Process(name, 1, 0.0, after_crash=False), dice, 0.0),
            world, clock, policies(),
        )
        for name in NAMES
    ]  # fmt: skip
    for one in regions:
        one.connect(regions)
    liar, victim, third = dice.sample(regions, 3)
    peer = next(one for one in victim.peers if one.region == liar.name)
    s = Scene(regions, liar, victim, third, peer, dice)
    for region in regions:
        bills = [
            statement(region.name, CARRIER, "bill_of_lading", bill(f"L{region.name}{n}"))
            for n in range(dice.randint(1, 6))
        ]
        await region.post(registration(region.name, CARRIER, KINDS), *bills)
    end = tell(s, lie)
    await ticks(s, LASTS)
    await judge_signed(s)
    told = end()
    check(told, "lab: there was no occasion for the lie")
    for region in regions:
        await region.post(
            statement(region.name, CARRIER, "bill_of_lading", bill(f"M{region.name}"))
        )
    await ticks(s, AFTER)
    await judge_signed(s)
    await judge_held(s, lie)


async def ticks(s: Scene, count: int) -> None:
    for _ in range(count):
        s.regions[0].clock.turn(s.dice.choice([1, 5, 40]))
        for region in s.regions:
            if s.dice.random() < 0.1:
                region.start()
            await region.anchorer.step()
            await region.mirror.step()
            await region.follower.step()
            await region.witness.step()


async def judge_signed(s: Scene) -> None:
    """Whatever a region keeps of an anchored head was signed for it, and by a witness that holds it."""
    for region in s.regions:
        for log in region.logs.values():
            for row in await region.anchors(log.origin):
                await _judge_row(s, log, row)


async def _judge_row(s: Scene, log: Any, row: AnchorRow) -> None:
    body = format_checkpoint(Checkpoint(str(log.origin), row.facts.head))
    try:
        if row.checkpoint is not None:
            checkpoint, _ = open_checkpoint(row.checkpoint, log.key)
            check(checkpoint.head == row.facts.head, "signed: a checkpoint of another head is kept")
        for name, line in row.cosignatures.items():
            witness = next(one for one in log.witnesses if one.name == name)
            check_cosignature(parse_note(f"{body}\n{line.rstrip()}\n"), witness)
    except VerificationError as error:
        raise LiarError(f"signed: kept what does not hold: {error}") from error
    for region in s.regions:
        if witness_name(NETWORK, region.name) in row.cosignatures:
            check(await _holds(region, log.origin, row.facts.head), "signed: cosigned and not held")


async def _holds(region: Region, origin: Any, head: TreeHead) -> bool:
    leaves = [one.hash for one in await region.store.leaves(origin, 0, head.size)]
    return len(leaves) == head.size and roots(leaves)[head.size] == head.root


async def judge_held(s: Scene, lie: Callable[..., Any]) -> None:
    """The victim holds the true log and all heads have their quorum; or it holds a false one, and says so."""
    origin = s.liar.origin
    true = [leaf_hash(one.leaf) for one in await s.liar.reader.feed(origin, 0, 1000, PEER)]
    held = [one.hash for one in await s.victim.store.leaves(origin, 0, 1000)]
    forks = [subject for _, subject, _, _ in await s.victim.store.evidence("fork")]
    for found in await s.victim.store.found(origin, 0, 1000):
        named = found.leaf.statement == _id_of(found.statement.signed)
        check(named, f"held: leaf {found.leaf.index} without the statement that it names")
    if held != true[: len(held)]:
        check(lie in FALSE_LEAVES, "held: a false leaf is held")
        check(str(origin) in forks, "found: a false leaf is held, and nothing is said")
        own = witness_name(NETWORK, s.victim.name)
        rows = await s.liar.anchors(origin)
        check(not any(own in row.cosignatures for row in rows if row.facts.head.size > len(held)),
              "signed: cosigned beyond a false leaf")  # fmt: skip
        return
    for region in s.regions:
        for one in s.regions:
            rows = await region.anchors(one.origin)
            check(rows, f"lab: {one.name} anchored nothing")
            check(all(row.quorate for row in rows), f"again: {one.name}'s log lacks its quorum")
    if lie is checkpoint_of_another_root and forks:
        check(set(forks) == {str(origin)}, f"found: {forks} for a fork of {origin}")
    elif lie is not checkpoint_of_another_size:
        check(not forks, f"found: forks of {forks} where there is none")


def run(seed: int, cases: int) -> tuple[Counter[str], list[str]]:
    """How often each lie was told, and what was believed of them."""
    told: Counter[str] = Counter()
    findings: list[str] = []
    for case in range(seed * cases, (seed + 1) * cases):
        name = NAMES_OF_LIES[case % len(LIES)]
        told[name] += 1
        try:
            with listening():
                asyncio.run(play(case))
        except LiarError as error:
            findings.append(f"{error} (seed {case}: {name})")
    return told, findings


def untold(told: Mapping[str, int], cases: int) -> list[str]:
    """Lies that were never told, once there were cases enough for every one."""
    return [name for name in NAMES_OF_LIES if not told.get(name)] if cases >= len(LIES) else []

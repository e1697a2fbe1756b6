"""Tells whether every promise was kept, from raw rows and raw chain data. Imports nothing of the product.

Invariants, by the name that a finding begins with:
    kept      every receipt ever given: its index holds that statement and its signed checkpoint is a prefix
              of the final log; beyond the size at which the log was closed, the next epoch holds it
    unique    events of a log: sizes increase, one event per size, each goes on from the one before
    stored    every transaction of our accounts was durable in the outbox before the chain saw it
    nonce     at most one payload per nonce, unless the chain itself took the first one back, or the only
              database that knew of it was replaced by an older one
    roots     leaves re-hashed from their columns = stored hashes = tiles = lock = chain = every event
    cosigned  no witness stands under a head that a thief invented
    again     a head that was anchored and then lost in a roll-back is on the chain again
    once      no statement has two leaves in one log
    mirrored  mirrors hold the same leaves
    settled   all is anchored, cosigned by its quorum and answered, in time
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from tests.faults import rawlog
from tests.faults.rawlog import BrokenError, Key, Proof

_WIDTH = 256


@dataclass(frozen=True)
class Promise:
    """A receipt that was given: the statement's text, the receipt's JSON, its place among all events."""

    compact: str
    receipt: dict
    number: int


@dataclass(frozen=True)
class Lost:
    """Of a log: the first leaf that nobody held any more after a disk was lost, and when that was."""

    first: int
    number: int


@dataclass(frozen=True)
class RawLeaf:
    """A leaf's columns."""

    statement: str
    received: int
    prev: int
    hash: bytes


@dataclass(frozen=True)
class RawTile:
    """A tile's columns."""

    level: int
    index: int
    root: bytes
    data: bytes


@dataclass(frozen=True)
class RawAnchor:
    """An anchor row's columns, and the names of those who cosigned."""

    size: int
    root: bytes
    checkpoint: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True)
class RawEvent:
    """An anchor event."""

    size: int
    root: bytes


@dataclass(frozen=True)
class RawLog:
    """All that is held of one log, at home and elsewhere."""

    region: str
    origin: str
    key: Key
    witnesses: tuple[Key, ...]
    quorum: int
    closed: tuple[int, bytes] | None
    key_lost: bool
    lost: Lost | None
    leaves: list[RawLeaf]
    tiles: list[RawTile]
    lock: tuple[int, bytes] | None
    chain: tuple[int, bytes]
    events: list[RawEvent]
    anchors: dict[str, dict[int, RawAnchor]]
    mirrors: dict[str, list[RawLeaf]]
    forged_lines: list[str]

    def lacks(self, size: int) -> bool:
        """Whether so many leaves were there and are lost: lock and chain remember more than is left."""
        return self.lost is not None and size > len(self.leaves)


@dataclass(frozen=True)
class RawSent:
    """A transaction that a chain saw: its place among all events, and whether the runner forged it."""

    number: int
    sender: str
    nonce: int
    hash: str
    forged: bool


@dataclass
class Checker:
    """Checks a quiet world; ``findings`` fills with what does not hold.

    Attributes:
        lost: receipts that stand on leaves which nobody holds any more, where no copies were asked for.
    """

    logs: list[RawLog]
    promises: list[Promise]
    sent: list[RawSent]
    stored: dict[str, int]
    dropped: dict[tuple[str, int], list[str]]
    findings: list[str] = field(default_factory=list)
    lost: int = 0

    def check(self) -> list[str]:
        self._roots = {log.origin: self._check_tree(log) for log in self.logs}
        for log in self.logs:
            self._check_events(log)
            self._check_anchors(log)
            for line in log.forged_lines:
                self._broken("cosigned", log, f"{line} on a head that the log never had")
        self._check_promises()
        self._check_sent()
        return self.findings

    def _check_tree(self, log: RawLog) -> list[bytes]:
        hashes = [leaf_hash(leaf) for leaf in log.leaves]
        for index, (leaf, found) in enumerate(zip(log.leaves, hashes, strict=True)):
            if leaf.hash != found:
                self._broken("roots", log, f"leaf {index} has another hash than its columns")
        if len({leaf.statement for leaf in log.leaves}) < len(log.leaves):
            self._broken("once", log, "a statement has two leaves")
        received = [leaf.received for leaf in log.leaves]
        if received != sorted(received):
            self._broken("roots", log, "times of leaves decrease")
        roots = rawlog.roots(hashes)
        self._check_tiles(log, hashes)
        for name, head in (("lock", log.lock), ("chain", log.chain)):
            if head is not None and head[0] and not _holds(roots, *head) and not log.lacks(head[0]):
                self._broken("roots", log, f"the {name} holds another head at size {head[0]}")
        for name, leaves in log.mirrors.items():
            if leaves != log.leaves[: len(leaves)]:
                self._broken("mirrored", log, f"{name} holds other leaves")
        return roots

    def _check_tiles(self, log: RawLog, hashes: list[bytes]) -> None:
        expected = {}
        level, row = 0, hashes
        while len(row) >= _WIDTH:
            full = [row[at : at + _WIDTH] for at in range(0, len(row) - _WIDTH + 1, _WIDTH)]
            above = [rawlog.roots(tile)[_WIDTH] for tile in full]
            for index, (tile, root) in enumerate(zip(full, above, strict=True)):
                expected[level, index] = (root, b"".join(tile))
            level, row = level + 1, above
        held = {(tile.level, tile.index): (tile.root, tile.data) for tile in log.tiles}
        if held != expected:
            self._broken("roots", log, "the stored tiles are not those of the leaves")

    def _check_events(self, log: RawLog) -> None:
        before = 0
        for event in log.events:
            if event.size <= before:
                self._broken("unique", log, f"event of size {event.size} after {before}")
            held = _holds(self._roots[log.origin], event.size, event.root)
            if not held and not log.lacks(event.size):
                self._broken("roots", log, f"event of size {event.size} has another root")
            before = event.size

    def _check_anchors(self, log: RawLog) -> None:
        anchored = {event.size for event in log.events}
        for region, rows in log.anchors.items():
            for row in rows.values():
                held = _holds(self._roots[log.origin], row.size, row.root)
                if not held and not log.lacks(row.size):
                    self._broken("roots", log, f"{region} keeps another head of size {row.size}")
                if row.size not in anchored and (log.closed is None or row.size <= log.closed[0]):
                    # Bundles were issued under it: a head that the chain lost has to return.
                    self._broken(
                        "again", log, f"the head of size {row.size} is gone from the chain"
                    )

    def _check_promises(self) -> None:
        by_origin = {log.origin: log for log in self.logs}
        places = {
            log.origin: {leaf.statement: at for at, leaf in enumerate(log.leaves)}
            for log in self.logs
        }
        signed: dict[str, str] = {}
        for promise in self.promises:
            log = by_origin[promise.receipt["origin"]]
            if log.lost is not None and _is_lost(log.lost, promise):
                self.lost += 1
                continue
            if fault := self._unkept(log, promise, signed) or self._left(log, promise, places):
                self._broken("kept", log, f"{promise.receipt['index']}: {fault}")

    def _unkept(self, log: RawLog, promise: Promise, signed: dict[str, str]) -> str:
        receipt = promise.receipt
        signing_input = promise.compact.split("~")[0].rpartition(".")[0]
        statement = hashlib.sha256(signing_input.encode()).hexdigest()
        line, index = receipt["leaf"].encode(), receipt["index"]
        try:
            proof = Proof.of(receipt["proof"])
            checkpoint = proof.checkpoint
            note = receipt["proof"].partition("\n\n")[2]
            if note not in signed:
                good = checkpoint.origin == log.origin and checkpoint.signed_by(log.key)
                signed[note] = "" if good else "the receipt's checkpoint is not this log's"
            if signed[note]:
                return signed[note]
            path = rawlog.root_by_path(rawlog.leaf_hash(line), index, checkpoint.size, proof.path)
        except (BrokenError, ValueError) as error:
            return f"the receipt cannot be read: {error!r}"
        if {receipt["id"], json.loads(line)["statement"]} != {statement} or proof.index != index:
            return "the receipt is for another statement"
        if path != checkpoint.root:
            return "the receipt's own proof does not hold"
        if index >= len(log.leaves) or leaf_line(log.leaves[index]) != line:
            return "the final log holds another leaf there"
        if not _holds(self._roots[log.origin], checkpoint.size, checkpoint.root):
            return f"the final log does not go on from the checkpoint of size {checkpoint.size}"
        return ""

    def _left(self, log: RawLog, promise: Promise, places: dict[str, dict[str, int]]) -> str:
        """What is wrong with a promise beyond the end of a closed log."""
        if log.closed is None or promise.receipt["index"] < log.closed[0]:
            return ""
        later = [one.origin for one in self.logs if one.region == log.region]
        later = [one for one in later if _epoch(one) > _epoch(log.origin)]
        if any(promise.receipt["id"] in places[one] for one in later):
            return ""
        return "no later epoch holds what the closed log left behind"

    def _check_sent(self) -> None:
        payloads: dict[tuple[str, int], list[str]] = {}
        for sent in self.sent:
            place = (sent.sender, sent.nonce)
            seen = payloads.setdefault(place, [])
            if sent.forged:
                continue
            if sent.hash not in seen:
                taken_back = set(self.dropped.get(place, ()))
                if set(seen) - taken_back:
                    self.findings.append(f"nonce: {place} was used by {seen} and {sent.hash}")
                seen.append(sent.hash)
            if self.stored.get(sent.hash, sent.number) >= sent.number:
                self.findings.append(f"stored: {place} was sent before it was stored")

    def _broken(self, invariant: str, log: RawLog, what: str) -> None:
        self.findings.append(f"{invariant}: {log.origin}: {what}")


def unsettled(logs: Iterable[RawLog]) -> list[str]:
    """What still waits to be anchored or cosigned, log by log."""
    found = []
    for log in logs:
        size = len(log.leaves) if log.closed is None else log.closed[0]
        anchored = log.chain[0]
        if log.lost is not None:
            size = min(size, len(log.leaves))
            anchored = min(anchored, size)
        if anchored != size and size:
            found.append(f"{log.origin}: {log.chain[0]} of {size} leaves are anchored")
        if log.closed is None and (log.lock is None or log.lock[0] != size):
            found.append(f"{log.origin}: the lock does not hold the head of size {size}")
        found += [
            f"{log.origin}: {region} mirrors {len(leaves)} of {size} leaves"
            for region, leaves in log.mirrors.items()
            if len(leaves) < size
        ]
        if log.key_lost:
            # Nobody can sign its checkpoints any more; the next epoch holds what they do not cover.
            continue
        # A closing head is settled by two regions, not anchored: it need not be in anyone's rows.
        sizes = [event.size for event in log.events if event.size <= size]
        found += [
            f"{log.origin}: {region} lacks the quorum of size {one}"
            for region in (log.region, *log.mirrors)
            for one in sizes
            if not _quorate(log, region, one)
        ]
    return found


def _quorate(log: RawLog, region: str, size: int) -> bool:
    """Whether a region can show the checkpoint of that size with lines that hold of its quorum."""
    row = log.anchors[region].get(size)
    if row is None or row.checkpoint is None:
        return False
    note = row.checkpoint + "".join(f"{line.rstrip()}\n" for line in row.lines)
    return _has_quorum(note, log.key, log.witnesses, log.quorum)


@lru_cache(maxsize=8192)
def _has_quorum(note: str, key: Key, witnesses: tuple[Key, ...], quorum: int) -> bool:
    try:
        checkpoint = rawlog.Checkpoint.of(note)
        signers = sum(checkpoint.signed_by(one) for one in witnesses)
        return checkpoint.signed_by(key) and signers >= quorum
    except (BrokenError, ValueError):
        return False


def leaf_line(leaf: RawLeaf) -> bytes:
    """RFC 8785 JSON of a leaf: members in order of their names, no spaces."""
    return (
        f'{{"prev":{leaf.prev},"received":{leaf.received},"statement":"{leaf.statement}","v":1}}'
    ).encode()


def leaf_hash(leaf: RawLeaf) -> bytes:
    return rawlog.leaf_hash(leaf_line(leaf))


def _is_lost(lost: Lost, promise: Promise) -> bool:
    """Whether a receipt was given before the loss and its checkpoint reaches beyond what is left."""
    size = int(promise.receipt["proof"].partition("\n\n")[2].split("\n")[1])
    return promise.number < lost.number and size > lost.first


def _holds(roots: list[bytes], size: int, root: bytes) -> bool:
    return size < len(roots) and roots[size] == root


def _epoch(origin: str) -> int:
    return int(origin.rpartition("/")[2])

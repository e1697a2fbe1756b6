"""Tells whether every promise was kept, from what the system serves. Imports nothing of the product.

Invariants, by the name that a finding begins with:
    kept      every receipt ever given: its index holds that statement in the final log, and its signed
              checkpoint is a prefix of the final head
    unique    anchor events of a log: sizes increase, one event per size, each goes on from the one before
    roots     root from entries = served tiles = newest checkpoint = head on the chain = every event's
    repeat    posting an acknowledged statement again gives the same place
    settled   all is anchored and has its quorum within the time given
    mirrored  each mirror serves the same entries
"""

import base64
import hashlib
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import rawchain, rawlog
from tests.faults.asking import ask
from tests.faults.rawlog import BrokenError, Checkpoint, Key, Proof


@dataclass(frozen=True)
class Promise:
    """A receipt the runner was given: the region, the statement's text, the receipt's JSON."""

    region: str
    compact: str
    receipt: dict


@dataclass(frozen=True)
class Log:
    """One log as the network file names it."""

    region: str
    origin: str
    base: str
    key: Key
    witnesses: tuple[Key, ...]
    quorum: int
    mirrors: tuple[str, ...]

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.origin.encode()).digest()


@dataclass
class Checker:
    """Checks one quiet network; ``findings`` fills with what does not hold."""

    network_file: Path
    rpc: str
    promises: list[Promise]
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        network = json.loads(self.network_file.read_text())
        self._ledger = network["chain"]["ledger"]
        self.logs = [self._log(network, one) for one in network["logs"]]
        self._proofs = [Proof.of(one.receipt["proof"]) for one in self.promises]

    def settled(self, seconds: float) -> float:
        """Wait until every promise is under an anchored checkpoint with its quorum; how long it took."""
        start = time.monotonic()
        while missing := [text for log in self.logs if (text := self._unsettled(log))]:
            if time.monotonic() - start > seconds:
                self.findings += [f"settled: {text} after {seconds} s" for text in missing]
                break
            time.sleep(0.25)
        return time.monotonic() - start

    def check(self, sample: int, seed: int) -> None:
        for log in self.logs:
            try:
                self._check_log(log)
            except (BrokenError, ValueError, OSError) as error:
                self.findings.append(f"roots: {log.origin}: {error!r}")
        chosen = random.Random(seed).sample(self.promises, min(sample, len(self.promises)))
        for promise in chosen:
            self._check_repeat(promise)

    def _log(self, network: dict, said: dict) -> Log:
        region = said["origin"].split("/")[1]
        others = [one for one in network["regions"] if one["name"] != region]
        (home,) = [one for one in network["regions"] if one["name"] == region]
        path = f"/logs/{region}/{said['origin'].split('/')[2]}"
        return Log(
            region=region,
            origin=said["origin"],
            base=home["url"] + path,
            key=Key.of(said["key"]),
            witnesses=tuple(Key.of(one["witness"]) for one in others),
            quorum=said["quorum"],
            mirrors=tuple(one["url"] + path for one in others),
        )

    def _mine(self, log: Log) -> list[tuple[Promise, Proof]]:
        both = zip(self.promises, self._proofs, strict=True)
        return [(one, proof) for one, proof in both if one.receipt["origin"] == log.origin]

    def _promised_size(self, log: Log) -> int:
        return max((proof.checkpoint.size for _, proof in self._mine(log)), default=0)

    def _served(self, log: Log) -> Checkpoint:
        checkpoint = Checkpoint.of(rawlog.fetch(f"{log.base}/checkpoint").decode())
        if checkpoint.origin != log.origin or not checkpoint.signed_by(log.key):
            raise BrokenError(f"the checkpoint of {log.origin} is not its own")
        return checkpoint

    def _unsettled(self, log: Log) -> str:
        promised = self._promised_size(log)
        try:
            served = self._served(log)
            size, _ = rawchain.head(self.rpc, self._ledger, log.id)
        except (BrokenError, OSError, ValueError) as error:
            return f"{log.origin}: {error!r}"
        cosigned = sum(served.signed_by(one) for one in log.witnesses)
        if not size == served.size >= promised or cosigned < log.quorum:
            return (
                f"{log.origin}: promised {promised}, anchored {size}, served {served.size}"
                f" with {cosigned} cosignatures"
            )
        return ""

    def _check_log(self, log: Log) -> None:
        served = self._served(log)
        lines = rawlog.entries(log.base, served.size)
        hashes = [rawlog.leaf_hash(line) for line in lines]
        roots = rawlog.roots(hashes)
        chain = rawchain.head(self.rpc, self._ledger, log.id)
        for name, found in (
            ("served checkpoint", (served.size, served.root)),
            ("chain head", chain),
        ):
            if found != (len(lines), roots[-1]):
                self._broken("roots", log, f"{name} is {_short(found)}")
        if rawlog.hash_tiles(log.base, served.size) != b"".join(hashes):
            self._broken("roots", log, "the tiles are not the hashes of the entries")
        self._check_events(log, roots)
        for mirror in log.mirrors:
            if rawlog.entries(mirror, served.size) != lines:
                self._broken("mirrored", log, f"{mirror} serves other entries")
        for promise, proof in self._mine(log):
            if fault := _unkept(promise, proof, log, lines, roots):
                self._broken("kept", log, f"{promise.receipt['index']}: {fault}")

    def _check_events(self, log: Log, roots: list[bytes]) -> None:
        before = (0, None)
        for event in rawchain.events(self.rpc, self._ledger, log.id):
            if event.size <= before[0]:
                self._broken("unique", log, f"event of size {event.size} after {before[0]}")
            if event.old_size != before[0] or before[1] not in (None, event.old_root):
                self._broken("unique", log, f"event of size {event.size} follows no other")
            if event.size >= len(roots) or event.root != roots[event.size]:
                self._broken("roots", log, f"event of size {event.size} has another root")
            before = (event.size, event.root)

    def _check_repeat(self, promise: Promise) -> None:
        node = next(log for log in self.logs if log.region == promise.region).base.split("/logs/")[
            0
        ]
        said = ask(f"{node}/records", promise.compact.encode())
        again = json.loads(said.body) if said.status < 400 else {}
        names = ("id", "origin", "index", "received", "leaf")
        if any(again.get(name) != promise.receipt[name] for name in names):
            self.findings.append(f"repeat: {promise.receipt['origin']} {promise.receipt['index']}")

    def _broken(self, invariant: str, log: Log, what: str) -> None:
        self.findings.append(f"{invariant}: {log.origin}: {what}")


def _unkept(
    promise: Promise, proof: Proof, log: Log, lines: list[bytes], roots: list[bytes]
) -> str:
    """What is wrong with a promise, or ''."""
    receipt, checkpoint = promise.receipt, proof.checkpoint
    signing_input = promise.compact.split("~")[0].rpartition(".")[0]
    statement = hashlib.sha256(signing_input.encode()).hexdigest()
    index, line = receipt["index"], receipt["leaf"].encode()
    if receipt["id"] != statement or json.loads(line)["statement"] != statement:
        return "the receipt is for another statement"
    if proof.index != index or checkpoint.origin != log.origin or not checkpoint.signed_by(log.key):
        return "the receipt's checkpoint is not this log's"
    if rawlog.root_by_path(rawlog.leaf_hash(line), index, checkpoint.size, proof.path) != (
        checkpoint.root
    ):
        return "the receipt's own proof does not hold"
    if index >= len(lines) or lines[index] != line:
        return "the final log holds another leaf there"
    if checkpoint.size >= len(roots) or roots[checkpoint.size] != checkpoint.root:
        return f"the final log does not go on from the checkpoint of size {checkpoint.size}"
    return ""


def _short(head: tuple[int, bytes]) -> str:
    return f"size {head[0]} root {base64.b64encode(head[1][:6]).decode()}"

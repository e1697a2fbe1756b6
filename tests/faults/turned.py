"""Tells whether a turn to the next epoch kept every promise. Imports nothing of the product.

Invariants, by the name that a finding begins with:
    outcome   the log was closed once, where the network file says, and one log follows it
    signed    every receipt's checkpoint is signed by the key of the log that it names
    kept      a receipt's place holds its leaf under the head it was given; what was closed off stands in the
              next log, and both the record and a repeat lead there with the same id
    once      no statement has two leaves in the next log
"""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import rawchain, rawlog
from tests.faults.checker import Checker, Promise
from tests.faults.rawlog import BrokenError, Checkpoint, Key, Proof

_SHOWN = 10  # every tenth record is looked at as readers see it, too


@dataclass
class Turned:
    """One region, its closed log and the one that follows; ``findings`` fills with what does not hold.

    Args:
        old: every receipt given before the turn was known.
        again: what repeats of the same statements gave after it, by id.
    """

    network_file: Path
    rpc: str
    region: str
    old: Sequence[Promise]
    again: dict[str, Promise]
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._signed: dict[tuple, bool] = {}
        network = json.loads(self.network_file.read_text())
        self._registry = network["chain"]["registry"]
        mine = [one for one in network["logs"] if one["origin"].split("/")[1] == self.region]
        self._closed = [one["closed"] for one in mine]
        checker = Checker(self.network_file, self.rpc, [])
        self._logs = {one.origin: one for one in checker.logs if one.region == self.region}
        (self._node,) = {one.base.partition("/logs/")[0] for one in self._logs.values()}

    def check(self) -> None:
        try:
            self._check()
        except (BrokenError, ValueError, KeyError, OSError) as error:
            self.findings.append(f"kept: {self.region}: {error!r}")

    def _check(self) -> None:
        if [one is not None for one in self._closed] != [True, False]:
            self.findings.append(f"outcome: logs of {self.region} are closed at {self._closed}")
            return
        first, second = self._logs.values()
        closing = (self._closed[0]["size"], bytes.fromhex(self._closed[0]["root"]))
        told = rawchain.closings(self.rpc, self._registry, first.id)
        if told != [closing]:
            self.findings.append(f"outcome: closed at {closing[0]}, and on the chain at {told}")
        mine = [one.receipt for one in self.old if one.receipt["origin"] == first.origin]
        held = max(Proof.of(one["proof"]).checkpoint.size for one in mine)
        lines = rawlog.entries(first.base, max(held, closing[0]))
        roots = rawlog.roots([rawlog.leaf_hash(line) for line in lines])
        if roots[closing[0]] != closing[1]:
            self.findings.append("outcome: it was closed at another root than it had")
        size, _ = rawchain.head(self.rpc, self._ledger(), second.id)
        following = rawlog.entries(second.base, size)
        statements = [json.loads(line)["statement"] for line in following]
        if len(set(statements)) < len(statements):
            self.findings.append(f"once: {second.origin} holds a statement twice")
        for promise in self.old:
            fault = self._place_fault(promise, lines, roots)
            fault = fault or self._way_fault(promise, closing[0], following, second.origin)
            if fault:
                place = f"{promise.receipt['origin']} {promise.receipt['index']}"
                self.findings.append(f"{fault[0]}: {place}: {fault[1]}")

    def _ledger(self) -> str:
        return json.loads(self.network_file.read_text())["chain"]["ledger"]

    def _place_fault(
        self, promise: Promise, lines: list[bytes], roots: list[bytes]
    ) -> tuple[str, str] | None:
        """What is wrong at the place that was promised."""
        receipt, proof = promise.receipt, Proof.of(promise.receipt["proof"])
        checkpoint = proof.checkpoint
        log = self._logs[receipt["origin"]]
        if checkpoint.origin != log.origin or not self._is_signed(checkpoint, log.key):
            return "signed", "not by the key of its log"
        if receipt["origin"] != next(iter(self._logs)):
            # The checker of open logs judges these.
            return None
        if roots[checkpoint.size] != checkpoint.root:
            return "kept", f"the log does not go on from the checkpoint of size {checkpoint.size}"
        if lines[receipt["index"]] != receipt["leaf"].encode():
            return "kept", "another leaf stands there"
        return None

    def _is_signed(self, checkpoint: Checkpoint, key: Key) -> bool:
        """Whether that log's key signed; many receipts stand under one checkpoint."""
        signed = (checkpoint.body, checkpoint.signatures)
        if signed not in self._signed:
            self._signed[signed] = checkpoint.signed_by(key)
        return self._signed[signed]

    def _way_fault(
        self, promise: Promise, closing: int, following: list[bytes], second: str
    ) -> tuple[str, str] | None:
        """What is wrong with the way from the old place to the one that counts."""
        receipt = promise.receipt
        if receipt["id"] not in self.again:
            return "kept", "a repeat is not answered with this id"
        now = self.again[receipt["id"]].receipt
        if receipt["origin"] == second or receipt["index"] < closing:
            names = ("origin", "index", "received", "leaf")
            moved = any(now[name] != receipt[name] for name in names)
            return ("kept", "a repeat gives another place") if moved else None
        if now["origin"] != second or following[now["index"]] != now["leaf"].encode():
            return (
                "kept",
                f"a repeat leads to {now['origin']} {now['index']}, which does not hold it",
            )
        if json.loads(now["leaf"])["statement"] != receipt["id"]:
            return "kept", "the next log holds another statement there"
        if now["index"] % _SHOWN:
            return None
        with urllib.request.urlopen(f"{self._node}/records/{receipt['id']}", timeout=30) as answer:
            view = json.load(answer)
        if (view["origin"], view["index"]) != (now["origin"], now["index"]):
            return "kept", f"the record is shown at {view['origin']} {view['index']}"
        return None

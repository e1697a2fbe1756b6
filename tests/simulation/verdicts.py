"""Was a verdict right? Bundles are read by hand here; the product's verifier is what is judged.

Findings begin with:
    verdict   passed for a head without its quorum, or one that was never on the pinned chain, or, where the
              chain was asked, one that is not there now; failed for a file that nobody changed
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from unittest import mock

from ledger.chain import reading
from ledger.chain.network import Network, network_json
from ledger.cli.chainfacts import read_chain
from ledger.values import Millis
from ledger.verify import ChainReading
from ledger.verify.policy import policy_from_network
from ledger.verify.report import Report, State
from ledger.verify.verifier import verify_file
from tests.faults.rawlog import Checkpoint, Key, Proof
from tests.simulation.evm import EvmChain, EvmRpc, Shown

_QUORUM = 2


@dataclass(frozen=True)
class Stands:
    """One head that a bundle stands on, and where it says that this was anchored."""

    checkpoint: Checkpoint
    anchor: dict | None


@dataclass
class Oracle:
    """Asks for verdicts and judges them.

    Args:
        published: the network as it was pinned.
        chain: the pinned chain.

    Attributes:
        given: verdicts by who was asked and what was said, with the chain check's code where it failed.
        ever: heads that the pinned chain once held, by log.
        stood: heads that a file passed under offline.
    """

    published: Network
    chain: EvmChain
    given: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    ever: dict[bytes, set[tuple[int, bytes]]] = field(default_factory=dict)
    stood: dict[bytes, set[tuple[int, bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.adopt(self.chain, self.published)
        self._witnesses = {one.name: Key.of(one.witness.text()) for one in self.published.regions}

    def adopt(self, chain: EvmChain, published: Network) -> None:
        """Pin this chain from now on."""
        self.chain, self.published = chain, published
        self._policy = policy_from_network(network_json(published))

    def remember(self) -> None:
        """Take note of what the pinned chain holds now."""
        for event in self.chain.events():
            self.ever.setdefault(event.log, set()).add((event.head.size, event.head.root))

    async def ask(self, file: bytes, shown: EvmChain, at: Millis) -> None:
        """Verdicts on one file that nobody changed, offline and by the chain that an RPC shows."""
        self.remember()
        stands = _stands(file)
        offline = verify_file(file, self._policy, at=at)
        self._count("offline", offline)
        if offline.verdict is State.PASSED:
            for one in stands:
                self._check_stood(one)
        elif offline.verdict is State.FAILED:
            self.findings.append(f"verdict: offline: an honest file fails: {_failed(offline)}")
        before = self.chain.events()
        online = verify_file(file, self._policy, at=at, chain=await self._read(file, shown))
        self._count("online", online)
        if online.verdict is State.PASSED:
            self._check_there(stands, shown, [*before, *self.chain.events()])
        elif online.verdict is State.FAILED:
            self.findings.append(f"verdict: online: an honest file fails: {_failed(online)}")

    def settled(self) -> list[str]:
        """Heads that a file passed under and that are not on the pinned chain in the end."""
        now: dict[bytes, set[tuple[int, bytes]]] = {}
        for event in self.chain.events():
            now.setdefault(event.log, set()).add((event.head.size, event.head.root))
        return [
            f"verdict: a file passed under size {size}, which is not on the chain in the end"
            for log, heads in self.stood.items()
            for size, _ in sorted(heads - now.get(log, set()))
        ]

    async def _read(self, file: bytes, shown: EvmChain) -> ChainReading:
        rpc = EvmRpc(lambda: shown)
        with mock.patch.object(reading, "Rpc", return_value=rpc):
            return await read_chain("evm", file, self._policy)

    def _count(self, how: str, report: Report) -> None:
        self.given[f"{how} {report.verdict}"] += 1
        for code in {one.check("chain").code for one in report.records}:
            self.given[f"{how} {code}"] += 1

    def _check_stood(self, one: Stands) -> None:
        point = one.checkpoint
        log, head = _log(point), (point.size, point.root)
        region = point.origin.split("/")[1]
        signers = sum(
            point.signed_by(key) for name, key in self._witnesses.items() if name != region
        )
        if signers < _QUORUM:
            self.findings.append(f"verdict: passed with {signers} cosignatures: {point.origin}")
        if head not in self.ever.get(log, set()):
            self.findings.append(f"verdict: passed, never on the chain: {point.origin} {head[0]}")
        self.stood.setdefault(log, set()).add(head)

    def _check_there(self, stands: list[Stands], shown: EvmChain, events: list[Shown]) -> None:
        if shown is not self.chain:
            self.findings.append("verdict: passed by another chain")
        for one in stands:
            self._check_stood(one)
            found = [event for event in events if _is_there(one, event)]
            if not found:
                size = one.checkpoint.size
                self.findings.append(f"verdict: passed online, size {size} is not on the chain")


def _stands(file: bytes) -> list[Stands]:
    said = json.loads(file)
    return [
        Stands(Proof.of(one["proof"]).checkpoint, one.get("anchor"))
        for one in [*said["records"], *said["operators"]]
    ]


def _is_there(one: Stands, event: Shown) -> bool:
    point, anchor = one.checkpoint, one.anchor
    return (
        anchor is not None
        and (event.log, event.head.size, event.head.root) == (_log(point), point.size, point.root)
        and anchor["block_number"] == event.block_number
        and anchor["block_hash"] == event.block_hash.hex()
    )


def _log(point: Checkpoint) -> bytes:
    return hashlib.sha256(point.origin.encode()).digest()


def _failed(report: Report) -> str:
    checks = [check for one in report.records for check in one.checks]
    codes = {check.code for check in (*checks, *report.checks) if check.state is State.FAILED}
    return " ".join(sorted(codes))

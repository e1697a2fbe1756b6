"""A chain of blocks over the modelled contracts: accounts, a pool, roll-backs; the same for all who look."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead
from tests.simulation.contract import Contracts, Refused

DEPLOYED = 3
LEDGER = hashlib.sha256(b"TreeHeadLedger").digest()[:20]
CODE = hashlib.sha256(b"code").digest()


def digest(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class Sent:
    """A signed anchor transaction taken apart."""

    raw: bytes
    hash: bytes
    sender: bytes
    nonce: int
    log: bytes
    size: int
    root: bytes
    proof: tuple[bytes, ...]

    @classmethod
    def of(cls, raw: bytes) -> "Sent":
        said = json.loads(raw)
        return cls(
            raw, hashlib.sha256(raw).digest(), bytes.fromhex(said["sender"]), said["nonce"],
            bytes.fromhex(said["log"]), said["size"], bytes.fromhex(said["root"]),
            tuple(bytes.fromhex(one) for one in said["proof"]),
        )  # fmt: skip


def raw_anchor(sender: bytes, nonce: int, log: bytes, head: TreeHead, proof) -> bytes:
    """The bytes of an anchor transaction; the same ones each time."""
    call = {
        "sender": sender.hex(), "nonce": nonce, "log": log.hex(), "size": head.size,
        "root": head.root.hex(), "proof": [one.hex() for one in proof],
    }  # fmt: skip
    return json.dumps(call).encode()


@dataclass(slots=True)
class Mined:
    """A block and all that changed with it; the state before is kept for roll-backs."""

    number: int
    hash: bytes
    time: Millis
    before: Contracts
    sent: list[tuple[Sent, bool]] = field(default_factory=list)
    events: list[AnchorFacts] = field(default_factory=list)


class Chain:
    """One chain.

    Attributes:
        seen: every transaction that reached it, in order: (number in the trace, the transaction).
        seen_at: when each of them did.
        dropped: (sender, nonce) → hashes of transactions that were rolled back, or that nobody knows now.
        lost: events that a roll-back took away.
    """

    def __init__(self, name: str, contracts: Contracts, clock: Callable[[], Millis]) -> None:
        self.name = name
        self.contracts = contracts
        self.blocks: list[Mined] = []
        self.pool: dict[tuple[bytes, int], Sent] = {}
        self.nonces: dict[bytes, int] = {}
        self.receipts: dict[bytes, tuple[bool, int]] = {}
        self.seen: list[tuple[int, Sent]] = []
        self.seen_at: list[Millis] = []
        self.dropped: dict[tuple[bytes, int], list[bytes]] = {}
        self.lost: list[AnchorFacts] = []
        self.at_once = True
        self._clock = clock
        self._fork = 0
        for _ in range(DEPLOYED + 1):
            self.mine()
        self.identity = ChainIdentity(
            1337, self.blocks[0].hash, DEPLOYED, self.blocks[DEPLOYED].hash, LEDGER, CODE
        )

    @property
    def newest(self) -> Mined:
        return self.blocks[-1]

    def block(self, number: int) -> Mined:
        return self.blocks[number]

    def nonce(self, sender: bytes) -> int:
        return self.nonces.get(sender, 0)

    def head_of(self, log: bytes) -> TreeHead:
        head = self.contracts.head(log)
        return TreeHead(head.size, head.root)

    def events(self, log: bytes | None = None) -> list[AnchorFacts]:
        return [
            event
            for block in self.blocks
            for event in block.events
            if log is None or event.log_id == log
        ]

    def receive(self, number: int, raw: bytes) -> bool:
        """Take a transaction; False where another one with its nonce waits already."""
        sent = Sent.of(raw)
        self.seen.append((number, sent))
        self.seen_at.append(self._clock())
        if sent.nonce < self.nonce(sent.sender):
            return True
        waiting = self.pool.setdefault((sent.sender, sent.nonce), sent)
        if waiting.hash != sent.hash:
            return False
        if self.at_once:
            self.mine_pool()
        return True

    def mine_pool(self, *, empty: bool = False) -> None:
        """Mine what waits and has its turn; ``empty`` makes a block also where nothing does."""
        while due := [one for one in self.pool.values() if one.nonce == self.nonce(one.sender)]:
            block = self.mine()
            for sent in due:
                self._execute(block, sent)
            empty = False
        if empty:
            self.mine()

    def mine(self) -> Mined:
        number = len(self.blocks)
        before = self.contracts.copy()
        block = Mined(number, digest(self.name, number, self._fork), self._clock(), before)
        self.blocks.append(block)
        return block

    def call(self, change: Callable[[Contracts, int], object], sender: bytes) -> None:
        """A call of somebody else in a block of its own; raises Refused, and then changes nothing."""
        block = self.mine()
        self._change(block, sender, bytes(32), lambda made: change(made, block.time // 1000))

    def roll_back(self, to_block: int, *, return_to_pool: bool) -> None:
        """Lose every block above; what is mined afterwards has other hashes."""
        gone = self.blocks[max(to_block, DEPLOYED) + 1 :]
        del self.blocks[max(to_block, DEPLOYED) + 1 :]
        self._fork += 1
        self.pool.clear()
        for block in reversed(gone):
            self.contracts = block.before
            self.lost += block.events
            for sent, _ in block.sent:
                self.nonces[sent.sender] = min(self.nonce(sent.sender), sent.nonce)
                del self.receipts[sent.hash]
                self.dropped.setdefault((sent.sender, sent.nonce), []).append(sent.hash)
                if return_to_pool:
                    self.pool[sent.sender, sent.nonce] = sent

    def _execute(self, block: Mined, sent: Sent) -> None:
        del self.pool[sent.sender, sent.nonce]
        self.nonces[sent.sender] = sent.nonce + 1
        try:
            self._change(
                block, sent.sender, sent.hash,
                lambda made: made.anchor(
                    sent.sender, sent.log, sent.size, sent.root, sent.proof, block.time // 1000
                ),
            )  # fmt: skip
            ok = True
        except Refused:
            ok = False
        block.sent.append((sent, ok))
        self.receipts[sent.hash] = (ok, block.number)

    def _change(self, block: Mined, sender: bytes, transaction: bytes, change) -> None:
        made = self.contracts.copy()
        event = change(made)
        self.contracts = made
        if event is not None:
            block.events.append(
                AnchorFacts(
                    event.log, TreeHead(event.size, event.root), block.number, block.hash,
                    transaction if any(transaction) else digest(sender, block.hash),
                    len(block.events), Millis(block.time // 1000 * 1000),
                )
            )  # fmt: skip

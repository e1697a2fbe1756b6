"""A chain in memory that keeps TreeHeadLedger's rules, for tests of the services that use one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from ledger.errors import ConflictError, InputError, UnavailableError, VerificationError
from ledger.merkle.proofs import check_consistency
from ledger.ports import Block, ChainHead, Receipt, SignedTransaction
from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead

MAX_GROWTH = 1 << 24
EMPTY = TreeHead(0, bytes(32))
DEPLOYED = 3


def digest(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


@dataclass
class Mined:
    block: Block
    transactions: list[tuple[bytes, bool]] = field(default_factory=list)
    events: list[AnchorFacts] = field(default_factory=list)


class ModelWorld:
    """Blocks, heads and nonces; each transaction is mined in a block of its own, unless held back."""

    def __init__(self, name: str = "chain") -> None:
        self.name = name
        self.blocks: list[Mined] = []
        self.time = 1_700_000_000_000
        self.owners: dict[bytes, bytes] = {}
        self.pool: dict[bytes, bytes] = {}
        self.hold = False
        self.fork = 0
        for _ in range(DEPLOYED + 1):
            self.mine()
        self.identity = ChainIdentity(
            1337,
            self.blocks[0].block.hash,
            DEPLOYED,
            self.blocks[DEPLOYED].block.hash,
            bytes(20),
            digest("code"),
        )

    def mine(self) -> Mined:
        number = len(self.blocks)
        self.time += 1000
        mined = Mined(Block(number, digest(self.name, number, self.fork), Millis(self.time)))
        self.blocks.append(mined)
        return mined

    def roll_back(self, to_block: int) -> None:
        """Lose every block above; what is mined afterwards has other hashes."""
        del self.blocks[to_block + 1 :]
        self.fork += 1

    def head(self, log_id: bytes) -> AnchorFacts | None:
        for mined in reversed(self.blocks):
            for event in reversed(mined.events):
                if event.log_id == log_id:
                    return event
        return None

    def nonce(self, sender: bytes) -> int:
        return sum(
            1 for mined in self.blocks for raw, _ in mined.transactions if _sender(raw) == sender
        )

    def receive(self, raw: bytes) -> None:
        self.pool[hashlib.sha256(raw).digest()] = raw
        if not self.hold:
            self.release()

    def release(self) -> None:
        """Mine what can be mined of the pool."""
        progress = True
        while progress:
            progress = False
            for key, raw in list(self.pool.items()):
                call = json.loads(raw)
                nonce = self.nonce(bytes.fromhex(call["sender"]))
                if call["nonce"] < nonce:
                    del self.pool[key]
                elif call["nonce"] == nonce:
                    del self.pool[key]
                    self._execute(raw, call)
                    progress = True

    def _execute(self, raw: bytes, call: dict) -> None:
        mined = self.mine()
        log_id = bytes.fromhex(call["log"])
        new = TreeHead(call["size"], bytes.fromhex(call["root"]))
        current = self.head(log_id)
        old = current.head if current else EMPTY
        proof = [bytes.fromhex(one) for one in call["proof"]]
        ok = self.owners.get(log_id) == bytes.fromhex(call["sender"]) and _accepts(old, new, proof)
        mined.transactions.append((raw, ok))
        if ok and new != old:
            transaction = hashlib.sha256(raw).digest()
            block = mined.block
            mined.events.append(
                AnchorFacts(log_id, new, block.number, block.hash, transaction, 0, block.time)
            )


class ModelChain:
    """ports.Chain of one anchor account on the model world."""

    def __init__(self, world: ModelWorld, name: str, confirmations: int = 0) -> None:
        self.world = world
        self.account = digest("account", name)[:20]
        self.confirmations = confirmations
        self.down = False
        self.lose_sends = 0
        self.sent: list[bytes] = []

    @property
    def sender(self) -> bytes:
        return self.account

    def _check(self) -> None:
        if self.down:
            raise UnavailableError("chain_unavailable", "the model chain is down")

    async def identity(self) -> ChainIdentity:
        self._check()
        return self.world.identity

    async def final_block(self) -> Block:
        self._check()
        last = max(len(self.world.blocks) - 1 - self.confirmations, 0)
        return self.world.blocks[last].block

    async def block(self, number: int) -> Block:
        self._check()
        if number >= len(self.world.blocks):
            raise UnavailableError("chain_behind", f"no block {number} yet")
        return self.world.blocks[number].block

    async def head(self, log_id: bytes) -> ChainHead:
        self._check()
        event = self.world.head(log_id)
        return ChainHead(event.head, event.block_time) if event else ChainHead(EMPTY, Millis(0))

    async def nonce(self) -> int:
        self._check()
        return self.world.nonce(self.account)

    def sign_anchor(self, nonce, log_id, head, proof) -> SignedTransaction:
        call = {
            "sender": self.account.hex(),
            "nonce": nonce,
            "log": log_id.hex(),
            "size": head.size,
            "root": head.root.hex(),
            "proof": [one.hex() for one in proof],
        }
        raw = json.dumps(call, sort_keys=True).encode()
        return SignedTransaction(raw, hashlib.sha256(raw).digest())

    def sign_dearer(self, raws, most) -> SignedTransaction | None:
        calls = [json.loads(raw) for raw in raws]
        call = max(calls, key=lambda one: one.get("price", 0))
        call["price"] = call.get("price", 0) + 1
        raw = json.dumps(call, sort_keys=True).encode()
        if call["price"] > most:
            return None
        return SignedTransaction(raw, hashlib.sha256(raw).digest())

    async def send(self, raw: bytes) -> None:
        self._check()
        self.sent.append(raw)
        if self.lose_sends:
            self.lose_sends -= 1
            return
        self.world.receive(raw)

    async def receipt(self, transaction: bytes) -> Receipt | None:
        self._check()
        for mined in self.world.blocks:
            for raw, ok in mined.transactions:
                if hashlib.sha256(raw).digest() == transaction:
                    return Receipt(ok, mined.block.number, mined.block.hash)
        return None

    async def refusal(self, transaction: bytes) -> ConflictError | None:
        receipt = await self.receipt(transaction)
        if receipt is None or receipt.ok:
            return None
        return ConflictError("contract_model", "ModelSays(no)")

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        self._check()
        return [e for mined in self.world.blocks[from_block : to_block + 1] for e in mined.events]


def _sender(raw: bytes) -> bytes:
    return bytes.fromhex(json.loads(raw)["sender"])


def _accepts(old: TreeHead, new: TreeHead, proof: list[bytes]) -> bool:
    if new.size == 0:
        return False
    if new == old:
        return True
    if new.size <= old.size or new.size - old.size > MAX_GROWTH:
        return False
    if old.size == 0:
        return not proof
    try:
        check_consistency(old, new, proof)
    except (VerificationError, InputError):
        return False
    return True

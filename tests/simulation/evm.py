"""A real EVM with the compiled contracts, in the simulation's process and time, behind the nodes' adapter."""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.accounts import FREE, Account, address_of
from ledger.chain.deploy import RegionKeys, deploy
from ledger.chain.rawtransactions import read_raw
from ledger.chain.registry import Registry
from ledger.chain.rpc import Call, Rpc
from ledger.chain.sending import Sender
from ledger.devchain.backend import DurableBackend
from ledger.devchain.faults import RpcFault
from ledger.devchain.genesis import CHAIN_ID, Genesis
from ledger.devchain.methods import invoke
from ledger.errors import UnavailableError
from ledger.keys.demo import demo_log_key
from ledger.ports import Tasks
from ledger.values import ChainIdentity, Millis, TreeHead, witness_name
from tests.simulation.statements import NETWORK, REGIONS

_ANCHORED = "0xc25f37d20d47e73c4b065c43ec9f946fd9ece3644c64f3a2ae8c66c75395eee7"  # TreeHeadAnchored
_OLD = 70
_NOTHING = TreeHead(0, bytes(32))


def key(name: str) -> bytes:
    """The secp256k1 key of an account of the simulation."""
    return hashlib.sha256(f"simulated account of {name}".encode()).digest()


def anchor_key(region: str) -> bytes:
    return key(f"{region}'s anchors")


@dataclass(frozen=True, slots=True)
class SentRaw:
    """A transaction as it arrived."""

    raw: bytes
    hash: bytes
    sender: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An anchor event and where it stands."""

    log: bytes
    head: TreeHead
    block_number: int
    block_hash: bytes
    transaction: bytes


class EvmChain:
    """One chain: blocks at will, roll-backs, and its own record of what happened, read from raw receipts.

    Attributes:
        identity: set once the contracts are deployed.
        floor: nothing is rolled back at or below this block.
        seen: every transaction that a node sent, in order: (number in the trace, the transaction).
        dropped: (sender, nonce) → hashes of transactions that were rolled back.
    """

    identity: ChainIdentity

    def __init__(
        self,
        name: str,
        clock: Callable[[], Millis],
        rng: random.Random,
        note: Callable[..., int],
        chain_id: int = CHAIN_ID,
    ) -> None:
        self.name = name
        self.floor = 0
        self.seen: list[tuple[int, SentRaw]] = []
        self.dropped: dict[tuple[bytes, int], list[bytes]] = {}
        self.forged: set[bytes] = set()
        self._clock = clock
        # Begun and founded some minutes ago, so that the deepest roll-back finds blocks to take away.
        self._slow: Millis | None = Millis(clock() - 2000 * _OLD)
        self._note = note
        self._events: list[Shown] = []
        self._sent: list[tuple[int, SentRaw]] = []
        genesis = Genesis(now=self._now, entropy=rng.randbytes, chain_id=chain_id)
        self.backend = DurableBackend(None, genesis)

    def ask(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        """A JSON-RPC answer's result or error."""
        if method == "eth_sendRawTransaction":
            return self._receive(bytes.fromhex(params[0].removeprefix("0x")))
        return self._invoke(method, params)

    def events(self, log: bytes | None = None) -> list[Shown]:
        return [one for one in self._events if log is None or one.log == log]

    def head_of(self, log: bytes) -> TreeHead:
        mine = self.events(log)
        return mine[-1].head if mine else _NOTHING

    def mine_pool(self, *, empty: bool = False) -> None:
        """Every transaction is mined as it comes; ``empty`` makes a block without any."""
        if empty:
            self.backend.mine_empty()

    def snapshot(self) -> int:
        """What ``reset`` takes the chain back to."""
        return self.backend.height

    def reset(self, height: int) -> list[bytes]:
        """Lose every block above; the transactions that were in them, oldest first."""
        gone = [one for number, one in self._sent if number > height]
        for one in gone:
            self.dropped.setdefault((one.sender, one.nonce), []).append(one.hash)
        self._sent = self._sent[: len(self._sent) - len(gone)]
        self._events = [one for one in self._events if one.block_number <= height]
        self.backend.revert_to_snapshot(self.backend.header_at(height).hash)
        return [one.raw for one in gone]

    def reorganise(
        self, depth: int, returned: Sequence[bool], gaps: Sequence[int], more: int
    ) -> int:
        """Put other blocks in the place of the newest ones; gives how many anchors were in them.

        Args:
            returned: for each of their transactions whether it comes back, as far as its nonce is due.
            gaps: empty blocks before each of these.
            more: by how much the chain is longer afterwards, where the gaps leave room for it.
        """
        top = self.backend.height
        base = max(top - depth, self.floor)
        raws = self.reset(base)
        # Other blocks of the same time: the chain does not run ahead of the clocks.
        self._slow = Millis(0)
        try:
            for raw, comes, gap in zip(raws, returned, gaps, strict=False):
                if comes:
                    for _ in range(gap):
                        self.backend.mine_empty()
                    self._execute(raw)
            while self.backend.height < top + more:
                self.backend.mine_empty()
        finally:
            self._slow = None
        return len(raws)

    async def found(self, tasks: Tasks, before: int = 0) -> None:
        """Deploy the contracts and register a log for each region, ``before`` so many empty blocks."""
        for _ in range(before):
            self.backend.mine_empty()
        rpc = EvmRpc(lambda: self)
        regions = [
            RegionKeys(
                name,
                address_of(key(f"{name}'s authority")),
                demo_log_key(witness_name(NETWORK, name)).public_key,
            )
            for name in REGIONS
        ]
        made = await deploy(rpc, key("deployer"), regions, base="demo", tasks=tasks)
        self.identity = made.chain
        for name in REGIONS:
            account = Account(key(f"{name}'s authority"))
            sender = Sender(rpc, account, made.chain.chain_id, tasks, FREE)
            origin = f"{NETWORK}/{name}/1"
            await Registry(rpc, made.registry, sender).register_log(
                origin, demo_log_key(origin).public_key, address_of(anchor_key(name))
            )
        self.seen.clear()
        self._sent.clear()
        self.floor = self.backend.height
        for _ in range(_OLD):
            self.backend.mine_empty()
        self._slow = None

    def _now(self) -> Millis:
        return self._clock() if self._slow is None else self._slow

    def _invoke(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        try:
            return {"result": json.loads(json.dumps(invoke(self.backend, method, list(params))))}
        except RpcFault as fault:
            return {"error": fault.to_json()}

    def _receive(self, raw: bytes) -> dict[str, Any]:
        read = self.backend.chain.get_transaction_builder().decode(raw)
        sent = SentRaw(raw, read.hash, read.sender, read_raw(raw).nonce)
        words = ("chain", self.name, "receives", sent.hash.hex()[:12], sent.nonce)
        self.seen.append((self._note(*words), sent))
        return self._execute(raw)

    def _execute(self, raw: bytes) -> dict[str, Any]:
        answer = self._invoke("eth_sendRawTransaction", ["0x" + raw.hex()])
        if "result" in answer:
            read = self.backend.chain.get_transaction_builder().decode(raw)
            sent = SentRaw(raw, read.hash, read.sender, read_raw(raw).nonce)
            self._sent.append((self.backend.height, sent))
            receipt = self._invoke("eth_getTransactionReceipt", [answer["result"]])["result"]
            self._events += [
                _shown(log) for log in receipt["logs"] if log["topics"][0] == _ANCHORED
            ]
        return answer


class EvmRpc(Rpc):
    """ledger.chain.rpc.Rpc without a wire.

    Args:
        chain: the chain at its other end now; raises UnavailableError where nobody answers.
        rng: between two calls the chain may go on; None where it may not.
    """

    def __init__(self, chain: Callable[[], EvmChain], rng: random.Random | None = None) -> None:
        self._chain = chain
        self._rng = rng
        self.shown = "evm"

    async def call(self, method: str, *params: object) -> Any:
        if self._rng is not None and self._rng.random() < 0.15:
            await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.02)))
        return self._result(self._chain().ask(method, params))

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return [await self.call(method, *params) for method, params in calls]

    def close(self) -> None:
        """There is nothing to close."""


def silent() -> EvmChain:
    """For EvmRpc: nobody answers."""
    raise UnavailableError("chain_unavailable", "the chain does not answer")


def _shown(log: dict[str, Any]) -> Shown:
    root, data = log["data"][2:66], log["data"]
    assert len(data) == 2 + 3 * 64
    return Shown(
        bytes.fromhex(log["topics"][1][2:]),
        TreeHead(int(log["topics"][2], 16), bytes.fromhex(root)),
        int(log["blockNumber"], 16),
        bytes.fromhex(log["blockHash"][2:]),
        bytes.fromhex(log["transactionHash"][2:]),
    )

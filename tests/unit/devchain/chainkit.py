"""A dev chain without a socket, and the calls of its tests."""

import asyncio
import json
from typing import Any

from ledger.devchain.backend import DurableBackend
from ledger.devchain.faults import RpcFault
from ledger.devchain.genesis import Genesis
from ledger.devchain.methods import invoke
from ledger.values import Millis

START = 1_772_409_600_000

# Runtime code that stores nothing and reverts with the four bytes 0xdeadbeef; deployed by INIT.
# PUSH4 deadbeef PUSH1 0 MSTORE PUSH1 4 PUSH1 28 REVERT
REVERTER = bytes.fromhex("63deadbeef6000526004601cfd")
# Emits LOG2 with topics 1 and 2 and LOG1 with topic 1.
LOGGER = bytes.fromhex("6002600160006000a2600160006000a1")
# Answers with the block's time. TIMESTAMP PUSH1 0 MSTORE PUSH1 32 PUSH1 0 RETURN
TIMER = bytes.fromhex("4260005260206000f3")
# Reverts before the time that its call data name.
# PUSH1 0 CALLDATALOAD TIMESTAMP LT PUSH1 9 JUMPI STOP JUMPDEST PUSH1 0 PUSH1 0 REVERT
ALARM = bytes.fromhex("6000354210600957005b60006000fd")


def init(runtime: bytes) -> str:
    """Creation code that deploys runtime (at most 32 bytes)."""
    push = bytes([0x5F + len(runtime)]) + runtime
    store = bytes.fromhex("600052")
    back = bytes([0x60, len(runtime), 0x60, 32 - len(runtime), 0xF3])
    return "0x" + (push + store + back).hex()


class Clock:
    def __init__(self) -> None:
        self.millis = START

    def __call__(self) -> Millis:
        return Millis(self.millis)


def genesis(clock: Clock | None = None, *, seed: int = 1, **settings: Any) -> Genesis:
    counter = [seed]

    def entropy(size: int) -> bytes:
        counter[0] += 1
        return counter[0].to_bytes(size, "big")

    return Genesis(now=clock or Clock(), entropy=entropy, **settings)


class Direct:
    """Calls methods on a backend in this thread."""

    def __init__(self, path=None, clock=None, **settings) -> None:
        self.backend = DurableBackend(path, genesis(clock, **settings))

    def __call__(self, method: str, *params: object) -> Any:
        return invoke(self.backend, method, list(params))

    def fault(self, method: str, *params: object) -> RpcFault:
        try:
            self(method, *params)
        except RpcFault as fault:
            return fault
        raise AssertionError(f"{method} was answered")

    def account(self, index: int = 0) -> str:
        return self("eth_accounts")[index]

    def pay(self, value: int = 1) -> str:
        return self(
            "eth_sendTransaction",
            {"from": self.account(0), "to": self.account(1), "value": hex(value)},
        )

    def deploy(self, runtime: bytes) -> str:
        sent = self("eth_sendTransaction", {"from": self.account(0), "data": init(runtime)})
        return self("eth_getTransactionReceipt", sent)["contractAddress"]


def post(served, body: bytes, method: str = "POST", kind: str = "http") -> tuple[int, Any]:
    """One request to the ASGI app; the status and the parsed body."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    async def run():
        await served({"type": kind, "method": method}, receive, send)

    asyncio.run(run())
    return sent[0]["status"], json.loads(sent[1]["body"])

"""A deployed pair of contracts with one log, and the tree that grows in it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from ledger.chain.accounts import Account, Fees, address_of
from ledger.chain.deploy import Deployment, RegionKeys, deploy
from ledger.chain.registry import Registry
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender
from ledger.chain.web3chain import Web3Chain
from ledger.merkle.hashing import leaf_hash, root_of
from ledger.merkle.proofs import prove_consistency
from ledger.node.world import AsyncioTasks
from ledger.values import Origin, TreeHead

NAMES = ("beijing", "tianjin", "hebei")


def key(name: str) -> bytes:
    return hashlib.sha256(f"engine test {name}".encode()).digest()


class World:
    def __init__(self, rpc: Rpc, fees: Fees, tasks: AsyncioTasks) -> None:
        self.rpc = rpc
        self.fees = fees
        self.tasks = tasks
        self.deployment: Deployment
        self.leaves = [leaf_hash(str(n).encode()) for n in range(600)]

    async def begin(self) -> None:
        regions = [
            RegionKeys(name, address_of(key(f"authority {name}")), key(f"cosigner {name}"))
            for name in NAMES
        ]
        self.deployment = await deploy(
            self.rpc,
            key("deployer"),
            regions,
            base="demo",
            tasks=self.tasks,
            fees=self.fees,
            delay_seconds=1,
        )

    @property
    def origin(self) -> Origin:
        return Origin(self.deployment.network, "beijing", 1)

    @property
    def log(self) -> bytes:
        return self.origin.log_id

    async def register(self, region: str = "beijing", anchor: str = "anchor") -> bytes:
        origin = Origin(self.deployment.network, region, 1)
        registry = self.registry(region)
        await registry.register_log(str(origin), key(f"log {region}"), address_of(key(anchor)))
        return origin.log_id

    def registry(self, region: str) -> Registry:
        account = Account(key(f"authority {region}"))
        chain_id = self.deployment.chain.chain_id
        sender = Sender(self.rpc, account, chain_id, self.tasks, self.fees)
        return Registry(self.rpc, self.deployment.registry, sender)

    def chain(self, account: str = "anchor", **settings) -> Web3Chain:
        settings = {"fees": self.fees, **settings}
        return Web3Chain(self.rpc, self.deployment.chain, key(account), **settings)

    def head(self, size: int) -> TreeHead:
        return TreeHead(size, root_of(self.leaves[:size]))

    def proof(self, old: int, new: int) -> list[bytes]:
        return prove_consistency(self.leaves[:new], old) if old else []

    async def anchor(self, chain: Web3Chain, old: int, new: int) -> bytes:
        """Anchor and wait; returns the transaction hash."""
        signed = chain.sign_anchor(
            await chain.nonce(), self.log, self.head(new), self.proof(old, new)
        )
        await chain.send(signed.raw)
        await self.mined(chain, signed.hash)
        return signed.hash

    async def mined(self, chain: Web3Chain, transaction: bytes) -> bool:
        for _ in range(200):
            receipt = await chain.receipt(transaction)
            if receipt is not None:
                return receipt.ok
            await asyncio.sleep(0.05)
        raise AssertionError("not mined")


@asynccontextmanager
async def opened(url: str, settings: dict):
    rpc = Rpc(url)
    tasks = AsyncioTasks()
    try:
        yield World(rpc, Fees(settings["chain"]["gas_price"]), tasks)
    finally:
        rpc.close()
        await tasks.stop()


def play(engine, scene: Callable[[World], Awaitable[None]], *, log: bool = True) -> None:
    """Run a scene against fresh contracts on the engine."""

    async def run() -> None:
        async with opened(engine.url, engine.settings) as world:
            await world.begin()
            if log:
                await world.register()
            await scene(world)

    asyncio.run(run())

"""A deployed pair of contracts with one log, and the tree that grows in it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from ledger.chain import answers
from ledger.chain.accounts import Account, Fees, address_of
from ledger.chain.deploy import Deployment, RegionKeys, deploy
from ledger.chain.refusals import ContractRefused
from ledger.chain.registry import Registry
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender, ask
from ledger.chain.web3chain import Web3Chain
from ledger.merkle.hashing import leaf_hash, root_of
from ledger.merkle.proofs import prove_consistency
from ledger.node.world import AsyncioTasks
from ledger.ports import Block, Receipt
from ledger.values import AnchorFacts, Millis, Origin, TreeHead
from tests.engines.engine import Engine
from tests.engines.purse import Purse
from tests.engines.waiting import until

NAMES = ("beijing", "tianjin", "hebei")
_SPENDERS = (
    "deployer",
    *(f"authority {name}" for name in (*NAMES, "next")),
    "anchor",
    "fresh anchor",
    "stranger",
)


def key(name: str) -> bytes:
    return hashlib.sha256(f"engine test {name}".encode()).digest()


class World:
    """Contracts on an engine; ``nodes`` are its nodes, the first is asked unless a test says else."""

    def __init__(
        self, nodes: list[Rpc], can: dict[str, bool], fees: Fees, purse: Purse, tasks: AsyncioTasks
    ) -> None:
        self.nodes = nodes
        self.can = can
        self.rpc = nodes[0]
        self.fees = fees
        self.purse = purse
        self.tasks = tasks
        self.deployment: Deployment
        self.leaves = [leaf_hash(str(n).encode()) for n in range(600)]

    async def begin(self) -> None:
        if self.fees.price:
            for name in _SPENDERS:
                await self.purse.fill(address_of(key(name)), self.fees.price)
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

    @property
    def first(self) -> int:
        """The block from which there may be events."""
        return self.deployment.chain.deploy_block_number

    async def register(self, region: str = "beijing", anchor: str = "anchor") -> bytes:
        origin = Origin(self.deployment.network, region, 1)
        registry = self.registry(region)
        await registry.register_log(str(origin), key(f"log {region}"), address_of(key(anchor)))
        return origin.log_id

    def registry(self, region: str) -> Registry:
        return Registry(self.rpc, self.deployment.registry, self.sender(f"authority {region}"))

    def sender(self, account: str) -> Sender:
        chain_id = self.deployment.chain.chain_id
        return Sender(self.rpc, Account(key(account)), chain_id, self.tasks, self.fees)

    def chain(self, account: str = "anchor", *, rpc: Rpc | None = None, **settings) -> Web3Chain:
        settings = {"fees": self.fees, **settings}
        return Web3Chain(rpc or self.rpc, self.deployment.chain, key(account), **settings)

    def head(self, size: int) -> TreeHead:
        return TreeHead(size, root_of(self.leaves[:size]))

    def proof(self, old: int, new: int) -> list[bytes]:
        return prove_consistency(self.leaves[:new], old) if 0 < old < new else []

    async def sign(self, chain: Web3Chain, old: int, new: int, *, ahead: int = 0):
        """An anchor from one size to another with the next nonce, or one ``ahead`` of it."""
        due = await chain.nonce()
        return chain.sign_anchor(due + ahead, self.log, self.head(new), self.proof(old, new))

    async def anchor(self, chain: Web3Chain, old: int, new: int) -> bytes:
        """Anchor and wait; returns the transaction hash."""
        signed = await self.sign(chain, old, new)
        await chain.send(signed.raw)
        await self.mined(chain, signed.hash)
        return signed.hash

    @contextmanager
    def refuses(self, code: str) -> Iterator[None]:
        """That a contract refuses with this error; where the engine gives no reasons, that it does."""
        with pytest.raises(ContractRefused) as refused:
            yield
        assert refused.value.code == (code if self.can["reasons"] else "contract_reverted")

    async def mined(self, chain: Web3Chain, transaction: bytes) -> bool:
        return (await self.receipt(chain, transaction)).ok

    async def receipt(self, chain: Web3Chain, transaction: bytes) -> Receipt:
        """The receipt, waited for."""
        found = await until(lambda: chain.receipt(transaction), "the transaction is mined")
        assert found is not None
        return found

    async def events(self, chain: Web3Chain | None = None) -> list[AnchorFacts]:
        """Every anchor event of the ledger."""
        asked = chain or self.chain()
        return await asked.anchors(self.first, (await asked.final_block()).number)

    async def block(self, number: int) -> Block:
        """The block of that number, which the chain must have."""
        return answers.block(await ask(self.rpc, "eth_getBlockByNumber", hex(number), False))

    async def another_block(self) -> None:
        """See that the chain has one more block: engines differ in whether they make empty ones."""
        await self.sender("deployer").send(address_of(key("deployer")), b"", 21_000)

    async def pass_time(self, time: Millis) -> None:
        """Wait until the newest block is of that time or later."""

        async def late_enough() -> bool:
            await self.another_block()
            return (await self.chain().final_block()).time >= time

        await until(late_enough, f"a block of {time}")


@asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[World]:
    nodes = [Rpc(url) for url in engine.urls]
    tasks = AsyncioTasks()
    try:
        fees = await _fees(nodes[0], engine.settings["chain"])
        purse = Purse(nodes[0], engine.settings, fees)
        yield World(nodes, engine.settings["can"], fees, purse, tasks)
    finally:
        for each in nodes:
            each.close()
        await tasks.stop()


async def _fees(rpc: Rpc, settings: dict) -> Fees:
    price = settings["gas_price"]
    if price == "ask":
        price = answers.number(await ask(rpc, "eth_gasPrice"))
    return Fees(price)


def play(engine, scene: Callable[[World], Awaitable[None]], *, log: bool = True) -> None:
    """Run a scene against fresh contracts on the engine."""

    async def run() -> None:
        async with opened(engine) as world:
            await world.begin()
            if log:
                await world.register()
            await scene(world)

    asyncio.run(run())

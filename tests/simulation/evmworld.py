"""The simulated world on a real EVM instead of the model: everything else is as in ``world``."""

import asyncio
import random
import tempfile
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from ledger.chain.accounts import FREE, address_of
from ledger.chain.network import Network, read_network
from ledger.chain.web3chain import Web3Chain
from ledger.ports import Chain
from tests.simulation import network
from tests.simulation.evm import EvmChain, EvmRpc, anchor_key, key, silent
from tests.simulation.region import NodeProcess, Region
from tests.simulation.tasks import OrderedTasks
from tests.simulation.world import World


class EvmRegion(Region):
    """A region that reaches the EVM by the product's own adapter."""

    def view(self, process: NodeProcess) -> Chain:
        def there() -> EvmChain:
            process.check()
            return silent() if self.link.down else self.link.chain

        return Web3Chain(
            EvmRpc(there, self.rng),
            read_network(self.network_file).chain,
            anchor_key(self.name),
            fees=FREE,
            confirmations=self.habits.confirmations,
        )


class EvmWorld(World):
    """Three regions on one chain, and other chains with the same contracts at the same address.

    Attributes:
        others: chains that another one may be replaced by.
    """

    def __init__(self, seed: int, folder: Path, confirmations: int) -> None:
        super().__init__(seed, folder)
        self.habits = replace(self.habits, confirmations=confirmations)
        self.block_seconds = 1.0 if confirmations > 3 else 3.0
        for region in self.regions.values():
            region.habits = self.habits
        self.chain = EvmChain("chain", self._time, self._entropy(), self.note)
        self.others = [
            # Begun anew: another genesis, all else at the same place.
            EvmChain("begun anew", self._time, random.Random(f"anew {seed}"), self.note),
            # The same genesis, as some engines make it, and the contracts deployed again.
            EvmChain("deployed again", self._time, self._entropy(), self.note),
        ]

    async def found(self) -> None:
        """Deploy on every chain and publish the network; to be awaited before a node starts."""
        tasks = OrderedTasks()
        await self.chain.found(tasks)
        for ahead, chain in enumerate(self.others):
            await chain.found(tasks, before=ahead)
        for region in self.regions.values():
            region.link.chain = self.chain
        self.adopt(self.chain)

    def adopt(self, chain: EvmChain) -> None:
        """Let the network file name this chain from now on; nodes read that when they start."""
        self.chain = self.authorities.chain = chain
        published = network.network_of(chain.identity)
        regions = tuple(
            replace(
                one,
                anchor=address_of(anchor_key(one.name)),
                authority=address_of(key(f"{one.name}'s authority")),
            )
            for one in published.regions
        )
        self.authorities.published: Network = replace(published, regions=regions)
        self._publish(self.authorities.published)

    async def mine(self) -> None:
        """Make blocks on every chain at a steady pace, for ever."""
        while True:
            await asyncio.sleep(self.block_seconds)
            for chain in (self.chain, *self.others):
                chain.mine_pool(empty=True)

    def _entropy(self) -> random.Random:
        return random.Random(f"blocks {self.seed}")

    def _region(self, name: str, details: random.Random) -> Region:
        made = super()._region(name, details)
        return EvmRegion(
            **{one.name: getattr(made, one.name) for one in fields(Region) if one.init}
        )


@contextmanager
def evm_world(seed: int, confirmations: int):
    """A world in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="jjj-simulation-") as folder:
        yield EvmWorld(seed, Path(folder), confirmations)

"""A whole network on this machine: dev chain, contracts, three nodes, demo parties with a right to post."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.bundle import Bundle
from ledger.chain.network import Network, network_json
from ledger.client import NodeClient, ReadTokens, Receipt
from ledger.errors import ConflictError, InputError, UnavailableError
from ledger.keys.demo import demo_account, demo_author, demo_log_key
from ledger.node.keys import NodeKeys
from ledger.node.node import Node
from ledger.node.opening import open_world
from ledger.node.serving import bind, serving
from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.records.registry import kind_of
from ledger.settings import NodeSettings
from ledger.statement import base64url
from ledger.statement.claims import Claims, Source
from ledger.statement.issuing import issue
from ledger.statement.jws import sign_key_proof
from ledger.statement.signing import AuthorSigner
from ledger.testing.founding import (
    DEV_CHAIN,
    REGIONS,
    ChainChoice,
    found_network,
    office,
    registrar,
)
from ledger.testing.scenarios import Party, operators, parties, scenario
from ledger.values import witness_name
from ledger.verify.policy import Policy, policy_from_network
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle

SOURCE = Source("demo", "typed", "synthetic data")


@dataclass
class LocalNetwork:
    """Three regions and a chain, running in this process.

    Attributes:
        folder: where its state lies.
        network: what network.json says.
        rpc_url: the chain's node that contracts were deployed through.
        chain_nodes: of a chain that several authorities run: each one's own node, by authority.
        tasks: the servers.
        workers: the nodes' own tasks; ``workers.failed`` ends when one of them does.
        nodes: the regions' nodes by name.
    """

    folder: Path
    network: Network
    rpc_url: str
    tasks: AsyncioTasks
    workers: AsyncioTasks
    clock: SystemClock = field(default_factory=SystemClock)
    random: SystemRandom = field(default_factory=SystemRandom)
    nodes: dict[str, Node] = field(default_factory=dict)
    clients: dict[str, NodeClient] = field(default_factory=dict)
    chain_nodes: Mapping[str, str] = field(default_factory=dict)

    @property
    def network_file(self) -> Path:
        """Path of network.json."""
        return self.folder / "network.json"

    @property
    def policy(self) -> Policy:
        """The verifier's policy of this network."""
        return policy_from_network(network_json(self.network))

    def author(self, party: str) -> AuthorSigner:
        """The demo key of a party."""
        known = parties()[party]
        return demo_author(party, known.uscc, known.name)

    def client(self, region: str, party: str | None = None) -> NodeClient:
        """A client of a region's node, with the rights of a party if one is named."""
        if party is None:
            return self.clients[region]
        audience = f"{self.network.name}/{region}"
        tokens = ReadTokens.of_author(audience, self.author(party), self.clock, self.random)
        return NodeClient(self.network.region(region).url, region=region, tokens=tokens)

    def statement(
        self,
        signer: AuthorSigner,
        uscc: str,
        region: str,
        kind: str,
        fields: Mapping[str, Any],
        version: int = 1,
        prev: str | None = None,
    ) -> str:
        """A signed statement in compact form, ready to be posted."""
        claims = Claims(
            iss=f"urn:uscc:{uscc}",
            aud=f"{self.network.name}/{region}",
            jti=base64url.encode(self.random.bytes(16)),
            iat=self.clock.now() // 1000,
            kind=kind,
            schema=kind_of(kind).schema,
            version=version,
            prev=prev,
            source=SOURCE,
        )
        return issue(claims, fields, signer, self.random.bytes)

    async def post(
        self,
        party: str,
        region: str,
        kind: str,
        fields: Mapping[str, Any],
        version: int = 1,
        prev: str | None = None,
    ) -> Receipt:
        """Sign as a demo party and post to a region."""
        uscc = parties()[party].uscc
        compact = self.statement(self.author(party), uscc, region, kind, fields, version, prev)
        return await self.clients[region].submit(compact)

    async def register(self, party: Party, region: str, kinds: Sequence[str]) -> Receipt:
        """Have the region's registrar log that the party may post these kinds there."""
        signer = registrar(region)
        firm = self.author(party.id)
        audience = f"{self.network.name}/{region}"
        fields = {
            "key": f"OP:{base64url.decode(firm.kid).hex()}",
            "time": datetime.fromtimestamp(self.clock.now() / 1000, UTC).isoformat("T", "seconds"),
            "uscc": party.uscc,
            "name": party.name,
            "status": "active",
            "kinds": sorted(kinds),
            "certificate": base64.b64encode(firm.certificate).decode(),
            "key_proof": sign_key_proof(firm, audience, self.clock.now() // 1000),
        }
        compact = self.statement(signer, office(region).uscc, region, "operator", fields)
        return await self.clients[region].submit(compact)

    async def register_parties(self) -> None:
        """Register every party of the sea import for what it posts, where it posts it."""
        known = parties()
        for (region, party), kinds in sorted(operators(scenario("S1")).items()):
            try:
                await self.register(known[party], region, sorted(kinds))
            except ConflictError as error:
                # By a run before this one, in the same folder.
                if error.code != "record_exists":
                    raise

    async def settle(self, seconds: float = 60.0) -> None:
        """Wait until everything logged is anchored and cosigned by its quorum.

        Raises:
            UnavailableError: not_settled.
        """
        deadline = self.clock.monotonic() + seconds
        while not all([await self._settled(node) for node in self.nodes.values()]):
            if self.clock.monotonic() > deadline:
                raise UnavailableError("not_settled", f"not all anchored after {seconds} s")
            await self.tasks.sleep(0.05)

    async def bundle(self, statement: str, party: str | None = None) -> Bundle:
        """The evidence of a record from its home region; raises InputError(record_unknown)."""
        for region in REGIONS:
            try:
                view = await self.client(region, party).record(statement)
            except InputError as error:
                if error.code != "record_unknown":
                    raise
                continue
            return await self.client(view.region, party).bundle(statement)
        raise InputError("record_unknown", "no region holds this record")

    def verify(self, bundle: Bundle) -> Report:
        """Check a bundle offline under this network's policy."""
        return verify_bundle(bundle, self.policy, at=self.clock.now())

    async def _settled(self, node: Node) -> bool:
        origin, store = node.sealer.origin, node.store
        size = await store.size(origin)
        newest = await store.newest_anchor(origin)
        return size == 0 or (
            newest is not None and newest.quorate and newest.facts.head.size == size
        )


@asynccontextmanager
async def local_network(
    folder: Path,
    *,
    chain: ChainChoice = DEV_CHAIN,
    ports: Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    databases: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[LocalNetwork]:
    """Run three regions and a chain while the block lasts; what the folder holds already goes on.

    Args:
        folder: state of chain, databases and head locks.
        chain: the chain to use.
        ports: port of each region's node; 0 or none takes a free one.
        settings: further settings of every node.
        databases: further settings of a region's node, for those that are not to keep a SQLite file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks = AsyncioTasks()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tasks.stop)
        rpc_url = await stack.enter_async_context(chain.running(folder, tasks))
        sockets = {name: bind("127.0.0.1", (ports or {}).get(name, 0)) for name in REGIONS}
        urls = {name: url for name, (_, url) in sockets.items()}
        network = await found_network(folder / "network.json", rpc_url, urls, tasks, chain)
        workers = AsyncioTasks()
        local = LocalNetwork(folder, network, rpc_url, tasks, workers, chain_nodes=chain.nodes())
        for name in REGIONS:
            local.clients[name] = NodeClient(urls[name], region=name)
            stack.push_async_callback(local.clients[name].close)
        for name in REGIONS:
            more = {**(settings or {}), **(databases or {}).get(name, {})}
            local.nodes[name] = await _open(local, name, more, chain)
            stack.push_async_callback(local.nodes[name].close)
        # Workers end before what they work on is closed, and after the last request was answered.
        stack.push_async_callback(local.workers.stop)
        for name in REGIONS:
            app, listening = local.nodes[name].app, sockets[name][0]
            await stack.enter_async_context(serving(app, listening, tasks))
        # All answer before the first one asks the others for their copies.
        for name in REGIONS:
            await local.nodes[name].start()
        yield local


async def _open(
    local: LocalNetwork, region: str, more: Mapping[str, Any], chain: ChainChoice
) -> Node:
    settings = NodeSettings(
        **{
            "region": region,
            "network_file": local.network_file,
            "data_dir": local.folder / region,
            "lock_dir": local.folder / "locks" / region,
            "keys_dir": local.folder / "keys" / region,
            **chain.rpc_settings(region, local.rpc_url),
            "gas_price": chain.gas_price,
            "anchor_interval": 1.0,
            "mirror_interval": 0.8,
            "copies": 0,
            **more,
        }
    )
    name = local.network.name
    keys = NodeKeys(
        log=lambda origin: demo_log_key(str(origin)),
        witness=demo_log_key(witness_name(name, region)),
        peer=demo_log_key(f"{name}/{region}/peer"),
        anchor=demo_account(f"{region}/anchor"),
    )
    world = await open_world(settings, local.clock, local.random, local.workers)
    return Node(settings, keys, world)

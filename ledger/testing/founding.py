"""Founding a demo network on a chain: contracts, logs, accounts, the network file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger.chain.accounts import Account, Fees, address_of
from ledger.chain.deploy import Deployment, RegionKeys, deploy
from ledger.chain.identity import read_identity
from ledger.chain.network import LogEntry, Network, RegionEntry, read_network, write_network
from ledger.chain.registry import Registry
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender
from ledger.errors import ConflictError
from ledger.keys.demo import (
    demo_account,
    demo_author,
    demo_ca,
    demo_log_key,
    demo_recovery_key,
)
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.node.world import SystemClock, SystemRandom
from ledger.ports import Signer, Tasks
from ledger.statement import base64url
from ledger.statement.signing import AuthorSigner
from ledger.testing.scenarios import Party, parties
from ledger.values import ChainIdentity, Origin, witness_name
from ledger.verify.policy import DEFAULT_REQUIRED

TITLES = {
    "beijing": {"zh-CN": "北京", "en": "Beijing"},
    "tianjin": {"zh-CN": "天津", "en": "Tianjin"},
    "hebei": {"zh-CN": "河北", "en": "Hebei"},
}
REGIONS = tuple(TITLES)
_SHORT = {"beijing": "bj", "tianjin": "tj", "hebei": "he"}
_QUORUM = 2
_DELAY_SECONDS = 24 * 3600

Running = Callable[[Path, Tasks], AbstractAsyncContextManager[str]]


@dataclass(frozen=True, slots=True)
class ChainChoice:
    """A chain to run a local network on: how to reach it, and the settings it needs.

    Attributes:
        running: gives the address of the node that contracts are deployed through.
        gas_price: wei per gas.
        nodes: of a chain that several authorities run, once it runs: each one's own node, by authority.
    """

    running: Running
    gas_price: int = 0
    nodes: Callable[[], Mapping[str, str]] = dict

    def rpc_settings(self, region: str, rpc_url: str) -> dict[str, Any]:
        """Which node a region takes for its own, and which ones of others it asks beside it."""
        others = dict(self.nodes())
        return {"rpc_url": others.pop(region, rpc_url), "rpc_others": others}


@asynccontextmanager
async def _dev_chain(folder: Path, tasks: Tasks) -> AsyncIterator[str]:
    # Only where it is used: an EVM takes long to load, and other chains run elsewhere.
    from ledger.devchain.genesis import Genesis
    from ledger.devchain.serving import serving

    clock, random = SystemClock(), SystemRandom()
    genesis = Genesis(now=clock.now, entropy=random.bytes, funded=tuple(demo_accounts().values()))
    async with serving(folder / "chain.sqlite", genesis, tasks) as url:
        yield url


DEV_CHAIN = ChainChoice(_dev_chain)


def demo_accounts() -> dict[str, bytes]:
    """Addresses of the demo's accounts by label, to be funded where gas costs something."""
    labels = ["deployer"] + [f"{name}/{use}" for name in TITLES for use in ("anchor", "authority")]
    return {label: address_of(demo_account(label)) for label in labels}


def office(region: str) -> Party:
    """The customs office of a region, which registers firms there."""
    return parties()[f"customs_{_SHORT[region]}"]


def registrar(region: str) -> AuthorSigner:
    """The key with which a region's office registers firms; apart from the one it posts with."""
    party = office(region)
    return demo_author(f"registrar_{_SHORT[region]}", party.uscc, party.name)


async def found_network(
    file: Path, rpc_url: str, urls: Mapping[str, str], tasks: Tasks, chain: ChainChoice
) -> Network:
    """The network of the file, or a new one deployed and written there; with these node addresses.

    Raises:
        ConflictError: chain_other, where that of the file was founded on another chain.
    """
    if file.exists():
        network = _with_recovery(read_network(file).with_urls(urls))
        await _check_chain(rpc_url, network.chain)
    else:
        network = await _deploy(rpc_url, urls, tasks, Fees(chain.gas_price))
    write_network(file, network)
    return network


async def _check_chain(rpc_url: str, known: ChainIdentity) -> None:
    rpc = Rpc(rpc_url)
    try:
        shown = await read_identity(rpc, known.address, known.deploy_block_number)
    finally:
        rpc.close()
    if shown != known:
        raise ConflictError("chain_other", "the network was founded on another chain than this one")


async def _deploy(rpc_url: str, urls: Mapping[str, str], tasks: Tasks, fees: Fees) -> Network:
    rpc = Rpc(rpc_url)
    try:
        accounts = demo_accounts()
        regions = [
            RegionKeys(
                name,
                accounts[f"{name}/authority"],
                demo_log_key(witness_name("demo", name)).public_key,
            )
            for name in TITLES
        ]
        deployment = await deploy(
            rpc,
            demo_account("deployer"),
            regions,
            base="demo",
            tasks=tasks,
            fees=fees,
            delay_seconds=_DELAY_SECONDS,
        )
        for name in TITLES:
            await _register_log(rpc, deployment, name, tasks, fees)
    finally:
        rpc.close()
    return _network(deployment, urls)


async def _register_log(
    rpc: Rpc, deployment: Deployment, region: str, tasks: Tasks, fees: Fees
) -> None:
    authority = Account(demo_account(f"{region}/authority"))
    sender = Sender(rpc, authority, deployment.chain.chain_id, tasks, fees)
    origin = Origin(deployment.network, region, 1)
    registry = Registry(rpc, deployment.registry, sender)
    key = demo_log_key(str(origin)).public_key
    await registry.register_log(str(origin), key, demo_accounts()[f"{region}/anchor"])


def _network(deployment: Deployment, urls: Mapping[str, str]) -> Network:
    name = deployment.network
    return Network(
        name=name,
        chain=deployment.chain,
        registry=deployment.registry,
        cas=(demo_ca().certificate,),
        certificates=tuple(registrar(region).certificate for region in TITLES),
        regions=tuple(_region(name, region, urls[region]) for region in TITLES),
        logs=tuple(_log(name, region) for region in TITLES),
        required=DEFAULT_REQUIRED,
    )


def _region(network: str, region: str, url: str) -> RegionEntry:
    accounts = demo_accounts()
    return RegionEntry(
        name=region,
        title=TITLES[region],
        url=url,
        witness=_vkey(demo_log_key(witness_name(network, region)), COSIGNATURE_KEY),
        peer=_vkey(demo_log_key(f"{network}/{region}/peer"), LOG_KEY),
        anchor=accounts[f"{region}/anchor"],
        authority=accounts[f"{region}/authority"],
        recovery=demo_recovery_key(region).public_key,
    )


def _with_recovery(network: Network) -> Network:
    """The same with every recovery key: one founded before there were any has none."""
    return replace(
        network,
        regions=tuple(
            replace(entry, recovery=demo_recovery_key(entry.name).public_key)
            for entry in network.regions
        ),
    )


def _log(network: str, region: str) -> LogEntry:
    origin = Origin(network, region, 1)
    kid = base64url.decode(registrar(region).kid).hex()
    return LogEntry(origin, _vkey(demo_log_key(str(origin)), LOG_KEY), _QUORUM, (kid,))


def _vkey(key: Signer, algorithm: int) -> VerifierKey:
    return VerifierKey(key.name, algorithm, key.public_key)

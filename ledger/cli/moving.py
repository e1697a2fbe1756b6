"""Going on on another chain: the contracts again, for a network whose own chain will not come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ledger.chain.accounts import Fees
from ledger.chain.deploy import RegionKeys, deploy, next_registry
from ledger.chain.network import Network, RegionEntry
from ledger.chain.rpc import Rpc
from ledger.cli.keymaking import open_or_make_account
from ledger.errors import InputError
from ledger.node.world import AsyncioTasks


async def move(
    network: Network,
    rpc_url: str,
    deployer: Path,
    anchors: Mapping[str, bytes],
    gas_price: int,
    delay_seconds: int,
) -> Network:
    """Deploy both contracts on another chain; gives the network as it goes on there.

    Name, logs and keys stay, so that every receipt and checkpoint keeps its meaning. ``anchors`` are the new
    anchor accounts by region.

    Raises:
        InputError: anchor_missing, anchor_repeated, region_unknown, registry_repeated, ContractRefused.
        UnavailableError: chain_….
    """
    regions = [_moved(entry, network, anchors) for entry in network.regions]
    for name in anchors:
        network.region(name)
    rpc, tasks = Rpc(rpc_url), AsyncioTasks()
    try:
        key = open_or_make_account(deployer)
        _refuse_twin(network, *await next_registry(rpc, key))
        deployment = await deploy(
            rpc,
            key,
            [RegionKeys(it.name, it.authority, it.witness.public_key) for it in regions],
            base=network.name,
            tasks=tasks,
            fees=Fees(gas_price),
            delay_seconds=delay_seconds,
        )
    finally:
        rpc.close()
        await tasks.stop()
    # The account's nonce may have moved on before ours was sent: its old transactions hold here, too.
    _refuse_twin(network, deployment.chain.chain_id, deployment.registry)
    return replace(
        network, chain=deployment.chain, registry=deployment.registry, regions=tuple(regions)
    )


def _refuse_twin(network: Network, chain_id: int, registry: bytes) -> None:
    # The authorities' accounts stay. What they signed names chain id and registry: were both the same again,
    # whoever kept the old chain could register the logs under the old anchor accounts before them.
    if (chain_id, registry) == (network.chain.chain_id, network.registry):
        detail = (
            f"the new chain has the old one's id {chain_id}, and the registry would have its old address "
            f"{registry.hex()}: what authorities signed for the old one would hold here. "
            "Deploy from another account, or give the chain another id"
        )
        raise InputError("registry_repeated", detail)


def _moved(entry: RegionEntry, network: Network, anchors: Mapping[str, bytes]) -> RegionEntry:
    account = anchors.get(entry.name)
    if account is None:
        raise InputError("anchor_missing", f"no new anchor account of {entry.name} is given")
    # Transactions signed for the old chain wait in the region's database; they would go out on the new one.
    if account in {it.anchor for it in network.regions}:
        detail = f"{account.hex()} anchored on the chain before: {entry.name} needs a new account"
        raise InputError("anchor_repeated", detail)
    return replace(entry, anchor=account)

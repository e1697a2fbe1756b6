"""One region's authority at the registry, and what the registry holds, as values to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.chain.accounts import Account, Fees
from ledger.chain.identity import read_identity
from ledger.chain.network import Network, read_network
from ledger.chain.registry import Registry, account_key
from ledger.chain.registrystate import KeyRole, RegionState
from ledger.chain.registryview import RegistryView
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender
from ledger.chain.web3chain import Web3Chain
from ledger.errors import ConflictError, ForbiddenError, InputError
from ledger.keys.account import read_account_key
from ledger.merkle.note import VerifierKey
from ledger.node.world import AsyncioTasks
from ledger.values import TreeHead

ROLES = {role.name.lower(): role for role in KeyRole}


@dataclass(frozen=True)
class Authority:
    """A region's authority: the registry it acts on, and its own place there."""

    network: Network
    registry: Registry
    chain: Web3Chain
    region: RegionState

    async def chain_head(self, log_id: bytes) -> TreeHead:
        """The head the chain holds for a log; size 0 where nothing was anchored."""
        return (await self.chain.head(log_id)).head


@asynccontextmanager
async def acting(
    network_file: Path, rpc_url: str, key_file: Path, gas_price: int
) -> AsyncIterator[Authority]:
    """Act as the authority whose account key the file holds.

    Raises:
        ConflictError: chain_other.
        ForbiddenError: authority_unknown, where the account leads no region.
    """
    network, key = read_network(network_file), read_account_key(key_file)
    rpc, tasks = Rpc(rpc_url), AsyncioTasks()
    try:
        await _check_chain(rpc, network)
        account, fees = Account(key), Fees(gas_price)
        sender = Sender(rpc, account, network.chain.chain_id, tasks, fees)
        registry = Registry(rpc, network.registry, sender)
        mine = [one for one in await registry.regions() if one.authority == account.address]
        if not mine:
            detail = f"{account.address.hex()} is the authority of no region"
            raise ForbiddenError("authority_unknown", detail)
        yield Authority(network, registry, Web3Chain(rpc, network.chain, key, fees=fees), mine[0])
    finally:
        rpc.close()
        await tasks.stop()


@asynccontextmanager
async def viewing(network_file: Path, rpc_url: str) -> AsyncIterator[tuple[Network, RegistryView]]:
    """Read the registry; raises ConflictError(chain_other)."""
    network, rpc = read_network(network_file), Rpc(rpc_url)
    try:
        await _check_chain(rpc, network)
        yield network, RegistryView(rpc, network.registry)
    finally:
        rpc.close()


async def registry_json(view: RegistryView) -> dict[str, Any]:
    """Regions, their logs, and what waits for a second voice."""
    regions = await view.regions()
    return {
        "delay_seconds": await view.delay_seconds(),
        "regions": [await _region_json(view, region, regions) for region in regions],
    }


def new_key(role: KeyRole, text: str) -> bytes:
    """A key as the registry keeps it, from a C2SP verifier key or an account's address.

    Raises InputError(key_malformed), VerificationError.
    """
    if role in {KeyRole.LOG, KeyRole.COSIGNER}:
        return VerifierKey.parse(text).public_key
    return account_key(read_address(text))


def read_address(text: str) -> bytes:
    """20 bytes from hex; raises InputError(key_malformed)."""
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise InputError("key_malformed", f"{text!r} is no address of 20 bytes")
    return address


async def _check_chain(rpc: Rpc, network: Network) -> None:
    chain = network.chain
    if await read_identity(rpc, chain.address, chain.deploy_block_number) != chain:
        raise ConflictError("chain_other", "the node shows another chain than the network's")


async def _region_json(
    view: RegistryView, region: RegionState, regions: tuple[RegionState, ...]
) -> dict[str, Any]:
    logs = [await _log_json(view, log_id, regions) for log_id in await view.log_ids(region)]
    return {
        "name": region.name,
        "authority": region.authority.hex(),
        "cosigner": region.cosigner.hex(),
        "logs": logs,
        "replacements": [
            {
                "role": name,
                "key": pending.key.hex(),
                "proposer": regions[pending.proposer].name,
                "approved": pending.approved,
                "ready_time": pending.ready_time,
            }
            for name, role in ROLES.items()
            if (pending := await view.pending_replacement(region.number, role)) is not None
        ],
    }


async def _log_json(
    view: RegistryView, log_id: bytes, regions: tuple[RegionState, ...]
) -> dict[str, Any]:
    state, closing = await view.log(log_id), await view.closing(log_id)
    turns = [
        {
            "proposer": proposer.name,
            "size": turn.head.size,
            "root": turn.head.root.hex(),
            "origin": turn.origin,
            "log_key": turn.log_key.hex(),
            "anchor": turn.anchor_account.hex(),
        }
        for proposer in regions
        if not state.closed
        and (turn := await view.pending_turn(log_id, proposer.number)) is not None
    ]
    return {
        "origin": state.origin,
        "key": state.key.hex(),
        "anchor": state.anchor_account.hex(),
        "closed": None
        if closing is None
        else {"size": closing.head.size, "root": closing.head.root.hex()},
        "turns": turns,
    }

"""Putting a lost head lock back, where chain and both mirrors agree with the log."""

from __future__ import annotations

from ledger.chain.network import LogEntry, Network, read_network
from ledger.client import NodeClient
from ledger.errors import ConflictError, InputError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.node.chains import open_chain
from ledger.node.keys import NodeKeys
from ledger.node.opening import resting_world
from ledger.sealing import Sealer
from ledger.settings import NodeSettings
from ledger.values import TreeHead


async def adopt_head(settings: NodeSettings) -> TreeHead:
    """Let the lock hold the log's head again; gives that head. The node itself must not run.

    Raises:
        ConflictError: adopt_refused, chain_other.
        UnavailableError: chain or a mirror does not answer; the log may not be led.
        FatalError: head_lock_held.
    """
    network = read_network(settings.network_file)
    keys = NodeKeys.load(settings.keys_dir, network.name)
    log = network.open_log(settings.region)
    chain_head = await _chain_head(settings, network, keys, log)
    mirrors = [
        await mirror_head(entry.url, log, chain_head)
        for entry in network.regions
        if entry.name != settings.region
    ]
    async with resting_world(settings) as world:
        sealer = Sealer(
            origin=log.origin,
            store=world.store,
            head_lock=world.head_lock,
            signer=keys.log(log.origin),
            clock=world.clock,
            tasks=world.tasks,
        )
        standing = await sealer.adopt(chain_head, mirrors)
        held = (await world.head_lock.read(log.origin)).head
    if not standing.leading or held is None:
        raise ConflictError(standing.code, standing.detail)
    return held


async def _chain_head(
    settings: NodeSettings, network: Network, keys: NodeKeys, log: LogEntry
) -> TreeHead:
    chain = open_chain(settings, network.chain, keys.anchor)
    try:
        if await chain.identity() != network.chain:
            raise ConflictError("chain_other", "the node shows another chain than the network's")
        head = (await chain.head(log.origin.log_id)).head
        # The contract has zeros where nothing was anchored yet.
        return head if head.size else TreeHead(0, EMPTY_ROOT)
    finally:
        chain.close()


async def mirror_head(url: str, log: LogEntry, chain: TreeHead) -> TreeHead:
    """The newest head of the log that a mirror can show, signed by the log's own key.

    Raises ConflictError(adopt_refused) where it shows none although the chain holds one.
    """
    async with NodeClient(url) as client:
        try:
            note = await client.log_file(log.origin, "checkpoint")
        except InputError as error:
            if error.code not in {"not_found", "log_unknown"}:
                raise
            if chain.size:
                raise ConflictError(
                    "adopt_refused",
                    f"{url} shows no checkpoint, the chain holds {chain.size} leaves",
                ) from error
            return TreeHead(0, EMPTY_ROOT)
    checkpoint, _ = open_checkpoint(note.decode("utf-8", "replace"), log.key)
    return checkpoint.head

"""Epoch turns: the closing head, the proof the chain asks for, and the network file afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ledger.chain.network import LogEntry, Network, network_json
from ledger.chain.refusals import ContractRefused
from ledger.chain.registrystate import EpochTurn
from ledger.chain.registryview import RegistryView
from ledger.cli.authority import Authority
from ledger.client import NodeClient
from ledger.errors import ConflictError, InputError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.merkle.proofs import check_consistency
from ledger.merkle.tiles import (
    TileId,
    consistency_from_tiles,
    plan_consistency,
    plan_root,
    root_from_tiles,
)
from ledger.values import Origin, TreeHead
from ledger.verify.policy import policy_from_network


async def closing_head(node: NodeClient, log: LogEntry, size: int | None) -> TreeHead:
    """Where to close a log: at its newest anchored checkpoint, or at a size that its tiles reach.

    Raises InputError(log_empty, where nothing of it was anchored yet; not_found), VerificationError.
    """
    if size is None:
        head = await _anchored_head(node, log)
        if head is None:
            detail = f"nothing of {log.origin} was anchored yet: there is no head to close it at"
            raise InputError("log_empty", detail)
        return head
    tiles = await _tiles(node, log.origin, plan_root(size))
    return TreeHead(size, root_from_tiles(size, tiles))


async def check_reaches(node: NodeClient, log: LogEntry, closing: TreeHead) -> None:
    """Refuse to close a log below what the closing region's own node holds of it.

    Its newest anchored checkpoint continues, or is, what the chain holds; a thief's head has none.

    Raises ConflictError(turn_behind), and as ``closing_head``.
    """
    held = await _anchored_head(node, log)
    if held is not None and closing.size < held.size:
        detail = (
            f"your own node holds {log.origin} up to {held.size}, the turn ends at {closing.size}"
        )
        raise ConflictError("turn_behind", detail)


async def closing_proof(
    node: NodeClient, origin: Origin, closing: TreeHead, chain: TreeHead
) -> list[bytes]:
    """The consistency proof between both heads, from the smaller to the larger, checked here first.

    Raises:
        ConflictError: turn_contradicts, where both have one size and two roots.
        VerificationError: where the node's tiles do not lead from one to the other.
    """
    if chain.size == 0 or closing.size == chain.size:
        if chain.size and closing.root != chain.root:
            raise ConflictError("turn_contradicts", f"the chain holds another root at {chain.size}")
        return []
    old, new = sorted((closing, chain), key=lambda head: head.size)
    if old.size == 0:
        return []
    tiles = await _tiles(node, origin, plan_consistency(old.size, new.size))
    proof = consistency_from_tiles(old.size, new.size, tiles)
    check_consistency(old, new, proof)
    return proof


async def vote_for(
    mine: Authority, node: NodeClient, origin: Origin, proposer: int, turn: EpochTurn
) -> None:
    """Approve a turn with the proof that the chain's head asks for, anew where that grew meanwhile.

    The log goes on being anchored, and the contract holds the proof against the head of its own moment.

    Raises as ``closing_proof``, and ContractRefused.
    """
    head = await mine.chain_head(origin.log_id)
    while True:
        proof = await closing_proof(node, origin, turn.head, head)
        try:
            return await mine.registry.approve_turn(proposer, turn, proof)
        except ContractRefused:
            newer = await mine.chain_head(origin.log_id)
            if newer == head:
                raise
            head = newer


def turn_of(log: LogEntry, closing: TreeHead, key: VerifierKey, anchor: bytes) -> EpochTurn:
    """The turn that closes a log there and opens the next under that key.

    Raises InputError(turn_key), where the key is not one of the next log's name.
    """
    following = log.origin.next_epoch()
    if key.name != str(following) or key.algorithm != LOG_KEY:
        raise InputError("turn_key", f"{key.name!r} is not a log key named {following}", "/log_key")
    return EpochTurn(log.origin.log_id, closing, str(following), key.public_key, anchor)


async def synced(network: Network, view: RegistryView) -> Network:
    """The network with every log that the registry knows: closed ones closed, new ones added.

    A new log keeps the quorum and the registrars of the one before it. Keys and accounts of regions are
    left as they are, but for the anchor account that a turn named.

    Raises VerificationError(policy_…), where the registry's logs would make no network.
    """
    logs = {log.origin: log for log in network.logs}
    regions = {entry.name: entry for entry in network.regions}
    for region in await view.regions():
        before: LogEntry | None = None
        for log_id in await view.log_ids(region):
            state, closing = await view.log(log_id), await view.closing(log_id)
            origin = Origin.parse(state.origin)
            entry = logs.get(origin) or _following(before, origin, state.key)
            before = replace(entry, closed=None if closing is None else closing.head)
            logs[origin] = before
            if not state.closed:
                here = regions[region.name]
                regions[region.name] = replace(here, anchor=state.anchor_account)
    made = replace(network, logs=tuple(logs.values()), regions=tuple(regions.values()))
    policy_from_network(network_json(made))
    return made


def _following(before: LogEntry | None, origin: Origin, public_key: bytes) -> LogEntry:
    if before is None:
        raise InputError("log_unknown", f"the network file does not name {origin}")
    return replace(before, origin=origin, key=VerifierKey(str(origin), LOG_KEY, public_key))


async def _anchored_head(node: NodeClient, log: LogEntry) -> TreeHead | None:
    try:
        note = await node.log_file(log.origin, "checkpoint")
    except InputError as error:
        if error.code != "not_found":
            raise
        return None
    checkpoint, _ = open_checkpoint(note.decode("utf-8", "replace"), log.key)
    return checkpoint.head


async def _tiles(node: NodeClient, origin: Origin, plan: Iterable[TileId]) -> dict[TileId, bytes]:
    return {tile: await node.log_file(origin, tile.path) for tile in plan}

"""Anchor facts for a verifier that asks one node: what it shows, or why it could not be asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ledger.chain import answers
from ledger.chain.events import AnchorEvent, block_times, read_event
from ledger.chain.identity import read_identity
from ledger.chain.rpc import Rpc
from ledger.chain.sending import ask, receipt_json
from ledger.errors import UnavailableError
from ledger.values import AnchorFacts, ChainIdentity, Millis

Place = tuple[bytes, int]
"""A transaction hash and the event's index within its block."""


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What one node said.

    Attributes:
        rpc: the node that was believed (scheme, host and port).
        identity: the identity it shows; None where it could not be read.
        events: for each place asked, its anchor event, or None where the node answered that there is
            none. A place that could not be looked up is left out.
        error: why something could not be looked up; None when everything could.
    """

    rpc: str
    identity: ChainIdentity | None
    events: dict[Place, AnchorFacts | None] = field(default_factory=dict)
    error: str | None = None


async def read_anchor_facts(
    rpc_url: str, known: ChainIdentity, wanted: Collection[Place], *, height: int = 0
) -> ChainFacts:
    """Ask a node for its identity and the anchor events at these places.

    ``height`` is the largest block number that a place is said to be in: a node that has not come so
    far cannot tell. Never raises for what the node says or fails to say: silence stands in ``error``,
    so that it can never be taken for absence.
    """
    rpc = Rpc(rpc_url)
    events: dict[Place, AnchorFacts | None] = {}
    identity = None
    try:
        identity = await read_identity(rpc, known.address, known.deploy_block_number)
        if identity == known:
            await _check_height(rpc, height)
            await _read_events(rpc, known.address, wanted, events)
    except UnavailableError as error:
        return ChainFacts(rpc.shown, identity, events, error.detail)
    finally:
        rpc.close()
    return ChainFacts(rpc.shown, identity, events)


async def _check_height(rpc: Rpc, height: int) -> None:
    reached = answers.number(await ask(rpc, "eth_blockNumber"))
    if reached < height:
        raise UnavailableError(
            "chain_behind", f"the node at {rpc.shown} is at block {reached}, before {height}"
        )


async def _read_events(
    rpc: Rpc,
    address: bytes,
    wanted: Collection[Place],
    events: dict[Place, AnchorFacts | None],
) -> None:
    places: dict[bytes, set[int]] = {}
    for transaction, log_index in wanted:
        places.setdefault(transaction, set()).add(log_index)
    times: dict[bytes, Millis] = {}
    for transaction, indexes in places.items():
        shown = await _transaction_events(rpc, address, transaction)
        for index in indexes:
            event = shown.get(index)
            if event is not None and event.block_hash not in times:
                times |= await block_times(rpc, {event.block_number: event.block_hash})
            facts = None if event is None else event.facts(times[event.block_hash])
            events[transaction, index] = facts


async def _transaction_events(
    rpc: Rpc, address: bytes, transaction: bytes
) -> dict[int, AnchorEvent]:
    receipt = await receipt_json(rpc, transaction)
    if receipt is None:
        return {}
    read = [read_event(log, address) for log in answers.items(answers.member(receipt, "logs"))]
    return {event.log_index: event for event in read if event is not None}

"""The chain check, from facts that somebody else looked up: this room never opens a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.bundle import Anchor
from ledger.values import AnchorFacts, ChainIdentity
from ledger.verify.causes import Facts
from ledger.verify.policy import Policy
from ledger.verify.receipt import Receipt, skipped
from ledger.verify.report import Check, State

_PLACES = frozenset({"block_number", "block_hash", "log_index"})
"""Where on the chain an event stands: a reorganisation moves it and changes nothing that it says."""


@dataclass(frozen=True, slots=True)
class ChainReading:
    """What an RPC answered.

    ``events`` is keyed by transaction hash (32 bytes) and log index: the event's facts, or None where
    the chain was asked and has no such event of the ledger contract. A look-up that failed has no key,
    and ``error`` says why; ``identity`` is None where it could not be read.
    """

    rpc: str
    identity: ChainIdentity | None
    events: Mapping[tuple[bytes, int], AnchorFacts | None] = field(default_factory=dict)
    error: str | None = None


def check_chain(
    anchor: Anchor | None, receipt: Receipt, policy: Policy, reading: ChainReading | None
) -> Check:
    """Check ``chain`` of one record; ``unknown`` unless a reading is handed in.

    It fails only where the chain says something else than the file. A chain that was rolled back, or a node
    that lags, shows nothing or another block for an honest file, too: then the anchor is pending.
    """
    if reading is None:
        return Check("chain", State.UNKNOWN, "chain_offline")
    facts: Facts = {"rpc": reading.rpc}
    if reading.error is not None:
        facts["detail"] = reading.error[:300]
    if reading.identity is None:
        return Check("chain", State.UNKNOWN, "chain_unavailable", facts)
    if reading.identity != policy.chain:
        facts["differs"] = _differences(reading.identity, policy.chain)
        return Check("chain", State.UNKNOWN, "chain_other", facts)
    if anchor is None:
        return Check("chain", State.PENDING, "chain_waits", facts)
    facts |= {"block": anchor.block_number, "transaction": anchor.transaction.hex()}
    key = (anchor.transaction, anchor.log_index)
    if key not in reading.events:
        return Check("chain", State.UNKNOWN, "chain_not_read", facts)
    found = reading.events[key]
    if found is None:
        return Check("chain", State.PENDING, "chain_no_event", facts)
    return _compare(anchor, receipt, found, facts)


def _compare(anchor: Anchor, receipt: Receipt, found: AnchorFacts, facts: Facts) -> Check:
    origin, head = receipt.origin, receipt.vouched.head
    if origin is None or head is None:
        return skipped("chain", "log_signature")
    claimed = {
        "log": (origin.log_id, found.log_id),
        "size": (head.size, found.head.size),
        "root": (head.root, found.head.root),
        "block_number": (anchor.block_number, found.block_number),
        "block_hash": (anchor.block_hash, found.block_hash),
        "transaction": (anchor.transaction, found.transaction),
        "log_index": (anchor.log_index, found.log_index),
    }
    if differs := [name for name, (said, shown) in claimed.items() if said != shown]:
        facts["differs"] = ", ".join(differs)
        if _PLACES.issuperset(differs):
            return Check("chain", State.PENDING, "chain_moved", facts)
        return Check("chain", State.FAILED, "chain_differs", facts)
    facts["block_time"] = found.block_time
    return Check("chain", State.PASSED, "chain_holds", facts)


def _differences(shown: ChainIdentity, named: ChainIdentity) -> str:
    names = (
        "chain_id",
        "genesis_hash",
        "deploy_block_number",
        "deploy_block_hash",
        "address",
        "code_hash",
    )
    return ", ".join(name for name in names if getattr(shown, name) != getattr(named, name))

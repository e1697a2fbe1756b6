"""What a node of the chain says about the anchors that a bundle names."""

from __future__ import annotations

from ledger.bundle import Evidence, decode_bundle
from ledger.chain.reading import read_anchor_facts
from ledger.errors import InputError, VerificationError
from ledger.verify.policy import Policy
from ledger.verify.reading import ChainReading


async def read_chain(rpc: str, data: bytes, policy: Policy) -> ChainReading:
    """Ask for the anchors of every record and operator in the bundle; never raises for the answers."""
    anchors = [one.anchor for one in _evidence(data) if one.anchor is not None]
    places = {(anchor.transaction, anchor.log_index) for anchor in anchors}
    height = max((anchor.block_number for anchor in anchors), default=0)
    facts = await read_anchor_facts(rpc, policy.chain, places, height=height)
    return ChainReading(facts.rpc, facts.identity, facts.events, facts.error)


def _evidence(data: bytes) -> tuple[Evidence, ...]:
    try:
        bundle = decode_bundle(data)
    except (InputError, VerificationError):
        # Nothing to ask for: the verifier says what is wrong with the file.
        return ()
    return (*bundle.records, *bundle.operators)

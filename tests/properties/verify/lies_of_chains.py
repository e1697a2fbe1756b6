"""Lies about the chain: anchors that are not there, and RPCs that say what they are asked to say."""

from __future__ import annotations

from dataclasses import replace

from ledger.bundle import Bundle, Evidence
from ledger.testing.kit import START
from ledger.values import Millis
from ledger.verify import ChainReading
from tests.properties.verify.lie import PENDING, UNKNOWN, Lie, offered, rewritten
from tests.properties.verify.lies_of_logs import apart
from tests.properties.verify.stage import RPC, Chance, Stage

IDENTITY = (
    "chain_id",
    "genesis_hash",
    "deploy_block_number",
    "deploy_block_hash",
    "address",
    "code_hash",
)


def _read(stage: Stage, bundle: Bundle) -> ChainReading:
    """What the reader is told who asks an honest node for the places that the bundle names."""
    places = [one.anchor for one in (*bundle.records, *bundle.operators) if one.anchor is not None]
    asked = {(one.transaction, one.log_index) for one in places}
    return replace(stage.chain, events={place: stage.chain.events.get(place) for place in asked})


def _true(stage: Stage, chance: Chance) -> Evidence:
    return stage.shown(chance.one(stage.records))


def _told(stage: Stage, shown: Evidence, code: str, **facts: object) -> Lie:
    bundle = stage.bundle(shown)
    return Lie(bundle, codes={"chain": code}, chain=_read(stage, bundle), **facts)


def anchor_kept_back(stage: Stage, chance: Chance) -> Lie:
    return _told(stage, replace(_true(stage, chance), anchor=None), "chain_waits", due=PENDING)


def anchor_of_another_log(stage: Stage, chance: Chance) -> Lie:
    other = stage.shown(chance.one([*stage.events_hebei, *stage.open]))
    return _told(stage, replace(_true(stage, chance), anchor=other.anchor), "chain_differs")


def anchor_of_another_size(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    size = stage.sizes(true)[0]
    other = chance.one(n for n in stage.anchored[str(stage.log.origin)] if n != size)
    shown = replace(stage.shown(true), anchor=stage.log.anchor(other))
    return _told(stage, shown, "chain_differs")


def anchor_invented(stage: Stage, chance: Chance) -> Lie:
    shown = _true(stage, chance)
    invented = replace(shown.anchor, transaction=chance.dice.randbytes(32))
    return _told(stage, replace(shown, anchor=invented), "chain_no_event", due=PENDING)


def event_of_another_contract(stage: Stage, chance: Chance) -> Lie:
    """A true transaction, and an event in it that the ledger's contract did not send."""
    shown = _true(stage, chance)
    other = replace(shown.anchor, log_index=shown.anchor.log_index + chance.number(1, 3))
    return _told(stage, replace(shown, anchor=other), "chain_no_event", due=PENDING)


def block_invented(stage: Stage, chance: Chance) -> Lie:
    """The true event, said to stand in another block: an earlier one, or one that nobody mined."""
    shown = _true(stage, chance)
    number = shown.anchor.block_number + chance.one([-1, 1, -900])
    change = chance.one([{"block_hash": chance.dice.randbytes(32)}, {"block_number": number}])
    return _told(
        stage, replace(shown, anchor=replace(shown.anchor, **change)), "chain_moved", due=PENDING
    )


def head_between_two_anchors(stage: Stage, chance: Chance) -> Lie:
    """A head that the log signed and never anchored, under the next anchor."""
    true = stage.records[0]
    anchored = stage.anchored[str(stage.log.origin)]
    size = chance.one(n for n in range(true.index + 1, len(stage.log.leaves)) if n not in anchored)
    following = next(n for n in anchored if n > size)
    shown = stage.world.evidence(true, size=size, cosigned={})
    return _told(stage, replace(shown, anchor=stage.log.anchor(following)), "chain_differs")


def history_under_the_true_anchor(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    fork = rewritten(stage.log, true.index, offered(stage, chance))
    shown = stage.world.evidence(fork, size=chance.one(stage.sizes(true)), cosigned={})
    return _told(stage, shown, "chain_differs")


def chain_of_another_identity(stage: Stage, chance: Chance) -> Lie:
    """The same contract's address and code on a chain that somebody made up."""
    identity, name = stage.chain.identity, chance.one(IDENTITY)
    old = getattr(identity, name)
    new = old + 1 if isinstance(old, int) else chance.dice.randbytes(len(old))
    chain = replace(stage.chain, identity=replace(identity, **{name: new}))
    bundle = stage.bundle(_true(stage, chance))
    return Lie(bundle, UNKNOWN, {"chain": "chain_other"}, chain=chain)


def rpc_says_nothing(stage: Stage, chance: Chance) -> Lie:
    bundle = stage.bundle(_true(stage, chance))
    if chance.heads():
        chain = ChainReading(RPC, None, error="refused")
        return Lie(bundle, UNKNOWN, {"chain": "chain_unavailable"}, chain=chain)
    chain = ChainReading(RPC, stage.chain.identity, {}, "behind")
    return Lie(bundle, UNKNOWN, {"chain": "chain_not_read"}, chain=chain)


def rpc_says_there_is_nothing(stage: Stage, chance: Chance) -> Lie:
    """It is believed, and named: whoever asks another one is told otherwise."""
    bundle = stage.bundle(_true(stage, chance))
    chain = replace(stage.chain, events=dict.fromkeys(stage.chain.events))
    return Lie(bundle, PENDING, {"chain": "chain_no_event"}, chain=chain)


def rpc_confirms_a_history(stage: Stage, chance: Chance) -> Lie:
    """The liar runs the RPC too: still nobody witnessed what it confirms."""
    fork, size = apart(stage, chance)
    signed = chance.one([{}, {"hebei": START + 200_000}, {"tianjin": START + 200_000}])
    shown = stage.world.evidence(fork, size=size, cosigned=signed)
    facts = fork.log.facts(size, Millis(1_772_700_000_000))
    events = {**stage.chain.events, (facts.transaction, facts.log_index): facts}
    bundle = stage.bundle(shown)
    codes = {"chain": "chain_holds", "quorum": "quorum_waits"}
    return Lie(bundle, PENDING, codes, chain=replace(stage.chain, events=events))


LIES = (
    anchor_kept_back,
    anchor_of_another_log,
    anchor_of_another_size,
    anchor_invented,
    event_of_another_contract,
    block_invented,
    head_between_two_anchors,
    history_under_the_true_anchor,
    chain_of_another_identity,
    rpc_says_nothing,
    rpc_says_there_is_nothing,
    rpc_confirms_a_history,
)

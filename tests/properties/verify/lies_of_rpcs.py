"""Lies that come over HTTP: JSON-RPC nodes that answer wrongly, asked as ``jjj verify --rpc`` asks them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from ledger.chain.abi import contract
from ledger.testing.kit import START
from ledger.values import AnchorFacts, Millis
from tests.properties.verify.lie import PASSED, PENDING, UNKNOWN, Lie
from tests.properties.verify.lies_of_logs import apart
from tests.properties.verify.stage import Chance, Stage
from tests.unit.chain.node import Answer, RefusalError

Receipt: TypeAlias = dict[str, Any]


class Node:
    """What an honest node of the stage's chain would answer; a liar changes one thing."""

    def __init__(self, stage: Stage) -> None:
        identity = stage.world.identity
        self.address = identity.address
        self.blocks: dict[int, dict[str, str] | None] = {
            0: _block(0, identity.genesis_hash, 0),
            identity.deploy_block_number: _block(3, identity.deploy_block_hash, 0),
        }
        self.receipts: dict[str, Receipt] = {}
        for facts in stage.chain.events.values():
            assert facts is not None
            self.mine(facts)
        self.answers: dict[str, Answer] = {
            "eth_chainId": lambda _: hex(identity.chain_id),
            # The kit's chain is named by a digest of these bytes, its code too.
            "eth_getCode": lambda _: _hex(f"chain {stage.world.network}".encode()),
            "eth_blockNumber": lambda _: hex(max(self.blocks)),
            "eth_getBlockByNumber": lambda given: self.blocks.get(int(given[0], 16)),
            "eth_getTransactionReceipt": lambda given: self.receipts.get(given[0]),
        }

    def mine(self, facts: AnchorFacts) -> None:
        number, block_hash = facts.block_number, facts.block_hash
        # Heads of several logs may share a number here: the chain of the kit is only a table.
        self.blocks[number] = _block(number, block_hash, facts.block_time // 1000)
        place = {"blockNumber": hex(number), "blockHash": _hex(block_hash)}
        topic = contract("TreeHeadLedger").events["TreeHeadAnchored"].topic
        size = facts.head.size.to_bytes(32, "big")
        log = {
            **place,
            "address": _hex(self.address),
            "topics": [_hex(topic), _hex(facts.log_id), _hex(size)],
            "data": _hex(facts.head.root + bytes(64)),
            "transactionHash": _hex(facts.transaction),
            "logIndex": hex(facts.log_index),
            "removed": False,
        }
        self.receipts[_hex(facts.transaction)] = {**place, "status": "0x1", "logs": [log]}

    def change(self, transaction: bytes, change: Callable[[Receipt], None]) -> None:
        """Change the one event of a transaction."""
        receipt = copy.deepcopy(self.receipts[_hex(transaction)])
        change(receipt["logs"][0])
        self.receipts[_hex(transaction)] = receipt


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _block(number: int, block_hash: bytes, time: int) -> dict[str, str]:
    return {"number": hex(number), "hash": _hex(block_hash), "timestamp": hex(time)}


def _asked(stage: Stage, chance: Chance) -> tuple[Node, Any, Any]:
    """A node, a true record's evidence, and a bundle of nothing else that stands on the chain."""
    shown = stage.shown(chance.one(stage.records), len(stage.log.leaves))
    node = Node(stage)
    # The kit numbers the blocks of each log alike; this one's is the one that is there.
    node.mine(stage.chain.events[shown.anchor.transaction, shown.anchor.log_index])
    operator = stage.shown(stage.operator, anchored=False)
    return node, shown, lambda one: stage.bundle(one, operators=[operator])


def _told(node: Node, bundle: Any, due: Any, codes: Mapping[str, str]) -> Lie:
    return Lie(bundle, due, codes, rpc=node.answers)


def rpc_is_honest(stage: Stage, chance: Chance) -> Lie:
    """No lie: what is found out below is not found out by refusing everything."""
    node, shown, bundle = _asked(stage, chance)
    return _told(node, bundle(shown), PASSED, {"chain": "chain_holds"})


def receipt_of_another_transaction(stage: Stage, chance: Chance) -> Lie:
    """Asked for an invented transaction, it answers with the receipt of a true one."""
    node, shown, bundle = _asked(stage, chance)
    invented = chance.dice.randbytes(32)
    node.receipts[_hex(invented)] = node.receipts[_hex(shown.anchor.transaction)]
    lying = replace(shown, anchor=replace(shown.anchor, transaction=invented))
    return Lie(bundle(lying), codes={"chain": "chain_differs"}, rpc=node.answers)


def receipt_of_another_head(stage: Stage, chance: Chance) -> Lie:
    """A true event of the same contract, for another size of the log or for another log."""
    node, shown, bundle = _asked(stage, chance)
    others = [
        one for one in stage.chain.events.values() if one.transaction != shown.anchor.transaction
    ]
    other = chance.one(others)
    size, root = other.head.size.to_bytes(32, "big"), other.head.root

    def change(log: Receipt) -> None:
        log["topics"][1:] = [_hex(other.log_id), _hex(size)]
        log["data"] = _hex(root + bytes(64))

    node.change(shown.anchor.transaction, change)
    return Lie(bundle(shown), codes={"chain": "chain_differs"}, rpc=node.answers)


def event_sent_by_another_contract(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)
    address = _hex(chance.dice.randbytes(20))
    node.change(shown.anchor.transaction, lambda log: log.update(address=address))
    return _told(node, bundle(shown), PENDING, {"chain": "chain_no_event"})


def event_of_another_kind(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)
    topic = _hex(chance.dice.randbytes(32))
    change = chance.one([{"removed": True}, {"topics": [topic]}])
    node.change(shown.anchor.transaction, lambda log: log.update(change))
    return _told(node, bundle(shown), PENDING, {"chain": "chain_no_event"})


def event_in_a_block_that_is_gone(stage: Stage, chance: Chance) -> Lie:
    """Receipt and bundle agree on a block that the node itself does not have at that height."""
    node, shown, bundle = _asked(stage, chance)
    gone = chance.dice.randbytes(32)
    node.change(shown.anchor.transaction, lambda log: log.update(blockHash=_hex(gone)))
    lying = replace(shown, anchor=replace(shown.anchor, block_hash=gone))
    return _told(node, bundle(lying), UNKNOWN, {"chain": "chain_not_read"})


def event_that_cannot_be_read(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)
    change = chance.one(
        [{"data": "0x00"}, {"logIndex": "seven"}, {"blockHash": None}, {"topics": "none"}]
    )
    node.change(shown.anchor.transaction, lambda log: log.update(change))
    return _told(node, bundle(shown), UNKNOWN, {"chain": "chain_not_read"})


def chain_begun_anew(stage: Stage, chance: Chance) -> Lie:
    """Another chain with the same contract's address."""
    node, shown, bundle = _asked(stage, chance)
    deployed = stage.world.identity.deploy_block_number
    other = chance.one(["id", "genesis", "deployed", "absent", "code"])
    if other == "id":
        node.answers["eth_chainId"] = lambda _: "0x1"
    elif other == "code":
        node.answers["eth_getCode"] = lambda _: chance.one(["0x", "0x6000"])
    elif other == "absent":
        node.blocks[deployed] = None
    else:
        number = 0 if other == "genesis" else deployed
        node.blocks[number] = _block(number, chance.dice.randbytes(32), 0)
    return _told(node, bundle(shown), UNKNOWN, {"chain": "chain_other"})


def node_is_behind(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)
    reached = shown.anchor.block_number - chance.number(1, 900)
    node.answers["eth_blockNumber"] = lambda _: hex(reached)
    node.receipts.clear()
    return _told(node, bundle(shown), UNKNOWN, {"chain": "chain_not_read"})


def node_refuses(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)

    def refuse(_: object) -> object:
        raise RefusalError(-32000, "no")

    asked = chance.one(["eth_chainId", "eth_getCode", "eth_blockNumber", "eth_getBlockByNumber"])
    node.answers[asked] = refuse
    return _told(node, bundle(shown), UNKNOWN, {})


def node_talks_nonsense(stage: Stage, chance: Chance) -> Lie:
    node, shown, bundle = _asked(stage, chance)
    nonsense = chance.one([None, 7, "", [], {}, "0x", True])
    node.answers["eth_chainId"] = lambda _: nonsense
    return _told(node, bundle(shown), UNKNOWN, {"chain": "chain_unavailable"})


def node_confirms_a_history(stage: Stage, chance: Chance) -> Lie:
    """The liar's own node shows the liar's own history: still nobody witnessed it."""
    fork, size = apart(stage, chance)
    node, _, bundle = _asked(stage, chance)
    node.mine(fork.log.facts(size, Millis(1_772_700_000_000)))
    signed = chance.one([{}, {"beijing": START + 200_000}, {"tianjin": START + 200_000}])
    shown = stage.world.evidence(fork, size=size, cosigned=signed)
    return _told(node, bundle(shown), PENDING, {"chain": "chain_holds", "quorum": "quorum_waits"})


LIES = (
    rpc_is_honest,
    receipt_of_another_transaction,
    receipt_of_another_head,
    event_sent_by_another_contract,
    event_of_another_kind,
    event_in_a_block_that_is_gone,
    event_that_cannot_be_read,
    chain_begun_anew,
    node_is_behind,
    node_refuses,
    node_talks_nonsense,
    node_confirms_a_history,
)

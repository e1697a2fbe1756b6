"""One network taken through an epoch turn, a theft and a restored copy; what happened is told, not judged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ledger import tree
from ledger.bundle import decode_bundle
from ledger.chain.accounts import Account, Fees, address_of
from ledger.chain.network import LogEntry, read_network, write_network
from ledger.chain.refusals import ContractRefused
from ledger.chain.registry import Registry
from ledger.chain.registrystate import EpochTurn
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender
from ledger.chain.web3chain import Web3Chain
from ledger.errors import LedgerError
from ledger.keys.demo import demo_account, demo_log_key
from ledger.merkle.hashing import leaf_hash, node_hash, root_of
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.merkle.proofs import prove_consistency
from ledger.testing.local import LocalNetwork
from ledger.values import Origin, TreeHead
from ledger.verify.policy import policy_from_network
from ledger.verify.report import State
from ledger.verify.verifier import verify_bundle
from tests.system.desk import Desk, Firm, amended, document, id_of

POSTERS = {
    "beijing": Firm.party("broker_tj"),
    "tianjin": Firm.party("importer_bj"),
    "hebei": Firm.party("trucker"),
}
Told = dict[str, Any]


class Play:
    """A running network and what one does to it."""

    def __init__(self, local: LocalNetwork, told: Told) -> None:
        self.local, self.told = local, told
        self.desk = Desk(local.network)

    def file(self, region: str, content: str, **claims) -> str:
        """A signed document record for one of the regions."""
        fields = document(content)
        if claims.get("version", 1) > 1:
            fields = amended(fields)
        return self.desk.sign(POSTERS[region], region, "document", fields, **claims)

    async def post(self, region: str, compact: str):
        return await self.local.clients[region].submit(compact)

    async def bundle(self, region: str, statement: str) -> bytes:
        return await self.local.client(region).bundle_bytes(statement)

    async def mirrored(self, region: str, statement: str) -> bytes:
        """A record's bundle from a mirror, which hears of the cosignatures after its home does."""
        network, deadline = self.local.network_file.read_bytes(), self.local.clock.monotonic() + 60
        while _waits(network, bundle := await self.bundle(region, statement)):
            assert self.local.clock.monotonic() < deadline, "not in time"
            await asyncio.sleep(0.02)
        return bundle

    def origin(self, region: str) -> Origin:
        return self.local.nodes[region].sealer.origin

    def web3(self, region: str) -> Web3Chain:
        """The chain through the region's anchor key: as its node uses it, and as a thief would."""
        key = demo_account(f"{region}/anchor")
        return Web3Chain(Rpc(self.local.rpc_url), self.local.network.chain, key, fees=Fees(0))

    async def head(self, region: str) -> TreeHead:
        node, origin = self.local.nodes[region], self.origin(region)
        size = await node.store.size(origin)
        return TreeHead(size, await tree.root(node.store, origin, size))

    async def until(self, holds, seconds: float = 60) -> None:
        deadline = self.local.clock.monotonic() + seconds
        while not holds():
            assert self.local.clock.monotonic() < deadline, "not in time"
            await asyncio.sleep(0.02)

    # --- an epoch turn, as the authorities of the two other regions do it

    async def turn(self, region: str, closing: TreeHead, proof: Sequence[bytes] | None = None):
        """Close the region's log and open its next one; then the network file says so."""
        old, new = self.origin(region), self.origin(region).next_epoch()
        await self._vote(region, closing, new, proof)
        network = read_network(self.local.network_file)
        logs = [replace(log, closed=closing) if log.origin == old else log for log in network.logs]
        kept = next(log for log in network.logs if log.origin == old)
        vkey = VerifierKey(str(new), LOG_KEY, demo_log_key(str(new)).public_key)
        logs.append(LogEntry(new, vkey, kept.quorum, kept.registrars))
        write_network(self.local.network_file, replace(network, logs=tuple(logs)))
        self.local.network = read_network(self.local.network_file)
        await self.until(lambda: self.origin(region) == new)

    async def _vote(self, region: str, closing: TreeHead, new: Origin, proof) -> None:
        old, names = self.origin(region), list(self.local.nodes)
        proposer, approver = [name for name in names if name != region]
        account = address_of(demo_account(f"{region}/anchor"))
        key = demo_log_key(str(new)).public_key
        turn = EpochTurn(old.log_id, closing, str(new), key, account)
        rpc, chain = Rpc(self.local.rpc_url), self.web3(region)
        await self._registry(rpc, proposer).propose_turn(turn)
        for _ in range(20):
            held = (await chain.head(old.log_id)).head
            steps = proof if proof is not None else await self._between(region, held, closing)
            try:
                await self._registry(rpc, approver).approve_turn(names.index(proposer), turn, steps)
                break
            except ContractRefused:
                # The node anchored once more in between: the proof was for another head.
                continue
        else:
            raise AssertionError("the turn was refused 20 times")
        rpc.close()
        chain.close()

    async def _between(self, region: str, one: TreeHead, other: TreeHead) -> list[bytes]:
        small, large = sorted([one.size, other.size])
        if small in (0, large):
            return []
        store = self.local.nodes[region].store
        return await tree.consistency(store, self.origin(region), small, large)

    def _registry(self, rpc: Rpc, region: str) -> Registry:
        account = Account(demo_account(f"{region}/authority"))
        chain_id = self.local.network.chain.chain_id
        sender = Sender(rpc, account, chain_id, self.local.tasks, Fees(0))
        return Registry(rpc, self.local.network.registry, sender)


def judge(network: bytes, bundle: bytes):
    """The verifier's report under the policy of a network file."""
    return verify_bundle(decode_bundle(bundle), policy_from_network(json.loads(network)), at=0)


def _waits(network: bytes, bundle: bytes) -> bool:
    return judge(network, bundle).verdict is State.PENDING


async def turn_in_the_middle(play: Play) -> None:
    """Tianjin's log is closed while four firms post to it."""
    told = play.told
    told["old network"] = play.local.network_file.read_bytes()
    told["old origin"] = str(play.origin("tianjin"))
    told["first"] = await play.post("tianjin", first := play.file("tianjin", "two versions"))
    before = [play.file("tianjin", f"before {n}") for n in range(20)]
    told["before"] = {one: await play.post("tianjin", one) for one in before}
    await play.local.settle()
    told["old bundle"] = await play.bundle("tianjin", told["first"].id)
    stop, during = asyncio.Event(), {}

    async def firm(number: int) -> None:
        while not stop.is_set():
            compact = play.file("tianjin", f"during {number}/{len(during)}")
            try:
                during[compact] = await play.post("tianjin", compact)
            except LedgerError as error:
                during[compact] = error
            await asyncio.sleep(0.02)

    firms = [asyncio.create_task(firm(number)) for number in range(4)]
    await play.until(lambda: len(during) > 20)
    told["closing"] = await play.head("tianjin")
    await play.turn("tianjin", told["closing"])
    turned = len(during)
    await play.until(lambda: len(during) > turned + 20)
    stop.set()
    await asyncio.gather(*firms)
    told["during"] = during
    second = play.file("tianjin", "two versions", version=2, prev=id_of(first))
    told["second"] = await play.post("tianjin", second)
    await play.local.settle()
    told["settled"] = play.local.nodes["tianjin"].readiness()["anchoring"]
    told["new network"] = play.local.network_file.read_bytes()
    told["again"] = {one: await play.post("tianjin", one) for one in (*before, *during)}
    # What was turned away during the turn is logged only now.
    await play.local.settle()
    wanted = [told["first"].id, told["second"].id, *(id_of(one) for one in list(during)[::6])]
    told["bundles"] = {one: await play.bundle("tianjin", one) for one in wanted}
    told["mirrored"] = await play.mirrored("hebei", told["second"].id)
    old = play.local.client("beijing")
    told["old log"] = await old.log_file(Origin.parse(told["old origin"]), "checkpoint")


async def theft(play: Play) -> None:
    """Hebei's anchor key is stolen; the thief invents a head; the two other regions cure it."""
    told, node = play.told, play.local.nodes["hebei"]
    told["honest"] = await play.post("hebei", play.file("hebei", "before the theft"))
    await play.local.settle()
    told["honest bundle"] = await play.bundle("hebei", told["honest"].id)
    thief, origin = play.web3("hebei"), play.origin("hebei")
    honest = (await thief.head(origin.log_id)).head
    leaves = [row.hash for row in await node.store.leaves(origin, 0, honest.size)]
    proof, root = invent(leaves, honest.size, honest.size + 5_000_000)
    stolen = TreeHead(honest.size + 5_000_000, root)
    told["refused"] = await attempts(thief, origin, honest, leaves, stolen, proof)
    sent = thief.sign_anchor(await thief.nonce(), origin.log_id, stolen, proof)
    await thief.send(sent.raw)
    told["stolen"] = (stolen, (await thief.head(origin.log_id)).head)
    await play.until(lambda: node.readiness()["anchoring"]["alarm"] is not None)
    await play.post("hebei", after := play.file("hebei", "after the theft"))
    nonce = await thief.nonce()
    await asyncio.sleep(1)
    told["sent after the theft"] = await thief.nonce() - nonce
    told["alarm"] = node.readiness()["anchoring"]["alarm"]
    told["theft evidence"] = await node.store.evidence("anchor_foreign_head")
    told["stolen rows"] = [
        await seen(one.store, origin, stolen.size) for one in play.local.nodes.values()
    ]
    # The region cannot go on by itself either: its honest next head is smaller than the stolen one.
    head = await play.head("hebei")
    steps = await tree.consistency(node.store, origin, honest.size, head.size)
    told["honest next"] = await refusal(thief, origin, head, steps)
    # Closed where it was honest; the thief's own proof shows that its head extends that one.
    await play.turn("hebei", honest, proof)
    told["cured"] = await play.post("hebei", play.file("hebei", "cured"))
    await play.local.settle()
    told["cured and settled"] = play.local.nodes["hebei"].readiness()["anchoring"]
    told["after theft network"] = play.local.network_file.read_bytes()
    told["cured bundles"] = [
        await play.bundle("hebei", one) for one in (told["cured"].id, id_of(after))
    ]
    thief.close()


async def seen(store, origin: Origin, size: int):
    """What a region notes of an anchored head, once it has seen the event."""
    for _ in range(600):
        if (row := await store.anchor(origin, size)) is not None:
            break
        await asyncio.sleep(0.05)
    return row


async def attempts(thief, origin, honest, leaves, stolen, proof) -> dict[str, str | None]:
    """What else the holder of the anchor key may try."""
    far = TreeHead(honest.size + (1 << 24) + 1, bytes([7]) * 32)
    rewritten = [leaf_hash(b"rewritten"), *leaves[1:], leaf_hash(b"one more")]
    longer = TreeHead(len(rewritten), root_of(rewritten))
    grown = [*leaves, leaf_hash(b"one more")]
    shorter = TreeHead(honest.size - 1, root_of(leaves[:-1]))
    tianjin = origin.__class__(origin.network, "tianjin", 2).log_id
    tries = {
        "too far": (origin.log_id, far, proof),
        "without proof": (origin.log_id, stolen, []),
        "rewritten leaf": (origin.log_id, longer, prove_consistency(rewritten, honest.size)),
        "rewritten leaf, honest proof": (
            origin.log_id, longer, prove_consistency(grown, honest.size),
        ),
        "same size": (origin.log_id, TreeHead(honest.size, longer.root), []),
        "smaller": (origin.log_id, shorter, prove_consistency(leaves, honest.size - 1)),
        "empty": (origin.log_id, TreeHead(0, bytes(32)), []),
        "another region's log": (tianjin, TreeHead(10_000, longer.root), proof),
        "no log at all": (bytes(32), stolen, proof),
    }  # fmt: skip
    found = {}
    for name, (log, head, steps) in tries.items():
        found[name] = await refusal(thief, log, head, steps)
    # The head that is there, once more: accepted, and changes nothing.
    await thief.check_anchor(origin.log_id, honest, [])
    return found


async def refusal(chain: Web3Chain, log: Origin | bytes, head: TreeHead, proof) -> str | None:
    name = log if isinstance(log, bytes) else log.log_id
    try:
        await chain.check_anchor(name, head, list(proof))
    except ContractRefused as refused:
        return refused.name
    return None


def invent(leaves: Sequence[bytes], old: int, new: int, inner: bool = True):
    """Proof (RFC 9162 section 2.1.4.1) and root of a tree whose first leaves are these, the rest made up."""
    if old == new:
        root = root_of(leaves)
        return ([] if inner else [root]), root
    split = 1 << (new - 1).bit_length() - 1
    if old <= split:
        proof, left = invent(leaves, old, split, inner)
        right = bytes([len(proof) + 1]) * 32
        return [*proof, right], node_hash(left, right)
    left = root_of(leaves[:split])
    proof, right = invent(leaves[split:], old - split, new - split, False)
    return [*proof, left], node_hash(left, right)

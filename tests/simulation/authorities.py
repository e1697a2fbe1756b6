"""What authorities do on the chain, and what a thief of an anchor key does there."""

from dataclasses import dataclass, field

from ledger.chain.network import Network
from ledger.keys.demo import demo_log_key
from ledger.values import Origin, TreeHead
from tests.contracts.trees import Tree
from tests.simulation import network, rows
from tests.simulation.chain import DEPLOYED, Chain, Sent, digest, raw_anchor
from tests.simulation.contract import Contracts, Turn
from tests.simulation.disk import Disk
from tests.simulation.statements import REGIONS

SPARE = digest("spare anchor account")[:20]


@dataclass
class Authorities:
    """The regions' authorities, with the network file that they publish.

    Attributes:
        floor: no roll-back reaches below this block: what people decided there they saw final.
        forged: hashes of transactions that a thief sent.
        forged_heads: heads that a thief anchored, by log.
    """

    chain: Chain
    published: Network
    publish: object
    floor: int = DEPLOYED
    forged: set[bytes] = field(default_factory=set)
    forged_heads: dict[bytes, TreeHead] = field(default_factory=dict)
    _ways_back: dict[bytes, tuple[TreeHead, list[bytes]]] = field(default_factory=dict)

    def newest_log(self, region: str) -> Origin:
        mine = [log.origin for log in self.published.logs if log.origin.region == region]
        return max(mine, key=lambda origin: origin.epoch)

    def open_logs(self, region: str) -> list[Origin]:
        return [
            log.origin
            for log in self.published.logs
            if log.origin.region == region and log.closed is None
        ]

    def close_log(self, region: str) -> TreeHead | None:
        """Two regions close the region's log at the chain's honest head and open the next epoch.

        The closing head, or None where nothing was anchored yet.
        """
        origin = self.newest_log(region)
        closing, proof = self.chain.head_of(origin.log_id), []
        if origin.log_id in self.forged_heads:
            closing, proof = self._ways_back[origin.log_id]
        if closing.size == 0:
            return None
        following = origin.next_epoch()
        turn = Turn(
            origin.log_id, closing.size, closing.root, str(following),
            demo_log_key(str(following)).public_key, network.ACCOUNTS[region],
        )  # fmt: skip
        others = [at for at, name in enumerate(REGIONS) if name != region]
        proposer, approver = (network.AUTHORITIES[at] for at in others)

        def propose(made: Contracts, _: int) -> None:
            made.propose_turn(proposer, turn)

        def approve(made: Contracts, now: int):
            return made.approve_turn(approver, others[0], turn, proof, now)

        self.chain.call(propose, proposer)
        self.chain.call(approve, approver)
        self._see_final()
        self.published = network.turned(self.published, origin, closing)
        self.publish(self.published)
        return closing

    def change_account(self, region: str, account: bytes) -> None:
        """A region names another anchor account for its log, unless an epoch turn did so meanwhile."""
        if self.chain.contracts.logs[self.newest_log(region).log_id].anchorer == account:
            return
        authority = network.AUTHORITIES[REGIONS.index(region)]
        self.chain.call(lambda made, _: made.change_anchorer(authority, account), authority)
        self._see_final()

    def steal(self, number: int, region: str, disk: Disk) -> bool:
        """A thief of the anchor key anchors leaves that the log never had; whether it came through."""
        origin = self.newest_log(region)
        head = self.chain.head_of(origin.log_id)
        if head.size == 0 or rows.size_of(disk, origin) < head.size:
            return False
        hashes = [leaf.hash for leaf in rows.leaves(disk, origin, 0, head.size)]
        tree = _tree([*hashes, digest("invented", 1), digest("invented", 2)])
        forged = TreeHead(head.size + 2, tree.root(0, head.size + 2))
        proof = tree.proof(head.size, forged.size)
        self._send_forged(number, region, origin, forged, proof)
        if self.chain.head_of(origin.log_id) != forged:
            return False
        self.forged_heads[origin.log_id] = forged
        self._ways_back[origin.log_id] = (head, proof)
        return True

    def use_up_nonce(self, number: int, region: str) -> None:
        """A thief of the anchor key anchors an older head again, which changes nothing but the nonce."""
        origin = self.newest_log(region)
        heads = [event.head for event in self.chain.events(origin.log_id)][-2:]
        older = heads[0] if heads else self.chain.head_of(origin.log_id)
        self._send_forged(number, region, origin, older, ())

    def _send_forged(self, number: int, region: str, origin: Origin, head: TreeHead, proof) -> None:
        account = network.ACCOUNTS[region]
        raw = raw_anchor(account, self.chain.nonce(account), origin.log_id, head, proof)
        self.forged.add(Sent.of(raw).hash)
        self.chain.receive(number, raw)
        self.chain.mine_pool()
        self._see_final()

    def _see_final(self) -> None:
        self.floor = self.chain.newest.number


def _tree(hashes: list[bytes]) -> Tree:
    return Tree(lambda low, high: hashes[low] if high - low == 1 else None)

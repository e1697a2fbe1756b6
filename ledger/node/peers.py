"""The other regions' nodes, as the network file names them."""

from __future__ import annotations

from ledger.chain.network import Network
from ledger.client import PeerClient, ReadTokens
from ledger.node.opening import World
from ledger.ports import Peer, Signer


def connect(network: Network, region: str, key: Signer, world: World) -> list[Peer]:
    """A client of each node but the region's own, under the region's peer key; ``close`` it at the end."""
    return [
        PeerClient(
            other.name,
            other.url,
            ReadTokens.of_peer(f"{network.name}/{other.name}", key, world.clock, world.random),
        )
        for other in network.regions
        if other.name != region
    ]

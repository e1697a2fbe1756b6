"""The chain as a node's settings name it: its own RPC node, and those of other authorities beside it."""

from __future__ import annotations

from ledger.chain.accounts import offered
from ledger.chain.agreedchain import AgreedChain
from ledger.chain.panel import ChainNode
from ledger.chain.rpc import Rpc
from ledger.chain.standing import KeptStanding, Standing
from ledger.chain.web3chain import Web3Chain
from ledger.ports import Clock, Store
from ledger.settings import NodeSettings
from ledger.values import ChainIdentity


def open_chain(
    settings: NodeSettings, known: ChainIdentity, anchor: bytes, standing: Standing | None = None
) -> Web3Chain | AgreedChain:
    """The chain for one anchor account (its key, 32 bytes); ``close`` it at the end.

    Without ``standing`` it begins with every node believed.
    """
    fees = offered(settings.gas_price, settings.priority_fee)
    own = Rpc(settings.rpc_url, settings.rpc_timeout)
    if not settings.rpc_others:
        return Web3Chain(own, known, anchor, fees=fees, confirmations=settings.confirmations)
    others = {name: Rpc(url, settings.rpc_timeout) for name, url in settings.rpc_others.items()}
    return AgreedChain(
        [ChainNode(name, rpc) for name, rpc in ({settings.region: own} | others).items()],
        known,
        anchor,
        standing=standing or Standing(),
        fees=fees,
        confirmations=settings.confirmations,
    )


def kept_standing(settings: NodeSettings, store: Store, clock: Clock) -> KeptStanding:
    """Who of the settings' authorities is set aside, as the node's database keeps it."""
    return KeptStanding([settings.region, *settings.rpc_others], store, clock)

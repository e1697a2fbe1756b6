"""Believing a node of the chain again that was set aside."""

from __future__ import annotations

from ledger.errors import ConflictError, InputError
from ledger.node.chains import kept_standing
from ledger.node.opening import resting_world
from ledger.settings import NodeSettings


async def readmit(settings: NodeSettings, authority: str) -> None:
    """Have that authority's node asked again. The region's node itself must not run.

    Raises:
        InputError: chain_node_unknown where the settings name no such node.
        ConflictError: node_not_aside.
        FatalError: head_lock_held, store_held.
    """
    if authority not in {settings.region, *settings.rpc_others}:
        raise InputError("chain_node_unknown", f"the settings name no node of {authority!r}")
    async with resting_world(settings) as world:
        was = await kept_standing(settings, world.store, world.clock).readmit(authority)
    if not was:
        raise ConflictError("node_not_aside", f"the node of {authority} was not set aside")

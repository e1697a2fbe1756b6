"""What one step of the anchor worker looks at, and whether it fits together."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import tree
from ledger.anchoring.status import Alarm
from ledger.ports import Block, Chain, ChainHead, HeadLock, Store
from ledger.values import Origin, TreeHead


@dataclass(frozen=True, slots=True)
class Facts:
    """Chain and head lock at one moment; ``signed`` is None where the lock holds no head."""

    final: Block
    nonce: int
    contract: ChainHead
    signed: TreeHead | None


async def look(origin: Origin, chain: Chain, head_lock: HeadLock) -> Facts:
    """Read the facts; raises UnavailableError(chain_unavailable)."""
    final = await chain.final_block()
    nonce = await chain.nonce()
    contract = await chain.head(origin.log_id)
    return Facts(final, nonce, contract, (await head_lock.read(origin)).head)


async def contradiction(origin: Origin, store: Store, facts: Facts) -> Alarm | None:
    """Why nothing may be anchored, or None.

    The head lock must hold a head of this log, and the chain's head must be one that this log extends:
    else somebody else used the account, or this database is an older copy.
    """
    held, anchored = await store.size(origin), facts.contract.head
    signed = facts.signed
    if signed is None:
        if held == 0 and anchored.size == 0:
            return None
        return Alarm("head_lock_missing", "the head lock holds no head of this log")
    if signed.size > held or await tree.root(store, origin, signed.size) != signed.root:
        return Alarm("head_lock_contradicts", f"the log does not contain {named(signed)}")
    if anchored.size == 0:
        return None
    if anchored.size > signed.size:
        return Alarm(
            "anchor_foreign_head", f"the chain holds {named(anchored)}, never signed by this log"
        )
    if not await _extends(origin, store, anchored):
        return Alarm(
            "anchor_foreign_head", f"the chain holds {named(anchored)}, not a head of this log"
        )
    return None


async def newest_own(origin: Origin, store: Store) -> int:
    """Size of the newest anchored head known to the store that this log extends; 0 where there is none.

    Raises as ``tree.root``.
    """
    newest = await store.newest_anchor(origin)
    if newest is None:
        return 0
    if await _extends(origin, store, newest.facts.head):
        return newest.facts.head.size
    # Somebody else's. The contract takes none of ours behind such a head, so ours are all before the first.
    own, end = 0, await store.size(origin)
    while own < end:
        middle = (own + end) // 2
        row = await store.anchor_covering(origin, middle, quorate=False)
        if row is not None and await _extends(origin, store, row.facts.head):
            own = row.facts.head.size
        else:
            end = middle
    return own


async def _extends(origin: Origin, store: Store, head: TreeHead) -> bool:
    if head.size > await store.size(origin):
        return False
    return await tree.root(store, origin, head.size) == head.root


def named(head: TreeHead) -> str:
    """A head for people and for evidence."""
    return f"size {head.size} root {head.root.hex()}"

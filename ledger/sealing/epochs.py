"""What happens to a log that two of three regions closed (DESIGN D4, *Epochs*)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ledger import tree
from ledger.ports import Found, Signer, Store
from ledger.sealing.receipts import closing_name, sign_head
from ledger.sealing.standing import LEADING, Standing
from ledger.values import Origin, TreeHead

_AT_ONCE = 512


async def close_log(
    store: Store, origin: Origin, closing: TreeHead, signer: Signer | None
) -> Standing:
    """Check that the log was closed at a head of its own, and keep a checkpoint there if it can be signed.

    That checkpoint answers repeats of what the closed log holds.
    """
    size = await store.size(origin)
    if closing.size > size:
        return Standing(
            False, "closing_ahead", f"closed at size {closing.size}, the log holds {size} leaves"
        )
    if await tree.root(store, origin, closing.size) != closing.root:
        return Standing(False, "closing_fork", f"closed with another root at size {closing.size}")
    if signer is not None:
        note = sign_head(origin, closing, signer).note
        await store.put_meta(closing_name(origin), note)
    return LEADING


async def left_behind(store: Store, origin: Origin, closing: int) -> AsyncIterator[list[Found]]:
    """What of a closed log has to be logged again, in order, some at a time.

    Beyond its closing size, and before it what no checkpoint covers: its key is gone, so nobody could ever
    prove those leaves.
    """
    size = await _proven(store, origin, closing)
    while found := await store.found(origin, size, _AT_ONCE):
        yield found
        size += len(found)


async def _proven(store: Store, origin: Origin, closing: int) -> int:
    """Size up to which a checkpoint at hand proves the leaves of a closed log."""
    if await store.get_meta(closing_name(origin)) is not None:
        return closing
    proven = after = 0
    while rows := await store.anchors(origin, after, _AT_ONCE):
        signed = [row.facts.head.size for row in rows if row.checkpoint is not None]
        proven = max([proven, *(size for size in signed if size <= closing)])
        after = rows[-1].facts.head.size
    return proven

"""What happens to a log that two of three regions closed (DESIGN D4, *Epochs*)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ledger import tree
from ledger.errors import UnavailableError
from ledger.ports import Found, Signer, Store
from ledger.sealing.receipts import closing_name, sign_head
from ledger.sealing.standing import LEADING, UNREADABLE, Standing, judge_unreadable
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
    try:
        root = await tree.root(store, origin, closing.size)
    except UNREADABLE as error:
        return judge_unreadable(error)
    if root != closing.root:
        return Standing(False, "closing_fork", f"closed with another root at size {closing.size}")
    if signer is not None:
        note = sign_head(origin, closing, signer).note
        await store.put_meta(closing_name(origin), note)
    return LEADING


async def left_behind(store: Store, origin: Origin, closing: int) -> AsyncIterator[list[Found]]:
    """What of a closed log has to be logged again, in order, some at a time.

    Beyond its closing size, and before it what no checkpoint covers: its key is gone, so nobody could ever
    prove those leaves.

    Raises:
        UnavailableError: row_unreadable, if one is gone that may not stand in a later epoch yet.
    """
    size = await store.size(origin)
    for start in range(await _proven(store, origin, closing), size, _AT_ONCE):
        found = await store.found(origin, start, _AT_ONCE)
        if len(found) < min(_AT_ONCE, size - start):
            # They go in their order, so nothing is missed where even the last one was logged again.
            if await _is_logged_again(store, origin, size - 1):
                return
            raise UnavailableError(
                "row_unreadable", f"leaves of {origin} after {start} are gone, not yet logged again"
            )
        yield found


async def _is_logged_again(store: Store, origin: Origin, index: int) -> bool:
    leaf = await store.leaf(origin, index)
    places = [] if leaf is None else await store.statement(leaf.statement)
    mine = [one.leaf.origin for one in places if one.leaf.origin.region == origin.region]
    return any(one.epoch > origin.epoch for one in mine)


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

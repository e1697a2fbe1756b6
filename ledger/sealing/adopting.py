"""Whether a log's own head may be put into a lock that was lost (``jjj node adopt-head``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger import tree
from ledger.errors import ConflictError
from ledger.ports import HeadState, Store
from ledger.sealing.standing import judge
from ledger.values import Origin, TreeHead

_MIRRORS = 2


async def check_adoptable(
    store: Store, origin: Origin, size: int, chain: TreeHead, mirrors: Sequence[TreeHead]
) -> None:
    """Check that the log, of that size, continues the heads that chain and both mirrors hold.

    Without the lock only they remember what was promised: one of them ahead of the log, or on another
    root, shows that leaves were lost here.

    Raises:
        ConflictError: adopt_refused.
    """
    if len(mirrors) < _MIRRORS:
        raise ConflictError("adopt_refused", f"{len(mirrors)} mirrors answered, both must")
    for who, head in [("the chain", chain), *(("a mirror", one) for one in mirrors)]:
        if head.size > size:
            raise ConflictError(
                "adopt_refused", f"{who} holds {head.size} leaves, this log {size}: refetch first"
            )
        if await tree.root(store, origin, head.size) != head.root:
            raise ConflictError("adopt_refused", f"{who} holds another root at size {head.size}")


async def check_continued(store: Store, origin: Origin, head: TreeHead, lock: HeadState) -> None:
    """Check that the log continues what its own lock holds, where the lock is whole.

    A head in it was promised to authors, though chain and mirrors may not have heard of it yet.

    Raises:
        ConflictError: adopt_refused.
    """
    if lock.head is None:
        return
    standing = await judge(store, origin, head, replace(lock, moved=False))
    if not standing.leading:
        raise ConflictError("adopt_refused", f"{standing.code}: {standing.detail}")

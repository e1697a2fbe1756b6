"""Named moments of the write paths at which a fault may strike; free where no one listens.

A fault laboratory sets a hook that kills, stops or breaks the process at one of them. In production there is
no hook and no way to set one from outside.
"""

from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "seal.taken",  # a group is chosen, nothing is written
    "store.written",  # a transaction of the store is written, not committed
    "store.committed",
    "seal.committed",  # leaves are durable, the head lock holds the old head
    "hold.sent",  # a mirror is about to be handed what is committed
    "seal.held",  # a mirror holds the new head, our own lock still the old one
    "lock.written",  # the new head lies beside the old one
    "lock.replaced",  # renamed, the folder not yet synced
    "lock.moved",
    "seal.locked",  # the head lock has moved, nothing is signed
    "seal.signed",  # signed, nobody is answered
    "seal.answered",
    "turn.closed",  # the old log is closed, the next epoch not yet open
    "anchor.signed",  # a transaction is signed, not stored
    "anchor.stored",  # stored, not sent
    "anchor.sent",
    "anchor.settled",  # a receipt was seen, the outbox row is still open
    "follow.seen",  # an anchor event is kept, the cursor not moved
    "follow.moved",
    "mirror.read",  # leaves of another region were read, nothing is stored
    "mirror.stored",
    "hold.stored",  # a home node's leaves are durable here, our lock holds their old head
    "hold.moved",  # the lock has moved, the home node is not answered
    "witness.signed",  # a cosignature is made, not stored
    "witness.stored",
)
"""Every failpoint, in the order of a record's journey."""

_hook: Callable[[str], None] | None = None


def listen(hook: Callable[[str], None] | None) -> None:
    """Call ``hook`` with the name at every failpoint; None ends it. For laboratories only."""
    global _hook  # noqa: PLW0603 - one process, one laboratory
    _hook = hook


def reach(name: str) -> None:
    """Say that this moment has come."""
    if _hook is not None:
        _hook(name)

"""Two histories of one log within a bundle: a contradiction its own signatures prove."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.verify.receipt import Receipt
from ledger.verify.report import State


def forked_origins(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    """Logs that signed two roots for one size, or two leaves at one index."""
    forked: dict[str, None] = {}
    roots: dict[tuple[str, int], bytes] = {}
    leaves: dict[tuple[str, int], bytes] = {}
    for receipt in receipts:
        head = receipt.vouched.head
        if head is None or receipt.vouched.log_signature.state is not State.PASSED:
            continue
        origin = str(receipt.origin)
        if roots.setdefault((origin, head.size), head.root) != head.root:
            forked[origin] = None
        # The leaf counts even if it does not name its statement: the log signed it at that place.
        if receipt.index is not None and receipt.inclusion.state is State.PASSED:
            place = (origin, receipt.index)
            if leaves.setdefault(place, receipt.leaf_hash) != receipt.leaf_hash:
                forked[origin] = None
    return tuple(forked)

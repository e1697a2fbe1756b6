"""Which block a JSON-RPC parameter means."""

from __future__ import annotations

from ledger.devchain import encoding
from ledger.devchain.backend import DurableBackend
from ledger.devchain.faults import rejected

_NEWEST = frozenset({"latest", "pending", "safe", "finalized"})


def block_number(backend: DurableBackend, tag: object) -> int:
    """The number that a block parameter means; raises RpcFault(-32602).

    eth-tester would answer 'earliest' with nothing and a number past the head with an exception.
    """
    if tag is None or tag in _NEWEST:
        return backend.height
    if tag == "earliest":
        return 0
    return encoding.read_quantity(tag)


def mined(backend: DurableBackend, tag: object) -> int:
    """The number of a block that exists; raises RpcFault."""
    number = block_number(backend, tag)
    if number > backend.height:
        raise rejected(f"header not found: block {number} is past the head {backend.height}")
    return number

"""What engines may be able to do, in words; each engine's file says under `[can]` which of it it can.

A test that uses one bears ``needs``; its counterpart, for engines without it, bears ``lacks`` and holds
what such an engine does instead.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

ABILITIES = {
    "snapshot": "can be rolled back by evm_snapshot and evm_revert",
    "queueing": "keeps a transaction whose nonce is not yet due",
    "replacement": "lets what it keeps so give way to the same nonce at a higher price",
    "standstill": "can be made to stand still and to go on, as `[standstill]` says",
    "forgets": "forgets what waited, if it is ended while it stands still",
    "reasons": "tells with which of its errors a contract refused a call",
    "finalized": "knows the block tag `finalized`",
}


def fits(settings: Mapping[str, Any], marks: Iterable[pytest.Mark]) -> bool:
    """Whether the engine can all that the marks need, and nothing that they lack."""
    can = settings["can"]
    return all(
        can[word] is (mark.name == "needs")
        for mark in marks
        if mark.name in ("needs", "lacks")
        for word in mark.args
    )

"""Small values of the store's meta that a worker keeps for its next start."""

from __future__ import annotations

import json
from typing import Any

from ledger.errors import VerificationError
from ledger.statement import strictjson

_DECODER = json.JSONDecoder()


def read_kept(text: object) -> Any:  # noqa: ANN401 - every caller narrows what it reads
    """The value; None where there is none, or none that can be read (altered in the database)."""
    if not isinstance(text, str):
        return None
    try:
        return strictjson.decode(text, _DECODER)
    except VerificationError:
        return None


def read_count(value: object) -> int:
    """A number of things; 0 for anything else."""
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0

"""Leaves: one line of RFC 8785 JSON that names a statement by its id (DESIGN D2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.values import DIGEST_SIZE

_LINE = re.compile(
    rb'\{"prev":(-1|0|[1-9][0-9]{0,15}),"received":(0|[1-9][0-9]{0,15}),'
    rb'"statement":"([0-9a-f]{64})","v":1\}'
)
# RFC 8785 writes numbers as IEEE 754 doubles do: above this two integers would share one text.
_MAX_NUMBER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a log says about one statement.

    ``statement`` is its id (32 bytes), ``received`` milliseconds since 1970, ``prev`` the leaf
    index of the record's version before in this log, or -1.

    Raises VerificationError(leaf_malformed).
    """

    statement: bytes
    received: int
    prev: int

    def __post_init__(self) -> None:
        """Refuse what has no leaf line."""
        numbers = 0 <= self.received <= _MAX_NUMBER and -1 <= self.prev <= _MAX_NUMBER
        if len(self.statement) != DIGEST_SIZE or not numbers:
            raise VerificationError("leaf_malformed", "an id of 32 bytes, a time and an index")


def encode_leaf(leaf: Leaf) -> bytes:
    """The leaf line, without line feed: the bytes that are hashed."""
    return (
        f'{{"prev":{leaf.prev},"received":{leaf.received},'
        f'"statement":"{leaf.statement.hex()}","v":1}}'
    ).encode()


def parse_leaf(data: bytes) -> Leaf:
    """Read a leaf line; encode_leaf gives back exactly the same bytes.

    Raises VerificationError(leaf_malformed).
    """
    match = _LINE.fullmatch(data)
    if match is None:
        raise VerificationError("leaf_malformed", "not a leaf line")
    return Leaf(bytes.fromhex(match[3].decode()), int(match[2]), int(match[1]))

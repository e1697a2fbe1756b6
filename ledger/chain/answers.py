"""Reading a node's JSON strictly: the node is one machine's word, and may be wrong or broken."""

from __future__ import annotations

import re

from ledger.errors import UnavailableError
from ledger.ports import Block
from ledger.values import Millis

# int() and bytes.fromhex() alone would take spaces and underscores too.
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def number(value: object, limit: int = 2**63) -> int:
    """A 0x-quantity below limit; raises UnavailableError(chain_answer_malformed)."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        read = int(value, 16)
        if read < limit:
            return read
    raise _malformed(value)


def data(value: object, length: int | None = None) -> bytes:
    """0x-hex of whole bytes, of that length if given; raises as ``number``."""
    if isinstance(value, str) and _DATA.fullmatch(value):
        raw = bytes.fromhex(value[2:])
        if length is None or len(raw) == length:
            return raw
    raise _malformed(value)


def member(value: object, name: str) -> object:
    """A member of a JSON object; raises as ``number`` if there is none."""
    if not isinstance(value, dict) or name not in value:
        raise _malformed(value)
    found: object = value[name]
    return found


def items(value: object) -> list[object]:
    """A JSON array; raises as ``number``."""
    if not isinstance(value, list):
        raise _malformed(value)
    return value


def block(value: object) -> Block:
    """A block; raises as ``number``."""
    return Block(
        number=number(member(value, "number")),
        hash=data(member(value, "hash"), 32),
        time=seconds(member(value, "timestamp")),
    )


def seconds(value: object) -> Millis:
    """A time in seconds, as milliseconds."""
    return Millis(number(value, 2**40) * 1000)


def _malformed(value: object) -> UnavailableError:
    return UnavailableError(
        "chain_answer_malformed", f"the chain answered {str(value)[:80]!r}, which cannot be read"
    )

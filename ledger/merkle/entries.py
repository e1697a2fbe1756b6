"""Entry bundles: the leaves below a level-0 tile, as C2SP tlog-tiles serves them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ledger.errors import VerificationError
from ledger.merkle.tilepath import TILE_WIDTH

_MAX_ENTRY = 2**16 - 1
_LENGTH = struct.Struct(">H")


def encode_entries(leaf_lines: Sequence[bytes]) -> bytes:
    """Leaves in order, each after its length as a big-endian uint16; at most 256 of them.

    Raises VerificationError(entries_malformed).
    """
    if len(leaf_lines) > TILE_WIDTH:
        raise VerificationError("entries_malformed", f"{len(leaf_lines)} entries in one bundle")
    parts: list[bytes] = []
    for line in leaf_lines:
        if len(line) > _MAX_ENTRY:
            raise VerificationError("entries_malformed", f"an entry of {len(line)} bytes")
        parts += (_LENGTH.pack(len(line)), line)
    return b"".join(parts)


def decode_entries(data: bytes) -> list[bytes]:
    """The leaves of an entry bundle; what follows the last one is refused.

    Raises VerificationError(entries_malformed).
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH.size
        if start > len(data):
            raise VerificationError("entries_malformed", "the bundle ends within a length")
        at = start + _LENGTH.unpack_from(data, at)[0]
        if at > len(data) or len(entries) == TILE_WIDTH:
            raise VerificationError("entries_malformed", "the bundle ends within an entry")
        entries.append(data[start:at])
    return entries

"""What a reader carries away: evidence for records, exactly as it travels in a bundle file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain is said to show the checkpoint's head; a claim until somebody looks it up.

    ``block_hash`` and ``transaction`` are 32 bytes; ``log_index`` counts within the block.
    """

    block_number: int
    block_hash: bytes
    transaction: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement as far as disclosed, the leaf that names it, its proof and its anchor.

    ``proof`` is a C2SP tlog-proof; ``anchor`` is None before there is one.
    """

    statement: str
    leaf: str
    proof: str
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was searched for and which regions answered; nobody signs this part."""

    query: str
    regions: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle file's contents (docs/protocol/formats.md section 4).

    ``certificates`` are DER; ``asked`` is None unless the bundle answers a search.
    """

    records: tuple[Evidence, ...]
    operators: tuple[Evidence, ...]
    certificates: tuple[bytes, ...]
    asked: Asked | None = None

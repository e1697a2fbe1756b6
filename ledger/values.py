"""The small types that every room shares; no input, no output, no third-party code."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NewType

from ledger.errors import InputError

Millis = NewType("Millis", int)
"""A point in time: milliseconds since 1970-01-01T00:00:00Z."""

StatementId = NewType("StatementId", bytes)
"""SHA-256 of a statement's signing input; 32 bytes; lower-case hex in JSON."""

DIGEST_SIZE = 32
_NETWORK = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_REGION = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Names one log: ``<network>/<region>/<epoch>``; also the name of its log key (C2SP key name)."""

    network: str
    region: str
    epoch: int

    def __post_init__(self) -> None:
        """Refuse names that would not survive being part of a key name, a URL and a path."""
        if not _NETWORK.fullmatch(self.network):
            raise InputError(
                "origin_malformed", f"network name {self.network!r} is not of the form", "/origin"
            )
        if not _REGION.fullmatch(self.region):
            raise InputError(
                "origin_malformed", f"region name {self.region!r} is not of the form", "/origin"
            )
        if not 1 <= self.epoch < 2**31:
            raise InputError("origin_malformed", f"epoch {self.epoch} is out of range", "/origin")

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Read ``network/region/epoch``; raises InputError(origin_malformed)."""
        parts = text.split("/")
        if len(parts) != 3 or not re.fullmatch(r"[1-9][0-9]{0,9}", parts[2]):
            raise InputError("origin_malformed", f"{text!r} is not network/region/epoch", "/origin")
        return cls(parts[0], parts[1], int(parts[2]))

    def __str__(self) -> str:
        """The origin line of the log's checkpoints."""
        return f"{self.network}/{self.region}/{self.epoch}"

    @property
    def log_id(self) -> bytes:
        """SHA-256 of the origin line: the log's name on the chain."""
        return hashlib.sha256(str(self).encode()).digest()

    def next_epoch(self) -> Origin:
        """The log that follows when this one is closed."""
        return Origin(self.network, self.region, self.epoch + 1)


def witness_name(network: str, region: str) -> str:
    """Key name under which a region cosigns the logs of the others."""
    return f"{network}/{region}/witness"


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root hash of a log (RFC 9162 section 4.10, without time and signature)."""

    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse a head no log can have."""
        if not 0 <= self.size < 2**63:
            raise InputError(
                "tree_size_out_of_range", f"tree size {self.size} is out of range", "/size"
            )
        if len(self.root) != DIGEST_SIZE:
            raise InputError(
                "root_length", f"root hash has {len(self.root)} bytes, not 32", "/root"
            )


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What must stay the same for a chain to be the one we anchored to (DESIGN D11).

    ``genesis_hash``, ``deploy_block_hash`` and ``code_hash`` are 32 bytes; ``address`` is the
    TreeHeadLedger's 20 bytes; ``code_hash`` is SHA-256 of its deployed code.
    """

    chain_id: int
    genesis_hash: bytes
    deploy_block_number: int
    deploy_block_hash: bytes
    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """Where on the chain a tree head was anchored, as its event says.

    ``log_index`` is the event's index within its block; ``block_time`` is the block's timestamp in
    milliseconds (an upper bound only, never evidence of order).
    """

    log_id: bytes
    head: TreeHead
    block_number: int
    block_hash: bytes
    transaction: bytes
    log_index: int
    block_time: Millis


@dataclass(frozen=True, slots=True)
class Sealed:
    """Disclosures that mirrors may not see, encrypted to their region's recovery key (DESIGN D6).

    ``enc`` (32 bytes) and ``seq`` are HPKE's encapsulated key and sequence number; ``signature`` (64 bytes)
    is the home region's, by its peer key.
    """

    enc: bytes
    seq: int
    ciphertext: bytes
    signature: bytes

"""What RegionRegistry holds, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.values import Millis, TreeHead


class KeyRole(IntEnum):
    """What a key is for; the numbers are those of the contract."""

    LOG = 0
    COSIGNER = 1
    ANCHOR = 2
    AUTHORITY = 3


@dataclass(frozen=True, slots=True)
class RegionState:
    """A region now; ``number`` is its place in the registry, logs are named by id (32 bytes).

    ``next_authority`` and ``current_log`` are None where there is none.
    """

    number: int
    name: str
    authority: bytes
    next_authority: bytes | None
    cosigner: bytes
    current_log: bytes | None
    log_count: int


@dataclass(frozen=True, slots=True)
class LogState:
    """A log now; ``next`` is the id of the log of the following epoch, None while it is open."""

    origin: str
    region: int
    closed: bool
    anchor_account: bytes
    key: bytes
    next: bytes | None


@dataclass(frozen=True, slots=True)
class Closing:
    """Where and when a log was closed."""

    head: TreeHead
    time: Millis


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """A key (32 bytes; accounts right-aligned) and what it covers.

    Heads of more than ``from_size`` and at most ``to_size`` leaves, times from ``from_time`` until
    ``to_time`` in seconds since 1970; the key in force ends at the largest number. ``consented`` is false
    where the other two regions set it.
    """

    key: bytes
    from_size: int
    to_size: int
    from_time: int
    to_time: int
    consented: bool


@dataclass(frozen=True, slots=True)
class EpochTurn:
    """Close the log ``log`` (id) at ``head`` and open the region's next one under ``origin``."""

    log: bytes
    head: TreeHead
    origin: str
    log_key: bytes
    anchor_account: bytes


@dataclass(frozen=True, slots=True)
class Replacement:
    """A key that the other two regions want to set; ``ready_time`` in seconds, 0 before the second voice."""

    key: bytes
    proposed_time: int
    ready_time: int
    proposer: int
    approved: bool

"""TreeHeadLedger and as much of RegionRegistry as the simulation needs, as a model in Python.

A test holds it equal to the compiled contracts, call by call. Refusals are the contracts' error names.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_GROWTH = 1 << 24
REGIONS = 3
NO_ROOT = bytes(32)


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The call reverts with this custom error."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest head of a log; ``time`` in seconds."""

    size: int = 0
    root: bytes = NO_ROOT
    time: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """What the registry says of a log."""

    region: int
    anchorer: bytes
    key: bytes
    closed: tuple[int, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Anchored:
    """The event of a head that moved."""

    log: bytes
    size: int
    root: bytes
    old_size: int
    old_root: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """A proposed epoch turn: close ``log`` at (size, root) and open ``origin``."""

    log: bytes
    size: int
    root: bytes
    origin: str
    key: bytes
    anchorer: bytes


@dataclass
class Contracts:
    """State of both contracts; ``copy`` it before a call that may have to be undone."""

    authorities: tuple[bytes, ...]
    heads: dict[bytes, Head] = field(default_factory=dict)
    logs: dict[bytes, Log] = field(default_factory=dict)
    current: dict[int, bytes] = field(default_factory=dict)
    turns: dict[tuple[bytes, int], Turn] = field(default_factory=dict)

    def copy(self) -> "Contracts":
        return Contracts(
            self.authorities, dict(self.heads), dict(self.logs), dict(self.current),
            dict(self.turns),
        )  # fmt: skip

    def head(self, log: bytes) -> Head:
        return self.heads.get(log, Head())

    def anchor(
        self, sender: bytes, log: bytes, size: int, root: bytes, proof: Sequence[bytes], now: int
    ) -> Anchored | None:
        """The event, or None where the head is that already; raises Refused."""
        known = self.logs.get(log)
        if known is None:
            raise Refused("LogUnknown")
        if sender != known.anchorer:
            raise Refused("AnchorAccountWrong")
        old = self.head(log)
        if size == 0:
            raise Refused("TreeSizeZero")
        if (size, root) == (old.size, old.root):
            return None
        if known.closed is not None:
            raise Refused("LogIsClosed")
        if size < old.size:
            raise Refused("TreeSizeSmaller")
        return self._advance(log, old, size, root, proof, now)

    def register_log(self, sender: bytes, origin: str, key: bytes, anchorer: bytes) -> None:
        region = self._region_of(sender)
        if region in self.current:
            raise Refused("RegionHasLog")
        self._open(region, origin, key, anchorer)

    def change_anchorer(self, sender: bytes, account: bytes) -> None:
        region = self._region_of(sender)
        if region not in self.current:
            raise Refused("RegionHasNoLog")
        log = self.current[region]
        known = self.logs[log]
        if account == bytes(20):
            raise Refused("ValueZero")
        if known.anchorer == account:
            raise Refused("KeyUnchanged")
        self.logs[log] = Log(known.region, account, known.key, known.closed)

    def propose_turn(self, sender: bytes, turn: Turn) -> None:
        caller = self._region_of(sender)
        self._require_current(turn.log)
        self._require_origin(turn.origin)
        self.turns[turn.log, caller] = turn

    def approve_turn(
        self, sender: bytes, proposer: int, turn: Turn, proof: Sequence[bytes], now: int
    ) -> Anchored | None:
        """The event of the settled head, if it moved; raises Refused."""
        caller = self._region_of(sender)
        if caller == proposer:
            raise Refused("ApproverIsProposer")
        region = self._require_current(turn.log)
        if self.turns.get((turn.log, proposer)) != turn:
            raise Refused("EpochTurnNotProposed")
        event = self._settle(turn.log, turn.size, turn.root, proof, now)
        known = self.logs[turn.log]
        self._check_new(turn.origin, turn.key, turn.anchorer)
        for other in range(REGIONS):
            self.turns.pop((turn.log, other), None)
        self.logs[turn.log] = Log(known.region, known.anchorer, known.key, (turn.size, turn.root))
        self._open(region, turn.origin, turn.key, turn.anchorer)
        return event

    def _settle(
        self, log: bytes, size: int, root: bytes, proof: Sequence[bytes], now: int
    ) -> Anchored | None:
        if size == 0:
            raise Refused("TreeSizeZero")
        old = self.head(log)
        if size < old.size:
            check_consistency(size, root, old.size, old.root, proof)
            return None
        if (size, root) == (old.size, old.root):
            if proof:
                raise Refused("ConsistencyProofTooLong")
            return None
        return self._advance(log, old, size, root, proof, now)

    def _advance(
        self, log: bytes, old: Head, size: int, root: bytes, proof: Sequence[bytes], now: int
    ) -> Anchored:
        if size == old.size:
            raise Refused("TreeRootDiffers")
        if size - old.size > MAX_GROWTH:
            raise Refused("TreeGrowthTooLarge")
        if old.size:
            check_consistency(old.size, old.root, size, root, proof)
        elif proof:
            raise Refused("ConsistencyProofTooLong")
        self.heads[log] = Head(size, root, now)
        return Anchored(log, size, root, old.size, old.root)

    def _open(self, region: int, origin: str, key: bytes, anchorer: bytes) -> None:
        self._check_new(origin, key, anchorer)
        log = hashlib.sha256(origin.encode()).digest()
        self.logs[log] = Log(region, anchorer, key)
        self.current[region] = log

    def _check_new(self, origin: str, key: bytes, anchorer: bytes) -> None:
        self._require_origin(origin)
        if hashlib.sha256(origin.encode()).digest() in self.logs:
            raise Refused("LogAlreadyRegistered")
        if key == bytes(32) or anchorer == bytes(20):
            raise Refused("ValueZero")

    def _require_origin(self, origin: str) -> None:
        if not 0 < len(origin.encode()) <= 255:
            raise Refused("OriginLengthWrong")

    def _require_current(self, log: bytes) -> int:
        if log not in self.logs:
            raise Refused("LogNotRegistered")
        region = self.logs[log].region
        if self.current[region] != log:
            raise Refused("LogNotCurrent")
        return region

    def _region_of(self, sender: bytes) -> int:
        if sender not in self.authorities:
            raise Refused("CallerNotAuthority")
        return self.authorities.index(sender)


def check_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162 section 2.1.4.2 for 0 < old_size < new_size; raises Refused."""
    old, new = old_size - 1, new_size - 1
    while old & 1:
        old, new = old >> 1, new >> 1
    left = iter(proof)
    used = 0

    def sibling() -> bytes:
        nonlocal used
        one = next(left, None)
        if one is None:
            raise Refused("ConsistencyProofTooShort")
        used += 1
        return one

    start = sibling() if old else old_root
    old_hash = new_hash = start
    while new:
        if old & 1:
            one = sibling()
            old_hash, new_hash = _parent(one, old_hash), _parent(one, new_hash)
        elif old < new:
            new_hash = _parent(new_hash, sibling())
        old, new = old >> 1, new >> 1
    if used != len(proof):
        raise Refused("ConsistencyProofTooLong")
    if old_hash != old_root:
        raise Refused("ConsistencyOldRootDiffers")
    if new_hash != new_root:
        raise Refused("ConsistencyNewRootDiffers")


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()

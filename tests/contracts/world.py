"""A registry with two regions at work, shared by the registry's tests."""

from dataclasses import dataclass, replace
from enum import IntEnum

import pytest

from tests.contracts.devnet import log_id
from tests.contracts.engine import ANCHORERS, AUTHORITIES, Engine, Refused, start
from tests.contracts.trees import Tree, leaves_tree

BEIJING, TIANJIN, HEBEI = range(3)
ORIGIN = "demo/beijing/1"
LOG = log_id(ORIGIN)
NEXT_ORIGIN = "demo/beijing/2"
NEXT_LOG = log_id(NEXT_ORIGIN)
NEXT_ANCHORER = "0x" + "c0" * 20
NEXT_AUTHORITY = "0x" + "c1" * 20
LOG_KEY = b"\x71" * 32
HONEST = leaves_tree([f"leaf {number}".encode() for number in range(64)])


class Role(IntEnum):
    LOG = 0
    COSIGNER = 1
    ANCHOR = 2
    AUTHORITY = 3


@dataclass(frozen=True)
class Turn:
    """An epoch turn of Beijing's first log."""

    size: int
    root: bytes
    log: bytes = LOG
    origin: str = NEXT_ORIGIN
    log_key: bytes = b"\x72" * 32
    anchorer: str = NEXT_ANCHORER

    def abi(self) -> tuple:
        return (self.log, self.size, self.root, self.origin, self.log_key, self.anchorer)

    def but(self, **changes: object) -> "Turn":
        return replace(self, **changes)


def turn_at(size: int, tree: Tree = HONEST) -> Turn:
    return Turn(size, tree.root(0, size))


def two_regions() -> Engine:
    """Beijing and Tianjin have a log each, Hebei none yet."""
    engine = start()
    for region, origin in ((BEIJING, ORIGIN), (TIANJIN, "demo/tianjin/1")):
        arguments = (origin, LOG_KEY, ANCHORERS[region])
        engine.registry("registerLog", *arguments, sender=AUTHORITIES[region])
    return engine


def anchor(
    engine: Engine, size: int, tree: Tree = HONEST, log: bytes = LOG, sender: str = ANCHORERS[0]
) -> None:
    """Move the head of `log` to `size` of `tree`."""
    old = engine.ledger("head", log)[0]
    proof = tree.proof(old, size) if old else []
    engine.ledger("anchor", log, size, tree.root(0, size), proof, sender=sender)


def act(engine: Engine, region: int, function: str, *arguments: object) -> None:
    """Call the registry as the authority of `region`."""
    engine.registry(function, *arguments, sender=AUTHORITIES[region])


def refused(engine: Engine, region: int, function: str, *arguments: object) -> tuple:
    """The error's name and values."""
    with pytest.raises(Refused) as caught:
        act(engine, region, function, *arguments)
    return (caught.value.name, *caught.value.values)


def as_key(address: str) -> bytes:
    """An account as the registry keeps it."""
    return bytes.fromhex(address[2:]).rjust(32, b"\0")

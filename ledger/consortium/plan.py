"""What the consortium chain is to be: the data of ``hardhat-free-local/consortium/layout.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import UnavailableError

CHECKOUT = Path(__file__).resolve().parents[2]
_FILES = ("go.mod", "go.sum", "layout.toml")


@dataclass(frozen=True, slots=True)
class Seat:
    """A validator: what the others see it called, and the authority that runs it."""

    name: str
    authority: str


@dataclass(frozen=True, slots=True)
class Genesis:
    """What the first block says.

    Attributes:
        chain_id: what the validators call the chain among themselves.
        evm_chain_id: what transactions are signed for.
        denomination: the coin; its smallest unit is the EVM's wei.
        block_max_gas: gas that a block holds.
        stake: of each validator, in the smallest unit: all weigh the same.
        funds: of each funded account, in the smallest unit.
    """

    chain_id: str
    evm_chain_id: int
    denomination: str
    block_max_gas: int
    stake: int
    funds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole chain; ``block_time`` is in seconds, ``start`` the engine's settings by their names."""

    seats: tuple[Seat, ...]
    genesis: Genesis
    block_time: float
    start: Mapping[str, str]


def source_folder(checkout: Path = CHECKOUT) -> Path:
    """The folder that the engine is built from.

    Raises:
        UnavailableError: consortium_source_missing, where this is no checkout.
    """
    folder = checkout / "hardhat-free-local" / "consortium"
    if not all((folder / name).is_file() for name in _FILES):
        raise UnavailableError(
            "consortium_source_missing",
            "the consortium chain needs a checkout of this project, with hardhat-free-local/consortium",
        )
    return folder


def read_plan(folder: Path) -> Plan:
    """The plan that lies in the source folder."""
    data = tomllib.loads((folder / "layout.toml").read_text(encoding="utf-8"))
    return Plan(
        seats=tuple(Seat(**one) for one in data["validators"]),
        genesis=Genesis(**data["genesis"]),
        block_time=float(data["block_time"]),
        start=data["start"],
    )

"""Reading our own signed transactions back from their bytes, legacy or typed (EIP-2718, EIP-1559)."""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]

from ledger.chain.accounts import Fees

_LEGACY = 0xC0
"""First byte of a list in RLP: a typed transaction begins with its type instead."""


@dataclass(frozen=True, slots=True)
class RawCall:
    """What a signed transaction says: who is called (20 bytes) with what, and what it offers for gas."""

    nonce: int
    fees: Fees
    gas: int
    to: bytes
    data: bytes


def read_raw(raw: bytes) -> RawCall:
    """Read a transaction of type 0 or 2; raises RLPException, ValueError for anything else."""
    if raw[0] >= _LEGACY:
        nonce, price, gas, to, _, data, *_ = rlp.decode(raw)
        return RawCall(_number(nonce), Fees(_number(price)), _number(gas), to, data)
    _, nonce, priority, price, gas, to, _, data, *_ = rlp.decode(raw[1:])
    fees = Fees(_number(price), _number(priority))
    return RawCall(_number(nonce), fees, _number(gas), to, data)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")

"""Accounts that sign transactions, and the fees they offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from web3 import Account as Accounts
from web3 import Web3

from ledger.errors import InputError
from ledger.ports import SignedTransaction


@dataclass(frozen=True, slots=True)
class Fees:
    """What an account offers for gas, in wei per gas.

    With ``priority`` None the transaction is a legacy one (type 0) at the price ``price``: 0 is right
    where gas is free. With ``priority`` it is an EIP-1559 one (type 2) with ``price`` as its maximum.
    """

    price: int = 0
    priority: int | None = None

    @property
    def dearer(self) -> Fees:
        """An eighth more, and at least 1 wei: what nodes ask of a transaction that takes another's place.

        Both parts rise, else a node keeps the one it has.
        """
        priority = None if self.priority is None else _eighth_more(self.priority)
        return Fees(_eighth_more(self.price), priority)

    def members(self) -> dict[str, int]:
        """The fee members of a transaction."""
        if self.priority is None:
            return {"gasPrice": self.price}
        return {"maxFeePerGas": self.price, "maxPriorityFeePerGas": self.priority, "type": 2}


def _eighth_more(price: int) -> int:
    return price + max(1, -(-price // 8))


FREE = Fees(0)
"""Gas costs nothing."""


def offered(price: int | Literal["ask"], priority: int | None) -> Fees | None:
    """The fees that settings name, in wei per gas; None asks the chain's node each time."""
    return None if price == "ask" else Fees(price, priority)


class Account:
    """One secp256k1 key (32 bytes) of the chain; signing is deterministic (RFC 6979).

    Raises InputError(key_malformed).
    """

    def __init__(self, key: bytes) -> None:
        try:
            self._account: Any = Accounts.from_key(key)
        except ValueError as error:
            raise InputError("key_malformed", "not a secp256k1 private key of 32 bytes") from error
        self.address = bytes.fromhex(self._account.address[2:])

    def sign(self, call: dict[str, Any]) -> SignedTransaction:
        """Sign a complete transaction."""
        signed = self._account.sign_transaction(call)
        return SignedTransaction(raw=bytes(signed.raw_transaction), hash=bytes(signed.hash))


def address_of(key: bytes) -> bytes:
    """The 20-byte address of a key; raises InputError(key_malformed)."""
    return Account(key).address


def checksummed(address: bytes) -> str:
    """An address as 0x-hex with its checksum (EIP-55), as web3 wants it."""
    return str(Web3.to_checksum_address(address))

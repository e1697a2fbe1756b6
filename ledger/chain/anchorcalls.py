"""The anchor call: its data, its gas, its fees, signed by the region's anchor account."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain.abi import contract
from ledger.chain.accounts import Account, Fees, checksummed
from ledger.chain.rawtransactions import read_raw
from ledger.ports import SignedTransaction
from ledger.values import ChainIdentity, TreeHead

ANCHOR_GAS = 150_000
"""Gas limit of an anchor: the worst of the gas table (under 100,000) and a half more."""


class AnchorCalls:
    """Builds and signs anchor calls of one account to one ledger; deterministic, sends nothing.

    Attributes:
        sender: the anchor account's 20-byte address.
        fees: what is offered for gas.
        asks_fees: whether the chain has to be asked for the price.
    """

    def __init__(self, known: ChainIdentity, key: bytes, fees: Fees | None, gas: int) -> None:
        self._known = known
        self._account = Account(key)
        self._gas = gas
        self._anchor = contract("TreeHeadLedger").functions["anchor"]
        self.asks_fees = fees is None
        self.fees = fees or Fees()

    @property
    def sender(self) -> bytes:
        """The anchor account's 20-byte address."""
        return self._account.address

    def sign(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        """The signed transaction that anchors this head."""
        return self._account.sign(
            {
                "chainId": self._known.chain_id,
                "nonce": nonce,
                "to": checksummed(self._known.address),
                "value": 0,
                "gas": self._gas,
                "data": "0x" + self._data(log_id, head, proof).hex(),
                **self.fees.members(),
            }
        )

    def sign_dearer(self, raws: Sequence[bytes], most: int) -> SignedTransaction | None:
        """The dearest of these with an eighth more for its gas, or None above ``most`` wei per gas."""
        dearest = max((read_raw(raw) for raw in raws), key=lambda call: call.fees.price)
        fees = dearest.fees.dearer
        if fees.price > most:
            return None
        return self._account.sign(
            {
                "chainId": self._known.chain_id,
                "nonce": dearest.nonce,
                "to": checksummed(dearest.to),
                "value": 0,
                "gas": dearest.gas,
                "data": "0x" + dearest.data.hex(),
                **fees.members(),
            }
        )

    def call(self, log_id: bytes, head: TreeHead, proof: Sequence[bytes]) -> dict[str, str]:
        """The same call, to be tried without a transaction."""
        return {
            "from": checksummed(self.sender),
            "to": checksummed(self._known.address),
            "data": "0x" + self._data(log_id, head, proof).hex(),
        }

    def _data(self, log_id: bytes, head: TreeHead, proof: Sequence[bytes]) -> bytes:
        return self._anchor.call_data(log_id, head.size, head.root, list(proof))

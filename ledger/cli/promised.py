"""Receipts as they come in: only what the region signed, for the very statement that was posted, is one."""

from __future__ import annotations

from functools import partial

from ledger.bundle import Evidence
from ledger.chain.network import Network, network_json
from ledger.client import Receipt
from ledger.errors import UnavailableError
from ledger.statement.sdjwt import parse
from ledger.verify.memory import Memory
from ledger.verify.policy import policy_from_network
from ledger.verify.receipt import Receipt as Place
from ledger.verify.receipt import Vouched, read_receipt, vouch_for
from ledger.verify.report import State

_REMEMBERED = 1024


class Promises:
    """Checks the receipts of one network's regions; remembers the checkpoints it has judged."""

    def __init__(self, network: Network) -> None:
        self._name = network.name
        self._policy = policy_from_network(network_json(network))
        self._vouched: Memory[str, Vouched] = Memory(_REMEMBERED)

    def check(self, region: str, compact: str, receipt: Receipt) -> None:
        """Raises UnavailableError(receipt_false): then nothing is known of what was posted."""
        statement = parse(compact)
        evidence = Evidence(compact, receipt.leaf, receipt.proof)
        place = read_receipt(evidence, statement, self._vouch)
        named = receipt.id == statement.id.hex() and receipt.index == place.index
        here = receipt.origin.startswith(f"{self._name}/{region}/")
        if not (named and here and self._placed(place, receipt.origin)):
            detail = f"{region} answered with no promise of {statement.id.hex()}"
            raise UnavailableError("receipt_false", detail)

    def _placed(self, place: Place, origin: str) -> bool:
        signature = place.vouched.log_signature
        if signature.code == "log_unknown":
            # Opened since the network file was written: its key cannot be known here.
            return place.leaf_check.state is State.PASSED and signature.facts["origin"] == origin
        return place.placed and str(place.origin) == origin

    def _vouch(self, note: str) -> Vouched:
        return self._vouched.recall(note, partial(vouch_for, self._policy, note))

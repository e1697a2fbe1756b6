"""Both contracts on pyrevm with calldata encoded by hand: thousands of proof checks a second."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils import keccak
from pyrevm import EVM

from tests.contracts import engine
from tests.contracts.devnet import log_id

ANCHORER = engine.ANCHORERS[0]
ORIGIN = "demo/beijing/1"
LOG = log_id(ORIGIN)


def word(value: int | bytes) -> bytes:
    """One ABI word: a number on the right, bytes32 as they are."""
    return value.to_bytes(32) if isinstance(value, int) else value


def selector(signature: str) -> bytes:
    """The first four bytes of a call or an error."""
    return bytes(keccak(text=signature)[:4])


ANCHOR = selector("anchor(bytes32,uint64,bytes32,bytes32[])")
HEAD = selector("head(bytes32)")


@dataclass(slots=True)
class Machine:
    """One registered log; `anchor` answers with the name of the error, or None where the call succeeded."""

    evm: EVM
    ledger: str
    _slot: int

    def set_head(self, size: int, root: bytes) -> None:
        """Write the head into the two storage slots, whatever stood there."""
        self.evm.insert_account_storage(self.ledger, self._slot, int.from_bytes(root))
        self.evm.insert_account_storage(self.ledger, self._slot + 1, 1 << 64 | size)

    def head(self) -> tuple[int, bytes]:
        """The head as the contract tells it."""
        found = bytes(self.evm.message_call(ANCHORER, self.ledger, HEAD + LOG))
        return int.from_bytes(found[:32]), found[32:64]

    def anchor(self, size: int, root: bytes, proof: Sequence[bytes]) -> str | None:
        """Call anchor from the anchor account."""
        head = ANCHOR + LOG + size.to_bytes(32) + root + word(128) + len(proof).to_bytes(32)
        try:
            self.evm.message_call(ANCHORER, self.ledger, head + b"".join(proof))
        except RuntimeError as refusal:
            return error_of(str(refusal))
        return None


def error_of(text: str) -> str:
    """The name of the custom error in pyrevm's text, its numbers left unread; else the text itself."""
    _, _, output = text.partition("output: 0x")
    entry = engine.ERRORS.get(bytes.fromhex(output[:8])) if output else None
    return entry["name"] if entry else text


def start() -> Machine:
    """Deploy both contracts and register one log."""
    deployed = engine.start()
    arguments = (ORIGIN, b"\7" * 32, ANCHORER)
    deployed.registry("registerLog", *arguments, sender=engine.AUTHORITIES[0])
    ledger = deployed.addresses["TreeHeadLedger"]
    return Machine(deployed.evm, ledger, int.from_bytes(keccak(LOG + word(0))))

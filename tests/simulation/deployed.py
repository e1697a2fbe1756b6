"""The compiled contracts behind the same calls as their model, for comparing the two."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak
from pyrevm import BlockEnv

from tests.contracts import engine
from tests.contracts.machine import error_of, selector
from tests.simulation.contract import Anchored, Head, Refused, Turn

_TURN = "(bytes32,uint64,bytes32,string,bytes32,address)"
_FUNCTIONS = {
    "anchor": ["bytes32", "uint64", "bytes32", "bytes32[]"],
    "registerLog": ["string", "bytes32", "address"],
    "changeKey": ["uint8", "bytes32"],
    "proposeEpochTurn": [_TURN],
    "approveEpochTurn": ["uint8", _TURN, "bytes32[]"],
}
_SELECTORS = {name: selector(f"{name}({','.join(types)})") for name, types in _FUNCTIONS.items()}
_HEAD = selector("head(bytes32)")
_ANCHORED = bytes(keccak(text="TreeHeadAnchored(bytes32,uint64,bytes32,uint64,bytes32)"))
_ANCHOR_ROLE = 2


@dataclass
class Deployed:
    """Registry and ledger on pyrevm; methods as ``contract.Contracts`` has them."""

    made: engine.Engine

    def anchor(
        self, sender: bytes, log: bytes, size: int, root: bytes, proof: Sequence[bytes], now: int
    ) -> Anchored | None:
        return self._call("TreeHeadLedger", "anchor", sender, now, log, size, root, list(proof))

    def register_log(self, sender: bytes, origin: str, key: bytes, anchorer: bytes) -> None:
        self._call("RegionRegistry", "registerLog", sender, 0, origin, key, _address(anchorer))

    def change_anchorer(self, sender: bytes, account: bytes) -> None:
        self._call("RegionRegistry", "changeKey", sender, 0, _ANCHOR_ROLE, account.rjust(32, b"\0"))

    def propose_turn(self, sender: bytes, turn: Turn) -> None:
        self._call("RegionRegistry", "proposeEpochTurn", sender, 0, _tuple(turn))

    def approve_turn(
        self, sender: bytes, proposer: int, turn: Turn, proof: Sequence[bytes], now: int
    ) -> Anchored | None:
        arguments = (proposer, _tuple(turn), list(proof))
        return self._call("RegionRegistry", "approveEpochTurn", sender, now, *arguments)

    def head(self, log: bytes) -> Head:
        ledger = self.made.addresses["TreeHeadLedger"]
        answer = bytes(self.made.evm.message_call(engine.STRANGER, ledger, _HEAD + log))
        return Head(int.from_bytes(answer[:32]), answer[32:64], int.from_bytes(answer[64:96]))

    def _call(
        self, contract: str, name: str, sender: bytes, now: int, *arguments: object
    ) -> Anchored | None:
        evm = self.made.evm
        if now:
            evm.set_block_env(BlockEnv(timestamp=now, gas_limit=30_000_000))
        data = _SELECTORS[name] + encode(_FUNCTIONS[name], arguments)
        try:
            evm.message_call(_address(sender), self.made.addresses[contract], data)
        except RuntimeError as refusal:
            raise Refused(error_of(str(refusal))) from None
        logs = [log.data for log in evm.result.logs]
        found = [(topics, bytes(data)) for topics, data in logs if bytes(topics[0]) == _ANCHORED]
        return _event(*found[0]) if found else None


def _event(topics, data: bytes) -> Anchored:
    return Anchored(
        bytes(topics[1]),
        int.from_bytes(bytes(topics[2])),
        data[:32],
        int.from_bytes(data[32:64]),
        data[64:96],
    )


def _address(account: bytes) -> str:
    return "0x" + account.hex()


def _tuple(turn: Turn) -> tuple:
    return (
        turn.log, turn.size, turn.root, turn.origin, turn.key, _address(turn.anchorer)
    )  # fmt: skip

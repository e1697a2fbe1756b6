"""Both contracts on pyrevm behind their ABI: calls by name, errors and events decoded, time set by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak
from pyrevm import EVM, BlockEnv

from tests.contracts.devnet import ARTIFACTS, COSIGNERS, DELAY, NAMES

DEPLOYER = "0x" + "d0" * 20
AUTHORITIES = ["0x" + f"a{number}" * 20 for number in range(3)]
ANCHORERS = ["0x" + f"b{number}" * 20 for number in range(3)]
STRANGER = "0x" + "ee" * 20
START = 1_800_000_000
CONTRACTS = ("RegionRegistry", "TreeHeadLedger")
VIEWS = ("view", "pure")


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The call reverted with this custom error."""

    def __init__(self, name: str, values: tuple[Any, ...]) -> None:
        super().__init__(name, values)
        self.name = name
        self.values = values


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded event."""

    name: str
    values: dict[str, Any]


def abi_type(parameter: dict) -> str:
    """The canonical type, tuples spelled out."""
    if parameter["type"].startswith("tuple"):
        inner = ",".join(abi_type(part) for part in parameter["components"])
        return f"({inner}){parameter['type'].removeprefix('tuple')}"
    return parameter["type"]


def types(parameters: list[dict]) -> list[str]:
    """The canonical types of a parameter list."""
    return [abi_type(parameter) for parameter in parameters]


def entries(contract: str, kind: str) -> list[dict]:
    """All functions, events or errors of one contract."""
    return [entry for entry in ARTIFACTS["contracts"][contract]["abi"] if entry["type"] == kind]


def topic(entry: dict) -> bytes:
    """Keccak-256 of the signature."""
    return bytes(keccak(text=f"{entry['name']}({','.join(types(entry['inputs']))})"))


ERRORS = {topic(entry)[:4]: entry for name in CONTRACTS for entry in entries(name, "error")}
EVENTS = {topic(entry): entry for name in CONTRACTS for entry in entries(name, "event")}
FUNCTIONS = {
    name: {entry["name"]: entry for entry in entries(name, "function")} for name in CONTRACTS
}


def refusal(text: str) -> Exception:
    """pyrevm's text as `Refused`, or as it stands where the contract gave no error of its own."""
    _, _, output = text.partition("output: 0x")
    data = bytes.fromhex(output.partition(" ")[0]) if output else b""
    entry = ERRORS.get(data[:4])
    if entry is None:
        return RuntimeError(text)
    return Refused(entry["name"], decode(types(entry["inputs"]), data[4:]))


@dataclass(slots=True)
class Engine:
    """A registry and a ledger just deployed; `now` is the block time, `events` those of the last change."""

    evm: EVM
    addresses: dict[str, str]
    now: int = START
    events: list[Event] = field(default_factory=list)

    def call(self, contract: str, function: str, *arguments: Any, sender: str = STRANGER) -> Any:
        """Call and return the outputs (one alone as itself); raises Refused."""
        entry = FUNCTIONS[contract][function]
        data = topic(entry)[:4] + encode(types(entry["inputs"]), arguments)
        self.evm.set_block_env(BlockEnv(timestamp=self.now, gas_limit=30_000_000))
        try:
            answer = self.evm.message_call(sender, self.addresses[contract], data)
        except RuntimeError as error:
            raise refusal(str(error)) from None
        if entry["stateMutability"] not in VIEWS:
            self.events = [_event(log) for log in self.evm.result.logs]
        outputs = decode(types(entry["outputs"]), bytes(answer))
        return outputs[0] if len(outputs) == 1 else outputs

    def registry(self, function: str, *arguments: Any, sender: str = STRANGER) -> Any:
        """Call the registry."""
        return self.call("RegionRegistry", function, *arguments, sender=sender)

    def ledger(self, function: str, *arguments: Any, sender: str = STRANGER) -> Any:
        """Call the ledger."""
        return self.call("TreeHeadLedger", function, *arguments, sender=sender)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo everything done inside."""
        checkpoint = self.evm.snapshot()
        yield
        self.evm.revert(checkpoint)


def _event(log: Any) -> Event:
    topics, data = log.data
    entry = EVENTS[bytes(topics[0])]
    inputs = entry["inputs"]
    indexed = [parameter for parameter in inputs if parameter["indexed"]]
    plain = [parameter for parameter in inputs if not parameter["indexed"]]
    values = dict(
        zip((item["name"] for item in plain), decode(types(plain), bytes(data)), strict=True)
    )
    for parameter, raw in zip(indexed, topics[1:], strict=True):
        values[parameter["name"]] = decode([abi_type(parameter)], bytes(raw))[0]
    return Event(entry["name"], values)


def deploy(evm: EVM, contract: str, *arguments: Any) -> str:
    """Deploy one contract; raises Refused."""
    built = ARTIFACTS["contracts"][contract]
    constructor = next(entry for entry in built["abi"] if entry["type"] == "constructor")
    code = bytes.fromhex(built["bytecode"][2:]) + encode(types(constructor["inputs"]), arguments)
    try:
        return str(evm.deploy(DEPLOYER, code))
    except RuntimeError as error:
        raise refusal(str(error)) from None


def empty_evm() -> EVM:
    """No contract yet, and a deployer who can pay."""
    evm = EVM(spec_id="PRAGUE")
    evm.set_balance(DEPLOYER, 10**24)
    evm.set_block_env(BlockEnv(timestamp=START, gas_limit=30_000_000))
    return evm


def start() -> Engine:
    """Deploy registry, then ledger."""
    evm = empty_evm()
    registry = deploy(evm, "RegionRegistry", NAMES, AUTHORITIES, COSIGNERS, DELAY)
    ledger = deploy(evm, "TreeHeadLedger", registry)
    return Engine(evm, {"RegionRegistry": registry, "TreeHeadLedger": ledger})

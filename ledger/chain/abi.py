"""The compiled contracts as package data, and encoding and decoding by their ABI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from eth_abi.exceptions import DecodingError
from web3 import Web3
from web3.providers import BaseProvider

from ledger.errors import UnavailableError

_codec = Web3(BaseProvider()).codec


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    return bytes(Web3.keccak(data))


@dataclass(frozen=True, slots=True)
class Element:
    """One function, event or custom error; types are canonical (structs as tuples).

    ``indexed`` tells for each input of an event whether it is a topic.
    """

    name: str
    inputs: tuple[str, ...]
    input_names: tuple[str, ...]
    outputs: tuple[str, ...]
    indexed: tuple[bool, ...]

    @property
    def topic(self) -> bytes:
        """Keccak-256 of the signature: topic 0 of an event."""
        return keccak(f"{self.name}({','.join(self.inputs)})".encode())

    @property
    def selector(self) -> bytes:
        """First four bytes of the topic: how a function or error is named on the wire."""
        return self.topic[:4]

    def call_data(self, *arguments: object) -> bytes:
        """Selector and arguments."""
        return self.selector + _codec.encode(self.inputs, arguments)

    def read_result(self, data: bytes) -> tuple[Any, ...]:
        """Outputs of a call; raises UnavailableError(chain_answer_malformed)."""
        return decode(self.outputs, data, self.name)

    def read_arguments(self, data: bytes) -> dict[str, Any]:
        """Inputs by name, from what follows the selector; raises as read_result."""
        return dict(zip(self.input_names, decode(self.inputs, data, self.name), strict=True))


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract of ours: its ABI by name, and the code that deploys it."""

    name: str
    functions: Mapping[str, Element]
    events: Mapping[str, Element]
    errors: Mapping[str, Element]
    constructor: Element
    bytecode: bytes
    deployed: bytes
    immutables: tuple[tuple[int, int], ...]

    def creation(self, *arguments: object) -> bytes:
        """Data of the transaction that deploys it."""
        return self.bytecode + _codec.encode(self.constructor.inputs, arguments)

    def is_code(self, code: bytes) -> bool:
        """Whether deployed code is this contract's; immutables, set at construction, are not compared."""
        return self._masked(code) == self._masked(self.deployed)

    def _masked(self, code: bytes) -> bytes:
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return bytes(masked)


@cache
def contract(name: str) -> Contract:
    """``RegionRegistry`` or ``TreeHeadLedger``."""
    text = resources.files("ledger.chain").joinpath("artifacts/contracts.json").read_text("utf-8")
    built = json.loads(text)["contracts"][name]
    places = built["immutableReferences"].values()
    return Contract(
        name=name,
        functions=_elements(built["abi"], "function"),
        events=_elements(built["abi"], "event"),
        errors=_elements(built["abi"], "error"),
        constructor=_elements(built["abi"], "constructor")[""],
        bytecode=bytes.fromhex(built["bytecode"].removeprefix("0x")),
        deployed=bytes.fromhex(built["deployedBytecode"].removeprefix("0x")),
        immutables=tuple((each["start"], each["length"]) for some in places for each in some),
    )


def decode(types: tuple[str, ...], data: bytes, what: str) -> tuple[Any, ...]:
    """ABI-decode exactly; raises UnavailableError(chain_answer_malformed)."""
    try:
        values = tuple(_codec.decode(types, data))
        # Re-encoding must give the same bytes, else padding could hide what nobody decoded.
        exact = _codec.encode(types, values) == data
    except (DecodingError, ValueError, OverflowError) as error:
        raise _malformed(what) from error
    if not exact:
        raise _malformed(what)
    return values


def _malformed(what: str) -> UnavailableError:
    return UnavailableError(
        "chain_answer_malformed", f"the chain's answer for {what} is not of its ABI"
    )


def _elements(abi: list[dict[str, Any]], kind: str) -> dict[str, Element]:
    return {
        each.get("name", ""): Element(
            name=each.get("name", ""),
            inputs=tuple(_type(one) for one in each["inputs"]),
            input_names=tuple(one["name"] for one in each["inputs"]),
            outputs=tuple(_type(one) for one in each.get("outputs", [])),
            indexed=tuple(one.get("indexed", False) for one in each["inputs"]),
        )
        for each in abi
        if each["type"] == kind
    }


def _type(parameter: Mapping[str, Any]) -> str:
    name: str = parameter["type"]
    if not name.startswith("tuple"):
        return name
    members = ",".join(_type(each) for each in parameter["components"])
    return f"({members}){name.removeprefix('tuple')}"

"""Refusals of the contracts as typed errors, the same whether a call raised or a transaction failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ledger.chain.abi import contract, decode
from ledger.errors import ConflictError

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")


class ContractRefused(ConflictError):  # noqa: N818  # says what happened
    """A contract of ours said no.

    Attributes:
        code: ``contract_`` and the custom error's name in snake case (``contract_tree_size_smaller``).
        name: the custom error's name, '' where it gave none.
        arguments: its arguments by name; bytes as 0x-hex.
    """

    def __init__(self, code: str, detail: str, name: str, arguments: Mapping[str, Any]) -> None:
        super().__init__(code, detail)
        self.name = name
        self.arguments = dict(arguments)


def read_refusal(data: bytes) -> ContractRefused:
    """The refusal that revert data mean.

    Raises UnavailableError(chain_answer_malformed) if they name an error of ours and do not fit it.
    """
    selector, rest = data[:4], data[4:]
    for name in ("TreeHeadLedger", "RegionRegistry"):
        for element in contract(name).errors.values():
            if element.selector == selector:
                return _named(element.name, element.read_arguments(rest))
    if selector == _ERROR_STRING:
        return _unnamed(str(decode(("string",), rest, "Error(string)")[0]))
    if selector == _PANIC:
        return _unnamed(f"panic {decode(('uint256',), rest, 'Panic(uint256)')[0]}")
    return _unnamed(f"revert data 0x{data[:64].hex()}" if data else "no reason given")


def out_of_gas(gas: int) -> ContractRefused:
    """The transaction used up all its gas."""
    return ContractRefused("contract_out_of_gas", f"all {gas} gas were used up", "", {"gas": gas})


def _named(name: str, arguments: Mapping[str, Any]) -> ContractRefused:
    shown = {each: _shown(value) for each, value in arguments.items()}
    numbers = ", ".join(f"{each}={value}" for each, value in shown.items())
    code = "contract_" + _WORDS.sub("_", name).lower()
    return ContractRefused(code, f"{name}({numbers})", name, shown)


def _unnamed(detail: str) -> ContractRefused:
    return ContractRefused("contract_reverted", f"the call was reverted: {detail}", "", {})


def _shown(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value

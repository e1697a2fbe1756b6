"""Between eth-tester's Python values and the hex of Ethereum's JSON-RPC."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ledger.devchain.faults import RpcFault, invalid_params

_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

# eth-tester's name -> the JSON-RPC name, where turning snake into camel case does not give it.
_NAMES = {
    "coinbase": "miner",
    "data": "input",
    "sha3_uncles": "sha3Uncles",
    "state_root": "stateRoot",
}
_LOG_FIELDS = (
    "address",
    "topics",
    "data",
    "block_number",
    "block_hash",
    "transaction_hash",
    "transaction_index",
    "log_index",
)


def quantity(number: int) -> str:
    """A number as JSON-RPC writes it: hex without leading zeros."""
    return hex(number)


def data(value: bytes) -> str:
    """Bytes as JSON-RPC writes them."""
    return "0x" + value.hex()


def encode(value: object) -> object:
    """Any value of eth-tester as JSON: numbers and bytes to hex, mappings by field."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return quantity(value)
    if isinstance(value, bytes):
        return data(value)
    if isinstance(value, Mapping):
        return _encode_members(value)
    if isinstance(value, list | tuple):
        return [encode(member) for member in value]
    raise TypeError(f"{type(value).__name__} has no JSON-RPC form")


def _encode_members(value: Mapping[str, object]) -> dict[str, object]:
    return {_camel(name): encode(member) for name, member in value.items()}


def encode_block(block: Mapping[str, Any]) -> dict[str, object]:
    """A block; nonce and bloom are byte strings of fixed length, not numbers."""
    fixed = {"nonce": block["nonce"], "logs_bloom": block["logs_bloom"].to_bytes(256, "big")}
    transactions = [
        encode_transaction(each) if isinstance(each, Mapping) else data(each)
        for each in block["transactions"]
    ]
    return {**_encode_members({**block, **fixed, "transactions": []}), "transactions": transactions}


def encode_transaction(transaction: Mapping[str, Any]) -> dict[str, object]:
    """A transaction; ``to`` is null where it creates a contract."""
    return _encode_members({**transaction, "to": transaction["to"] or None})


def encode_log(log: Mapping[str, Any]) -> dict[str, object]:
    """A log entry; a dev chain shows canonical blocks only, so none is ever ``removed``."""
    encoded = _encode_members({name: log[name] for name in _LOG_FIELDS})
    encoded["data"] = encoded.pop("input")
    return {**encoded, "removed": False}


def encode_receipt(receipt: Mapping[str, Any]) -> dict[str, object]:
    """A receipt with its logs."""
    plain = {name: value for name, value in receipt.items() if name not in ("logs", "state_root")}
    plain["to"] = receipt["to"] or None
    plain["logs_bloom"] = receipt["logs_bloom"].to_bytes(256, "big")
    return {**_encode_members(plain), "logs": [encode_log(log) for log in receipt["logs"]]}


def read_data(value: object, length: int | None = None) -> bytes:
    """Bytes from 0x-hex, of that length if given; raises RpcFault."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise invalid_params(f"{value!r} is not 0x-prefixed hex of whole bytes")
    raw = bytes.fromhex(value[2:])
    if length is not None and len(raw) != length:
        raise invalid_params(f"{value!r} has {len(raw)} bytes, not {length}")
    return raw


def read_quantity(value: object) -> int:
    """A number from 0x-hex; raises RpcFault."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise invalid_params(f"{value!r} is not a 0x-prefixed hex number")
    return int(value, 16)


def read_call(value: object) -> dict[str, object]:
    """A transaction object of eth_call, eth_estimateGas or eth_sendTransaction; raises RpcFault."""
    if not isinstance(value, dict):
        raise invalid_params("the transaction is not an object")
    readers: dict[str, tuple[str, Callable[[object], object]]] = {
        "from": ("from", lambda v: read_data(v, 20)),
        "to": ("to", lambda v: read_data(v, 20)),
        "data": ("data", read_data),
        "input": ("data", read_data),
        "gas": ("gas", read_quantity),
        "gasPrice": ("gas_price", read_quantity),
        "maxFeePerGas": ("max_fee_per_gas", read_quantity),
        "maxPriorityFeePerGas": ("max_priority_fee_per_gas", read_quantity),
        "value": ("value", read_quantity),
        "nonce": ("nonce", read_quantity),
        "chainId": ("chain_id", read_quantity),
    }
    call: dict[str, Any] = {}
    for name, member in value.items():
        if name == "type" or member is None:
            continue
        if name not in readers:
            raise RpcFault(-32602, f"transaction member {name!r} is not supported")
        target, reader = readers[name]
        call[target] = reader(member)
    if not {"gas_price", "max_fee_per_gas", "max_priority_fee_per_gas"} & call.keys():
        # Gas is free here; eth-tester's own default of 1 gwei would refuse callers without money.
        call["gas_price"] = 0
    if "gas_price" in call:
        call.pop("chain_id", None)
    return {"from": bytes(20), **call}


def _camel(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)

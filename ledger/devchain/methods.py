"""The JSON-RPC methods of the dev chain, each a function of the backend and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eth.exceptions import HeaderNotFound
from eth_tester.exceptions import BlockNotFound, TransactionNotFound
from eth_utils.crypto import keccak

from ledger.devchain import encoding, execution
from ledger.devchain.backend import DurableBackend
from ledger.devchain.blocks import block_number, mined
from ledger.devchain.faults import invalid_params, method_unknown, rejected
from ledger.devchain.logs import find_logs, read_filter

Method = Callable[[DurableBackend, Sequence[Any]], object]

CLIENT_VERSION = "jjj-devchain/1/eth-tester"


def _block_by_number(backend: DurableBackend, params: Sequence[Any]) -> object:
    number = block_number(backend, params[0])
    if number > backend.height:
        return None
    return encoding.encode_block(
        backend.get_block_by_number(number, bool(params[1:] and params[1]))
    )


def _block_by_hash(backend: DurableBackend, params: Sequence[Any]) -> object:
    full = bool(params[1:] and params[1])
    try:
        block = backend.get_block_by_hash(encoding.read_data(params[0], 32), full)
    except (BlockNotFound, HeaderNotFound):
        return None
    return encoding.encode_block(block)


def _number_of(backend: DurableBackend, block_hash: object) -> int:
    try:
        number: int = backend.get_block_by_hash(encoding.read_data(block_hash, 32), False)["number"]
    except (BlockNotFound, HeaderNotFound) as error:
        raise rejected("unknown block") from error
    return number


def _transaction(backend: DurableBackend, params: Sequence[Any]) -> object:
    try:
        found = backend.get_transaction_by_hash(encoding.read_data(params[0], 32))
    except TransactionNotFound:
        return None
    return encoding.encode_transaction(found)


def _receipt(backend: DurableBackend, params: Sequence[Any]) -> object:
    try:
        found = backend.get_transaction_receipt(encoding.read_data(params[0], 32))
    except TransactionNotFound:
        return None
    return encoding.encode_receipt(found)


def _logs(backend: DurableBackend, params: Sequence[Any]) -> object:
    wanted = params[0]
    if not isinstance(wanted, dict):
        raise invalid_params("the filter is not an object")
    picked = read_filter(wanted.get("address"), wanted.get("topics"))
    if "blockHash" in wanted:
        first = last = _number_of(backend, wanted["blockHash"])
    else:
        first = block_number(backend, wanted.get("fromBlock"))
        last = block_number(backend, wanted.get("toBlock"))
    return find_logs(backend, picked, first, last)


def _snapshot(backend: DurableBackend, _: Sequence[Any]) -> object:
    return encoding.data(backend.take_snapshot())


def _revert(backend: DurableBackend, params: Sequence[Any]) -> object:
    try:
        backend.revert_to_snapshot(encoding.read_data(params[0], 32))
    except HeaderNotFound:
        return False
    return True


def _mine(backend: DurableBackend, _: Sequence[Any]) -> object:
    backend.mine_empty()
    return "0x0"


def _account(reader: Callable[[DurableBackend, bytes, int], object]) -> Method:
    def method(backend: DurableBackend, params: Sequence[Any]) -> object:
        number = mined(backend, params[1] if params[1:] else None)
        return encoding.encode(reader(backend, encoding.read_data(params[0], 20), number))

    return method


def _storage(backend: DurableBackend, params: Sequence[Any]) -> object:
    number = mined(backend, params[2] if params[2:] else None)
    slot = encoding.read_quantity(params[1])
    value = backend.get_storage(encoding.read_data(params[0], 20), slot, number)
    return encoding.data(value.to_bytes(32, "big") if isinstance(value, int) else value)


_LEAST_PARAMETERS = {
    "web3_sha3": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getStorageAt": 2,
    "eth_getBlockByNumber": 1,
    "eth_getBlockByHash": 1,
    "eth_getTransactionByHash": 1,
    "eth_getTransactionReceipt": 1,
    "eth_getLogs": 1,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_sendRawTransaction": 1,
    "eth_sendTransaction": 1,
    "evm_revert": 1,
}

_METHODS: dict[str, Method] = {
    "web3_clientVersion": lambda _b, _p: CLIENT_VERSION,
    "web3_sha3": lambda _b, p: encoding.data(keccak(encoding.read_data(p[0]))),
    "net_version": lambda b, _p: str(b.chain.chain_id),
    "net_listening": lambda _b, _p: True,
    "net_peerCount": lambda _b, _p: "0x0",
    "eth_chainId": lambda b, _p: encoding.quantity(b.chain.chain_id),
    "eth_blockNumber": lambda b, _p: encoding.quantity(b.height),
    "eth_syncing": lambda _b, _p: False,
    "eth_gasPrice": lambda _b, _p: "0x0",
    "eth_maxPriorityFeePerGas": lambda _b, _p: "0x0",
    "eth_feeHistory": lambda _b, _p: {
        "oldestBlock": "0x0",
        "baseFeePerGas": ["0x0", "0x0"],
        "gasUsedRatio": [0.0],
    },
    "eth_accounts": lambda b, _p: [encoding.data(each) for each in b.get_accounts()],
    "eth_getBalance": _account(lambda b, who, number: b.get_balance(who, number)),
    "eth_getCode": _account(lambda b, who, number: b.get_code(who, number)),
    "eth_getTransactionCount": _account(lambda b, who, number: b.get_nonce(who, number)),
    "eth_getStorageAt": _storage,
    "eth_getBlockByNumber": _block_by_number,
    "eth_getBlockByHash": _block_by_hash,
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionReceipt": _receipt,
    "eth_getLogs": _logs,
    "eth_call": execution.call,
    "eth_estimateGas": execution.estimate_gas,
    "eth_sendRawTransaction": execution.send_raw,
    "eth_sendTransaction": execution.send,
    "evm_snapshot": _snapshot,
    "evm_revert": _revert,
    "evm_mine": _mine,
}


def invoke(backend: DurableBackend, method: object, params: object) -> object:
    """Run one method and return its JSON result; raises RpcFault."""
    if not isinstance(method, str) or method not in _METHODS:
        raise method_unknown(method)
    listed = [] if params is None else params
    if not isinstance(listed, list) or len(listed) < _LEAST_PARAMETERS.get(method, 0):
        raise invalid_params(f"{method} needs a list of parameters")
    return _METHODS[method](backend, listed)

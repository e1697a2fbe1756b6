"""Running transactions: for their answer only, or mined into a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from eth.abc import SignedTransactionAPI
from eth.exceptions import PyEVMError, Revert, VMError
from eth.vm.spoof import SpoofTransaction
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from ledger.devchain import encoding
from ledger.devchain.backend import DurableBackend
from ledger.devchain.blocks import mined
from ledger.devchain.faults import rejected, reverted


def call(backend: DurableBackend, params: Sequence[Any]) -> object:
    """eth_call: run a transaction on the state after a block and change nothing."""
    number = mined(backend, params[1] if params[1:] else None)
    call = {"gas": 2**24, **encoding.read_call(params[0])}
    state = backend.chain.get_vm(backend.header_for_call(number)).state
    snapshot = state.snapshot()
    try:
        computation = state.apply_transaction(_spoofed(backend, call, number))
    except ValidationError as error:
        raise rejected(str(error)) from error
    state.revert(snapshot)
    if computation.is_error:
        if isinstance(computation.error, Revert):
            raise reverted(computation.output)
        raise rejected(f"execution failed: {type(computation.error).__name__}")
    return encoding.data(computation.output)


def estimate_gas(backend: DurableBackend, params: Sequence[Any]) -> object:
    """eth_estimateGas: the least gas limit with which the transaction succeeds."""
    call = {**encoding.read_call(params[0]), "gas": 21000}
    try:
        header = backend.header_for_call(backend.height)
        gas = backend.chain.estimate_gas(_spoofed(backend, call, backend.height), header)
    except Revert as error:
        raise reverted(error.args[0] if error.args else b"") from error
    except (VMError, ValidationError) as error:
        raise rejected(f"gas required exceeds allowance: {error}") from error
    return encoding.quantity(gas)


def _spoofed(backend: DurableBackend, call: dict[str, Any], number: int) -> SignedTransactionAPI:
    # A call has no nonce of its own; eth-tester would take today's, wrong for a block of the past.
    call = {**call, "nonce": backend.get_nonce(call["from"], number)}
    unsigned = backend._get_normalized_and_unsigned_evm_transaction(call)  # noqa: SLF001
    return cast(SignedTransactionAPI, SpoofTransaction(unsigned, from_=call["from"]))


def send_raw(backend: DurableBackend, params: Sequence[Any]) -> object:
    """eth_sendRawTransaction: mine a signed transaction at once."""
    raw = encoding.read_data(params[0])
    try:
        transaction = backend.chain.get_transaction_builder().decode(raw)
        sender = transaction.sender
    except (RLPException, PyEVMError, ValidationError, ValueError, TypeError) as error:
        raise rejected(f"rlp: transaction cannot be read: {error}") from error
    if backend.find(transaction.hash) is not None:
        raise rejected("already known")
    due = backend.get_nonce(sender)
    if transaction.nonce != due:
        order = "low" if transaction.nonce < due else "high"
        raise rejected(f"nonce too {order}: next nonce {due}, tx nonce {transaction.nonce}")
    return encoding.data(_execute(backend, transaction))


def send(backend: DurableBackend, params: Sequence[Any]) -> object:
    """eth_sendTransaction: sign with one of eth-tester's accounts and mine at once."""
    call = encoding.read_call(params[0])
    if call["from"] not in backend.get_accounts():
        raise rejected("unknown account")
    if "gas" not in call:
        call["gas"] = encoding.read_quantity(estimate_gas(backend, params)) * 3 // 2
    signed = backend._get_normalized_and_signed_evm_transaction(call)  # noqa: SLF001
    return encoding.data(_execute(backend, signed))


def _execute(backend: DurableBackend, transaction: SignedTransactionAPI) -> bytes:
    try:
        return backend.execute(transaction)
    except ValidationError as error:
        raise rejected(str(error)) from error

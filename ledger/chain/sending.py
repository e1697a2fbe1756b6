"""Sending transactions and learning what became of them, by facts that every engine shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from ledger.chain import answers
from ledger.chain.abi import keccak
from ledger.chain.accounts import Account, Fees, checksummed
from ledger.chain.rawtransactions import read_raw
from ledger.chain.refusals import ContractRefused, out_of_gas, read_refusal
from ledger.chain.rpc import NodeRefused, Rpc
from ledger.errors import UnavailableError
from ledger.ports import Receipt, Tasks

_IN_POOL = re.compile(r"already (known|imported|in mempool)", re.IGNORECASE)
_NOT_FOUND = re.compile(r"not found", re.IGNORECASE)
_POLL_SECONDS = 0.1


class RefusedToTellError(UnavailableError):
    """The node answers, and cannot tell: most often it has not come so far."""


async def broadcast(rpc: Rpc, sender: bytes, raw: bytes) -> None:
    """Hand over a signed transaction; silent where the chain has it or its nonce is used already.

    Engines word that differently, or refuse bytes they hold; so after a refusal the facts are asked:
    is the transaction known, is its nonce used. Raises UnavailableError(chain_rejected) otherwise.
    """
    try:
        await rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    except NodeRefused as refused:
        if _IN_POOL.search(refused.message) or await _is_settled(rpc, sender, raw):
            return
        raise UnavailableError(
            "chain_rejected", f"the chain refused a transaction: {refused.message}"
        ) from refused


async def _is_settled(rpc: Rpc, sender: bytes, raw: bytes) -> bool:
    try:
        if await nonce(rpc, sender) > read_raw(raw).nonce:
            return True
    except (RLPException, ValueError):
        return False
    return await _transaction(rpc, keccak(raw)) is not None


async def nonce(rpc: Rpc, sender: bytes, block: str = "latest") -> int:
    """Mined transactions of an account after a block; raises UnavailableError."""
    return answers.number(await ask(rpc, "eth_getTransactionCount", checksummed(sender), block))


async def ask(rpc: Rpc, method: str, *params: object) -> Any:  # noqa: ANN401  # any JSON
    """A call whose refusal means only that the node cannot tell; raises UnavailableError."""
    try:
        return await rpc.call(method, *params)
    except NodeRefused as refused:
        raise _cannot_tell(refused) from refused


async def ask_all(rpc: Rpc, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
    """Several calls at once; raises as ``ask``."""
    try:
        return await rpc.batch(calls)
    except NodeRefused as refused:
        raise _cannot_tell(refused) from refused


async def receipt_json(rpc: Rpc, transaction: bytes) -> dict[str, Any] | None:
    """The receipt of a mined transaction; None while there is none, however the engine says so."""
    found = await _ask_unknown(rpc, "eth_getTransactionReceipt", transaction)
    # Some engines give a receipt without a block for what is still pending.
    if found is None or answers.member(found, "blockHash") is None:
        return None
    return dict(found)


def read_receipt(found: dict[str, Any]) -> Receipt:
    """A receipt's facts; raises UnavailableError(chain_answer_malformed)."""
    return Receipt(
        ok=answers.number(answers.member(found, "status")) == 1,
        block_number=answers.number(answers.member(found, "blockNumber")),
        block_hash=answers.data(answers.member(found, "blockHash"), 32),
    )


async def refusal(rpc: Rpc, transaction: bytes) -> ContractRefused | None:
    """Why a mined transaction failed, by running it again on the state before it; None if it did not fail."""
    receipt = await receipt_json(rpc, transaction)
    if receipt is None or read_receipt(receipt).ok:
        return None
    sent = await _transaction(rpc, transaction)
    if sent is None:
        raise UnavailableError("chain_unavailable", "a mined transaction cannot be had back")
    gas = answers.number(answers.member(sent, "gas"))
    # A contract that refuses gives the rest of its gas back; only running out uses up all.
    if answers.number(answers.member(receipt, "gasUsed")) >= gas:
        return out_of_gas(gas)
    number = answers.number(receipt["blockNumber"])
    call = {name: sent[name] for name in ("from", "to", "input", "gas") if sent.get(name)}
    for height in (number - 1, number):
        try:
            await dry_run(rpc, call, hex(height))
        except ContractRefused as refused:
            return refused
    raise UnavailableError(
        "chain_unavailable",
        f"0x{transaction.hex()} failed, and would pass before and after its block",
    )


async def dry_run(rpc: Rpc, call: dict[str, Any], block: str = "latest") -> bytes:
    """The output of a call that changes nothing; raises ContractRefused, UnavailableError."""
    try:
        return answers.data(await rpc.call("eth_call", call, block))
    except NodeRefused as refused:
        if refused.data is not None or "revert" in refused.message:
            raise read_refusal(refused.data or b"") from refused
        raise _cannot_tell(refused) from refused


class Sender:
    """Sends one account's transactions one after the other and waits until each is mined.

    For deployment and the registry; anchors go through the outbox instead, since they must survive a
    crash between signing and sending.
    """

    def __init__(
        self,
        rpc: Rpc,
        account: Account,
        chain_id: int,
        tasks: Tasks,
        fees: Fees,
        wait_seconds: float = 120.0,
    ) -> None:
        self.account = account
        self._rpc = rpc
        self._chain_id = chain_id
        self._tasks = tasks
        self._fees = fees
        self._wait = wait_seconds

    async def send(self, to: bytes | None, data: bytes, gas: int) -> dict[str, Any]:
        """Mine one call, or (to None) a deployment; the receipt's JSON.

        Raises ContractRefused before anything is spent where the contract would refuse, and after
        where it did; UnavailableError(chain_receipt_late) if it is not mined in time: it may be yet.
        """
        call: dict[str, Any] = {"data": "0x" + data.hex(), "gas": gas, "value": 0}
        if to is not None:
            call["to"] = checksummed(to)
        tried = {**call, "gas": hex(gas), "from": checksummed(self.account.address)}
        del tried["value"]
        await dry_run(self._rpc, tried)
        due = await nonce(self._rpc, self.account.address)
        signed = self.account.sign(
            {**call, **self._fees.members(), "nonce": due, "chainId": self._chain_id}
        )
        await broadcast(self._rpc, self.account.address, signed.raw)
        found = await self._mined(signed.hash)
        if not read_receipt(found).ok:
            raise await refusal(self._rpc, signed.hash) or out_of_gas(gas)
        return found

    async def _mined(self, transaction: bytes) -> dict[str, Any]:
        for _ in range(round(self._wait / _POLL_SECONDS)):
            found = await receipt_json(self._rpc, transaction)
            if found is not None:
                return found
            await self._tasks.sleep(_POLL_SECONDS)
        raise UnavailableError(
            "chain_receipt_late", f"0x{transaction.hex()} is not mined after {self._wait:.0f} s"
        )


async def _transaction(rpc: Rpc, transaction: bytes) -> dict[str, Any] | None:
    found = await _ask_unknown(rpc, "eth_getTransactionByHash", transaction)
    if found is None:
        return None
    # Every engine repeats the hash: what has none is no transaction.
    answers.member(found, "hash")
    return dict(found)


async def _ask_unknown(rpc: Rpc, method: str, transaction: bytes) -> Any:  # noqa: ANN401  # any JSON
    try:
        return await rpc.call(method, "0x" + transaction.hex())
    except NodeRefused as refused:
        if _NOT_FOUND.search(refused.message):
            return None
        raise _cannot_tell(refused) from refused


def _cannot_tell(refused: NodeRefused) -> UnavailableError:
    return RefusedToTellError("chain_unavailable", f"the chain's node refused: {refused.message}")

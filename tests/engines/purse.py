"""Paying test accounts where gas costs something."""

import os

from ledger.chain import answers
from ledger.chain.accounts import Account, Fees, checksummed
from ledger.chain.rpc import Rpc
from ledger.chain.sending import ask, broadcast, nonce, receipt_json
from tests.engines.waiting import until

_GAS = 30_000_000
"""What a test account can spend before it is paid again."""


class Purse:
    """An account with money: that of the engine's file, or of JJJ_ENGINE_PURSE (a key in hex)."""

    def __init__(self, rpc: Rpc, settings: dict, fees: Fees) -> None:
        kept = os.environ.get("JJJ_ENGINE_PURSE") or settings.get("purse")
        self._account = None if kept is None else Account(bytes.fromhex(kept.removeprefix("0x")))
        self._rpc, self._fees = rpc, fees

    async def fill(self, address: bytes, price: int) -> None:
        """See that an account can pay for the gas of many transactions at a price, in wei per gas."""
        held = answers.number(
            await ask(self._rpc, "eth_getBalance", checksummed(address), "latest"), 2**256
        )
        if held < _GAS * price // 2:
            await self._pay(address, _GAS * price)

    async def _pay(self, address: bytes, wei: int) -> None:
        assert self._account is not None, "gas costs something here: set JJJ_ENGINE_PURSE"
        payer = self._account
        signed = payer.sign(
            {
                "chainId": answers.number(await ask(self._rpc, "eth_chainId")),
                "nonce": await nonce(self._rpc, payer.address),
                "to": checksummed(address),
                "value": wei,
                "gas": 21_000,
                **self._fees.members(),
            }
        )
        await broadcast(self._rpc, payer.address, signed.raw)
        await until(lambda: receipt_json(self._rpc, signed.hash), "the purse's payment is mined")

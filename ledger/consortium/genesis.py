"""The first block: what the engine proposes, with our coin, free gas and the accounts that are there."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.consortium.plan import Genesis

Document = dict[str, Any]


def first_block(proposed: Document, genesis: Genesis, balances: Mapping[str, int]) -> Document:
    """What the engine proposed, as the plan wants it.

    Args:
        proposed: the file that the engine's ``init`` writes.
        genesis: the plan.
        balances: of each account that is there at once, by its address in bech32.
    """
    made = copy.deepcopy(proposed)
    state = made["app_state"]
    _set_coin(state, genesis.denomination)
    # Gas is free, as on the consortium chains of production: nobody needs a coin to send.
    state["feemarket"]["params"] |= {"no_base_fee": True, "base_fee": "0", "min_gas_price": "0"}
    # A validator that was away for fifty blocks would lose its seat, and the three others could spare none.
    state["slashing"]["params"]["min_signed_per_window"] = "0.000000000000000000"
    # The demo app's own tokens, which nothing here knows.
    state["erc20"] |= {"token_pairs": [], "native_precompiles": []}
    made["consensus"]["params"]["block"]["max_gas"] = str(genesis.block_max_gas)
    state["auth"]["accounts"] = [_account(address) for address in balances]
    state["bank"]["balances"] = [
        {"address": address, "coins": [{"denom": genesis.denomination, "amount": str(amount)}]}
        for address, amount in balances.items()
    ]
    return made


def with_validators(first: Document, joining: Sequence[Document]) -> Document:
    """The first block with the signed wish of each validator to be one."""
    made = copy.deepcopy(first)
    made["app_state"]["genutil"]["gen_txs"] = list(joining)
    return made


def _set_coin(state: Document, coin: str) -> None:
    state["staking"]["params"]["bond_denom"] = coin
    state["mint"]["params"]["mint_denom"] = coin
    state["evm"]["params"]["evm_denom"] = coin
    for name in ("min_deposit", "expedited_min_deposit"):
        state["gov"]["params"][name][0]["denom"] = coin
    # Without it the EVM does not start: it reads there how many decimals its coin has.
    state["bank"]["denom_metadata"] = [_described(coin)]


def _described(coin: str) -> Document:
    whole = coin.removeprefix("a")
    return {
        "base": coin,
        "display": whole,
        "name": whole,
        "symbol": whole.upper(),
        "description": "",
        "denom_units": [{"denom": coin, "exponent": 0}, {"denom": whole, "exponent": 18}],
    }


def _account(address: str) -> Document:
    return {
        "@type": "/cosmos.auth.v1beta1.BaseAccount",
        "address": address,
        "pub_key": None,
        "account_number": "0",
        "sequence": "0",
    }

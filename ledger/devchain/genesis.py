"""How a dev chain begins: its rules, its first block, its funded accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from eth.abc import BlockHeaderAPI, TransactionBuilderAPI
from eth.chains.base import MiningChain
from eth.typing import AccountDetails, HeaderParams
from eth.vm.forks.prague import PragueVM
from eth_tester.backends.pyevm.main import (
    generate_genesis_state_for_keys,
    get_default_account_keys,
    get_default_account_state,
    get_default_genesis_params,
)
from eth_typing import Address, BlockNumber

from ledger.values import Millis

CHAIN_ID = 131277322940537
"""eth-tester's own chain id, so that tools which assume it keep working."""


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a new dev chain starts from; ignored when its file holds a chain already.

    Attributes:
        now: wall time, milliseconds; also the clock of every later block.
        entropy: random bytes; they make every new chain's genesis hash its own.
        funded: 20-byte addresses that start with a million ether, besides eth-tester's ten accounts.
        chain_id: EIP-155 chain id.
    """

    now: Callable[[], Millis]
    entropy: Callable[[int], bytes]
    funded: tuple[bytes, ...] = ()
    chain_id: int = CHAIN_ID


class DevChain(MiningChain):
    """py-evm at its newest fork, with a constant gas limit."""

    chain_id = CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(
        self, parent_header: BlockHeaderAPI, **header_params: HeaderParams
    ) -> BlockHeaderAPI:
        """The next header; the gas limit stays, since py-evm would let it drift down to nothing."""
        header_params["gas_limit"] = parent_header.gas_limit
        return super().create_header_from_parent(parent_header, **header_params)

    @classmethod
    def get_transaction_builder(cls) -> type[TransactionBuilderAPI]:
        """py-evm's builder of the newest fork; eth-tester asks the chain for it."""
        return PragueVM.get_transaction_builder()


def chain_class(chain_id: int) -> type[DevChain]:
    """DevChain under that chain id."""
    return type("DevChain", (DevChain,), {"chain_id": chain_id})


def genesis_parameters(genesis: Genesis) -> dict[str, Any]:
    """Header fields of block 0.

    The base fee is 0 and stays so while blocks are less than half full: gas is free, as on the
    consortium chains of production, and no account needs money to anchor.
    """
    overrides = {
        "timestamp": genesis.now() // 1000,
        "extra_data": genesis.entropy(32),
    }
    parameters: dict[str, Any] = get_default_genesis_params(overrides)
    return {**parameters, "base_fee_per_gas": 0}


def genesis_state(keys: Iterable[Any], funded: Iterable[bytes]) -> dict[Address, AccountDetails]:
    """Accounts of block 0."""
    accounts: dict[Address, AccountDetails] = dict(generate_genesis_state_for_keys(keys))
    return accounts | {Address(address): get_default_account_state() for address in funded}


def account_keys() -> tuple[Any, ...]:
    """eth-tester's ten well-known keys."""
    keys: tuple[Any, ...] = get_default_account_keys()
    return keys

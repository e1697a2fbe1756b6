"""Deploying both contracts: the registry first, then the ledger that binds itself to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]

from ledger.chain import answers
from ledger.chain.abi import Contract, contract, keccak
from ledger.chain.accounts import FREE, Account, Fees, checksummed
from ledger.chain.identity import read_identity
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender, ask, nonce
from ledger.errors import InputError, VerificationError
from ledger.ports import Tasks
from ledger.values import ChainIdentity

WEEK_SECONDS = 7 * 24 * 3600
_DEPLOY_GAS = 6_000_000
_REGIONS = 3


@dataclass(frozen=True, slots=True)
class RegionKeys:
    """What the registry is told of a region at birth.

    ``authority`` is the 20-byte account that leads it, ``cosigner`` its raw Ed25519 key, 32 bytes.
    """

    name: str
    authority: bytes
    cosigner: bytes

    @property
    def padded_name(self) -> bytes:
        """The name in 32 bytes, as the registry holds it; raises InputError(region_malformed)."""
        raw = self.name.encode("ascii", "replace")
        if not 1 <= len(raw) <= 32 or not self.name.isascii():
            raise InputError("region_malformed", f"region name {self.name!r} does not fit 32 bytes")
        return raw.ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A pair of contracts on a chain, and the name of the network that they begin."""

    network: str
    chain: ChainIdentity
    registry: bytes


async def deploy(
    rpc: Rpc,
    deployer: bytes,
    regions: Sequence[RegionKeys],
    *,
    base: str,
    tasks: Tasks,
    fees: Fees = FREE,
    delay_seconds: int = WEEK_SECONDS,
) -> Deployment:
    """Deploy registry and ledger from the account with the key ``deployer``.

    The network's name is ``base`` and the first 8 hex digits of the registry's deploy block hash, so
    that a chain begun anew under the same keys can never be taken for the one before.

    Raises InputError, ContractRefused, UnavailableError; VerificationError(chain_code_differs) if the
    chain does not hold the code that was sent.
    """
    if len(regions) != _REGIONS:
        raise InputError("regions_not_three", f"there are {len(regions)} regions, not three")
    chain_id = answers.number(await ask(rpc, "eth_chainId"))
    sender = Sender(rpc, Account(deployer), chain_id, tasks, fees)
    receipt = await _create(
        rpc,
        sender,
        contract("RegionRegistry"),
        [each.padded_name for each in regions],
        [checksummed(each.authority) for each in regions],
        [each.cosigner for each in regions],
        delay_seconds,
    )
    registry = _created(receipt)
    ledger = _created(await _create(rpc, sender, contract("TreeHeadLedger"), checksummed(registry)))
    identity = await read_identity(rpc, ledger, answers.number(receipt["blockNumber"]))
    network = f"{base}-{identity.deploy_block_hash.hex()[:8]}"
    return Deployment(network=network, chain=identity, registry=registry)


async def next_registry(rpc: Rpc, deployer: bytes) -> tuple[int, bytes]:
    """The chain's id, and the address of the registry if the account with that key deployed one now."""
    account = Account(deployer).address
    due = await nonce(rpc, account)
    address = keccak(rlp.encode([account, due]))[12:]
    return answers.number(await ask(rpc, "eth_chainId")), address


async def _create(rpc: Rpc, sender: Sender, built: Contract, *arguments: object) -> dict[str, Any]:
    receipt = await sender.send(None, built.creation(*arguments), _DEPLOY_GAS)
    address = "0x" + _created(receipt).hex()
    code = answers.data(await ask(rpc, "eth_getCode", address, "latest"))
    if not built.is_code(code):
        raise VerificationError(
            "chain_code_differs", f"{address} does not hold the code of {built.name}"
        )
    return receipt


def _created(receipt: dict[str, Any]) -> bytes:
    return answers.data(answers.member(receipt, "contractAddress"), 20)

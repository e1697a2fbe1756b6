"""Acting on RegionRegistry as one region's authority."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain.abi import contract
from ledger.chain.accounts import checksummed
from ledger.chain.registrystate import EpochTurn, KeyRole
from ledger.chain.registryview import RegistryView
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender

_GAS = 2_000_000


def account_key(address: bytes) -> bytes:
    """An account as the registry keeps it among keys: right-aligned in 32 bytes."""
    return address.rjust(32, b"\0")


class Registry(RegistryView):
    """A registry, and the authority account that calls it.

    Every method waits until its call is mined. Raises ContractRefused, UnavailableError.
    """

    def __init__(self, rpc: Rpc, address: bytes, sender: Sender) -> None:
        super().__init__(rpc, address)
        self._sender = sender

    async def register_log(self, origin: str, log_key: bytes, anchor_account: bytes) -> None:
        """Register the first log of the caller's region; ``log_key`` is raw Ed25519."""
        await self._act("registerLog", origin, log_key, checksummed(anchor_account))

    async def change_key(self, role: KeyRole, key: bytes) -> None:
        """Set a key (32 bytes) of the caller's own region or its current log, at once."""
        await self._act("changeKey", int(role), key)

    async def offer_authority(self, account: bytes) -> None:
        """Name the account that may take over as the caller's authority."""
        await self._act("offerAuthority", checksummed(account))

    async def accept_authority(self, region: int) -> None:
        """Take over as authority of that region."""
        await self._act("acceptAuthority", region)

    async def propose_replacement(self, region: int, role: KeyRole, key: bytes) -> None:
        """Propose to set another region's key without it."""
        await self._act("proposeReplacement", region, int(role), key)

    async def approve_replacement(self, region: int, role: KeyRole, key: bytes) -> None:
        """Agree, as the third region; the delay begins."""
        await self._act("approveReplacement", region, int(role), key)

    async def complete_replacement(self, region: int, role: KeyRole, key: bytes) -> None:
        """Set an approved key after its delay."""
        await self._act("completeReplacement", region, int(role), key)

    async def withdraw_replacement(self, region: int, role: KeyRole, key: bytes) -> None:
        """Take back a pending replacement, approved or not; either of the two others may."""
        await self._act("withdrawReplacement", region, int(role), key)

    async def propose_turn(self, turn: EpochTurn) -> None:
        """Propose to close a log and open the region's next one."""
        await self._act("proposeEpochTurn", _turn(turn))

    async def approve_turn(self, proposer: int, turn: EpochTurn, proof: Sequence[bytes]) -> None:
        """Agree to exactly that turn and carry it out.

        ``proof`` is the RFC 9162 consistency proof between the closing head and the head on chain,
        from the smaller to the larger; empty where they are equal or nothing was anchored.
        """
        await self._act("approveEpochTurn", proposer, _turn(turn), list(proof))

    async def withdraw_turn(self, log_id: bytes) -> None:
        """Take back the caller's proposal to close that log."""
        await self._act("withdrawEpochTurn", log_id)

    async def name_successor(self, address: bytes) -> None:
        """Vote for the registry that shall follow this one; a later vote takes the place of it."""
        await self._act("nameSuccessor", checksummed(address))

    async def _act(self, name: str, *arguments: object) -> None:
        element = contract("RegionRegistry").functions[name]
        await self._sender.send(self._address, element.call_data(*arguments), _GAS)


def _turn(turn: EpochTurn) -> tuple[object, ...]:
    return (
        turn.log,
        turn.head.size,
        turn.head.root,
        turn.origin,
        turn.log_key,
        checksummed(turn.anchor_account),
    )

"""Reading RegionRegistry."""

from __future__ import annotations

from typing import Any

from ledger.chain import sending
from ledger.chain.abi import contract
from ledger.chain.accounts import checksummed
from ledger.chain.registrystate import (
    Closing,
    EpochTurn,
    KeyPeriod,
    KeyRole,
    LogState,
    RegionState,
    Replacement,
)
from ledger.chain.rpc import Rpc
from ledger.errors import InputError
from ledger.values import Millis, TreeHead

REGIONS = 3
_NONE = bytes(32)


class RegistryView:
    """A registry as the chain shows it at its newest block.

    Every method raises UnavailableError, and ContractRefused where the registry knows no such thing.
    """

    def __init__(self, rpc: Rpc, address: bytes) -> None:
        self._rpc = rpc
        self._address = address
        self._functions = contract("RegionRegistry").functions

    async def ledger(self) -> bytes:
        """Address of the TreeHeadLedger bound to it."""
        return account((await self._read("ledger"))[0])

    async def delay_seconds(self) -> int:
        """Seconds between the second voice and the moment a key may be set without consent."""
        return int((await self._read("delaySeconds"))[0])

    async def successor(self) -> bytes | None:
        """Address of the registry that two regions named to follow this one."""
        address = account((await self._read("successor"))[0])
        return address if any(address) else None

    async def regions(self) -> tuple[RegionState, ...]:
        """The three regions, by number."""
        return tuple([await self.region(number) for number in range(REGIONS)])

    async def region(self, number: int) -> RegionState:
        """One region."""
        (state,) = await self._read("regionState", number)
        name, authority, next_authority, cosigner, current, count = state
        return RegionState(
            number=number,
            name=name.rstrip(b"\0").decode("ascii", "replace"),
            authority=account(authority),
            next_authority=None if not any(account(next_authority)) else account(next_authority),
            cosigner=cosigner,
            current_log=None if current == _NONE else current,
            log_count=count,
        )

    async def region_named(self, name: str) -> RegionState:
        """The region of that name; raises InputError(region_unknown)."""
        for state in await self.regions():
            if state.name == name:
                return state
        raise InputError("region_unknown", f"the registry has no region {name!r}")

    async def log(self, log_id: bytes) -> LogState:
        """One log."""
        (state,) = await self._read("logState", log_id)
        origin, region, closed, anchor_account, key, following = state
        return LogState(
            origin=origin,
            region=region,
            closed=closed,
            anchor_account=account(anchor_account),
            key=key,
            next=None if following == _NONE else following,
        )

    async def log_ids(self, region: RegionState) -> tuple[bytes, ...]:
        """Ids of a region's logs, oldest epoch first."""
        return tuple(
            [(await self._read("logOf", region.number, n))[0] for n in range(region.log_count)]
        )

    async def closing(self, log_id: bytes) -> Closing | None:
        """Where a log was closed; None while it is open."""
        ((size, time, root),) = await self._read("closing", log_id)
        return Closing(TreeHead(size, root), Millis(time * 1000)) if time else None

    async def keys(self, holder: bytes, role: KeyRole) -> tuple[KeyPeriod, ...]:
        """All keys of a log (its id) or region (its padded name) in a role, oldest first."""
        (count,) = await self._read("keyCount", holder, int(role))
        periods = [(await self._read("keyPeriod", holder, int(role), n))[0] for n in range(count)]
        return tuple(KeyPeriod(*period) for period in periods)

    async def pending_replacement(self, region: int, role: KeyRole) -> Replacement | None:
        """The replacement that waits for a key of the region or of its current log."""
        (pending,) = await self._read("pendingReplacement", region, int(role))
        return Replacement(*pending) if pending[0] != _NONE else None

    async def pending_turn(self, log_id: bytes, proposer: int) -> EpochTurn | None:
        """The epoch turn of that log which that region proposed."""
        (pending,) = await self._read("pendingEpochTurn", log_id, proposer)
        log, size, root, origin, key, anchor_account = pending
        if not origin:
            return None
        return EpochTurn(log, TreeHead(size, root), origin, key, account(anchor_account))

    async def _read(self, name: str, *arguments: object) -> tuple[Any, ...]:
        element = self._functions[name]
        call = {
            "to": checksummed(self._address),
            "data": "0x" + element.call_data(*arguments).hex(),
        }
        return element.read_result(await sending.dry_run(self._rpc, call))


def account(text: str) -> bytes:
    """An account as web3 gives it, as 20 bytes."""
    return bytes.fromhex(text.removeprefix("0x"))

"""Telling a new registry what the network file says of logs and turns, one authority after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ledger.chain.network import LogEntry, Network
from ledger.chain.registrystate import EpochTurn, RegionState
from ledger.cli.authority import Authority
from ledger.errors import ConflictError


@dataclass(slots=True)
class Restated:
    """What this authority did, and which logs the registry still lacks and who has to act for each."""

    done: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


async def restate(mine: Authority) -> Restated:
    """Register, propose and approve all that this authority can until the registry knows every log.

    A closed log is closed at the head that the file names, once its region's node has anchored it so far.
    What was done already is not done twice, so each of the three does this again while something waits.

    Raises:
        ConflictError: registry_other, registration_other, where the registry holds what the file does not.
        InputError: ContractRefused.
        UnavailableError: chain_….
    """
    restated = Restated()
    for region in await mine.registry.regions():
        await _restate_region(mine, region, restated)
    return restated


async def _restate_region(mine: Authority, region: RegionState, restated: Restated) -> None:
    logs = mine.network.logs_of(region.name)
    known = await mine.registry.log_ids(region)
    if known != tuple(log.origin.log_id for log in logs[: len(known)]):
        detail = f"the registry holds logs of {region.name} that the network file does not name so"
        raise ConflictError("registry_other", detail)
    if known:
        await _check_registration(mine, region, logs[len(known) - 1])
    else:
        if region.number != mine.region.number:
            restated.waiting[str(logs[0].origin)] = region.name
            return
        account = mine.network.region(region.name).anchor
        await mine.registry.register_log(str(logs[0].origin), logs[0].key.public_key, account)
        restated.done.append(f"registered {logs[0].origin}")
    for turn in list(_turns(mine.network, logs))[max(len(known) - 1, 0) :]:
        if not await _turned(mine, turn, restated):
            return


async def _check_registration(mine: Authority, region: RegionState, log: LogEntry) -> None:
    """Raises ConflictError(registration_other) where a region's newest log stands as it could not be used.

    Of a log that is closed nothing is anchored any more.
    """
    standing = await mine.registry.log(log.origin.log_id)
    account = mine.network.region(region.name).anchor
    if (standing.anchor_account, standing.key) == (account, log.key.public_key):
        return
    detail = (
        f"{log.origin} is registered with anchor account {standing.anchor_account.hex()} and key "
        f"{standing.key.hex()}; the network file says {account.hex()} and {log.key.public_key.hex()}"
    )
    raise ConflictError("registration_other", detail)


async def _turned(mine: Authority, turn: EpochTurn, restated: Restated) -> bool:
    """Whether the turn is carried out now, by the second voice that agrees to it."""
    proposers = [
        region
        for region in await mine.registry.regions()
        if await mine.registry.pending_turn(turn.log, region.number) == turn
    ]
    if not proposers:
        await mine.registry.propose_turn(turn)
        restated.done.append(f"proposed {turn.origin}")
    # Closed before, a log could never get its earlier heads back, on which bundles stand.
    if await mine.chain_head(turn.log) != turn.head:
        restated.waiting[turn.origin] = f"anchors up to {turn.head.size}"
        return False
    for proposer in proposers:
        if proposer.number != mine.region.number:
            # The chain holds this very head, so none has to be proven.
            await mine.registry.approve_turn(proposer.number, turn, [])
            restated.done.append(f"approved {turn.origin}")
            return True
    restated.waiting[turn.origin] = "another region"
    return False


def _turns(network: Network, logs: list[LogEntry]) -> Iterator[EpochTurn]:
    """The turns that led from each of a region's logs to its next one."""
    for old, new in pairwise(logs):
        if old.closed is None:
            raise ConflictError(
                "registry_other", f"the network file does not say where {old.origin} ends"
            )
        account = network.region(old.origin.region).anchor
        yield EpochTurn(old.origin.log_id, old.closed, str(new.origin), new.key.public_key, account)

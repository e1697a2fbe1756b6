"""Founding a network: keys, contracts, each region's first log, the network file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.chain.accounts import Account, Fees, address_of
from ledger.chain.deploy import Deployment, RegionKeys, deploy
from ledger.chain.network import LogEntry, Network, RegionEntry
from ledger.chain.registry import Registry
from ledger.chain.rpc import Rpc
from ledger.chain.sending import Sender
from ledger.cli.keymaking import (
    open_or_make_account,
    open_or_make_note_key,
    open_or_make_recovery,
    rename_key,
    verifier_key,
)
from ledger.cli.plan import Plan, RegionPlan
from ledger.errors import InputError
from ledger.keys.author import read_certificate_file
from ledger.keys.known import refuse_known_keys
from ledger.keys.log import LogKey
from ledger.node.world import AsyncioTasks
from ledger.statement.certificates import kid_hex, kid_of
from ledger.values import Origin
from ledger.verify.policy import DEFAULT_REQUIRED

_NOTE_KEYS = ("witness", "peer", "1")


@dataclass(frozen=True)
class Founding:
    """A region's plan with its keys at hand; accounts are private keys, ``recovery`` a public one."""

    plan: RegionPlan
    witness: LogKey
    peer: LogKey
    log: LogKey
    anchor: bytes
    authority: bytes
    recovery: bytes


@dataclass(frozen=True)
class Papers:
    """Certificates of a deployment, DER: CAs, those that bundles carry, registrars' by region."""

    cas: tuple[bytes, ...]
    carried: tuple[bytes, ...]
    registrars: Mapping[str, tuple[bytes, ...]]


async def found(plan: Plan, rpc_url: str, gas_price: int) -> Network:
    """Make or read every key, deploy, register each region's first log; gives the network.

    Keys are on disk before the contracts that name them; afterwards they get the network's full name.

    Raises:
        InputError: key_…, certificate_…, regions_not_three, ContractRefused.
        UnavailableError: chain_….
    """
    # First what may be missing: contracts cannot be taken back.
    papers = _read_papers(plan)
    regions = [_open(plan.base, region) for region in plan.regions]
    deployer = open_or_make_account(plan.deployer)
    refuse_known_keys(plan.base, _public_keys(regions, deployer))
    rpc, tasks = Rpc(rpc_url), AsyncioTasks()
    try:
        deployment = await deploy(
            rpc,
            deployer,
            [
                RegionKeys(it.plan.name, address_of(it.authority), it.witness.public_key)
                for it in regions
            ],
            base=plan.base,
            tasks=tasks,
            fees=Fees(gas_price),
            delay_seconds=plan.delay_seconds,
        )
        named = [_rename(deployment.network, it) for it in regions]
        for it in named:
            await _register_log(rpc, deployment, it, tasks, Fees(gas_price))
    finally:
        rpc.close()
        await tasks.stop()
    return _network(plan, papers, deployment, named)


def _open(base: str, region: RegionPlan) -> Founding:
    witness, peer, log = (
        open_or_make_note_key(f"{base}/{region.name}/{use}", _file(region, use))
        for use in _NOTE_KEYS
    )
    anchor, authority = (
        open_or_make_account(region.keys / f"{use}.key") for use in ("anchor", "authority")
    )
    recovery = region.recovery or open_or_make_recovery(region.keys / "recovery.key").public_key
    return Founding(region, witness, peer, log, anchor, authority, recovery)


def _rename(network: str, it: Founding) -> Founding:
    witness, peer, log = (
        rename_key(_file(it.plan, use), f"{network}/{it.plan.name}/{use}") for use in _NOTE_KEYS
    )
    return replace(it, witness=witness, peer=peer, log=log)


def _file(region: RegionPlan, use: str) -> Path:
    return region.keys / (f"log-{use}.key" if use.isdigit() else f"{use}.key")


def _public_keys(regions: list[Founding], deployer: bytes) -> list[bytes]:
    keys = [address_of(deployer)]
    for it in regions:
        keys += [key.public_key for key in (it.witness, it.peer, it.log)]
        keys += [address_of(it.anchor), address_of(it.authority), it.recovery]
    return keys


async def _register_log(
    rpc: Rpc, deployment: Deployment, it: Founding, tasks: AsyncioTasks, fees: Fees
) -> None:
    sender = Sender(rpc, Account(it.authority), deployment.chain.chain_id, tasks, fees)
    registry = Registry(rpc, deployment.registry, sender)
    await registry.register_log(it.log.name, it.log.public_key, address_of(it.anchor))


def _read_papers(plan: Plan) -> Papers:
    cas = tuple(read_certificate_file(path) for path in plan.cas)
    if not cas:
        raise InputError("plan_malformed", "names no CA", "/cas")
    registrars = {
        region.name: tuple(read_certificate_file(path) for path in region.registrars)
        for region in plan.regions
    }
    carried = [der for some in registrars.values() for der in some]
    carried += [read_certificate_file(path) for path in plan.certificates]
    return Papers(cas, tuple(dict.fromkeys(carried)), registrars)


def _network(
    plan: Plan, papers: Papers, deployment: Deployment, regions: list[Founding]
) -> Network:
    return Network(
        name=deployment.network,
        chain=deployment.chain,
        registry=deployment.registry,
        cas=papers.cas,
        certificates=papers.carried,
        regions=tuple(_region(it) for it in regions),
        logs=tuple(
            LogEntry(
                Origin.parse(it.log.name),
                verifier_key(it.log),
                plan.quorum,
                tuple(kid_hex(kid_of(der)) for der in papers.registrars[it.plan.name]),
            )
            for it in regions
        ),
        required=DEFAULT_REQUIRED,
    )


def _region(it: Founding) -> RegionEntry:
    return RegionEntry(
        name=it.plan.name,
        title=it.plan.title,
        url=it.plan.url,
        witness=verifier_key(it.witness),
        peer=verifier_key(it.peer),
        anchor=address_of(it.anchor),
        authority=address_of(it.authority),
        recovery=it.recovery,
    )

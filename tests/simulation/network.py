"""The network of the simulation: contracts with a log for each region, and the network file over them."""

from dataclasses import replace

from ledger.chain.network import LogEntry, Network, RegionEntry
from ledger.keys.demo import demo_log_key, demo_recovery_key
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.values import ChainIdentity, Origin, TreeHead, witness_name
from ledger.verify.policy import DEFAULT_REQUIRED
from tests.simulation.chain import digest
from tests.simulation.contract import Contracts
from tests.simulation.statements import CA, NETWORK, REGIONS, REGISTRARS

AUTHORITIES = tuple(digest("authority", name)[:20] for name in REGIONS)
ACCOUNTS = {name: digest("anchor", name)[:20] for name in REGIONS}


def origin_of(region: str, epoch: int = 1) -> Origin:
    return Origin(NETWORK, region, epoch)


def founded() -> Contracts:
    """Contracts as the deployment leaves them."""
    contracts = Contracts(AUTHORITIES)
    for name, authority in zip(REGIONS, AUTHORITIES, strict=True):
        origin = str(origin_of(name))
        contracts.register_log(authority, origin, demo_log_key(origin).public_key, ACCOUNTS[name])
    return contracts


def network_of(identity: ChainIdentity) -> Network:
    """What the network file says at first."""
    return Network(
        name=NETWORK,
        chain=identity,
        registry=digest("registry")[:20],
        cas=(CA.certificate,),
        certificates=tuple(firm.certificate for firm in REGISTRARS.values()),
        regions=tuple(_region(name) for name in REGIONS),
        logs=tuple(log_entry(origin_of(name)) for name in REGIONS),
        required=DEFAULT_REQUIRED,
    )


def log_entry(origin: Origin) -> LogEntry:
    registrar = REGISTRARS[origin.region]
    return LogEntry(origin, _vkey(str(origin), LOG_KEY), 2, (registrar.kid_hex,))


def turned(network: Network, origin: Origin, closing: TreeHead) -> Network:
    """The network after two regions closed a log and opened its next epoch."""
    logs = [replace(log, closed=closing) if log.origin == origin else log for log in network.logs]
    return replace(network, logs=(*logs, log_entry(origin.next_epoch())))


def _region(name: str) -> RegionEntry:
    return RegionEntry(
        name=name,
        title={"en": name, "zh-CN": name},
        url=f"http://{name}.invalid",
        witness=_vkey(witness_name(NETWORK, name), COSIGNATURE_KEY),
        peer=_vkey(f"{NETWORK}/{name}/peer", LOG_KEY),
        anchor=ACCOUNTS[name],
        authority=AUTHORITIES[REGIONS.index(name)],
        recovery=demo_recovery_key(name).public_key,
    )


def _vkey(name: str, algorithm: int) -> VerifierKey:
    return VerifierKey(name, algorithm, demo_log_key(name).public_key)

"""A network that exists on paper only."""

from __future__ import annotations

from typing import Any

from ledger.chain.network import LogEntry, Network, RegionEntry
from ledger.keys.demo import demo_ca, demo_log_key
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.statement.certificates import kid_hex
from ledger.testing.founding import REGIONS, TITLES, registrar
from ledger.testing.scenarios import scenario
from ledger.values import ChainIdentity, Origin
from ledger.verify.policy import DEFAULT_REQUIRED

NAME = "demo-00000000"


def network() -> Network:
    """Three regions at addresses where nobody listens."""
    return Network(
        name=NAME,
        chain=ChainIdentity(1, bytes(32), 1, bytes(32), bytes(20), bytes(32)),
        registry=bytes(20),
        cas=(demo_ca().certificate,),
        certificates=tuple(registrar(region).certificate for region in REGIONS),
        regions=tuple(_region(region, 9 + i) for i, region in enumerate(REGIONS)),
        logs=tuple(_log(region) for region in REGIONS),
        required=DEFAULT_REQUIRED,
    )


def invoice(number: str) -> dict[str, Any]:
    """The sea import's invoice under another number, as a row of a file."""
    step = scenario("S1")[0]
    return {"kind": step.kind, "fields": {**step.fields, "key": f"INV:{number}"}}


def _region(name: str, port: int) -> RegionEntry:
    return RegionEntry(
        name=name,
        title=TITLES[name],
        url=f"http://127.0.0.1:{port}",
        witness=_key(f"{NAME}/{name}/witness", COSIGNATURE_KEY),
        peer=_key(f"{NAME}/{name}/peer", LOG_KEY),
        anchor=bytes(20),
        authority=bytes(20),
    )


def _log(name: str) -> LogEntry:
    origin = Origin(NAME, name, 1)
    return LogEntry(origin, _key(str(origin), LOG_KEY), 2, (kid_hex(registrar(name).kid),))


def _key(name: str, algorithm: int) -> VerifierKey:
    return VerifierKey(name, algorithm, demo_log_key(name).public_key)

"""network.json: everything public about a network, written once by its deployment.

The verifier's policy is derived from it (docs/protocol/formats.md section 5, copies.md).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger.bundle.shape import Shape
from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.merkle.note import VerifierKey
from ledger.statement import strictjson
from ledger.values import ChainIdentity, Origin, TreeHead
from ledger.verify.policy import policy_from_network

_MAX_BYTES = 2**22
_REGION = ("name", "title", "url", "witness", "peer", "anchor", "authority")
_RECOVERY = "recovery"
_VERSIONS = (1, 2)
_LOG = ("origin", "key", "quorum", "registrars", "closed")
_shape = Shape("network_malformed")


@dataclass(frozen=True, slots=True)
class RegionEntry:
    """One region: its titles by language, its node's URL, its keys, its accounts (20 bytes).

    ``recovery`` is the X25519 public key (32 bytes) that mirrors keep its closed fields sealed to, or None.
    """

    name: str
    title: Mapping[str, str]
    url: str
    witness: VerifierKey
    peer: VerifierKey
    anchor: bytes
    authority: bytes
    recovery: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log: its key, how many of the other regions must cosign, its registrars' kids in hex."""

    origin: Origin
    key: VerifierKey
    quorum: int
    registrars: tuple[str, ...]
    closed: TreeHead | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network.json; ``required`` names the checks a good verdict needs.

    ``cas`` are the trusted certificates and ``certificates`` those of registrars and intermediates, which
    bundles carry; all in DER.
    """

    name: str
    chain: ChainIdentity
    registry: bytes
    cas: tuple[bytes, ...]
    certificates: tuple[bytes, ...]
    regions: tuple[RegionEntry, ...]
    logs: tuple[LogEntry, ...]
    required: tuple[str, ...]

    def region(self, name: str) -> RegionEntry:
        """The region of that name; raises InputError(region_unknown)."""
        for entry in self.regions:
            if entry.name == name:
                return entry
        raise InputError("region_unknown", f"the network has no region {name!r}")

    def open_log(self, region: str) -> LogEntry:
        """The region's log of the newest epoch; raises InputError(region_unknown)."""
        logs = self.logs_of(region)
        if not logs:
            raise InputError("region_unknown", f"the network has no log of a region {region!r}")
        return logs[-1]

    def logs_of(self, region: str) -> list[LogEntry]:
        """The region's logs, oldest epoch first."""
        mine = (log for log in self.logs if log.origin.region == region)
        return sorted(mine, key=lambda log: log.origin.epoch)

    def with_urls(self, urls: Mapping[str, str]) -> Network:
        """The same network with nodes at other addresses, by region name."""
        regions = [replace(entry, url=urls.get(entry.name, entry.url)) for entry in self.regions]
        return replace(self, regions=tuple(regions))


def network_json(network: Network) -> dict[str, Any]:
    """The members of network.json; hex is lower case and without 0x."""
    chain = network.chain
    # A file that names no recovery key is of the first version, as it was before there were any.
    version = 2 if any(entry.recovery for entry in network.regions) else 1
    return {
        "v": version,
        "network": network.name,
        "chain": {
            "chain_id": chain.chain_id,
            "genesis_hash": chain.genesis_hash.hex(),
            "deploy_block_number": chain.deploy_block_number,
            "deploy_block_hash": chain.deploy_block_hash.hex(),
            "ledger": chain.address.hex(),
            "registry": network.registry.hex(),
            "code_hash": chain.code_hash.hex(),
        },
        "cas": [base64.b64encode(der).decode() for der in network.cas],
        "certificates": [base64.b64encode(der).decode() for der in network.certificates],
        "regions": [_region_json(entry, version) for entry in network.regions],
        "logs": [_log_json(entry) for entry in network.logs],
        "required": list(network.required),
    }


def parse_network(data: bytes) -> Network:
    """Read network.json; what it says must also make a policy.

    Raises VerificationError(network_malformed, policy_…), InputError(json_…).
    """
    value = strictjson.loads(data, max_bytes=_MAX_BYTES, max_depth=8, allow_null=True)
    names = ("v", "network", "chain", "cas", "certificates", "regions", "logs", "required")
    top = _shape.members(value, names, "")
    version = _shape.number(top["v"], "/v")
    if version not in _VERSIONS:
        raise _shape.refuse("is neither 1 nor 2, the versions of the format", "/v")
    policy = policy_from_network(top)
    regions = _shape.items(top["regions"], "/regions", 1, 64)
    logs = _shape.items(top["logs"], "/logs", 1, 1024)
    certificates = _shape.items(top["certificates"], "/certificates", 0, 1024)
    return Network(
        name=policy.network,
        chain=policy.chain,
        registry=policy.registry,
        cas=policy.cas,
        certificates=tuple(
            _shape.base64(der, f"/certificates/{i}") for i, der in enumerate(certificates)
        ),
        regions=tuple(
            _read_region(each, f"/regions/{i}", version) for i, each in enumerate(regions)
        ),
        logs=tuple(_read_log(each, f"/logs/{i}") for i, each in enumerate(logs)),
        required=policy.required,
    )


def write_network(path: Path, network: Network) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(strictjson.dumps(network_json(network)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_network(path: Path) -> Network:
    """Read the file; raises UnavailableError(network_unreadable), and as ``parse_network`` naming it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnavailableError("network_unreadable", f"{path}: {error.strerror}") from error
    try:
        return parse_network(data)
    except VerificationError as error:
        raise VerificationError(error.code, f"{path}: {error.detail}", error.path) from error


def _region_json(entry: RegionEntry, version: int) -> dict[str, Any]:
    recovery = None if entry.recovery is None else entry.recovery.hex()
    return {
        "name": entry.name,
        "title": dict(entry.title),
        "url": entry.url,
        "witness": entry.witness.text(),
        "peer": entry.peer.text(),
        "anchor": entry.anchor.hex(),
        "authority": entry.authority.hex(),
        **({_RECOVERY: recovery} if version > 1 else {}),
    }


def _log_json(entry: LogEntry) -> dict[str, Any]:
    closed = entry.closed
    return {
        "origin": str(entry.origin),
        "key": entry.key.text(),
        "quorum": entry.quorum,
        "registrars": list(entry.registrars),
        "closed": None if closed is None else {"size": closed.size, "root": closed.root.hex()},
    }


def _read_region(value: object, path: str, version: int) -> RegionEntry:
    item = _shape.members(value, _REGION if version == 1 else (*_REGION, _RECOVERY), path)
    recovery = item.get(_RECOVERY)
    titles = item["title"]
    if not isinstance(titles, dict):
        raise _shape.refuse("is not an object", f"{path}/title")
    return RegionEntry(
        name=_shape.text(item["name"], f"{path}/name"),
        title={lang: _shape.text(text, f"{path}/title/{lang}") for lang, text in titles.items()},
        url=_shape.text(item["url"], f"{path}/url"),
        witness=_read_key(item["witness"], f"{path}/witness"),
        peer=_read_key(item["peer"], f"{path}/peer"),
        anchor=_shape.hexadecimal(item["anchor"], f"{path}/anchor", 20),
        authority=_shape.hexadecimal(item["authority"], f"{path}/authority", 20),
        recovery=None
        if recovery is None
        else _shape.hexadecimal(recovery, f"{path}/{_RECOVERY}", 32),
    )


def _read_log(value: object, path: str) -> LogEntry:
    item = _shape.members(value, _LOG, path)
    closed = item["closed"]
    registrars = _shape.items(item["registrars"], f"{path}/registrars", 0, 1024)
    return LogEntry(
        origin=Origin.parse(_shape.text(item["origin"], f"{path}/origin")),
        key=_read_key(item["key"], f"{path}/key"),
        quorum=_shape.number(item["quorum"], f"{path}/quorum"),
        registrars=tuple(
            _shape.hexadecimal(kid, f"{path}/registrars/{i}", 32).hex()
            for i, kid in enumerate(registrars)
        ),
        closed=None if closed is None else _read_head(closed, f"{path}/closed"),
    )


def _read_head(value: object, path: str) -> TreeHead:
    item = _shape.members(value, ("size", "root"), path)
    root = _shape.hexadecimal(item["root"], f"{path}/root", 32)
    return TreeHead(_shape.number(item["size"], f"{path}/size"), root)


def _read_key(value: object, path: str) -> VerifierKey:
    try:
        return VerifierKey.parse(_shape.text(value, path))
    except VerificationError as error:
        raise _shape.refuse(error.detail, path) from error

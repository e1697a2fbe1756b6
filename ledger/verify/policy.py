"""What a verifier trusts: obtained out of band, never from a bundle (formats.md section 5)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.bundle.shape import Shape
from ledger.errors import VerificationError
from ledger.merkle import policy as tlog
from ledger.statement import strictjson
from ledger.values import ChainIdentity
from ledger.verify.logpolicy import LogPolicy, log_json, read_logs

MAX_BYTES = 2**22
_MAX_CAS = 256

CHECKS = (
    "signature",
    "certificate",
    "authorised",
    "slots",
    "leaf",
    "inclusion",
    "log_signature",
    "quorum",
    "chain",
    "latest",
)
"""Every check of a record, in the order they are shown."""

DEFAULT_REQUIRED = CHECKS[:8]

_shape = Shape("policy_malformed")


@dataclass(frozen=True)
class Policy:
    """Everything trusted: the network's logs and their witnesses, the CAs, and the chain's identity.

    ``registry`` is the RegionRegistry's 20-byte address; ``required`` names the checks a good verdict needs.
    """

    network: str
    chain: ChainIdentity
    registry: bytes
    cas: tuple[bytes, ...]
    logs: tuple[LogPolicy, ...]
    required: tuple[str, ...] = DEFAULT_REQUIRED

    def __post_init__(self) -> None:
        """Refuse a policy that contradicts itself; raises VerificationError."""
        if len({log.origin for log in self.logs}) != len(self.logs):
            raise VerificationError("policy_log_twice", "the policy names one log twice")
        if any(log.origin.network != self.network for log in self.logs):
            raise VerificationError("policy_network", "the policy names a log of another network")
        if not self.required or set(self.required) - set(CHECKS[:9]):
            raise VerificationError(
                "policy_required", "the policy requires no check, or an unknown one"
            )
        self._check_owners()

    def _check_owners(self) -> None:
        # The own region could hide behind another region's name, so keys are compared too.
        owner: dict[bytes, str] = {}
        for log in self.logs:
            keys = [(log.key.public_key, log.origin.region)]
            keys += [(key.public_key, key.name.split("/")[1]) for key in log.witnesses]
            for public_key, region in keys:
                if owner.setdefault(public_key, region) != region:
                    raise VerificationError(
                        "policy_own_witness",
                        f"one key stands for two regions, {owner[public_key]} and {region}",
                    )

    @cached_property
    def by_origin(self) -> Mapping[str, LogPolicy]:
        """The logs by origin line."""
        return {str(log.origin): log for log in self.logs}

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions that have a log, in the policy's order."""
        return tuple(dict.fromkeys(log.origin.region for log in self.logs))

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Read a policy file; raises VerificationError(policy_…) with the member's path."""
        value = strictjson.loads(data, max_bytes=MAX_BYTES, max_depth=8, allow_null=True)
        names = ("v", "network", "chain", "cas", "logs", "required")
        top = _shape.members(value, names, "")
        if _shape.number(top["v"], "/v") != 1:
            raise _shape.refuse("is not 1, the only version of the format", "/v")
        return cls._read(top, read_logs(top["logs"], None))

    @classmethod
    def _read(cls, top: Mapping[str, Any], logs: tuple[LogPolicy, ...]) -> Policy:
        chain, registry = _read_chain(top["chain"])
        cas = _shape.items(top["cas"], "/cas", 1, _MAX_CAS)
        required = _shape.items(top["required"], "/required", 1, len(CHECKS))
        return cls(
            _shape.text(top["network"], "/network"),
            chain,
            registry,
            tuple(_shape.base64(der, f"/cas/{i}") for i, der in enumerate(cas)),
            logs,
            tuple(_shape.text(name, f"/required/{i}") for i, name in enumerate(required)),
        )


def policy_from_network(network: Mapping[str, Any]) -> Policy:
    """Derive the policy from a network.json: each log is witnessed by the regions other than its own.

    Members the policy has no use for are ignored. Raises VerificationError(policy_…).
    """
    top = {
        "required": list(DEFAULT_REQUIRED),
        **{name: network[name] for name in _TAKEN if name in network},
    }
    if missing := sorted(set(_TAKEN) - {"required"} - top.keys()):
        raise _shape.refuse(f"lacks {', '.join(missing)}", "")
    witnesses: dict[str, str] = {}
    for i, region in enumerate(_shape.items(network.get("regions"), "/regions", 1, 64)):
        if not isinstance(region, dict):
            raise _shape.refuse("is not an object", f"/regions/{i}")
        name = _shape.text(region.get("name"), f"/regions/{i}/name")
        witnesses[name] = _shape.text(region.get("witness"), f"/regions/{i}/witness")
    return Policy._read(top, read_logs(top["logs"], witnesses))  # noqa: SLF001


_TAKEN = ("network", "chain", "cas", "logs", "required")


def encode_policy(policy: Policy) -> bytes:
    """Write a policy file as compact UTF-8 JSON."""
    chain = policy.chain
    return strictjson.dumps(
        {
            "v": 1,
            "network": policy.network,
            "chain": {
                "chain_id": chain.chain_id,
                "genesis_hash": chain.genesis_hash.hex(),
                "deploy_block_number": chain.deploy_block_number,
                "deploy_block_hash": chain.deploy_block_hash.hex(),
                "ledger": chain.address.hex(),
                "registry": policy.registry.hex(),
                "code_hash": chain.code_hash.hex(),
            },
            "cas": [base64.b64encode(der).decode() for der in policy.cas],
            "logs": [log_json(log) for log in policy.logs],
            "required": list(policy.required),
        }
    )


def tlog_policies(policy: Policy) -> dict[str, str]:
    """One C2SP tlog-policy text per log, by origin, for verifiers other than ours."""
    return {
        str(log.origin): tlog.tlog_policy(
            log.key.text(), [key.text() for key in log.witnesses], log.quorum
        )
        for log in policy.logs
    }


def _read_chain(value: object) -> tuple[ChainIdentity, bytes]:
    names = (
        "chain_id",
        "genesis_hash",
        "deploy_block_number",
        "deploy_block_hash",
        "ledger",
        "registry",
        "code_hash",
    )
    item = _shape.members(value, names, "/chain")
    identity = ChainIdentity(
        _shape.number(item["chain_id"], "/chain/chain_id"),
        _shape.hexadecimal(item["genesis_hash"], "/chain/genesis_hash", 32),
        _shape.number(item["deploy_block_number"], "/chain/deploy_block_number"),
        _shape.hexadecimal(item["deploy_block_hash"], "/chain/deploy_block_hash", 32),
        _shape.hexadecimal(item["ledger"], "/chain/ledger", 20),
        _shape.hexadecimal(item["code_hash"], "/chain/code_hash", 32),
    )
    return identity, _shape.hexadecimal(item["registry"], "/chain/registry", 20)

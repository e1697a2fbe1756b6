"""What a verifier trusts of one log: its key, who must have witnessed it, who may admit authors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.bundle.shape import Shape
from ledger.errors import InputError, VerificationError
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.values import Origin, TreeHead, witness_name

_MAX_LOGS = 1024

_shape = Shape("policy_malformed")


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What is trusted of one log.

    ``registrars`` are certificate kids in hex; ``closed`` is the head at which the log ended, or None.
    """

    origin: Origin
    key: VerifierKey
    witnesses: tuple[VerifierKey, ...]
    quorum: int
    registrars: frozenset[str]
    closed: TreeHead | None = None

    def __post_init__(self) -> None:
        """Refuse a log whose promise would be empty; raises VerificationError."""
        where = f"log {self.origin}"
        if self.key.algorithm != LOG_KEY or self.key.name != str(self.origin):
            raise VerificationError(
                "policy_log_key", f"the key of {where} is no Ed25519 key under its origin"
            )
        if not 1 <= self.quorum <= len(self.witnesses):
            raise VerificationError(
                "policy_quorum", f"{where} cannot reach a quorum of {self.quorum}"
            )
        if len({key.public_key for key in self.witnesses}) != len(self.witnesses):
            raise VerificationError("policy_witness_twice", f"{where} names one witness key twice")
        if len({key.name for key in self.witnesses}) != len(self.witnesses):
            raise VerificationError("policy_witness_twice", f"{where} names one witness twice")
        for witness in self.witnesses:
            self._check_witness(witness, where)

    def _check_witness(self, witness: VerifierKey, where: str) -> None:
        region = region_of_witness(self.origin.network, witness.name)
        if witness.algorithm != COSIGNATURE_KEY or region is None:
            raise VerificationError(
                "policy_witness_key", f"{where}: {witness.name!r} is no region's cosignature key"
            )
        # A region that vouches for itself proves nothing: whoever holds its log key holds this one.
        if region == self.origin.region or witness.public_key == self.key.public_key:
            raise VerificationError(
                "policy_own_witness", f"{where} names its own region as a witness"
            )


def region_of_witness(network: str, name: str) -> str | None:
    """Region that cosigns under this key name, or None if the name is not of that form."""
    parts = name.split("/")
    if len(parts) != 3 or not parts[1] or name != witness_name(network, parts[1]):
        return None
    return parts[1]


def log_json(log: LogPolicy) -> dict[str, Any]:
    """Write one log as a member of a policy file's ``logs``."""
    closed = log.closed
    return {
        "origin": str(log.origin),
        "key": log.key.text(),
        "witnesses": [key.text() for key in log.witnesses],
        "quorum": log.quorum,
        "registrars": sorted(log.registrars),
        "closed": None if closed is None else {"size": closed.size, "root": closed.root.hex()},
    }


def read_logs(value: object, witnesses: Mapping[str, str] | None) -> tuple[LogPolicy, ...]:
    """Read ``logs`` of a policy file or, given witness keys by region, of a network.json.

    Raises VerificationError(policy_…) with the member's path.
    """
    items = _shape.items(value, "/logs", 1, _MAX_LOGS)
    return tuple(_read_log(item, f"/logs/{i}", witnesses) for i, item in enumerate(items))


def _read_log(value: object, path: str, witnesses: Mapping[str, str] | None) -> LogPolicy:
    names = ["origin", "key", "quorum", "registrars", "closed"]
    item = _shape.members(value, names if witnesses is not None else [*names, "witnesses"], path)
    try:
        origin = Origin.parse(_shape.text(item["origin"], f"{path}/origin"))
    except InputError as error:
        raise _shape.refuse(error.detail, f"{path}/origin") from error
    if witnesses is None:
        vkeys: Sequence[Any] = _shape.items(item["witnesses"], f"{path}/witnesses", 0, 64)
    else:
        vkeys = [vkey for region, vkey in witnesses.items() if region != origin.region]
    registrars = _shape.items(item["registrars"], f"{path}/registrars", 0, 1024)
    return LogPolicy(
        origin,
        _read_vkey(item["key"], f"{path}/key"),
        tuple(_read_vkey(vkey, f"{path}/witnesses/{i}") for i, vkey in enumerate(vkeys)),
        _shape.number(item["quorum"], f"{path}/quorum"),
        frozenset(
            _shape.hexadecimal(kid, f"{path}/registrars/{i}", 32).hex()
            for i, kid in enumerate(registrars)
        ),
        _read_closed(item["closed"], f"{path}/closed"),
    )


def _read_vkey(value: object, path: str) -> VerifierKey:
    text = _shape.text(value, path)
    try:
        return VerifierKey.parse(text)
    except VerificationError as error:
        raise _shape.refuse(error.detail, path) from error


def _read_closed(value: object, path: str) -> TreeHead | None:
    if value is None:
        return None
    item = _shape.members(value, ("size", "root"), path)
    size = _shape.number(item["size"], f"{path}/size")
    return TreeHead(size, _shape.hexadecimal(item["root"], f"{path}/root", 32))

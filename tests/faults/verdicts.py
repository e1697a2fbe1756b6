"""Tells which verdict a bundle may get, from promises and chain. Imports nothing of the product.

passed    only a bundle whose head is on the chain with its quorum, for the statement that was posted and
          acknowledged at that place, and showing what its author signed
failed    only, and always, a bundle that the runner changed, and it names the record and the field
else      pending or unknown; never passed where the chain was to be asked and does not answer
"""

import base64
import hashlib
import json
import random
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tests.faults import rawchain, rawlog
from tests.faults.checker import Checker, Log, Promise
from tests.faults.rawlog import BrokenError, Proof

OFFLINE, ASKED, UNREACHABLE = "offline", "asked", "unreachable"
MODES = (OFFLINE, ASKED, UNREACHABLE)
PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True)
class Kept:
    """A bundle of one record as a node gave it, or as the runner changed it in one field."""

    promise: Promise
    data: bytes
    changed: str = ""

    @cached_property
    def bundle(self) -> dict:
        return json.loads(self.data)


@dataclass(frozen=True)
class Verdict:
    """What the verifier said: of the bundle, and of its one record; ``why`` names what did not pass."""

    state: str
    record: str
    fields: dict
    failed_field: str | None
    why: str = ""


@dataclass
class Judge:
    """Knows the logs of the network and, of the chain, every event that it has seen."""

    network_file: Path
    rpc: str

    def __post_init__(self) -> None:
        self._logs = {one.origin: one for one in Checker(self.network_file, self.rpc, []).logs}
        self._ledger = json.loads(self.network_file.read_text())["chain"]["ledger"]
        self._on_chain: dict[str, set[tuple[int, bytes]]] = {name: set() for name in self._logs}

    def faults(self, kept: Kept, verdict: Verdict, mode: str, quiet: bool) -> list[str]:
        """What is wrong with a verdict; once all is ``quiet``, every good bundle has to pass, as far as the
        node that is asked has what it names.

        Raises OSError where the chain has to be read and does not answer.
        """
        if kept.changed:
            return self._changed_faults(kept, verdict)
        weak = self.weakness(kept)
        found = []
        if verdict.state == FAILED:
            found.append("failed, though nothing was changed")
        if verdict.state == PASSED:
            found += [f"passed, though {weak}"] if weak else []
            found += ["passed, though the chain was not reached"] if mode == UNREACHABLE else []
            found += ["its head is not on the chain"] if not weak and self._missing(kept) else []
        elif not weak and (mode == OFFLINE or (mode == ASKED and quiet and self._shown(kept))):
            found.append(f"{verdict.state}, though nothing lacks: {verdict.why}")
        shown = posted_fields(kept.promise.compact)
        if any(shown.get(name) != value for name, value in verdict.fields.items()):
            found.append("shows other fields than its author signed")
        return found

    def weakness(self, kept: Kept) -> str:
        """Why a bundle may not pass whatever the chain holds, or ''."""
        for number, evidence in enumerate(_evidence(kept)):
            try:
                fault = self._evidence_fault(evidence, kept.promise if number == 0 else None)
            except (BrokenError, ValueError, KeyError) as error:
                fault = f"it cannot be read: {error!r}"
            if fault:
                return fault
        return ""

    @staticmethod
    def _changed_faults(kept: Kept, verdict: Verdict) -> list[str]:
        said = (verdict.state, verdict.record, verdict.failed_field)
        expected = (FAILED, kept.promise.receipt["id"], kept.changed)
        return [] if said == expected else [f"changed in {kept.changed}: {said}"]

    def _evidence_fault(self, evidence: dict, promise: Promise | None) -> str:
        proof = Proof.of(evidence["proof"])
        checkpoint, line = proof.checkpoint, evidence["leaf"].encode()
        log = self._logs[checkpoint.origin]
        statement = statement_id(evidence["statement"])
        path = rawlog.root_by_path(rawlog.leaf_hash(line), proof.index, checkpoint.size, proof.path)
        if json.loads(line)["statement"] != statement or path != checkpoint.root:
            return "its leaf does not stand under its checkpoint"
        if promise is not None:
            receipt = promise.receipt
            place = (receipt["id"], receipt["origin"], receipt["index"], receipt["leaf"].encode())
            if place != (statement, checkpoint.origin, proof.index, line):
                return "it stands elsewhere than was acknowledged"
        if not checkpoint.signed_by(log.key):
            return "its log did not sign"
        cosigned = sum(checkpoint.signed_by(one) for one in log.witnesses)
        return "" if cosigned >= log.quorum else f"{cosigned} of {log.quorum} witnesses cosigned"

    def _missing(self, kept: Kept) -> bool:
        heads = [Proof.of(one["proof"]).checkpoint for one in _evidence(kept)]
        return any(
            (head.size, head.root) not in self._heads(self._logs[head.origin], head.size, head.root)
            for head in heads
        )

    def _shown(self, kept: Kept) -> bool:
        """Whether the node that is asked has all that the bundle names.

        A validator that was killed may lack receipts of its last block for good; it has the block's events.
        """
        return names_anchors(kept) and all(
            rawchain.has_receipt(self.rpc, one["anchor"]["transaction"]) for one in _evidence(kept)
        )

    def _heads(self, log: Log, size: int, root: bytes) -> set[tuple[int, bytes]]:
        known = self._on_chain[log.origin]
        if (size, root) not in known:
            events = rawchain.events(self.rpc, self._ledger, log.id)
            known.update((one.size, one.root) for one in events)
        return known


def names_anchors(kept: Kept) -> bool:
    """Whether a verifier is told where on the chain to look: witnesses may hear of an anchor first."""
    return all(one["anchor"] is not None for one in _evidence(kept))


def statement_id(compact: str) -> str:
    """SHA-256 of the signing input."""
    return hashlib.sha256(compact.split("~")[0].rpartition(".")[0].encode()).hexdigest()


def _evidence(kept: Kept) -> list[dict]:
    """The record's evidence, then that of its author's right to post."""
    return [*kept.bundle["records"], *kept.bundle["operators"]]


def posted_fields(compact: str) -> dict:
    """Every field of a statement, opened by its disclosures."""
    signed, *disclosures = compact.split("~")[:-1]
    values = {_digest(one): json.loads(_decoded(one))[1] for one in disclosures}
    fields = json.loads(_decoded(signed.split(".")[1]))["fields"]
    return {name: _opened(member, values) for name, member in fields.items()}


def changed(kept: Kept, dice: random.Random) -> Kept:
    """The same bundle with one byte of one disclosed value changed."""
    bundle = json.loads(kept.data)
    record = bundle["records"][0]
    signed, *disclosures = record["statement"].split("~")[:-1]
    fields = json.loads(_decoded(signed.split(".")[1]))["fields"]
    slots = {member[0]["..."]: name for name, member in fields.items() if "..." in member[0]}
    number = dice.choice([at for at, one in enumerate(disclosures) if _digest(one) in slots])
    name = slots[_digest(disclosures[number])]
    salt, value = json.loads(_decoded(disclosures[number]))
    text = json.dumps([salt, _other(value, dice)], separators=(",", ":"))
    disclosures[number] = _encoded(text.encode())
    record["statement"] = "~".join([signed, *disclosures, ""])
    data = json.dumps(bundle, separators=(",", ":"), ensure_ascii=False).encode()
    return replace(kept, data=data, changed=name)


def _other(value: str | int, dice: random.Random) -> str | int:
    if isinstance(value, int):
        return value ^ 1
    at = dice.randrange(len(value))
    return value[:at] + ("7" if value[at] != "7" else "3") + value[at + 1 :]


def _opened(member: list, values: dict) -> object:
    """A field's value: of a slot what it discloses, of a list that of each element."""
    if isinstance(member[0], dict):
        return values.get(member[0]["..."])
    return [_opened(one, values) for one in member]


def _digest(disclosure: str) -> str:
    return _encoded(hashlib.sha256(disclosure.encode()).digest())


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

"""The corpus as files: bundles by verdict, the policies, and an index of what each check must say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ledger.testing.kit.corpus.authority import bad_authority
from ledger.testing.kit.corpus.certificates import certificates
from ledger.testing.kit.corpus.fields import bad_fields, good_fields
from ledger.testing.kit.corpus.good import good
from ledger.testing.kit.corpus.logs import logs
from ledger.testing.kit.corpus.policies import judges, refused, requirements
from ledger.testing.kit.corpus.receipts import bad_receipts
from ledger.testing.kit.corpus.registrations import epochs, registrations
from ledger.testing.kit.corpus.scene import PLAIN, Example, Scene
from ledger.testing.kit.corpus.signing import bad_signed_parts
from ledger.testing.kit.corpus.statements import bad_statements
from ledger.testing.kit.corpus.unreadable import unreadable_registrations
from ledger.testing.kit.corpus.wrapping import wrappings
from ledger.values import Millis
from ledger.verify import Report, State, encode_policy, tlog_policies, verify_file
from ledger.verify.policy import CHECKS
from ledger.verify.report import path_text

_AT = Millis(1_780_000_000_000)
_MORE = (
    good_fields,
    bad_signed_parts,
    bad_fields,
    certificates,
    registrations,
    unreadable_registrations,
    epochs,
    logs,
    wrappings,
    requirements,
)


def corpus_files() -> dict[str, bytes]:
    """Every file of the corpus by its path below ``docs/protocol/corpus``."""
    scene = Scene()
    policies = judges(scene)
    files = {f"{name}.json": encode_policy(policy) for name, policy in policies.items()}
    files["plain.txt"] = PLAIN
    for origin, text in tlog_policies(policies["policy"]).items():
        files[f"tlog-policy/{origin.replace('/', '-')}.txt"] = text.encode()
    index = []
    for example in _examples(scene):
        report = verify_file(example.data, policies[example.policy], at=_AT)
        came_to = _came_to(report, policies[example.policy].required)
        if came_to != example.due:
            raise AssertionError(f"{example.name} is due {example.due!r}, came to {came_to!r}")
        file = f"{report.verdict.value}/{example.name}.json"
        files[file] = example.data
        index.append(_entry(file, example, report))
    files["index.json"] = _lines(index)
    listed = []
    for name, says, data in refused(scene):
        files[f"policies-refused/{name}.json"] = data
        listed.append({"file": f"policies-refused/{name}.json", "says": says})
    files["policies-refused.json"] = _lines(listed)
    return files


def _examples(scene: Scene) -> Iterator[Example]:
    yield from good(scene)
    yield from bad_statements(scene)
    yield from bad_receipts(scene)
    yield from bad_authority(scene)
    yield from _bad_files(scene)
    # Each of these has a shipment of its own: what they add must not move a byte of those before.
    for more in _MORE:
        yield from more(Scene())


def _bad_files(scene: Scene) -> Iterator[Example]:
    whole = json.loads(scene.one(scene.shown(scene.first)))
    yield Example(
        "unknown-member", "A member beyond the format.", "failed bundle", _json({**whole, "x": 1})
    )
    twice = {**whole, "records": whole["records"] * 2}
    yield Example("record-twice", "One statement given twice.", "failed bundle", _json(twice))
    yield Example(
        "float", "A number that is not an integer.", "failed bundle", _json({**whole, "v": 1.0})
    )


def _came_to(report: Report, required: Sequence[str]) -> str:
    """The verdict and the checks to blame, in the words of ``Example.due``."""
    verdict = report.verdict
    if verdict is State.PASSED:
        return verdict.value
    checks = [*report.checks, *(check for record in report.records for check in record.checks)]
    counts = CHECKS if verdict is State.FAILED else required
    blamed = {check.name for check in checks if check.state is verdict}
    names = [name for name in ("bundle", "regions", *CHECKS) if name in blamed]
    return " ".join([verdict.value, *(n for n in names if n in ("bundle", "regions", *counts))])


def _entry(file: str, example: Example, report: Report) -> dict[str, Any]:
    return {
        "file": file,
        "policy": f"{example.policy}.json",
        "says": example.says,
        "verdict": report.verdict.value,
        "checks": {check.name: [check.state.value, check.code] for check in report.checks},
        "records": [
            {
                "id": record.id,
                "verdict": record.verdict.value,
                "origin": record.origin,
                "index": record.index,
                "time": record.time,
                "fields": dict(record.fields),
                "closed": [path_text(path) for path in record.closed],
                "failed_field": record.failed_field,
                "checks": {check.name: [check.state.value, check.code] for check in record.checks},
            }
            for record in report.records
        ],
    }


def _lines(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

"""The published corpus: each bundle gets the verdict, checks and fields that its index promises."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import VerificationError
from ledger.testing.kit.corpus import corpus_files, files
from ledger.testing.kit.corpus.scene import Scene
from ledger.values import Millis
from ledger.verify import Policy, State, tlog_policies, verify_document, verify_file
from ledger.verify.policy import CHECKS
from ledger.verify.report import path_text

CORPUS = Path(__file__).parents[3] / "docs" / "protocol" / "corpus"
INDEX: list[dict[str, Any]] = json.loads((CORPUS / "index.json").read_bytes())
REFUSED: list[dict[str, str]] = json.loads((CORPUS / "policies-refused.json").read_bytes())
AT = Millis(1_780_000_000_000)


def test_the_corpus_is_what_the_generator_makes_twice_over() -> None:
    files = corpus_files()
    there = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}
    assert there - {"README.md"} == files.keys()
    assert {name: (CORPUS / name).read_bytes() for name in files} == files


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_each_bundle_gets_its_verdict(entry: dict[str, Any]) -> None:
    policy = Policy.parse((CORPUS / entry["policy"]).read_bytes())
    report = verify_file((CORPUS / entry["file"]).read_bytes(), policy, at=AT)
    assert report.verdict.value == entry["verdict"] == entry["file"].partition("/")[0]
    assert [record.id for record in report.records] == [one["id"] for one in entry["records"]]
    for record, said in zip(report.records, entry["records"], strict=True):
        assert record.verdict.value == said["verdict"]
        assert (record.origin, record.index, record.time) == (
            said["origin"],
            said["index"],
            said["time"],
        )
        assert dict(record.fields) == said["fields"]
        assert [path_text(path) for path in record.closed] == said["closed"]
        assert record.failed_field == said["failed_field"]
        checks = {check.name: [check.state.value, check.code] for check in record.checks}
        assert checks == said["checks"]


def test_every_required_check_is_seen_failing_alone() -> None:
    """Else a verifier without that check would reach every verdict all the same."""
    alone = set()
    for entry in INDEX:
        for record in entry["records"]:
            failed = [name for name, (state, _) in record["checks"].items() if state == "failed"]
            alone |= set(failed) if len(failed) == 1 else set()
    # The chain and later versions are beyond a file that is checked offline.
    assert set(CHECKS) - alone == {"chain", "latest"}


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["file"])
def test_nothing_is_judged_by_a_policy_that_trusts_nothing(entry: dict[str, str]) -> None:
    with pytest.raises(VerificationError):
        Policy.parse((CORPUS / entry["file"]).read_bytes())


def test_every_refused_policy_is_listed() -> None:
    there = {str(path.relative_to(CORPUS)) for path in (CORPUS / "policies-refused").iterdir()}
    assert {entry["file"] for entry in REFUSED} == there


def test_what_is_due_is_not_taken_from_the_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier that went wrong must not write its own verdict into the corpus."""
    good = next(iter(files._examples(Scene())))
    for due in ("failed slots", "pending", "passed slots"):
        wrong = replace(good, due=due)
        monkeypatch.setattr(files, "_examples", lambda _, wrong=wrong: iter([wrong]))
        with pytest.raises(AssertionError, match=f"due {due!r}, came to 'passed'"):
            corpus_files()


def test_the_plain_file_is_the_one_the_document_names() -> None:
    policy = Policy.parse((CORPUS / "policy.json").read_bytes())
    report = verify_file((CORPUS / "passed/document.json").read_bytes(), policy, at=AT)
    plain = (CORPUS / "plain.txt").read_bytes()
    check = verify_document(hashlib.sha256(plain).digest(), len(plain), report)
    assert check.state is State.PASSED


def test_the_exported_policies_are_those_of_the_policy() -> None:
    policy = Policy.parse((CORPUS / "policy.json").read_bytes())
    for origin, text in tlog_policies(policy).items():
        path = CORPUS / "tlog-policy" / f"{origin.replace('/', '-')}.txt"
        assert path.read_text(encoding="utf-8") == text

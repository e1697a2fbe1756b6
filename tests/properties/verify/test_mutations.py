"""No mutation gives a better verdict, another displayed fact, or an exception (DESIGN D7)."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from ledger.bundle import decode_bundle
from ledger.errors import VerificationError
from ledger.values import Millis
from ledger.verify import RecordReport, Report, State, Verifier, report_json, verify_file
from ledger.verify.report import WORST_FIRST, worst
from tests.properties.verify.mutations import dump, mutated
from tests.properties.verify.worlds import Base, Scene, fewer

COUNT = 10_000
AT = Millis(1_780_000_000_000)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def check_record(now: RecordReport, base: RecordReport | None) -> None:
    names = ("region", "origin", "index", "kind", "version", "author", "time")
    if base is None:
        assert now.verdict is not State.PASSED
        assert [
            getattr(now, name)
            for name in names
            if name not in ("region", "origin", "index", "time")
        ] == [None] * 3
        assert not now.fields
        return
    assert WORST_FIRST.index(now.verdict) <= WORST_FIRST.index(base.verdict)
    for name in names:
        assert getattr(now, name) in (None, getattr(base, name)), name
    assert fewer(dict(now.fields), dict(base.fields))
    # A stale checkpoint, or another record's receipt, says true things of its own; it never passes.
    own = now.verdict is State.PASSED
    place = ("inclusion", "log_signature", "quorum", "chain")
    for check in now.checks:
        if (
            check.name != "slots"
            and check.state is State.PASSED
            and (own or check.name not in place)
        ):
            assert check.facts == base.check(check.name).facts, check


def check_report(now: Report, known: dict[str, RecordReport]) -> None:
    for record in now.records:
        check_record(record, known.get(record.id))
    expected = [known[r.id].verdict if r.id in known else State.FAILED for r in now.records]
    best = worst(expected) if now.records else State.FAILED
    assert WORST_FIRST.index(now.verdict) <= WORST_FIRST.index(best)


def different(rng: random.Random, base: Base) -> Iterator[tuple[str, bytes]]:
    """Mutations without end; none is the base itself, and none comes twice."""
    told = {hashlib.sha256(dump(base.value)).digest()}
    while True:
        name, data = mutated(rng, base)
        digest = hashlib.sha256(data).digest()
        if digest not in told:
            told.add(digest)
            yield name, data


def run(base: Base, known: dict[str, RecordReport], seed: int, count: int) -> Counter[str]:
    verifier = Verifier(base.policy)
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for number, (name, data) in enumerate(islice(different(rng, base), count)):
        try:
            bundle = decode_bundle(data)
        except VerificationError:
            seen["unreadable"] += 1
            continue
        report = verifier.verify(bundle, at=AT, chain=base.reading)
        try:
            check_report(report, known)
        except AssertionError as error:
            raise AssertionError(f"{base.name} mutation {number} of seed {seed}: {name}") from error
        if number % 10 == 0:
            json.dumps(report_json(report, "zh"))
        if number % 200 == 0:
            # What the verifier remembers from other bundles must not change its answer.
            fresh = verify_file(data, base.policy, at=AT, chain=base.reading)
            assert report_json(fresh) == report_json(report)
        seen[report.verdict.value] += 1
    return seen


def known_of(base: Base) -> dict[str, RecordReport]:
    """What may be shown of each record that a mutation of the base can put in."""

    def reports(value: Any) -> tuple[RecordReport, ...]:
        data = json.dumps(value).encode()
        return verify_file(data, base.policy, at=AT, chain=base.reading).records

    known = {record.id: record for record in reports(base.value)}
    for item in base.evidences:
        for record in reports({**base.value, "records": [item]}):
            # A mutation may put another good record in: it is shown as what it is, never as more.
            known[record.id] = replace(known.get(record.id, record), fields=record.fields)
    return known


@pytest.mark.parametrize("kind", ["record", "dossier", "file", "pending"])
def test_no_mutation_gives_a_better_verdict_another_fact_or_an_exception(
    scene: Scene, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    base: Base = getattr(scene, kind)()
    data = json.dumps(base.value).encode()
    good = verify_file(data, base.policy, at=AT, chain=base.reading)
    assert good.verdict is (State.PENDING if kind == "pending" else State.PASSED)
    known = known_of(base)
    seen = run(base, known, seed=20260302, count=COUNT)
    assert sum(seen.values()) == COUNT
    # The mutations must reach past the reader of the file, or they would show nothing.
    assert seen["failed"] > COUNT // 4
    with capsys.disabled():
        print(f"\n{base.name}: {COUNT} mutations, {dict(seen)}")

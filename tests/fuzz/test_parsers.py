"""A fixed set of hostile cases for every parser; `scripts/nightly` runs many more."""

import pytest

from ledger.merkle import leaf
from tests.fuzz import parsers

CASES = 26_000
NEVER_REFUSES = {"identifier"}


def test_no_bytes_are_read_two_ways_or_end_in_another_error():
    seen = parsers.run(seed=20260302, count=CASES)
    assert seen.total() == CASES
    names = {target.name for target in parsers.targets()}
    # Each parser took some and refused some, or the cases would show nothing of it.
    assert {f"{name} taken" for name in names} <= set(seen)
    assert {f"{name} refused" for name in names - NEVER_REFUSES} <= set(seen)


def test_a_parser_that_forgives_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parsers, "parse_leaf", lambda data: leaf.parse_leaf(data.strip()))
    with pytest.raises(AssertionError, match="leaf, case"):
        parsers.run(seed=20260302, count=CASES)


def test_a_parser_that_stumbles_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parsers, "parse_proof", lambda text: int(text.split("\n")[1][6:]))
    with pytest.raises(AssertionError, match="proof, case"):
        parsers.run(seed=20260302, count=CASES)

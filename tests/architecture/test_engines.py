"""Engines are data: the chain code names none, each says what it can, each difference is held."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.engines.abilities import ABILITIES
from tests.engines.choosing import ENGINES, settings_of

TABLE = Path("docs/developer/engines.md").read_text(encoding="utf-8")
CHAIN = {path: path.read_text(encoding="utf-8") for path in Path("ledger/chain").rglob("*.py")}
OTHERS = "besu comet cosmos eth-tester ethermint evmd ganache geth goquorum hardhat py-evm pyevm tendermint"
# Any of them at the beginning of a word.
NAMES = re.compile(rf"(?<![a-z])({'|'.join((*ENGINES, *OTHERS.split()))})", re.IGNORECASE)


def sides():
    """Tests by what they declare: (needs or lacks, ability)."""
    found = defaultdict(set)
    for path in Path("tests/engines").glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        for mark, test in re.findall(r"((?:@pytest\.mark.+\n)+)(?:async )?def (test_\w+)", text):
            for side, words in re.findall(r"mark\.(needs|lacks)\(([^)]*)\)", mark):
                for word in re.findall(r'"(\w+)"', words):
                    found[side, word].add(f"{path.stem}::{test}")
    return found


@pytest.fixture(scope="module")
def collected():
    """Engines by test, as pytest collects them."""
    command = [sys.executable, "-m", "pytest", "tests/engines", "--collect-only", "-q"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = defaultdict(set)
    for file, test, engine in re.findall(r"(\w+)\.py::(test_\w+)\[(\w+)[-\]]", listed):
        if engine in ENGINES:
            found[f"{file}::{test}"].add(engine)
    return found


def test_the_chain_code_knows_no_engine_by_name():
    told = [
        f"{path}: {line.strip()}"
        for path, text in CHAIN.items()
        for line in text.splitlines()
        if NAMES.search(line)
    ]
    assert told == []
    assert NAMES.search("if client.startswith('Geth/'):")


def test_the_calls_that_an_engine_must_answer_are_listed():
    asked = {
        call
        for text in CHAIN.values()
        for call in re.findall(r'"((?:eth|net|web3|txpool|debug|evm)_\w+)"', text)
    }
    paragraph = TABLE.split("\n\n")[1]
    assert re.findall(r"`(\w+)`", paragraph) == sorted(asked)


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_says_what_it_can(name):
    settings = settings_of(name)
    text = Path("hardhat-free-local/networks", f"{name}.toml").read_text(encoding="utf-8")
    assert settings["name"] == name
    assert re.findall(r"(?m)^(\w+) = (?:true|false)$", text) == [*ABILITIES]
    can = settings["can"]
    assert ("standstill" in settings) is can["standstill"]
    assert can["standstill"] or not can["forgets"]
    assert can["queueing"] or not can["replacement"]


def test_every_ability_is_tested_on_both_sides():
    declared = sides()
    assert {word for _, word in declared} == {*ABILITIES}
    for word in ABILITIES:
        assert declared["needs", word], word
        assert declared["lacks", word], word


def test_each_engine_runs_exactly_one_of_both_sides(collected):
    for (side, word), tests in sides().items():
        able = {name for name in ENGINES if settings_of(name)["can"][word]}
        expected = able if side == "needs" else {*ENGINES} - able
        for test in tests:
            assert collected.get(test, set()) == expected, test


def test_every_difference_is_held_by_tests_on_every_engine(collected):
    rows = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    declared = {test for tests in sides().values() for test in tests}
    for row in rows:
        named = re.findall(r"`(test_\w+::test_\w+)`", row.split("|")[-2])
        assert named, row
        assert [test for test in named if test not in collected and test not in declared] == []
        held_on = set().union(*(collected.get(test, set()) for test in named))
        assert held_on == {*ENGINES}, row


def test_the_table_has_a_column_for_each_engine():
    head = next(line for line in TABLE.splitlines() if line.startswith("| "))
    titles = [cell.strip().replace(" ", "") for cell in head.strip("|").split("|")]
    assert sorted(titles[1:-2]) == sorted(ENGINES)

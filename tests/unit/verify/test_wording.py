"""Every outcome has a sentence in both languages, and no sentence can forge a line on a terminal."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import ledger.verify
from ledger.verify import Check, State
from ledger.verify.policy import CHECKS
from ledger.verify.printing import check_line, report_lines, time_text
from ledger.verify.report import WORST_FIRST, report_json, verdict_of, worst
from ledger.verify.wording import CHECK_TITLES, SENTENCES, STATE_TITLES, printable, reason
from tests.unit.verify.scenes import Scene

ROOM = Path(ledger.verify.__file__).parent


def codes_in_the_code() -> set[str]:
    """String constants of the room that stand as a check's code."""
    found: set[str] = set()
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Check":
                constants = [n.value for n in ast.walk(node.args[2]) if isinstance(n, ast.Constant)]
                found.update(text for text in constants if isinstance(text, str))
    return found


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    built = {"slots_field_changed", "slots_fields_changed", "document_holds", "document_unproven"}
    assert codes_in_the_code() | built == set(SENTENCES)


@pytest.mark.parametrize("code", SENTENCES)
def test_both_languages_use_the_same_facts(code: str) -> None:
    english, chinese = (
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in SENTENCES[code]
    )
    assert english == chinese
    assert not SENTENCES[code][1].isascii()
    assert SENTENCES[code][0].endswith(".")
    assert SENTENCES[code][1].endswith("。")


def test_every_check_and_state_has_a_title() -> None:
    assert set(CHECKS) <= set(CHECK_TITLES)
    assert {state.value for state in State} == set(STATE_TITLES)


def test_a_reason_names_other_checks_in_its_own_language() -> None:
    check = Check("quorum", State.SKIPPED, "not_checked", {"because": "log_signature"})
    assert check.reason == "Not checked, because log's signature did not hold."
    assert reason(check.code, check.facts, "zh") == "未检查，因为“日志签名”一项不成立。"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        reason("leaf_holds", {}, "fr")


def test_facts_cannot_write_to_the_terminal() -> None:
    nasty = "x\x1b[2K\r+ passed\n\u202e{origin}"
    assert printable(nasty) == "x\\x1b[2K\\r+ passed\\n\\u202e{origin}"
    line = check_line(Check("log_signature", State.FAILED, "log_unknown", {"origin": nasty}), "en")
    assert line.isprintable()


def test_the_report_reads_in_both_languages() -> None:
    scene = Scene(fields={"key": "DEC:1\n+ passed", "lines": [1, True]})
    report = scene.verify()
    for language, verdict in (("en", "Verdict: passed"), ("zh", "结论: 通过")):
        lines = list(report_lines(report, language))
        assert verdict in lines
        assert all(line.isprintable() for line in lines)
        assert any("lines = [1, true]" in line for line in lines)
    assert time_text(1_772_409_600_999) == "2026-03-02T00:00:00Z"


def test_the_report_as_json_holds_the_reasons() -> None:
    value = report_json(Scene().verify(), "zh")
    assert value["verdict"] == "passed"
    assert value["records"][0]["checks"][0]["reason"] == SENTENCES["signature_holds"][1]
    assert value["asked"] is None


def test_verdicts_from_worst_to_best() -> None:
    assert [worst(WORST_FIRST[n:]) for n in range(4)] == list(WORST_FIRST)
    assert worst([]) is State.PASSED

    def verdict(**states: str) -> State:
        checks = [Check(name, State(state), "leaf_holds") for name, state in states.items()]
        return verdict_of(checks, ["signature", "quorum"])

    assert verdict(signature="passed", quorum="passed", chain="unknown") is State.PASSED
    assert verdict(signature="unknown", quorum="pending", chain="passed") is State.PENDING
    assert verdict(signature="unknown", quorum="passed") is State.UNKNOWN
    assert verdict(signature="pending", quorum="passed", chain="failed") is State.FAILED
    assert verdict(signature="skipped", quorum="passed") is State.UNKNOWN

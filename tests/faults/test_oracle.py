"""While nodes and chain die, no bundle gets a verdict that it may not have."""

import json
import sys
from dataclasses import replace

import pytest

from tests.faults import oracle, rawchain
from tests.faults.oracle import Oracle
from tests.faults.verdicts import ASKED, FAILED, MODES, OFFLINE, PASSED, UNREACHABLE, Verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


@pytest.fixture(scope="module")
def ran():
    return oracle.run(20260302, kills=8)


@pytest.fixture
def asker(ran) -> Oracle:
    """Who asked, with its bundles and what it has seen of the chain, but without findings."""
    _, asker = ran
    asker.findings.clear()
    asker.verify = oracle.verify
    return asker


def test_no_verdict_is_wrong_while_all_die(ran):
    outcome, asker = ran
    print(outcome, asker.asked, sep="\n")
    assert outcome.findings == []
    assert {mode for mode, _, _ in asker.asked} == set(MODES)
    assert asker.asked[OFFLINE, False, PASSED] > 20
    assert asker.asked[ASKED, False, PASSED] > 20
    assert sum(asker.asked[mode, True, FAILED] for mode in MODES) > 0
    # In the middle of work, too.
    assert asker.asked[OFFLINE, False, "pending"] > 0


def test_a_quorum_that_does_not_count_is_found(asker):
    """Planted: the log's own word is enough for the verifier."""

    def verify(network, data, mode, rpc) -> Verdict:
        lenient = json.loads(network)
        lenient["required"] = ["signature", "inclusion", "log_signature"]
        return oracle.verify(json.dumps(lenient).encode(), data, mode, rpc)

    asker.verify = verify
    _judge_all(asker, OFFLINE)
    assert any(
        "passed, though" in one and "of 2 witnesses cosigned" in one for one in asker.findings
    )


def test_a_silent_chain_taken_for_a_lie_is_found(asker):
    """Planted: a look-up that failed is a check that failed."""

    def verify(network, data, mode, rpc) -> Verdict:
        said = oracle.verify(network, data, mode, rpc)
        return said if said.state != "unknown" else Verdict(FAILED, said.record, {}, None)

    asker.verify = verify
    _judge_all(asker, UNREACHABLE)
    assert any("failed, though nothing was changed" in one for one in asker.findings)


def test_a_verdict_remembered_by_the_id_is_found(asker):
    """Planted: who asks again for the same record is answered from memory, whatever the file holds now."""
    known: dict[str, Verdict] = {}

    def verify(network, data, mode, rpc) -> Verdict:
        said = oracle.verify(network, data, mode, rpc)
        return known.setdefault(said.record, said)

    asker.verify = verify
    for kept in asker.kept[:20]:
        asker.judged(kept, OFFLINE)
        asker.judged(asker.changed(kept), OFFLINE)
    assert any("changed in" in one for one in asker.findings)


@pytest.mark.parametrize("shown", [True, False])
def test_a_verdict_that_waits_for_what_is_there_is_found(asker, monkeypatch, shown):
    """Planted: nothing passes with the chain asked. A node without the receipt is waited for rightly."""
    monkeypatch.setattr(rawchain, "has_receipt", lambda rpc, transaction: shown)
    asker.verify = lambda *asked: replace(
        oracle.verify(*asked[:2], OFFLINE, asked[3]), state="pending"
    )
    for kept in asker.kept:
        asker.judged(kept, ASKED, quiet=True)
    assert any("pending, though nothing lacks" in one for one in asker.findings) == shown


def _judge_all(asker: Oracle, mode: str) -> None:
    for kept in asker.kept:
        asker.judged(kept, mode)

"""Anchor facts in a bundle: nobody's word offline, held against the chain where one is asked."""

from dataclasses import replace

import pytest

from ledger.bundle import decode_bundle, encode_bundle
from ledger.cli.chainfacts import read_chain
from ledger.verify.report import State
from ledger.verify.verifier import verify_bundle


@pytest.fixture(scope="module")
def bundle(town):
    receipt = town.of_kind("bill_of_lading")
    return decode_bundle(town.desk.get("tianjin", f"/records/{receipt.id}/bundle").content)


@pytest.fixture(scope="module")
def other(town):
    """An anchor of another head of the same log, as true as the first."""
    receipt = town.files[0]
    found = decode_bundle(town.desk.get("tianjin", f"/records/{receipt['id']}/bundle").content)
    return found.records[0].anchor


def judged(town, bundle, *, rpc: bool):
    local = town.net.local
    policy = local.policy
    chain = None
    if rpc:
        chain = town.net.run(read_chain(local.rpc_url, encode_bundle(bundle), policy))
    return verify_bundle(bundle, policy, at=local.clock.now(), chain=chain)


def with_anchor(bundle, **change):
    [record] = bundle.records
    return replace(bundle, records=(replace(record, anchor=replace(record.anchor, **change)),))


def test_offline_the_chain_is_unknown_and_asked_it_agrees(town, bundle):
    report = judged(town, bundle, rpc=False)
    assert (report.verdict, report.records[0].check("chain").state) == (
        State.PASSED,
        State.UNKNOWN,
    )
    report = judged(town, bundle, rpc=True)
    assert (report.verdict, report.records[0].check("chain").state) == (State.PASSED, State.PASSED)
    assert report.records[0].check("chain").facts["rpc"] in town.net.local.rpc_url


CHANGES = {
    "block_number": lambda a: {"block_number": a.block_number - 1},
    "block_hash": lambda a: {"block_hash": bytes([a.block_hash[0] ^ 1]) + a.block_hash[1:]},
    "transaction": lambda a: {"transaction": bytes([a.transaction[0] ^ 1]) + a.transaction[1:]},
    "log_index": lambda a: {"log_index": a.log_index + 1},
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_altered_anchor_is_unknown_offline_and_never_passes_against_the_chain(
    town, bundle, name
):
    spoilt = with_anchor(bundle, **CHANGES[name](bundle.records[0].anchor))
    offline = judged(town, spoilt, rpc=False)
    assert offline.records[0].check("chain").state is State.UNKNOWN
    assert offline.records[0].fields == judged(town, bundle, rpc=False).records[0].fields
    online = judged(town, spoilt, rpc=True)
    check = online.records[0].check("chain")
    assert (online.verdict, check.state) == (State.PENDING, State.PENDING), check
    assert check.code in ("chain_moved", "chain_no_event")
    if check.code == "chain_moved":
        assert check.facts["differs"] == name


def test_a_true_anchor_of_another_head_is_not_this_records(town, bundle, other):
    spoilt = replace(bundle, records=(replace(bundle.records[0], anchor=other),))
    assert judged(town, spoilt, rpc=False).records[0].check("chain").state is State.UNKNOWN
    check = judged(town, spoilt, rpc=True).records[0].check("chain")
    assert (check.state, check.code) == (State.FAILED, "chain_differs")
    assert "size" in check.facts["differs"]
    assert "root" in check.facts["differs"]


def test_a_block_the_chain_has_not_reached_cannot_be_told(town, bundle):
    spoilt = with_anchor(bundle, block_number=10**9)
    check = judged(town, spoilt, rpc=True).records[0].check("chain")
    assert (check.state, check.code) == (State.UNKNOWN, "chain_not_read")


def test_another_chain_and_a_silent_one_are_told_apart(town, bundle):
    local = town.net.local
    data, policy = encode_bundle(bundle), local.policy
    other = replace(policy, chain=replace(policy.chain, genesis_hash=bytes(32)))
    reading = town.net.run(read_chain(local.rpc_url, data, other))
    report = verify_bundle(bundle, other, at=local.clock.now(), chain=reading)
    check = report.records[0].check("chain")
    assert (check.state, check.code) == (State.UNKNOWN, "chain_other")
    assert check.facts["differs"] == "genesis_hash"
    silent = town.net.run(read_chain("http://127.0.0.1:9", data, policy))
    report = verify_bundle(bundle, policy, at=local.clock.now(), chain=silent)
    assert report.records[0].check("chain").state is State.UNKNOWN
    assert report.verdict is State.UNKNOWN

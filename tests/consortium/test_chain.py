"""Four validators for real: they make blocks, and bear what they are there to bear."""

import json
import sys
import time
from dataclasses import astuple

import pytest
from eth_account import Account

from ledger.consortium import calls
from tests.consortium.conftest import FUNDED, PLAN
from tests.consortium.looking import ask, listening, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")

STILL_SECONDS = 8
LOOPBACK = "0100007F"


def heights(chain, *names):
    return {name: chain.validators[name].height() for name in names or chain.validators}


def grows(chain, by, *names, seconds=90):
    """Wait until each of these validators is so many blocks further."""
    before = heights(chain, *names)
    assert None not in before.values()
    until(
        lambda: all((chain.validators[one].height() or 0) >= before[one] + by for one in before),
        f"{by} more blocks than {before}: {heights(chain)}",
        seconds,
    )


def stands_still(chain, *names):
    # What was agreed upon before still comes in.
    time.sleep(2)
    before = heights(chain, *names)
    time.sleep(STILL_SECONDS)
    assert heights(chain, *names) == before


def operator(home):
    """The account that holds the validator's stake."""
    joining = json.loads((home.engine / "config/joining.json").read_text())
    text = joining["body"]["messages"][0]["validator_address"]
    number = 0
    for letter in text.rpartition("1")[2][:32]:
        number = number << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(letter)
    return f"0x{number:040x}"


def block(chain, name, number):
    return ask(chain.validators[name].url, "eth_getBlockByNumber", hex(number), False)


def test_all_four_make_the_same_blocks_and_know_each_other(chain):
    grows(chain, 3)
    number = min(heights(chain).values())
    assert len({block(chain, name, number)["hash"] for name in chain.validators}) == 1
    for one in chain.validators.values():
        assert int(ask(one.url, "eth_chainId"), 16) == PLAN.genesis.evm_chain_id
        assert calls.peers(one.ports.json_rpc) == 3


def test_each_proposes_blocks(chain):
    grows(chain, 8)
    last = min(heights(chain).values())
    assert len({block(chain, "beijing", last - back)["miner"] for back in range(8)}) == 4


def test_they_listen_on_loopback_and_nowhere_else(chain):
    for one in chain.validators.values():
        assert listening(one.pid) == {(LOOPBACK, port) for port in astuple(one.ports)}


def test_who_was_funded_has_money(chain):
    for one in chain.validators.values():
        balance = ask(one.url, "eth_getBalance", "0x" + FUNDED.hex(), "latest")
        assert int(balance, 16) == PLAN.genesis.funds


def test_who_has_none_sends_all_the_same(chain):
    sender = Account.create()
    first, *others = chain.validators.values()
    assert int(ask(first.url, "eth_getBalance", sender.address, "latest"), 16) == 0
    signed = sender.sign_transaction(
        {
            "chainId": PLAN.genesis.evm_chain_id, "nonce": 0, "to": "0x" + "22" * 20, "value": 0,
            "gas": 60_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
        }
    )  # fmt: skip
    sent = ask(first.url, "eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
    assert sent == signed.hash.to_0x_hex()
    for one in others:
        receipt = until(
            lambda one=one: (
                "status" in (told := ask(one.url, "eth_getTransactionReceipt", sent) or {}) and told
            ),
            "a receipt",
        )
        assert receipt["status"] == "0x1"


def test_no_validator_signs_for_whoever_asks(chain):
    for one in chain.validators.values():
        # Said before it looks for a key; eth_sign does look, so there must be none.
        assert "forbidden" in ask(one.url, "eth_accounts")["message"]
        keys = [file for file in one.home.engine.rglob("*") if "keyring" in str(file)]
        assert [file for file in keys if file.is_file()] == []
        assert any((one.home.folder / "operator").rglob("operator.info"))
        signed = ask(one.url, "eth_sign", operator(one.home), "0x00")
        assert "key not found" in signed["message"]


def test_one_killed_the_others_go_on_and_it_catches_up(chain):
    chain.kill("hebei")
    grows(chain, 4, "beijing", "tianjin", "supervisor")
    assert chain.validators["hebei"].height() is None
    missed = chain.validators["beijing"].height()
    chain.start("hebei")
    chain.wait_for_blocks("hebei")
    # By then it has one more block than it died with, and what it missed may still be on its way.
    until(lambda: (chain.validators["hebei"].height() or 0) > missed, "what it missed")
    number = chain.validators["hebei"].height()
    until(lambda: (chain.validators["beijing"].height() or 0) >= number, "the same height")
    assert block(chain, "hebei", number)["hash"] == block(chain, "beijing", number)["hash"]


def test_two_killed_the_height_stands_still_until_one_is_back(chain):
    chain.kill("tianjin", "supervisor")
    stands_still(chain, "beijing", "hebei")
    chain.start("tianjin")
    grows(chain, 2, "beijing", "hebei")
    chain.start("supervisor")
    chain.wait_for_blocks()


def test_one_that_was_away_for_many_blocks_still_has_its_seat(running, tmp_path):
    with running(tmp_path / "chain") as chain:
        # The engine counts over a hundred blocks, and takes the seat from whoever missed half of them.
        for one in chain.validators.values():
            file = one.home.engine / "config/genesis.json"
            first = json.loads(file.read_text())
            first["app_state"]["slashing"]["params"]["signed_blocks_window"] = "10"
            file.write_text(json.dumps(first))
        chain.start()
        chain.wait_for_blocks()
        chain.kill("hebei")
        grows(chain, 20, "beijing")
        chain.start("hebei")
        chain.wait_for_blocks("hebei")
        # Without its seat the three others would have to agree all.
        chain.kill("tianjin")
        grows(chain, 3, "beijing", "hebei", "supervisor")


def test_killed_all_at_once_and_started_again_they_go_on(running, tmp_path):
    with running(tmp_path / "chain") as first:
        first.start()
        first.wait_for_blocks()
        before = heights(first)
        kept = block(first, "beijing", 2)["hash"]
        first.kill()
    with running(tmp_path / "chain") as second:
        second.start()
        second.wait_for_blocks()
        for name, height in heights(second).items():
            assert height > before[name]
            assert block(second, name, 2)["hash"] == kept


def test_links_lead_where_the_caller_says(running, tmp_path):
    with running(tmp_path / "chain") as parted:
        straight = parted.peer_address
        # Two and two: nobody listens on the port that leads across.
        sides = {"beijing": 0, "tianjin": 0, "hebei": 1, "supervisor": 1}
        parted.peer_address = lambda source, target: (
            straight(source, target) if sides[source] == sides[target] else "127.0.0.1:1"
        )
        parted.start()
        for one in parted.validators.values():
            until(lambda one=one: calls.peers(one.ports.json_rpc) == 1, "one peer")
        time.sleep(STILL_SECONDS)
        assert {height or 0 for height in heights(parted).values()} == {0}
        parted.stop()
        parted.peer_address = straight
        parted.start()
        parted.wait_for_blocks()

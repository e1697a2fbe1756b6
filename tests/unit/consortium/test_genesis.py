import copy
import json

from ledger.consortium.genesis import first_block, with_validators
from tests.unit.consortium.engine import PROPOSED, plan

BALANCES = {"cosmos1a": 5, "cosmos1b": 7}


def made():
    return first_block(json.loads(PROPOSED), plan().genesis, BALANCES)


def test_one_coin_everywhere():
    state = made()["app_state"]
    assert state["staking"]["params"]["bond_denom"] == "atest"
    assert state["mint"]["params"]["mint_denom"] == "atest"
    assert state["evm"]["params"]["evm_denom"] == "atest"
    gov = state["gov"]["params"]
    assert {gov[one][0]["denom"] for one in ("min_deposit", "expedited_min_deposit")} == {"atest"}
    [described] = state["bank"]["denom_metadata"]
    assert (described["base"], described["display"]) == ("atest", "test")
    assert {one["denom"]: one["exponent"] for one in described["denom_units"]} == {
        "atest": 0,
        "test": 18,
    }
    assert state["erc20"]["token_pairs"] == state["erc20"]["native_precompiles"] == []


def test_gas_is_free_and_blocks_have_their_limit():
    document = made()
    fees = document["app_state"]["feemarket"]["params"]
    assert (fees["no_base_fee"], fees["base_fee"], fees["min_gas_price"]) == (True, "0", "0")
    assert document["consensus"]["params"]["block"] == {
        "max_bytes": "22020096",
        "max_gas": "30000000",
    }


def test_no_validator_loses_its_seat_by_being_away():
    assert float(made()["app_state"]["slashing"]["params"]["min_signed_per_window"]) == 0


def test_each_account_is_there_with_its_balance():
    state = made()["app_state"]
    assert [one["address"] for one in state["auth"]["accounts"]] == [*BALANCES]
    assert {one["address"]: one["coins"] for one in state["bank"]["balances"]} == {
        "cosmos1a": [{"denom": "atest", "amount": "5"}],
        "cosmos1b": [{"denom": "atest", "amount": "7"}],
    }


def test_validators_join_and_nothing_that_was_handed_in_is_changed():
    proposed = json.loads(PROPOSED)
    before = copy.deepcopy(proposed)
    first = first_block(proposed, plan().genesis, BALANCES)
    joined = with_validators(first, [{"of": "a"}, {"of": "b"}])
    assert joined["app_state"]["genutil"]["gen_txs"] == [{"of": "a"}, {"of": "b"}]
    assert first["app_state"]["genutil"]["gen_txs"] == []
    assert proposed == before

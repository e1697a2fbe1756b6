import json

import pytest

from ledger.consortium.layout import lay_out, read_layout
from ledger.errors import UnavailableError
from tests.unit.consortium.engine import plan, stand_in

AUTHORITIES = ["beijing", "tianjin", "hebei", "supervisor"]
FUNDED = bytes.fromhex("7cb61d4117ae31a12e393a1cfa3bac666481d02e")


def calls(folder):
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def genesis(home):
    return (home.engine / "config/genesis.json").read_text()


@pytest.fixture
def laid_out(tmp_path):
    return lay_out(tmp_path / "chain", stand_in(tmp_path), plan(), [FUNDED])


def test_a_home_for_each_validator(laid_out, tmp_path):
    assert [home.authority for home in laid_out] == AUTHORITIES
    assert [home.node_id for home in laid_out] == [f"id-of-{name}" for name in AUTHORITIES]
    assert [home.folder for home in laid_out] == [
        tmp_path / "chain/validators" / name for name in AUTHORITIES
    ]
    # The engine takes HOME for its own: each call was in the home of one of them.
    assert {call[0] for call in calls(tmp_path)} == {*AUTHORITIES}


def test_all_begin_with_the_same_block_and_four_validators(laid_out):
    [text] = {genesis(home) for home in laid_out}
    state = json.loads(text)["app_state"]
    # Each signed when it knew of all accounts: four validators and the one that was to be funded.
    assert state["genutil"]["gen_txs"] == [{"of": name, "knew": 5} for name in AUTHORITIES]
    amounts = {one["address"]: int(one["coins"][0]["amount"]) for one in state["bank"]["balances"]}
    rules = plan().genesis
    assert amounts == {
        **{f"cosmos1{name}": 2 * rules.stake for name in AUTHORITIES},
        "cosmos10jmp6sgh4cc6zt3e8gw05wavvejgr5pwsjskvv": rules.funds,
    }


def test_it_is_made_once(laid_out, tmp_path):
    before = calls(tmp_path), genesis(laid_out[0])
    again = lay_out(tmp_path / "chain", tmp_path / "evmd", plan())
    assert again == laid_out == read_layout(tmp_path / "chain")
    assert (calls(tmp_path), genesis(laid_out[0])) == before


def test_one_that_was_cut_short_is_made_anew(tmp_path):
    chain = tmp_path / "chain"
    with pytest.raises(UnavailableError, match="evmd comet: no comet") as refused:
        lay_out(chain, stand_in(tmp_path, refused="comet"), plan())
    assert refused.value.code == "consortium_layout_failed"
    assert not (chain / "validators").exists()
    assert len(lay_out(chain, stand_in(tmp_path), plan())) == 4
    assert not (chain / "validators.half").exists()

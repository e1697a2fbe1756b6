import pytest

from ledger.consortium.plan import read_plan, source_folder
from ledger.errors import UnavailableError
from ledger.testing.founding import REGIONS


def test_four_validators_of_equal_weight_one_of_each_region_and_one_beside():
    plan = read_plan(source_folder())
    assert [seat.authority for seat in plan.seats] == [*REGIONS, "supervisor"]
    assert len({seat.name for seat in plan.seats}) == 4
    assert (plan.genesis.evm_chain_id, plan.genesis.denomination) == (262144, "atest")
    assert (plan.genesis.block_max_gas, plan.block_time) == (30_000_000, 1.0)


def test_the_engine_is_given_words_only():
    # They reach it through its environment.
    assert {type(value) for value in read_plan(source_folder()).start.values()} == {str}


def test_without_a_checkout_it_is_said_plainly(tmp_path):
    with pytest.raises(UnavailableError, match="needs a checkout of this project") as refused:
        source_folder(tmp_path)
    assert refused.value.code == "consortium_source_missing"

"""The committed gas table is what anchors cost, and stays within the goals."""

import json

import pytest

from ledger.chain.web3chain import ANCHOR_GAS
from tests.contracts.gas import POWERS, TABLE, table

MEDIANS = {"any size": 80_000, "multiples of 256": 65_000}
WORST = {"any size": 94_000, "multiples of 256": 77_000}


@pytest.fixture(scope="module")
def committed() -> dict[str, dict[str, dict[str, int]]]:
    return json.loads(TABLE.read_text(encoding="utf-8"))


def test_gas_table_has_not_drifted(committed: dict) -> None:
    assert table() == committed, "gas changed: run `python -m tests.contracts.gas` and say why"


@pytest.mark.parametrize("sizes", MEDIANS)
def test_gas_keeps_the_goals(committed: dict, sizes: str) -> None:
    assert set(committed[sizes]) == {f"2^{power}" for power in POWERS}
    for row in committed[sizes].values():
        assert row["median"] <= row["max"] <= WORST[sizes]
        assert row["median"] <= MEDIANS[sizes]


def test_the_worst_anchor_fits_the_gas_limit_with_half_as_much_to_spare(committed: dict) -> None:
    worst = max(row["max"] for rows in committed.values() for row in rows.values())
    assert worst * 3 // 2 <= ANCHOR_GAS

"""docs/operator/consortium.md: its methods, settings, names and sums against what there is."""

import json
import re
import tomllib
from pathlib import Path

from ledger.anchoring.choice import MAX_GROWTH
from ledger.chain import web3chain
from ledger.consortium.plan import read_plan, source_folder
from ledger.settings import NodeSettings

PAGE = Path("docs/operator/consortium.md").read_text(encoding="utf-8")
README = Path("docs/operator/README.md").read_text(encoding="utf-8")
GAS = json.loads(Path("tests/contracts/gas.json").read_text(encoding="utf-8"))
PEAK, OUTAGE = 265, 14_400


def test_the_proxy_passes_what_the_node_calls_and_no_more():
    source = "".join(path.read_text(encoding="utf-8") for path in Path("ledger/chain").glob("*.py"))
    called = set(re.findall(r'"((?:eth|net|web3)_\w+)"', source))
    passed = re.search(r"only these methods: (.*?)\. Others", PAGE, re.DOTALL)[1]
    assert set(re.findall(r"`(\w+)`", passed)) == called


def test_the_settings_are_ones_that_a_node_takes(tmp_path):
    block = re.search(r"```\n(rpc_url.*?)```", PAGE, re.DOTALL)[1]
    needed = {
        "network_file": "network.json",
        "data_dir": "data",
        "lock_dir": "lock",
        "keys_dir": "k",
    }
    settings = NodeSettings(region="beijing", **needed, **tomllib.loads(block))
    others = {seat.authority for seat in read_plan(source_folder()).seats} - {"beijing"}
    assert set(settings.rpc_others) == others
    assert (settings.gas_price, settings.confirmations) == (0, 0)


def test_alarms_metrics_and_members_are_those_that_the_operators_are_told():
    ours = re.findall(r"`(jjj_\w+)(?:\{\w+\})?`", PAGE)
    ours += re.findall(r"^\*\*`(\w+)`", PAGE, re.MULTILINE)
    assert {"jjj_chain_node_set_aside", "chain_disputed", "chain_identity"} <= set(ours)
    assert [one for one in ours if f"`{one}" not in README] == []
    assert set(re.findall(r"`anchoring\.(\w+)`", PAGE)) <= set(
        re.findall(r"`anchoring\.(\w+)`", README)
    )


def test_the_sums_of_the_capacity_are_right():
    worst = {int(size[2:]): row["max"] for size, row in GAS["any size"].items()}
    block = read_plan(source_folder()).genesis.block_max_gas
    doubling = (worst[24] - worst[20]) / 4
    large = worst[24] + 6 * round(doubling)
    for said in (
        f"3 × {worst[24]:,} = {3 * worst[24]:,} of {block:,} block gas = {3 * worst[24] / block:.2%}",
        f"3 × {web3chain.ANCHOR_GAS:,} = {3 * web3chain.ANCHOR_GAS / block:.1%}",
        f"from {worst[20]:,} to {worst[24]:,}, so by {round(doubling):,}",
        f"{worst[24]:,} + 6 × {round(doubling):,} = {large:,}",
        f"3 × {large:,} / {block:,} = {3 * large / block:.2%}",
        f"0.37 M + 220 × 86,400 = {0.37 + 220 * 86_400 / 1e6:.1f} M records",
        f"3 × 86,400 = {3 * 86_400:,} anchors",
        f"{PEAK} × {OUTAGE:,} = {PEAK * OUTAGE / 1e6:.1f} M leaves",
        f"{PEAK} × 49,000 / {block:,} = {PEAK * 49_000 / block:.0%}",
    ):
        assert said.replace("%", " %") in PAGE, said
    assert NodeSettings.model_fields["outage_limit"].default == OUTAGE
    assert PEAK * OUTAGE < MAX_GROWTH == 2**24
    # The anchor of a thousand million leaves fits its own limit.
    assert large < web3chain.ANCHOR_GAS

"""What Prometheus is told: every number of the node's state under its name, and how long receipts take."""

import asyncio
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ledger.api.metrics import Metrics
from ledger.testing.local import local_network

ROOT = Path(__file__).parents[3]
STATE = {
    "ready": False,
    "region": "tianjin",
    "clock": "wall time departed by 300 s",
    "network_file": None,
    "log": {"origin": "demo/tianjin/1", "leading": True, "code": "", "detail": "", "waiting": 7},
    "copies": {
        "wanted": 1,
        "mirrors": {"beijing": {"size": 40, "lag": 0.0}, "hebei": {"size": 12, "lag": 31.5}},
        "code": None,
    },
    "anchoring": {
        "anchored": 30, "signed": 42, "backlog": 12, "waiting": 15000.2, "code": "anchoring_late",
        "head_age": 15003.0, "alarm": "chain_identity", "unavailable": "chain_unavailable",
        "chain_nodes": {"tianjin": "ok", "hebei": "silent", "supervisor": "set aside"},
    },
    "mirrors": {
        "sizes": {"demo/beijing/1": 9},
        "missing": {"demo/hebei/1": "00ff"},
        "silent": ["hebei"],
        "witness_lags": {"demo/tianjin/1": {"beijing": 0.0, "hebei": 61.2}},
    },
}  # fmt: skip


def read(text: bytes) -> dict[tuple[str, str], float]:
    """Every sample by its name and the value of its label."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_number_has_its_name():
    metrics = Metrics(lambda: STATE)
    metrics.merge_delay.observe(0.3)
    found = read(metrics.text())
    delays = {name: value for name, value in found.items() if name[0].startswith("jjj_merge_delay")}
    assert delays["jjj_merge_delay_seconds_count", ""] == 1
    assert delays["jjj_merge_delay_seconds_bucket", "0.25"] == 0
    assert delays["jjj_merge_delay_seconds_bucket", "0.5"] == 1
    assert {name: value for name, value in found.items() if name not in delays} == {
        ("jjj_ready", ""): 0,
        ("jjj_leading", ""): 1,
        ("jjj_sealing_waiting", ""): 7,
        ("jjj_anchor_signed", ""): 42,
        ("jjj_anchor_anchored", ""): 30,
        ("jjj_anchor_backlog", ""): 12,
        ("jjj_anchor_waiting", ""): 15000.2,
        ("jjj_anchor_head_age", ""): 15003,
        ("jjj_chain_reachable", ""): 0,
        ("jjj_chain_identity", ""): 0,
        ("jjj_chain_node_up", "tianjin"): 1,
        ("jjj_chain_node_up", "hebei"): 0,
        ("jjj_chain_node_up", "supervisor"): 0,
        ("jjj_chain_node_set_aside", "tianjin"): 0,
        ("jjj_chain_node_set_aside", "hebei"): 0,
        ("jjj_chain_node_set_aside", "supervisor"): 1,
        ("jjj_alarm", "anchoring_late"): 1,
        ("jjj_alarm", "chain_identity"): 1,
        ("jjj_alarm", "clock_departed"): 1,
        ("jjj_copies_size", "beijing"): 40,
        ("jjj_copies_size", "hebei"): 12,
        ("jjj_copies_lag_seconds", "beijing"): 0,
        ("jjj_copies_lag_seconds", "hebei"): 31.5,
        ("jjj_mirror_size", "demo/beijing/1"): 9,
        ("jjj_mirror_missing", "demo/hebei/1"): 1,
        ("jjj_witness_lag_seconds", "demo/tianjin/1beijing"): 0,
        ("jjj_witness_lag_seconds", "demo/tianjin/1hebei"): 61.2,
        ("jjj_region_silent", "hebei"): 1,
    }


def test_the_operators_table_names_them_all():
    text = (ROOT / "docs/operator/README.md").read_text()
    table = text.partition("## Metrics\n")[2].partition("\n## ")[0]
    families = text_string_to_metric_families(Metrics(lambda: STATE).text().decode())
    told = set(re.findall(r"`(jjj_[a-z_]+)", table))
    assert told == {one.name for one in families if not one.name.endswith("_created")}


def test_a_running_node_counts_the_receipts_it_gave(tmp_path):
    async def run() -> None:
        async with local_network(tmp_path) as local:
            node = local.nodes["beijing"]
            before = read(node.app.state.metrics.text())
            await local.register_parties()
            after = read(node.app.state.metrics.text())
            size = await node.store.size(node.sealer.origin)
            count = ("jjj_merge_delay_seconds_count", "")
            assert (before[count], after[count]) == (0, size)
            assert size > 0
            await local.settle()
            await asyncio.sleep(0)
            last = read(node.app.state.metrics.text())
            assert last["jjj_anchor_signed", ""] == size
            assert last["jjj_ready", ""] == last["jjj_chain_identity", ""] == 1
            assert last["jjj_anchor_head_age", ""] == pytest.approx(0, abs=120)

    asyncio.run(run())

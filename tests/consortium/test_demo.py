"""The demo on the consortium chain: each region by its own validator, the others' beside it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def demo(folder, *options):
    return subprocess.run(
        [sys.executable, "-m", "ledger.cli.demo", "--data", str(folder), "--once", "--json", *options],
        capture_output=True, text=True, cwd=ROOT, timeout=600, check=False,
    )  # fmt: skip


def test_the_whole_story_on_four_validators(program, tmp_path):
    done = demo(tmp_path / "demo", "--network", "consortium")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["as_expected"] is True
    assert {one["verdict"] for one in outcome["records"]} == {"passed"}
    for authority in ("beijing", "tianjin", "hebei", "supervisor"):
        assert f"validator of {authority}" in done.stderr
    # Its folder is of that chain and of no other.
    other = demo(tmp_path / "demo")
    assert other.returncode == 1
    assert "chain_other: the network was founded on another chain" in other.stderr

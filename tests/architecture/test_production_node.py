"""A production node runs where the dev chain's packages are not installed."""

import subprocess
import sys

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        ours = name.startswith(("ledger.devchain", "ledger.consortium"))
        if ours or name.partition(".")[0] in {"eth", "eth_tester"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False
    )


def test_a_node_needs_no_dev_chain():
    ran = run("import ledger.node.__main__, ledger.cli.deploying, ledger.cli.registry, gateway.app")
    assert ran.returncode == 0, ran.stderr


def test_the_dev_chain_would_be_missed_where_it_is_needed():
    ran = run("import ledger.devchain.backend")
    assert "ModuleNotFoundError" in ran.stderr

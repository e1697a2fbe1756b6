"""The tree of commands as a whole."""

import subprocess
import sys

import pytest

from tests.unit.cli.calling import jjj

HEAVY = ("web3", "fastapi", "pydantic", "sqlalchemy", "httpx2", "cryptography", "eth_tester")


def test_commands_load_no_part_of_the_ledger_before_they_run():
    code = (
        "import sys, typer\n"
        "from ledger.cli.commands import PARTS, app\n"
        "tree = typer.main.get_command(app)\n"
        "assert all(tree.get_command(None, name) for name in PARTS)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_shell_completion_is_on():
    called = jjj("--help")
    assert called.status == 0
    assert "--install-completion" in called.out
    offered = jjj(env={"_JJJ_COMPLETE": "complete_bash", "COMP_WORDS": "jjj re", "COMP_CWORD": "1"})
    assert "registry" in offered.out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("nothing",), "No such command 'nothing'"),
        (("submit",), "Missing argument"),
        (("keys", "make", "house", "--out", "x"), "'house' is not one of"),
        (("keys", "make", "log", "--out", "x"), "needs --network-name"),
        (("registry", "propose", "turn"), "'--rpc'"),
    ],
)
def test_a_call_that_makes_no_sense_is_2_and_a_problem_for_machines(call, said):
    plain, machine = jjj(*call), jjj(*call, "--json")
    assert (plain.status, machine.status) == (2, 2)
    assert plain.out == ""
    assert said in " ".join(plain.err.replace("│", " ").split())
    assert machine.json["code"] == "usage_invalid"
    assert said in machine.json["detail"]

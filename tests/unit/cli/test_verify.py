"""`jjj verify`: as quick as the verifier itself, and one command whichever way it is reached."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from ledger.bundle import encode_bundle
from ledger.cli import app
from ledger.cli.commands import app as tree
from ledger.cli.offline import verify
from ledger.verify.__main__ import _parser
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice

HEAVY = (
    "typer", "click", "rich", "web3", "fastapi", "starlette", "pydantic", "sqlalchemy", "httpx2",
    "asyncio", "sqlite3", "stdnum", "eth_tester",
)  # fmt: skip


@pytest.fixture(scope="module")
def proven(place, tmp_path_factory) -> tuple[Path, Path]:
    """A bundle that passes, and the policy."""
    running, tmp_path = place.running, tmp_path_factory.mktemp("proven")
    receipt = running.post(running.party("importer_bj"), "tianjin", **invoice("VERIFY-1"))
    running.settle()
    bundle, policy = tmp_path / "a.bundle", tmp_path / "policy.json"
    bundle.write_bytes(encode_bundle(running.bundle(receipt.id)))
    good("policy", "--network", place.network, "--out", policy)
    return bundle, policy


def test_the_quick_way_loads_nothing_but_the_verifier(proven):
    bundle, policy = proven
    code = (
        "import sys\n"
        "from ledger.cli.app import main\n"
        f"sys.argv = ['jjj', 'verify', {str(bundle)!r}, '--policy', {str(policy)!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        f"    print(end.code, [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "0 []"


def test_the_tree_gives_the_same_answer_as_the_quick_way(proven, capsys):
    bundle, policy = proven
    quick = verify([str(bundle), "--policy", str(policy), "--lang", "zh"])
    shown = capsys.readouterr().out
    whole = jjj("verify", bundle, "--policy", policy, "--lang", "zh")
    assert (whole.status, whole.out) == (quick, shown)
    assert "结论: 通过" in shown


def test_every_option_of_the_quick_way_is_one_of_the_tree():
    command = typer.main.get_command(tree).get_command(None, "verify")
    known = {option for parameter in command.params for option in parameter.opts}
    quick = {option for action in _parser()._actions for option in action.option_strings}
    assert quick - {"-h", "--help"} == known - {"--rpc", "file"}


@pytest.mark.parametrize("more", [["--rpc", "x"], ["--rpc=x"], ["--help"]])
def test_what_only_the_tree_can_do_goes_to_the_tree(monkeypatch, more):
    reached = []
    monkeypatch.setattr(sys, "argv", ["jjj", "verify", "a", *more])
    monkeypatch.setattr("ledger.cli.commands.app", lambda **_: reached.append(True))
    app.main()
    assert reached == [True]


def test_without_a_policy_nothing_can_be_told(tmp_path):
    bundle = tmp_path / "a.bundle"
    bundle.write_text("{}")
    missing = ("--policy", tmp_path / "none.json")
    offline = jjj("verify", bundle, *missing, "--json")
    assert (offline.status, offline.json["code"]) == (2, "policy_unusable")
    online = jjj("verify", bundle, *missing, "--rpc", "http://127.0.0.1:9", "--json")
    assert (online.status, online.json["code"]) == (2, "policy_unusable")


@pytest.mark.parametrize("more", [(), ("--rpc", "http://127.0.0.1:9")])
def test_a_file_that_is_no_bundle_fails(network_file, tmp_path, more):
    bundle, policy = tmp_path / "a.bundle", tmp_path / "policy.json"
    bundle.write_text('{"v":1}')
    good("policy", "--network", network_file, "--out", policy)
    assert jjj("verify", bundle, "--policy", policy, *more).status == 1


def test_language_of_the_reasons_is_the_users(proven, monkeypatch):
    bundle, policy = proven
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "结论" in good("verify", bundle, "--policy", policy).out
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert "Verdict" in good("verify", bundle, "--policy", policy).out

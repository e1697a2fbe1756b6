import stat

from ledger.verify.policy import Policy
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import NAME


def test_policy_goes_to_stdout_or_a_file(network_file, tmp_path):
    printed = good("policy", "--network", network_file).out
    good("policy", "--network", network_file, "--out", tmp_path / "policy.json")
    assert (tmp_path / "policy.json").read_text() == printed
    # Made to be handed on, unlike a key.
    assert stat.S_IMODE((tmp_path / "policy.json").stat().st_mode) == 0o644
    assert Policy.parse(printed.encode()).network == NAME


def test_each_log_has_a_policy_for_other_verifiers(network_file, tmp_path):
    folder = tmp_path / "tlog"
    made = good("policy", "--network", network_file, "--tlog-policy", folder, "--json").json
    assert sorted(made["files"]) == sorted(str(path) for path in folder.iterdir())
    text = (folder / f"{NAME}_hebei_1.policy").read_text()
    assert text.startswith(f"log {NAME}/hebei/1+")
    assert text.count("\nwitness ") == 2
    assert f"{NAME}/hebei/witness" not in text


def test_a_network_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "n.json").write_text("{}")
    called = jjj("policy", "--network", tmp_path / "n.json", "--json")
    assert (called.status, called.json["code"]) == (1, "network_malformed")

import signal
import stat
import subprocess
import sys
from dataclasses import replace

import httpx2
import pytest
import rlp

from ledger.chain.abi import keccak
from ledger.chain.accounts import address_of
from ledger.chain.network import read_network, write_network
from ledger.cli.keymaking import make_account
from ledger.cli.plan import read_plan
from ledger.errors import InputError
from ledger.keys.account import read_account_key
from ledger.keys.author import write_certificate_file
from ledger.keys.demo import demo_ca
from ledger.keys.log import LogKey
from ledger.keys.recovery import RecoveryKey
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.testing.founding import REGIONS, registrar
from tests.unit.cli.calling import good, jjj

PLAN = """
base = "demo-cli"
delay_seconds = 3600
cas = ["ca.crt"]
""" + "".join(
    f"""
[[regions]]
name = "{name}"
url = "http://127.0.0.1:{9 + i}"
registrars = ["{name}.crt"]
"""
    for i, name in enumerate(REGIONS)
)


def planned(folder, text=PLAN):
    write_certificate_file(folder / "ca.crt", demo_ca().certificate)
    for name in REGIONS:
        write_certificate_file(folder / f"{name}.crt", registrar(name).certificate)
    (folder / "plan.toml").write_text(text)
    return folder / "plan.toml"


def test_a_plan_becomes_a_network(place, tmp_path):
    plan, out = planned(tmp_path), tmp_path / "network.json"
    made = good("chain", "deploy", plan, "--rpc", place.rpc, "--out", out, "--json").json
    network = read_network(out)
    assert network.name == made["network"]
    assert network.name.startswith("demo-cli-")
    for name in REGIONS:
        for use, file in (("witness", "witness.key"), ("peer", "peer.key"), ("1", "log-1.key")):
            path = tmp_path / "keys" / name / file
            key = LogKey.load(path)
            assert key.name == f"{network.name}/{name}/{use}"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert network.region(name).witness.public_key == _key(tmp_path, name, "witness").public_key
        assert network.open_log(name).key.public_key == _key(tmp_path, name, "log-1").public_key
        recovery = RecoveryKey.load(tmp_path / "keys" / name / "recovery.key")
        assert network.region(name).recovery == recovery.public_key
    shown = good("registry", "show", "--rpc", place.rpc, "--network", out, "--json").json
    assert [region["logs"][0]["origin"] for region in shown["regions"]] == [
        f"{network.name}/{name}/1" for name in REGIONS
    ]
    again = jjj("chain", "deploy", plan, "--rpc", place.rpc, "--out", out, "--json")
    assert (again.status, again.json["code"]) == (1, "network_exists")


def test_keys_of_a_first_try_are_used_again(place, tmp_path):
    plan = planned(tmp_path)
    good("chain", "deploy", plan, "--rpc", place.rpc, "--out", tmp_path / "a.json")
    first = read_network(tmp_path / "a.json")
    good("chain", "deploy", plan, "--rpc", place.rpc, "--out", tmp_path / "b.json")
    second = read_network(tmp_path / "b.json")
    assert first.name != second.name
    assert [one.witness.public_key for one in first.regions] == [
        one.witness.public_key for one in second.regions
    ]
    assert _key(tmp_path, "hebei", "witness").name == f"{second.name}/hebei/witness"


def _key(folder, region, file):
    return LogKey.load(folder / "keys" / region / f"{file}.key")


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('base = "demo-cli"', "", "/base"),
        ("delay_seconds = 3600", 'delay_seconds = "soon"', "/delay_seconds"),
        ("delay_seconds = 3600", "delay = 3600", "/delay"),
        ('cas = ["ca.crt"]', "cas = [1]", "/cas"),
        ('url = "http://127.0.0.1:10"', "", "/regions/1/url"),
        ('name = "hebei"', 'name = "hebei"\ncolour = "red"', "/regions/2/colour"),
        ('name = "hebei"', 'name = "hebei"\nrecovery = "07"', "/regions/2/recovery"),
        ("[[regions]]", "[[regions", ""),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_with_its_path(tmp_path, before, after, path):
    with pytest.raises(InputError) as refused:
        read_plan(planned(tmp_path, PLAN.replace(before, after)))
    assert (refused.value.code, refused.value.path) == ("plan_malformed", path)


def test_a_recovery_key_made_elsewhere_is_named_by_its_public_part(place, tmp_path):
    public = RecoveryKey.make().public_key
    text = PLAN.replace('name = "hebei"', f'name = "hebei"\nrecovery = "{public.hex()}"')
    plan, out = planned(tmp_path, text), tmp_path / "network.json"
    good("chain", "deploy", plan, "--rpc", place.rpc, "--out", out)
    assert read_network(out).region("hebei").recovery == public
    assert not (tmp_path / "keys" / "hebei" / "recovery.key").exists()


def test_a_plan_without_a_ca_deploys_nothing(tmp_path):
    plan = planned(tmp_path, PLAN.replace('cas = ["ca.crt"]', ""))
    called = jjj("chain", "deploy", plan, "--rpc", "http://127.0.0.1:9", "--json")
    assert (called.status, called.json["path"]) == (1, "/cas")
    assert not (tmp_path / "keys").exists()


def founded(place, folder):
    """A network whose every key is in the folder, as deployed."""
    plan, out = planned(folder), folder / "network.json"
    good("chain", "deploy", plan, "--rpc", place.rpc, "--out", out)
    return out


def anchors(**changed):
    """New anchor accounts, one of each region."""
    new = {name: f"{number:040x}" for number, name in enumerate(REGIONS, 7)} | changed
    return [part for name, one in new.items() for part in ("--anchor", f"{name}={one}")]


def test_a_network_moves_with_its_name_its_logs_and_its_keys(place, tmp_path):
    old, out = founded(place, tmp_path), tmp_path / "moved.json"
    call = ("--network", old, "--rpc", place.rpc, "--deployer", tmp_path / "d.key", "--out", out)
    good("chain", "move", *call, *anchors())
    before, after = read_network(old), read_network(out)
    assert (after.chain, after.registry) != (before.chain, before.registry)
    assert (after.name, after.logs) == (before.name, before.logs)
    assert [one.witness for one in after.regions] == [one.witness for one in before.regions]
    assert [one.anchor[-1] for one in after.regions] == [7, 8, 9]
    again = jjj("chain", "move", *call, *anchors(), "--json")
    assert (again.status, again.json["code"]) == (1, "network_exists")
    # Each authority by itself; the second time there is nothing left to do.
    at = ("--network", out, "--rpc", place.rpc, "--json")
    for done, left in ((1, 2), (1, 1), (1, 0), (0, 0)):
        name = REGIONS[2 - left]
        key = tmp_path / "keys" / name / "authority.key"
        told = good("registry", "restate", *at, "--authority", key).json
        assert (len(told["done"]), len(told["waiting"])) == (done, left)
    assert good("registry", "restate", *at[:-1], "--authority", key).out == "nothing waits\n"
    shown = good("registry", "show", *at).json
    assert [region["logs"][0]["anchor"][-1] for region in shown["regions"]] == ["7", "8", "9"]


def test_a_move_needs_an_account_of_each_region_that_never_anchored(place, tmp_path):
    old = founded(place, tmp_path)
    used = read_network(old).region("hebei").anchor.hex()
    call = ("chain", "move", "--network", old, "--rpc", "http://127.0.0.1:9")
    call += ("--deployer", tmp_path / "d.key", "--out", tmp_path / "moved.json")
    for given, code in (
        (anchors()[:-2], "anchor_missing"),
        (anchors(beijing=used), "anchor_repeated"),
        ([*anchors(), "--anchor", "shanxi=" + "12" * 20], "region_unknown"),
    ):
        called = jjj(*call, *given, "--json")
        assert (called.status, called.json["code"]) == (1, code)
    assert jjj(*call, "--anchor", "hebei").status == 2
    # Nothing was made, nobody was asked.
    assert not (tmp_path / "d.key").exists()


def test_no_registry_comes_to_stand_at_the_old_address_under_the_old_chain_id(place, tmp_path):
    """The authorities keep their accounts: what they signed for the old one would hold for the new one."""
    file, key = founded(place, tmp_path), tmp_path / "d.key"
    make_account(key)
    network = read_network(file)
    # As where the old chain was begun anew: this account's first contract was the registry.
    address = keccak(rlp.encode([address_of(read_account_key(key)), 0]))[12:]
    twin = replace(network, registry=address)
    write_network(file, twin)
    out = tmp_path / "moved.json"
    call = ("chain", "move", "--network", file, "--rpc", place.rpc, "--out", out, *anchors())
    for _ in range(2):
        called = jjj(*call, "--deployer", key, "--json")
        assert (called.status, called.json["code"]) == (1, "registry_repeated")
    assert not out.exists()
    good(*call, "--deployer", tmp_path / "other.key")
    out.unlink()
    write_network(file, replace(twin, chain=replace(twin.chain, chain_id=1)))
    good(*call, "--deployer", key)
    # It is where it would have been refused.
    assert read_network(out).registry == address


@pytest.mark.parametrize("member", ["anchor", "key"])
def test_a_log_that_stands_otherwise_than_the_file_says_is_not_passed_over(place, tmp_path, member):
    """Somebody sent what the authority had signed before: the node's own account would be refused."""
    file = founded(place, tmp_path)
    network = read_network(file)
    name = str(network.logs[0].origin)
    other = VerifierKey(name, LOG_KEY, LogKey.make(name).public_key)
    changed = {
        "anchor": replace(
            network, regions=(replace(network.regions[0], anchor=b"\7" * 20), *network.regions[1:])
        ),
        "key": replace(network, logs=(replace(network.logs[0], key=other), *network.logs[1:])),
    }
    at = ("--network", file, "--rpc", place.rpc, "--json")
    for name in REGIONS:
        who = ("--authority", tmp_path / "keys" / name / "authority.key")
        write_network(file, network)
        assert good("registry", "restate", *at, *who).json["waiting"] == {}
        write_network(file, changed[member])
        called = jjj("registry", "restate", *at, *who)
        assert (called.status, called.json["code"]) == (1, "registration_other")


def test_a_registry_with_other_logs_is_not_restated(place, tmp_path):
    file = founded(place, tmp_path)
    network = read_network(file)
    first = replace(network.logs[0].origin, epoch=2)
    key = VerifierKey(str(first), LOG_KEY, network.logs[0].key.public_key)
    logs = (replace(network.logs[0], origin=first, key=key), *network.logs[1:])
    write_network(file, replace(network, logs=logs))
    who = ("--authority", tmp_path / "keys" / "beijing" / "authority.key")
    called = jjj("registry", "restate", "--network", file, "--rpc", place.rpc, *who, "--json")
    assert (called.status, called.json["code"]) == (1, "registry_other")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_dev_chain_runs_and_keeps_its_state(tmp_path, end):
    call = [sys.executable, "-c", "from ledger.cli.app import main; main()"]
    call += ["chain", "run", "--port", "0", "--path", str(tmp_path / "chain.sqlite")]
    beginnings, newest = [], []
    for _ in range(2):
        with subprocess.Popen(
            [*call, "--fund", "0x" + "11" * 20], stdout=subprocess.PIPE, text=True
        ) as run:
            url = run.stdout.readline().strip()

            def ask(method, *params, url=url):
                call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
                return httpx2.post(url, json=call, trust_env=False, timeout=60).json()["result"]

            beginnings.append(ask("eth_getBlockByNumber", "0x0", False))
            newest.append(ask("eth_getBlockByNumber", "latest", False))
            ask("evm_mine")
            newest.append(ask("eth_getBlockByNumber", "latest", False))
            run.send_signal(end)
            run.wait(60)
    assert beginnings[0] == beginnings[1]
    assert [block["number"] for block in newest] == ["0x0", "0x1", "0x1", "0x2"]
    assert newest[1] == newest[2]


def test_an_account_to_fund_has_20_bytes():
    assert jjj("chain", "run", "--fund", "0x1234").status == 2

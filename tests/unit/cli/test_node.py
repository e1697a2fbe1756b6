import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys

import httpx2
import pytest

from ledger.chain.network import read_network, write_network
from ledger.chain.standing import KeptStanding
from ledger.cli.adopting import mirror_head
from ledger.errors import ConflictError, InputError
from ledger.keys.account import write_account_key
from ledger.keys.demo import demo_account, demo_log_key
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.node.running import load_settings
from ledger.node.world import SystemClock
from ledger.store import SqliteStore
from ledger.values import TreeHead, witness_name
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice


def settled(place, folder, region="beijing"):
    """Settings of a node like the region's own: its keys, no data yet, no lock."""
    name = place.running.local.network.name
    keys = folder / "keys"
    demo_log_key(f"{name}/{region}/1").save(keys / "log-1.key")
    demo_log_key(witness_name(name, region)).save(keys / "witness.key")
    demo_log_key(f"{name}/{region}/peer").save(keys / "peer.key")
    write_account_key(keys / "anchor.key", demo_account(f"{region}/anchor"))
    config = folder / "node.toml"
    config.write_text(
        f'region = "{region}"\n'
        f'network_file = "{place.network}"\n'
        f'data_dir = "{folder / "data"}"\nlock_dir = "{folder / "lock"}"\n'
        f'keys_dir = "{keys}"\nrpc_url = "{place.rpc}"\ncopies = 0\n'
    )
    return config


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("region = 7", "/region"),
        ('colour = "red"', "/colour"),
        ("listen_port = 70000", "/listen_port"),
    ],
)
def test_a_wrong_setting_is_named(place, tmp_path, line, path):
    config = settled(place, tmp_path)
    name = line.partition(" ")[0]
    kept = [one for one in config.read_text().splitlines() if not one.startswith(name)]
    config.write_text("\n".join([*kept, line]))
    with pytest.raises(InputError) as refused:
        load_settings(config)
    assert (refused.value.code, refused.value.path) == ("settings_invalid", path)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "node.toml").write_text("[[[")
    called = jjj("node", "run", "--config", tmp_path / "node.toml", "--json")
    assert (called.status, called.json["code"]) == (1, "settings_invalid")


def test_a_node_runs_until_it_is_told_to_end(place, tmp_path):
    config = settled(place, tmp_path)
    call = [sys.executable, "-c", "from ledger.cli.app import main; main()", "node", "run"]
    with subprocess.Popen(
        [*call, "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as node:
        url = node.stdout.readline().strip()
        assert httpx2.get(f"{url}/livez", trust_env=False, timeout=60).status_code == 200
        second = jjj("node", "run", "--config", config, "--json")
        assert (second.status, second.json["code"]) == (1, "head_lock_held")
        node.send_signal(signal.SIGTERM)
        assert node.wait(30) == 0
        lines = [json.loads(line) for line in node.stderr.read().splitlines()]
        [database] = [line["version"] for line in lines if line["message"] == "database"]
        assert database == f"SQLite {sqlite3.sqlite_version}"


def test_a_lost_lock_is_put_back_where_all_agree(place, tmp_path):
    running = place.running
    running.settle()
    config = settled(place, tmp_path)
    (tmp_path / "data").mkdir()
    for file in (running.local.folder / "beijing").glob("ledger.sqlite*"):
        shutil.copy(file, tmp_path / "data")
    adopted = good("node", "adopt-head", "--config", config, "--json").json
    assert adopted["size"] == _anchored(running, "beijing").size > 0

    shutil.rmtree(tmp_path / "lock")
    shutil.rmtree(tmp_path / "data")
    lost = jjj("node", "adopt-head", "--config", config, "--json")
    assert (lost.status, lost.json["code"]) == (1, "adopt_refused")


def test_a_silent_mirror_keeps_the_lock_as_it_is(place, tmp_path):
    config = settled(place, tmp_path)
    network = read_network(place.network).with_urls({"hebei": "http://127.0.0.1:9"})
    write_network(tmp_path / "network.json", network)
    config.write_text(
        config.read_text().replace(str(place.network), str(tmp_path / "network.json"))
    )
    called = jjj("node", "adopt-head", "--config", config, "--json")
    assert (called.status, called.json["code"]) == (2, "node_unavailable")
    assert not (tmp_path / "lock").exists()


def test_a_mirror_shows_what_the_log_signed(place):
    running = place.running
    running.post(running.party("importer_bj"), "tianjin", **invoice("MIRROR-1"))
    running.settle()
    network = running.local.network
    log, head = network.open_log("tianjin"), _anchored(running, "tianjin")
    url = network.region("hebei").url
    assert asyncio.run(mirror_head(url, log, head)) == head


def test_a_mirror_without_a_checkpoint_agrees_with_an_empty_chain_only(place):
    network = place.running.local.network
    later = network.open_log("tianjin")
    later = type(later)(later.origin.next_epoch(), later.key, later.quorum, later.registrars)
    url, nothing = network.region("hebei").url, TreeHead(0, EMPTY_ROOT)
    assert asyncio.run(mirror_head(url, later, nothing)) == nothing
    with pytest.raises(ConflictError):
        asyncio.run(mirror_head(url, later, TreeHead(1, bytes(32))))


def _anchored(running, region):
    node = running.local.nodes[region]
    return running.run(node.store.newest_anchor(node.sealer.origin)).facts.head


def test_a_node_of_the_chain_is_asked_again_once_a_person_says_so(place, tmp_path):
    config = settled(place, tmp_path)
    config.write_text(config.read_text() + '\n[rpc_others]\nsupervisor = "http://127.0.0.1:9"\n')

    async def set_aside() -> None:
        store = await SqliteStore.open(tmp_path / "data" / "ledger.sqlite")
        standing = KeptStanding(["beijing", "supervisor"], store, SystemClock())
        await standing.set_aside("supervisor", "block 7 has another hash")
        await store.close()

    (tmp_path / "data").mkdir(exist_ok=True)
    asyncio.run(set_aside())
    command = ("node", "readmit", "--config", config, "--json", "--authority")
    assert good(*command, "supervisor").json == {"region": "beijing", "authority": "supervisor"}
    again = jjj(*command, "supervisor")
    assert (again.status, again.json["code"]) == (1, "node_not_aside")
    unknown = jjj(*command, "shanghai")
    assert (unknown.status, unknown.json["code"]) == (1, "chain_node_unknown")

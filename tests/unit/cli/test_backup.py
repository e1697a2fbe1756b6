"""Backups taken beside the running node, put back, and drilled."""

import json
import sqlite3
from contextlib import closing

import pytest

from ledger.keys.demo import demo_recovery_key
from ledger.keys.recovery import RecoveryKey
from ledger.store import FileHeadLock
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice
from tests.unit.cli.test_node import settled


@pytest.fixture(scope="module")
def backed(place, tmp_path_factory):
    """A backup of a running region: folder, settings of the live node, size of its log."""
    folder = tmp_path_factory.mktemp("backed")
    running = place.running
    for n in range(3):
        running.post(running.party("importer_bj"), "tianjin", **invoice(f"BACKUP-{n}"))
    running.settle()
    config = settled(place, folder, "tianjin")
    live = folder / "live.toml"
    data = running.local.folder / "tianjin"
    live.write_text(config.read_text().replace(str(folder / "data"), str(data)))
    told = good("backup", "--config", live, "--out", folder / "backup", "--json").json
    assert told["region"] == "tianjin"
    size = told["logs"][f"{running.local.network.name}/tianjin/1"]["size"]
    assert size > 3
    demo_recovery_key("tianjin").save(folder / "recovery.key")
    return folder, live, config, size


def test_a_backup_is_a_database_and_never_the_lock(backed):
    folder, live, _, size = backed
    names = {path.name for path in (folder / "backup").iterdir()}
    assert {"ledger.sqlite", "manifest.json"} <= names
    assert "lock" not in " ".join(names)
    with closing(sqlite3.connect(folder / "backup" / "ledger.sqlite")) as sql:
        query = "SELECT count(*) FROM leaf WHERE origin LIKE '%tianjin/1'"
        assert sql.execute(query).fetchone() == (size,)
    again = jjj("backup", "--config", live, "--out", folder / "backup", "--json")
    assert (again.status, again.json["code"]) == (1, "backup_exists")


def test_a_restored_backup_audits_clean_and_is_put_over_nothing(backed):
    folder, live, config, _ = backed
    refused = jjj("restore", "--config", live, "--source", folder / "backup", "--json")
    assert (refused.status, refused.json["code"]) == (1, "restore_refused")
    good("restore", "--config", config, "--source", folder / "backup")
    FileHeadLock.open(folder / "lock").close()
    assert list((folder / "lock").iterdir()) == [folder / "lock" / "lock"]
    assert jjj("audit", "--config", config, "--json").json["differences"] == []
    twice = jjj("restore", "--config", config, "--source", folder / "backup", "--json")
    assert (twice.status, twice.json["code"]) == (1, "restore_refused")


@pytest.mark.parametrize("what", ["ledger.sqlite", "logs", "region"])
def test_a_backup_that_was_altered_is_not_restored(backed, tmp_path, what):
    folder, _, config, _ = backed
    copy = tmp_path / "backup"
    copy.mkdir()
    for name in ("ledger.sqlite", "manifest.json"):
        (copy / name).write_bytes((folder / "backup" / name).read_bytes())
    manifest = json.loads((copy / "manifest.json").read_text())
    if what == "ledger.sqlite":
        data = bytearray((copy / what).read_bytes())
        data[-1] ^= 1
        (copy / what).write_bytes(data)
    elif what == "logs":
        next(iter(manifest["logs"].values()))["size"] += 1
    else:
        manifest["region"] = "hebei"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    fresh = tmp_path / "node.toml"
    fresh.write_text(config.read_text().replace(str(folder / "data"), str(tmp_path / "data")))
    called = jjj("restore", "--config", fresh, "--source", copy, "--json")
    code = "restore_refused" if what == "region" else "backup_altered"
    assert (called.status, called.json["code"]) == (1, code)
    assert not (tmp_path / "data" / "ledger.sqlite").exists()


def test_a_drill_opens_what_both_mirrors_keep_sealed(backed):
    folder, live, _, size = backed
    call = ["drill", "--config", live, "--source", folder / "backup", "--json", "--recovery"]
    told = good(*call, folder / "recovery.key").json
    assert told["lacks"] == []
    assert told["leaves"] > size
    assert told["opened"] >= 2 * 3
    RecoveryKey.make().save(folder / "another.key")
    wrong = jjj(*call, folder / "another.key")
    assert wrong.status == 1
    assert wrong.json["opened"] == 0
    assert all("sealed_unopened" in one for one in wrong.json["lacks"])

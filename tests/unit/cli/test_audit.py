"""``jjj audit``: a clean database is clean, and each thing that was changed is named."""

import sqlite3
from contextlib import closing

import pytest

from ledger.store import FileHeadLock
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice
from tests.unit.cli.test_node import settled


@pytest.fixture(scope="module")
def audited(place, tmp_path_factory):
    """A copy of a region's database, once found clean: folder, settings, posted ids, the mark's time."""
    folder = tmp_path_factory.mktemp("audited")
    running = place.running
    firm = running.party("importer_bj")
    ids = [running.post(firm, "tianjin", **invoice(f"AUDIT-{n}")).id for n in range(3)]
    running.settle()
    config = settled(place, folder, "tianjin")
    (folder / "data").mkdir()
    copy_database(running.local.folder / "tianjin" / "ledger.sqlite", folder / "clean.sqlite")
    restore(folder)
    first = good("audit", "--config", config, "--json").json
    assert (first["clean"], first["differences"], first["silent"]) == (True, [], [])
    assert {log.split("/")[1] for log in first["logs"]} == {"beijing", "tianjin", "hebei"}
    assert first["logs"][f"{running.local.network.name}/tianjin/1"]["size"] > 3
    return folder, config, ids, first["at"]


def restore(folder):
    for path in (folder / "data").glob("ledger.sqlite*"):
        path.unlink()
    copy_database(folder / "clean.sqlite", folder / "data" / "ledger.sqlite")


def copy_database(source, target):
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


MINE = "(SELECT number FROM statement WHERE id = :id)"
FLIPPED = "CAST(substr(signed, 1, length(signed) - 3) || 'AAA' AS BLOB)"
ALTERED = {
    "a signature": (f"UPDATE statement SET signed = {FLIPPED} WHERE id = :id", {"signature"}),
    "a field": (
        "UPDATE statement SET disclosures = substr(disclosures, 1, 30) || 'AAAA'"
        " || substr(disclosures, 35) WHERE id = :id",
        {"/fields/"},
    ),
    "a field's absence": (
        "UPDATE statement SET disclosures = substr(disclosures, instr(disclosures, '~') + 1)"
        " WHERE id = :id",
        {"/fields/"},
    ),
    "the signed part": ("UPDATE statement SET signed = 'text' WHERE id = :id", {"signed"}),
    "a key": ("UPDATE statement SET key = 'another' WHERE id = :id", {"key"}),
    "a jti": ("UPDATE statement SET jti = 7 WHERE id = :id", {"jti"}),
    "a time": (f"UPDATE leaf SET received = received + 1 WHERE statement = {MINE}", {"leaf"}),
    "a place": (f"UPDATE leaf SET prev_index = 'x' WHERE statement = {MINE}", {"leaf"}),
    "a leaf hash": (
        f"UPDATE leaf SET hash = zeroblob(32) WHERE statement = {MINE}",
        {"leaf", "root"},
    ),
    "a leaf": (f"DELETE FROM leaf WHERE statement = {MINE}", {"leaf"}),
    "a number": (f"DELETE FROM identifier WHERE statement = {MINE}", {"identifier"}),
    "a version": (f"DELETE FROM record_version WHERE statement = {MINE}", {"record_version"}),
    "an anchored root": (
        "UPDATE anchor SET root = zeroblob(32) WHERE origin LIKE '%tianjin/1'",
        {"anchor root", "anchor", "checkpoint"},
    ),
    "an anchor's block": (
        "UPDATE anchor SET block_number = block_number + 1 WHERE origin LIKE '%hebei/1'"
        " OR origin LIKE '%tianjin/1'",
        {"anchor"},
    ),
    "a cosignature": (
        "UPDATE cosignature SET line = substr(line, 1, length(line) - 9) || 'AAAAAAAA='",
        {"cosignature"},
    ),
    "a quorum": ("UPDATE anchor SET quorate = 1 - quorate", {"quorate"}),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_changed_since_the_last_clean_audit_is_named(audited, name):
    folder, config, ids, clean_at = audited
    restore(folder)
    query, fields = ALTERED[name]
    with closing(sqlite3.connect(folder / "data" / "ledger.sqlite")) as sql:
        assert sql.execute(query, {"id": bytes.fromhex(ids[1])}).rowcount > 0
        sql.commit()
    called = jjj("audit", "--config", config, "--json")
    assert called.status == 1
    named = called.json["differences"]
    for field in fields:
        hit = [one for one in named if one["field"].startswith(field)]
        assert hit, (field, named)
        assert {one["since"] for one in hit} == {clean_at}
    if ":id" in query and name not in ("a leaf", "a leaf hash"):
        # That record, and no other.
        assert {one["record"] for one in named} == {ids[1]}, named


def test_lost_leaves_are_named_by_what_others_hold(audited):
    folder, config, _, _ = audited
    restore(folder)
    with closing(sqlite3.connect(folder / "data" / "ledger.sqlite")) as sql:
        sql.execute("DELETE FROM leaf WHERE origin LIKE '%tianjin/1' AND \"index\" > 2")
        sql.commit()
    called = jjj("audit", "--config", config, "--json")
    assert called.status == 1
    named = [one for one in called.json["differences"] if one["field"] == "size"]
    assert {one["detail"].split(" has ")[0] for one in named} >= {
        "the mirror beijing",
        "a checkpoint at hebei",
    }


def test_it_runs_beside_a_node_and_changes_nothing(audited):
    folder, config, _, clean_at = audited
    restore(folder)
    before = (folder / "data" / "ledger.sqlite").read_bytes()
    held = FileHeadLock.open(folder / "lock")
    try:
        assert jjj("audit", "--config", config).status == 0
    finally:
        held.close()
    assert (folder / "data" / "ledger.sqlite").read_bytes() == before
    assert good("audit", "--config", config, "--json").json["at"] >= clean_at


def test_who_does_not_answer_is_named_and_leaves_no_mark(audited):
    folder, config, _, _ = audited
    restore(folder)
    mark = (folder / "data" / "audit.json").read_bytes()
    silent = folder / "silent.toml"
    lines = config.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("rpc_url")]
    silent.write_text("\n".join([*kept, 'rpc_url = "http://127.0.0.1:9"\n']))
    called = jjj("audit", "--config", silent, "--json")
    assert (called.status, called.json["silent"], called.json["differences"]) == (2, ["chain"], [])
    assert (folder / "data" / "audit.json").read_bytes() == mark


def test_a_mark_that_is_none_is_refused(audited):
    folder, config, _, _ = audited
    mark = folder / "data" / "audit.json"
    before = mark.read_bytes()
    mark.write_bytes(b'{"v":1}')
    called = jjj("audit", "--config", config, "--json")
    mark.write_bytes(before)
    assert (called.status, called.json["code"]) == (1, "audit_mark_malformed")

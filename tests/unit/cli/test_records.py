"""Posting, changing, finding and proving records against three running regions."""

import json

import pytest

from ledger.bundle import decode_bundle
from ledger.cli.changes import next_fields
from ledger.cli.submit import _progress
from ledger.statement.sdjwt import open_slots, parse
from ledger.testing.scenarios import scenario, trade_documents
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def me(place, tmp_path):
    """Options of the importer at Tianjin."""
    return ("--key", place.key("importer_bj"), "--network", place.network, "--region", "tianjin")


def submitted(me, tmp_path, number):
    path = write(tmp_path / f"{number}.json", invoice(number))
    return good("submit", path, *me, "--json").json["receipt"]["id"]


def test_lines_are_posted_and_a_second_run_posts_nothing(me, tmp_path):
    path = write(tmp_path / "rows.ndjson", *(invoice(f"LINES-{n}") for n in range(5)))
    first = good("submit", path, *me, "--json").lines
    assert len({row["receipt"]["id"] for row in first}) == 5
    assert [row["place"] for row in first] == [f"{path}:{n}" for n in range(1, 6)]
    second = good("submit", path, *me, "--json").lines
    assert [row["receipt"] for row in second] == [row["receipt"] for row in first]
    assert all(row["repeated"] for row in second)
    assert (tmp_path / "rows.ndjson.receipts").read_bytes().count(b"\n") == 5
    assert not (tmp_path / "rows.ndjson.receipts.unanswered").exists()


def test_nothing_is_sent_while_a_row_is_not_in_order(me, tmp_path):
    wrong = invoice("HALF-2")
    wrong["fields"]["currency"] = "EURO"
    path = write(tmp_path / "rows.ndjson", invoice("HALF-1"), wrong)
    called = jjj("submit", path, *me, "--json")
    assert called.status == 1
    (row,) = called.lines
    assert row["place"] == f"{path}:2"
    assert row["problem"]["path"] == "/fields/currency"
    assert f"{path}:2: " in called.err
    path = write(path, invoice("HALF-1"))
    (row,) = good("submit", path, *me, "--json").lines
    assert row["repeated"] is False


def test_an_error_stands_on_a_line_of_its_own_beside_the_progress_bar(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with _progress(2, quiet=False) as (advance, note):
        advance()
        note("rows.ndjson:1: record_exists: [red]there is one[/]")
    err = capsys.readouterr().err
    assert "posting" in err
    lines = [line.rsplit("\x1b[2K", 1)[-1] for line in err.replace("\r", "\n").split("\n")]
    assert "rows.ndjson:1: record_exists: [red]there is one[/]" in lines


def test_a_folder_with_no_record_in_it_is_not_a_day_well_done(me, tmp_path):
    (tmp_path / "empty").mkdir()
    done = jjj("submit", tmp_path / "empty", *me, "--check", "--json")
    assert (done.status, done.json["code"]) == (1, "rows_missing")
    assert str(tmp_path / "empty") in done.json["detail"]


def test_check_posts_nothing(me, tmp_path):
    path = write(tmp_path / "a.json", invoice("CHECK-1"))
    assert "1 rows are in order" in good("submit", path, *me, "--check").out
    assert not (tmp_path / "a.json.receipts").exists()


def test_what_a_region_refuses_fails_its_row_alone(place, me, tmp_path):
    foreign = next(step for step in scenario("S1") if step.kind == "tally_report")
    row = {"kind": foreign.kind, "fields": dict(foreign.fields)}
    path = write(tmp_path / "rows.ndjson", row, invoice("ALONE-1"))
    called = jjj("submit", path, *me, "--json")
    assert called.status == 1
    problems = [row.get("problem", {}).get("code") for row in called.lines]
    assert problems[0] is not None
    assert problems[1] is None


def test_a_silent_region_leaves_its_rows_for_the_next_run(me, tmp_path):
    path = write(tmp_path / "a.json", invoice("SILENT-1"))
    called = jjj("submit", path, *me, "--node", "http://127.0.0.1:9", "--json")
    assert (called.status, called.json["problem"]["code"]) == (2, "node_unavailable")
    kept = json.loads((tmp_path / "a.json.receipts.unanswered").read_text())["statement"]
    row = good("submit", path, *me, "--json").json
    assert row["receipt"]["id"] == parse(kept).id.hex()


def test_amended_then_withdrawn(me, tmp_path):
    submitted(me, tmp_path, "CHANGE-1")
    changes = tmp_path / "changes.json"
    changes.write_text('{"total":"99.00","seller":"Example Co"}')
    said = ("--reason", "price was corrected", "--case-code", "correction")
    kept = ("--receipts", tmp_path / "changes.receipts")
    good("amend", "INV:CHANGE-1", changes, *me, *said, *kept)
    changes.write_text('{"seller":null}')
    third = good("amend", "INV:CHANGE-1", changes, *me, *said, *kept, "--json").json
    last = good("withdraw", third["receipt"]["id"], *me, *said, *kept, "--json").json

    views = good("mine", *me, "--json").lines
    mine = sorted((v for v in views if v["key"] == "INV:CHANGE-1"), key=lambda v: v["version"])
    opened = [open_slots(parse(view["statement"])).fields for view in mine]
    assert [view["version"] for view in mine] == [1, 2, 3, 4]
    assert mine[3]["id"] == last["receipt"]["id"]
    assert [one.get("change") for one in opened] == [None, "amended", "amended", "withdrawn"]
    assert [one["total"] for one in opened][1:] == ["99.00"] * 3
    assert [one.get("seller") for one in opened] == [None, "Example Co", None, None]
    assert parse(mine[3]["statement"]).claims.prev == mine[2]["id"]


def test_an_amendment_said_twice_is_one_version(me, tmp_path):
    submitted(me, tmp_path, "TWICE-1")
    changes = tmp_path / "changes.json"
    changes.write_text('{"total":"99.00"}')
    call = ("amend", "INV:TWICE-1", changes, *me, "--reason", "x", "--case-code", "correction")
    first = good(*call, "--receipts", tmp_path / "r", "--json").json
    again = good(*call, "--receipts", tmp_path / "r", "--json").json
    assert again["receipt"] == first["receipt"]
    elsewhere = jjj(*call, "--receipts", tmp_path / "other", "--json")
    assert (elsewhere.status, elsewhere.json["code"]) == (1, "nothing_changed")


def test_what_is_withdrawn_is_not_withdrawn_again(me, tmp_path):
    submitted(me, tmp_path, "GONE-1")
    call = (
        "withdraw",
        "INV:GONE-1",
        *me,
        "--case-code",
        "correction",
        "--receipts",
        tmp_path / "r",
    )
    first = good(*call, "--reason", "entered twice", "--json").json
    again = good(*call, "--reason", "entered twice", "--json").json
    assert again["receipt"] == first["receipt"]
    other = jjj(*call, "--reason", "once more", "--json")
    assert (other.status, other.json["code"]) == (1, "withdrawn_already")


def test_regions_that_do_not_know_the_author_have_nothing_to_say_to_an_amendment(
    place, me, tmp_path
):
    submitted(me, tmp_path, "QUIET-1")
    changes = tmp_path / "changes.json"
    changes.write_text('{"total":"99.00"}')
    everywhere = me[:-2]
    said = ("--reason", "x", "--case-code", "correction", "--receipts", tmp_path / "r")
    assert good("amend", "INV:QUIET-1", changes, *everywhere, *said).err == ""


def test_nobody_amends_what_it_has_not(me, tmp_path):
    changes = tmp_path / "changes.json"
    changes.write_text("{}")
    said = ("--reason", "x", "--case-code", "correction")
    called = jjj("amend", "INV:NOT-THERE", changes, *me, *said, "--json")
    assert (called.status, called.json["code"]) == (1, "record_unknown")


def test_null_takes_a_field_out():
    assert next_fields({"a": 1, "b": 2}, {"b": None, "c": 3}) == {"a": 1, "c": 3}


def test_found_by_number_with_the_amount_closed(place, me, tmp_path):
    id_ = submitted(me, tmp_path, "FIND-1")
    view, *_ = [
        one
        for one in good("search", "INV:FIND-1", "--network", place.network, "--json").lines
        if one["id"] == id_
    ]
    fields = open_slots(parse(view["statement"])).fields
    assert fields["total"] != "48250.00"
    called = jjj("search", "DEMU0000017", "--network", place.network)
    assert "check_digit_wrong; 6 would be right" in called.err
    assert "no record found" in called.err


def test_a_silent_region_is_named(place):
    arguments = ("--network", place.network, "--region", "hebei", "--node", "http://127.0.0.1:9")
    called = jjj("search", "X", *arguments)
    assert called.status == 2
    assert "hebei: node_unavailable" in called.err


def test_evidence_is_carried_away_and_verified(place, me, tmp_path):
    id_ = submitted(me, tmp_path, "PROVE-1")
    place.running.settle()
    out, policy = tmp_path / "a.bundle", tmp_path / "policy.json"
    good("bundle", id_, "--network", place.network, "--out", out)
    good("policy", "--network", place.network, "--out", policy)
    shown = good("verify", out, "--policy", policy, "--json").json
    assert shown["verdict"] == "passed"
    assert shown["records"][0]["id"] == id_
    online = good("verify", out, "--policy", policy, "--rpc", place.rpc, "--json").json
    states = {check["name"]: check["state"] for check in online["records"][0]["checks"]}
    assert (online["verdict"], states["chain"]) == ("passed", "passed")
    mute = jjj("verify", out, "--policy", policy, "--rpc", "http://127.0.0.1:9", "--json")
    assert (mute.status, mute.json["verdict"]) == (2, "unknown")
    changed = out.read_bytes().replace(b'"log_index":', b'"log_index":9')
    out.write_bytes(changed)
    assert jjj("verify", out, "--policy", policy).status == 0
    wrong = jjj("verify", out, "--policy", policy, "--rpc", place.rpc, "--json")
    assert (wrong.status, wrong.json["verdict"]) == (2, "pending")


def test_the_author_carries_away_more_than_the_public(place, me, tmp_path):
    id_ = submitted(me, tmp_path, "RIGHTS-1")
    sizes = []
    for key in ((), ("--key", place.key("importer_bj"))):
        good("bundle", id_, "--network", place.network, *key, "--out", tmp_path / "b")
        (evidence,) = decode_bundle((tmp_path / "b").read_bytes()).records
        sizes.append(len(open_slots(parse(evidence.statement)).closed))
    assert sizes[0] > sizes[1] == 0


def test_files_are_posted_by_their_digest_and_verified(place, me, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    for paper in list(trade_documents())[:2]:
        (folder / paper.file_name).write_bytes(paper.content)
    call = ("submit", folder, *me, "--as-document", "--document-type", "trade_document")
    rows = good(*call, "--link", "bill=DEMOB26000001", "--json").lines
    assert len(rows) == 2
    place.running.settle()
    plain = rows[0]["place"]
    out, policy = tmp_path / "a.bundle", tmp_path / "policy.json"
    good("bundle", rows[0]["receipt"]["id"], "--network", place.network, "--out", out)
    good("policy", "--network", place.network, "--out", policy)
    for more in ((), ("--rpc", place.rpc)):
        good("verify", out, "--policy", policy, "--file", plain, *more)
        other = jjj("verify", out, "--policy", policy, "--file", rows[1]["place"], *more)
        assert other.status == 1


def test_an_unregistered_author_is_told_so(place, tmp_path):
    path = write(tmp_path / "a.json", invoice("NOBODY-1"))
    where = ("--network", place.network, "--region", "hebei")
    called = jjj("submit", path, "--key", place.key("importer_bj"), *where, "--json")
    assert called.status == 1
    assert called.json["problem"]["code"] == "key_unknown"


def test_a_torn_network_file_is_named(importer, network_file):
    network_file.write_bytes(network_file.read_bytes()[:200])
    called = jjj("mine", "--key", importer, "--network", network_file, "--json")
    assert (called.status, called.json["code"]) == (1, "json_malformed")
    assert str(network_file) in called.json["detail"]


def test_bundle_calls_that_make_no_sense(network_file, tmp_path):
    out = ("--network", network_file, "--out", tmp_path / "x")
    assert jjj("bundle", "DEMU0000016", *out).status == 2
    assert jjj("bundle", "DEMU0000016", "--dossier", *out).status == 2

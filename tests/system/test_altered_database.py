"""A record changed in any byte of any column: never a better verdict, another fact, or an exception."""

import json
import random
import shutil
import sqlite3

import httpx2
import pytest
import uvloop

from ledger import tree
from ledger.bundle import decode_bundle
from ledger.keys.demo import demo_account, demo_log_key
from ledger.merkle.tiles import TILE_WIDTH
from ledger.node.keys import NodeKeys
from ledger.node.node import Node
from ledger.node.opening import open_world
from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.settings import NodeSettings
from ledger.statement import base64url
from ledger.statement.sdjwt import parse
from ledger.testing.story import _changed
from ledger.values import TreeHead
from ledger.verify.report import WORST_FIRST, State
from ledger.verify.verifier import Verifier
from tests.system.altering import Alteration, Database, flipped, others
from tests.system.desk import Firm, document

KINDS = ("packing_list", "bill_of_lading")
AT_LEAST = 700
EVIDENCE = {
    ("statement", "signed"), ("statement", "disclosures"), ("leaf", "statement"),
    ("leaf", "received"), ("leaf", "prev_index"), ("tile", "data"), ("cosignature", "line"),
    ("anchor", "checkpoint"),
}  # fmt: skip
WEIGHTS = {
    "packing_list": ("gross_kg", "net_kg"),
    "bill_of_lading": ("gross_kg", "packages"),
}


class Copy:
    """A copy of Tianjin's database under a node that serves it, and the dossier read from it.

    The dossier's last two records are a tampered one, which fails, and one that waits for its
    witnesses: a verdict can get better only from there.
    """

    def __init__(self, town, folder, loop) -> None:
        self.loop = loop
        self.ids = [town.of_kind(kind).id for kind in KINDS]
        tampered, fresh = town.altered_ids
        self.ids += [tampered, fresh]
        self.policy = town.net.local.policy
        self.author = Firm.party("importer_bj")
        self.desk = town.desk
        self.database = Database(folder / "data" / "ledger.sqlite")
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.open(town, folder).app, raise_app_exceptions=False),
            base_url="http://copy",
        )
        self.verifier = Verifier(self.policy)

    def open(self, town, folder) -> Node:
        settings = NodeSettings(
            region="tianjin",
            network_file=town.net.local.network_file,
            data_dir=folder / "data",
            lock_dir=folder / "lock",
            keys_dir=folder,
            copies=0,
        )
        name = town.desk.name
        keys = NodeKeys(
            log=lambda origin: demo_log_key(str(origin)),
            witness=demo_log_key(f"{name}/tianjin/witness"),
            peer=demo_log_key(f"{name}/tianjin/peer"),
            anchor=demo_account("tianjin/anchor"),
        )

        async def made() -> Node:
            world = await open_world(settings, SystemClock(), SystemRandom(), AsyncioTasks())
            node = Node(settings, keys, world)
            edge = await tree.load_frontier(node.store, node.sealer.origin)
            await world.head_lock.adopt(node.sealer.origin, TreeHead(edge.size, edge.root()))
            # Only so far that it signs its head: nothing runs that would write to the copy.
            assert (await node.sealer.resume()).leading
            return node

        self.node = self.loop.run_until_complete(made())
        return self.node

    def ask(self, method: str, path: str, **how):
        request = self.http.build_request(method, path, **how)
        return self.loop.run_until_complete(self.send(request))

    async def send(self, request):
        answer = await self.http.send(request)
        # A row that was altered into nonsense may leave no answer, but only in so many words.
        if answer.status_code >= 500:
            assert answer.status_code == 503, (request.url, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["code"] != "internal"
        return answer

    def bundle(self, ids=None):
        """The dossier as the node gives it now; None where it has none."""
        answer = self.ask("POST", "/bundles", content=json.dumps({"ids": ids or self.ids}))
        return decode_bundle(answer.content) if answer.status_code == 200 else None

    def report(self, ids=None):
        """The verifier's report on that dossier."""
        bundle = self.bundle(ids)
        return None if bundle is None else self.verifier.verify(bundle, at=0)

    def statements(self) -> list[int]:
        """Row numbers of all that the dossier stands on: its records and their authors' registrations."""
        bundle = self.bundle()
        ids = [parse(one.statement).id for one in (*bundle.records, *bundle.operators)]
        marks = ", ".join("?" * len(ids))
        return [row["number"] for row in self.database.rows("statement", f"id IN ({marks})", ids)]

    async def read_about(self, ids) -> None:
        """Everything else a reader may ask that touches these records; each must be answered."""
        for one in ids:
            request = self.http.build_request("GET", f"/records/{one}")
            await self.send(request)
            tokens = self.desk.author_tokens(self.author, "tianjin")
            header = {"Authorization": tokens.header("GET", f"/records/{one}/bundle")}
            await self.send(
                self.http.build_request("GET", f"/records/{one}/bundle", headers=header)
            )
        for path in ("/search?value=DEMOB26000001", "/logs/tianjin/1/checkpoint", "/evidence"):
            await self.send(self.http.build_request("GET", path))


@pytest.fixture(scope="module")
def copy(town, tmp_path_factory):
    """The copy, once two more records are there: one to be tampered with, one not yet witnessed."""
    desk, importer = town.desk, Firm.party("importer_bj")
    made = [desk.sign(importer, "tianjin", "document", document("to be tampered with"))]
    [first] = desk.post_lines("tianjin", made)
    town.net.settle()
    [second] = desk.post_lines(
        "tianjin", [desk.sign(importer, "tianjin", "document", document("waits"))]
    )
    town.altered_ids = [one["receipt"]["id"] for one in (first, second)]
    town.net.settle()
    folder = tmp_path_factory.mktemp("altered")
    (folder / "data").mkdir()
    source = sqlite3.connect(town.net.local.folder / "tianjin" / "ledger.sqlite")
    target = sqlite3.connect(folder / "data" / "ledger.sqlite")
    source.backup(target)
    # The second waits for its witnesses; all else, down to the authors' registrations, stands under heads so
    # large that its proof needs a stored tile.
    target.execute(
        "DELETE FROM anchor WHERE (size > ? OR size <= ?) AND origin LIKE '%tianjin%'",
        (second["receipt"]["index"], TILE_WIDTH),
    )
    change(target, first["receipt"]["id"], "size", 5)
    # As a region with copies keeps them: what a mirror may not read is sealed to its home.
    target.execute(
        "INSERT INTO sealed SELECT origin, statement, 0, randomblob(32), randomblob(64), randomblob(300)"
        " FROM leaf WHERE origin LIKE '%tianjin%'"
    )
    target.commit()
    source.close()
    target.close()
    loop = uvloop.new_event_loop()
    copy = Copy(town, folder, loop)
    yield copy
    loop.run_until_complete(copy.http.aclose())
    loop.run_until_complete(copy.node.close())
    copy.database.sql.close()
    loop.close()
    shutil.rmtree(folder)


def change(sql, statement: str, field: str, value: object) -> None:
    """Write another value into the disclosure of a field."""
    query = "SELECT signed, disclosures FROM statement WHERE id = ?"
    signed, held = sql.execute(query, (bytes.fromhex(statement),)).fetchone()
    changed, before = _changed(bytes(signed).decode(), held, field, value)
    assert changed != held, before
    sql.execute(
        "UPDATE statement SET disclosures = ? WHERE id = ?", (changed, bytes.fromhex(statement))
    )


def test_the_dossier_begins_with_good_failed_and_pending_records(copy):
    report = copy.report()
    expected = [State.PASSED] * len(KINDS) + [State.FAILED, State.PENDING]
    assert [record.verdict for record in report.records] == expected
    assert report.records[-2].failed_field == "size"


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in WEIGHTS.items() for field in fields]
)
def test_a_changed_weight_is_named_and_no_other_record_fails(copy, town, kind, field):
    one = town.of_kind(kind).id
    [row] = copy.database.rows("statement", "id = ?", (bytes.fromhex(one),))
    before = copy.report()
    change(copy.database.sql, one, field, "1.5" if field.endswith("_kg") else 7)
    try:
        after = copy.report()
        for was, now in zip(before.records, after.records, strict=True):
            if now.id == one:
                check = now.check("slots")
                assert (now.verdict, check.state) == (State.FAILED, State.FAILED)
                assert (check.code, check.facts["field"]) == ("slots_field_changed", field)
                assert now.failed_field == field
                assert field not in now.fields
            else:
                assert now == was
    finally:
        copy.database.write(
            "statement", {"number": row["number"]}, "disclosures", row["disclosures"]
        )
    assert copy.report() == before


def alterations(copy, dice: random.Random) -> list[Alteration]:
    """Every table and column, most of all the rows that the dossier stands on."""
    database, found = copy.database, []
    mine = copy.statements()
    leaves = [row for row in database.rows("leaf") if row["statement"] in mine]
    tiles = {(row["origin"], row["index"] // 256) for row in leaves}
    for table in database.tables():
        rows = database.rows(table)
        near = [row for row in rows if _touches(table, row, mine, tiles)]
        chosen = dice.sample(near, min(12, len(near)))
        chosen += dice.sample(rows, min(3, len(rows)))
        for column, _ in database.columns(table):
            values = [row[column] for row in rows]
            for row in chosen:
                place, before = database.key(table, row), row[column]
                wrong = list(others(before, values, dice))
                if before not in (None, "", b""):
                    wrong += [flipped(before, dice) for _ in range(_bytes_to_try(table, column))]
                found += [Alteration(table, column, place, before, after) for after in wrong]
    return [one for one in found if one.after != one.before]


def _touches(table: str, row: dict, mine: list[int], tiles: set[tuple[str, int]]) -> bool:
    """Whether the dossier could not be as it is without this row."""
    if table == "tile":
        return row["level"] == 0 and (row["origin"], row["index"]) in tiles
    if table in ("statement", "leaf", "record_version", "author_jti", "identifier"):
        return (row["number"] if table == "statement" else row["statement"]) in mine
    return table in ("anchor", "cosignature") and "tianjin" in str(row["origin"])


def _bytes_to_try(table: str, column: str) -> int:
    many = {("statement", "signed"), ("statement", "disclosures"), ("tile", "data")}
    return 12 if (table, column) in many else 1


def test_no_altered_cell_gives_a_better_verdict_another_fact_or_an_exception(copy):
    dice = random.Random(20260306)
    wanted = alterations(copy, dice)
    dice.shuffle(wanted)
    # Some of every column first, so that none is left out where the list is cut.
    seen: dict[tuple[str, str], int] = {}
    ranked = []
    for one in wanted:
        rank = seen[one.table, one.column] = seen.get((one.table, one.column), 0) + 1
        ranked.append((rank, one))
    ranked.sort(key=lambda pair: pair[0])
    baseline = {record.id: record for record in copy.report().records}
    done: dict[str, int] = {}
    wrong: list[str] = []
    seen_in: set[tuple[str, str]] = set()
    for rank, one in ranked[: AT_LEAST + 300]:
        with copy.database.altered(one) as written:
            if not written:
                continue
            try:
                if look(copy, baseline, around=rank % 5 == 0):
                    seen_in.add((one.table, one.column))
            except AssertionError as error:
                wrong.append(f"{one}: {str(error)[:300]}")
        done[one.table] = done.get(one.table, 0) + 1
    assert not wrong, "\n".join([f"{len(wrong)} of {sum(done.values())}", *wrong[:40]])
    assert sum(done.values()) >= AT_LEAST, done
    assert set(done) == set(copy.database.tables()) - {"evidence"} | set(done) & {"evidence"}
    # The alterations are no idle ones: in each column that is evidence some were seen.
    assert seen_in >= EVIDENCE, EVIDENCE - seen_in
    after = {record.id: record for record in copy.report().records}
    assert after == baseline


def look(copy, baseline, *, around: bool) -> bool:
    """Read the dossier from the altered database; whether anything has changed in it."""
    report = copy.report()
    if around:
        copy.loop.run_until_complete(copy.read_about(copy.ids[:1]))
    if report is not None:
        records = list(report.records)
    else:
        # One of the records cannot be found at all: the others still can, one by one.
        reports = [copy.report([each]) for each in copy.ids]
        records = [each.records[0] for each in reports if each is not None]
    for record in records:
        if record.id in baseline:
            no_better(baseline[record.id], record)
        else:
            # Its id follows from its bytes: a statement that was never posted.
            assert record.verdict is State.FAILED, record
    return records != list(baseline.values())


def no_better(was, now) -> None:
    assert now.fields.items() <= was.fields.items(), now.fields
    for name in ("kind", "version", "author", "region", "origin", "index"):
        assert getattr(now, name) in (getattr(was, name), None), (name, getattr(now, name))
    if now.time is not None and was.time is not None:
        # A later checkpoint than the first only makes the time later.
        assert now.time >= was.time, now
    if was.failed_field is not None and now.check("slots").state is State.PASSED:
        # What was changed is shown no more: withheld, as any holder may, and the rest was never wrong.
        return
    assert WORST_FIRST.index(now.verdict) <= WORST_FIRST.index(was.verdict), now
    for check in now.checks:
        # A check that was not good may become unknown to tell, never good.
        if check.state is State.PASSED:
            before = was.check(check.name).state
            # A leaf that is made to name a waiting record lends it the time of its own witnesses, so the
            # certificate need not wait any more; the record as a whole fails by its place in the log.
            waited = before is State.PENDING and now.verdict is State.FAILED
            assert before is State.PASSED or waited, check


def test_statement_bytes_cost_only_their_own_record(copy):
    """Signed part and disclosures of one record: the other records of the dossier stay as they were."""
    dice = random.Random(7)
    baseline = copy.report().records
    marks = ", ".join("?" * len(KINDS))
    ids = tuple(bytes.fromhex(one) for one in copy.ids[: len(KINDS)])
    for row in copy.database.rows("statement", f"id IN ({marks})", ids):
        for column in ("signed", "disclosures"):
            for _ in range(15):
                wrong = flipped(row[column], dice)
                if wrong == row[column]:
                    continue
                one = Alteration("statement", column, {"number": row["number"]}, row[column], wrong)
                with copy.database.altered(one):
                    records = copy.report().records
                for was, now in zip(baseline, records, strict=True):
                    if was.id == row["id"].hex():
                        assert now.verdict is State.FAILED, one
                    else:
                        # What its siblings show may only help to name the changed field.
                        assert now == was, one


def test_base64url_of_the_copy_is_what_the_story_changes(copy):
    """The helper that tampers must really change the value it says: else the tests above are idle."""
    [row] = copy.database.rows("statement", "id = ?", (bytes.fromhex(copy.ids[-2]),))
    values = [json.loads(base64url.decode(part))[1] for part in row["disclosures"].split("~")]
    assert 5 in values

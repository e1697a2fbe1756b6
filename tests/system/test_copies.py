"""Three node processes with ``copies`` = 1: the home node's disk is lost in the middle of posting."""

import asyncio
import contextlib
import json
import shutil
from dataclasses import dataclass, field
from itertools import count

import httpx2
import pytest

from ledger.chain.network import read_network
from ledger.keys.demo import demo_recovery_key
from ledger.merkle.hashing import leaf_hash
from ledger.statement.sdjwt import parse
from ledger.statement.sealed import open_sealed
from ledger.store import FileHeadLock, SqliteStore
from ledger.values import Origin, StatementId
from tests.faults.lab import lab
from tests.system.desk import SINGLE, Desk, Firm, document

MIRRORS = ("beijing", "hebei")
IMPORTER = Firm.party("importer_bj")


@dataclass
class Told:
    """What clients heard (receipts by statement) and what /readyz said, before and after the loss."""

    receipts: dict[str, dict] = field(default_factory=dict)
    others: list[tuple[int, str]] = field(default_factory=list)
    names: count = field(default_factory=count)
    ready: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    again: dict[str, dict] = field(default_factory=dict)


async def ready(http, url, wanted=200) -> dict:
    """The node's /readyz once it has that status."""
    for _ in range(1200):
        with contextlib.suppress(httpx2.RequestError):
            answer = await http.get(f"{url}/readyz")
            if answer.status_code == wanted:
                return answer.json()
        await asyncio.sleep(0.1)
    raise AssertionError("not in time")


async def post_until_silent(http, url, desk, told, stop) -> None:
    """One client: posts one record after the other, keeps each receipt, ends when the node is gone."""
    while not stop.is_set():
        fields = document(f"file {next(told.names)}", title="对账单", file_name="statement.txt")
        compact = desk.sign(IMPORTER, "tianjin", "document", fields)
        try:
            answer = await http.post(
                f"{url}/records", content=compact, headers={"Content-Type": SINGLE}
            )
        except httpx2.RequestError:
            return
        if answer.status_code == 201:
            told.receipts[compact] = answer.json()
        else:
            told.others.append((answer.status_code, answer.text))


async def lose_the_disk(folder, told: Told) -> Desk:
    async with lab(folder, copies=1) as made:
        desk, url = Desk(read_network(folder / "network.json")), made.url("tianjin")
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
            told.ready = await ready(http, url)
            for region in MIRRORS:
                await ready(http, made.url(region))
            await asyncio.to_thread(desk.admit, IMPORTER, "tianjin", ["document"])
            stop = asyncio.Event()
            clients = [
                asyncio.create_task(post_until_silent(http, url, desk, told, stop))
                for _ in range(6)
            ]
            while len(told.receipts) < 60:
                await asyncio.sleep(0.01)
                await made.check_alive()
                assert made.died == []
            await made.kill("tianjin")
            stop.set()
            await asyncio.gather(*clients)
            shutil.rmtree(folder / "data" / "tianjin")
            shutil.rmtree(folder / "locks" / "tianjin")
            # On an empty disk the node gets back what it has lost, and begins nothing anew.
            await made.start("tianjin")
            told.after = await ready(http, url)
            for compact in told.receipts:
                answer = await http.post(
                    f"{url}/records", content=compact, headers={"Content-Type": SINGLE}
                )
                told.again[compact] = answer.json()
            for region in (*MIRRORS, "tianjin"):
                await made.kill(region)
        assert made.died == []
        return desk


async def held_by(folder, region, origin: Origin) -> tuple[int, dict]:
    """The head in a mirror's lock, and of each statement it holds: leaf, statement, sealed part."""
    store = await SqliteStore.open(folder / "data" / region / "ledger.sqlite")
    lock = FileHeadLock.open(folder / "locks" / region)
    try:
        head = (await lock.read(origin)).head
        found = await store.found(origin, 0, 10_000)
        sealed = await store.sealed(origin, [one.statement.id for one in found])
        return head.size, {
            one.statement.id: (one.leaf, one.statement, sealed.get(one.statement.id))
            for one in found
        }
    finally:
        await store.close()
        lock.close()


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    folder, told = tmp_path_factory.mktemp("lost"), Told()

    async def play():
        desk = await lose_the_disk(folder, told)
        origin = Origin(desk.name, "tianjin", 1)
        held = {region: await held_by(folder, region, origin) for region in MIRRORS}
        desk.http.close()
        return origin, held

    return (told, *asyncio.run(play()))


def test_what_was_answered_is_at_a_mirror_whole(lost):
    told, origin, held = lost
    assert len(told.receipts) >= 60
    recovery = demo_recovery_key("tianjin").private
    for compact, receipt in told.receipts.items():
        name = StatementId(bytes.fromhex(receipt["id"]))
        places = [
            some[name] for size, some in held.values() if name in some and size > receipt["index"]
        ]
        assert places, f"leaf {receipt['index']} is lost"
        for leaf, statement, sealed in places:
            assert (leaf.index, leaf.hash) == (
                receipt["index"],
                leaf_hash(receipt["leaf"].encode()),
            )
            given = parse(compact)
            assert statement.signed == given.signed
            closed = () if sealed is None else open_sealed(sealed, origin, name, recovery)
            assert {*statement.disclosures, *closed} == {*given.disclosures}
            assert not {*statement.disclosures} & {*closed}


def test_some_fields_were_closed_to_mirrors_and_sealed(lost):
    told, _, held = lost
    sealed = [one for _, some in held.values() for *_, one in some.values() if one is not None]
    assert len(sealed) >= len(told.receipts)


def test_nothing_but_receipts_was_answered_while_the_mirrors_were_there(lost):
    told, _, _ = lost
    assert [status for status, _ in told.others if status != 503] == []
    assert {json.loads(text)["code"] for _, text in told.others} <= {
        "log_stopped",
        "seal_interrupted",
    }


def test_readyz_tells_of_the_copies(lost):
    told, _, _ = lost
    assert told.ready["copies"]["wanted"] == 1
    assert told.ready["copies"]["code"] is None
    assert set(told.ready["copies"]["mirrors"]) == set(MIRRORS)


def test_on_an_empty_disk_the_node_gets_back_all_that_it_answered(lost):
    """The lock is lost with the disk: what the mirrors' locks hold brings it back, too."""
    told, _, _ = lost
    assert told.after["log"]["leading"] is True
    assert told.again.keys() == told.receipts.keys()
    for compact, receipt in told.receipts.items():
        again = told.again[compact]
        places = ("id", "origin", "index", "received", "leaf")
        assert [again[name] for name in places] == [receipt[name] for name in places]

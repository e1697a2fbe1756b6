"""A disk without room: what was acknowledged stays, reads go on, and nothing has to be repaired."""

import asyncio

import pytest

from ledger.errors import FatalError, UnavailableError
from ledger.store import PostgresStore, SqliteStore, sqlite
from tests.postgres import Server
from tests.smalldisk import small_disk
from tests.unit.store.made_up import BEIJING, put, statement, step

MANY = 400


def large(number: int):
    """A step of some 64 KiB that no compression makes smaller."""
    bytes_of = (statement(f"{number} {part}").id.hex() for part in range(512))
    return step(BEIJING, number, [statement(f"n{number}", signed="".join(bytes_of).encode() * 2)])


async def fill(store) -> tuple[int, Exception]:
    """Append until the store refuses; how many were acknowledged, and with what it refused."""
    for number in range(await store.size(BEIJING), MANY):
        try:
            await put(store, large(number))
        except (UnavailableError, FatalError) as error:
            return number, error
    raise AssertionError("the disk never became full")


async def check(store, acknowledged: int) -> None:
    found = await store.found(BEIJING, 0, MANY)
    assert [one.statement for one in found[:acknowledged]] == [
        large(number).statements[0] for number in range(acknowledged)
    ]


def test_sqlite_refuses_and_goes_on_once_there_is_room(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()

    async def test(disk):
        store = await SqliteStore.open(folder / "ledger.db")
        await put(store, large(0))
        disk.fill(left=sqlite.ROOM + 300_000)
        acknowledged, error = await fill(store)
        assert acknowledged >= 1
        assert isinstance(error, UnavailableError), error
        disk.fill_up()
        await check(store, acknowledged)
        assert await store.size(BEIJING) == acknowledged
        disk.free()
        await put(store, large(acknowledged))
        await check(store, acknowledged + 1)
        await store.close()

    with small_disk(folder, 24) as disk:
        asyncio.run(test(disk))


def test_sqlite_refuses_or_ends_where_room_is_lost_as_it_commits(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "ROOM", 0)
    folder = tmp_path / "disk"
    folder.mkdir()

    async def test(disk):
        store = await SqliteStore.open(folder / "ledger.db")
        await put(store, large(0))
        disk.fill(left=300_000)
        acknowledged, error = await fill(store)
        assert acknowledged >= 1
        assert error.code in {"store_unavailable", "store_failed"}
        await check(store, acknowledged)
        disk.free()
        if isinstance(error, FatalError):
            # Pages are written as it commits: what became of that the next start reads.
            await store.close()
            store = await SqliteStore.open(folder / "ledger.db")
        size = await store.size(BEIJING)
        assert acknowledged <= size <= acknowledged + 1
        await put(store, large(size))
        await check(store, size + 1)
        await store.close()

    with small_disk(folder, 4) as disk:
        asyncio.run(test(disk))


@pytest.mark.usefixtures("postgres")
def test_postgres_refuses_and_goes_on_once_there_is_room():
    async def test(disk, address):
        store = await PostgresStore.open(address)
        await put(store, large(0))
        disk.fill(left=1_000_000)
        acknowledged, error = await fill(store)
        assert acknowledged >= 1
        assert isinstance(error, UnavailableError), error
        assert "DiskFull" in error.detail
        await check(store, acknowledged)
        assert await store.size(BEIJING) == acknowledged
        disk.free()
        await put(store, large(acknowledged))
        await check(store, acknowledged + 1)
        await store.close()

    with Server.running() as server:
        server.data.mkdir()
        with small_disk(server.data, 64) as disk:
            server.own(server.data)
            # The log of the server elsewhere: without room for that it stops, and starts by itself.
            server.found(f"--waldir={server.folder / 'wal'}")
            with server.database() as name:
                asyncio.run(test(disk, server.address(name)))
            server.stop()

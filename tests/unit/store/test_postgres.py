"""What holds for a store in PostgreSQL alone: the server it trusts, and connections that break."""

import asyncio
import contextlib
import logging
import signal
import socket

import pytest
from sqlalchemy.exc import DBAPIError

from ledger.errors import FatalError, UnavailableError
from ledger.store import PostgresAddress, PostgresStore, postgres_engine
from ledger.store import postgres as module
from ledger.store.postgres import read_postgres
from tests.postgres import PASSWORD, Server
from tests.unit.store.cutting import cutter
from tests.unit.store.made_up import BEIJING, put, statement, step


@pytest.fixture
def name(postgres):
    with postgres.database() as name:
        yield name


@pytest.fixture
def second(postgres):
    """A server of its own, for what would disturb other tests."""
    with Server.running() as server:
        server.found()
        yield server


@contextlib.asynccontextmanager
async def opened(address):
    store = await PostgresStore.open(address)
    try:
        yield store
    finally:
        await store.close()


def appended(name: str, start: int = 0):
    return step(BEIJING, start, [statement(name)])


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_may_lose_a_commit_is_refused(postgres, name, setting):
    address = postgres.address(name)

    async def start():
        async with opened(address):
            pass

    with (
        postgres.altered(setting, "off"),
        pytest.raises(FatalError, match=f"{setting} is off") as refused,
    ):
        asyncio.run(start())
    assert refused.value.code == "store_unsafe"
    asyncio.run(start())


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_becomes_unsafe_ends_the_next_write(postgres, name, setting):
    async def test():
        async with opened(postgres.address(name)) as store:
            await put(store, appended("a"))
            with (
                postgres.altered(setting, "off"),
                pytest.raises(FatalError, match="store_unsafe"),
            ):
                await put(store, appended("b", 1))
            assert await store.size(BEIJING) == 1

    asyncio.run(test())


def test_a_role_without_synchronous_commit_is_refused(postgres, name):
    postgres.admin(f"ALTER DATABASE {name} SET synchronous_commit = off")
    try:
        with pytest.raises(FatalError, match="synchronous_commit is off"):
            asyncio.run(PostgresStore.open(postgres.address(name)))
    finally:
        postgres.admin(f"ALTER DATABASE {name} RESET synchronous_commit")


def test_another_encoding_is_refused(postgres):
    postgres.admin(
        "CREATE DATABASE latin OWNER ledger TEMPLATE template0 ENCODING 'LATIN1'"
        " LOCALE 'C' LOCALE_PROVIDER libc"
    )
    with pytest.raises(FatalError, match="server_encoding is LATIN1"):
        asyncio.run(PostgresStore.open(postgres.address("latin")))
    postgres.admin("DROP DATABASE latin")


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_connection_cut_at_the_commit_is_fatal_and_the_next_start_tells(postgres, name, at):
    async def test():
        async with cutter(postgres.port) as proxy:
            store = await PostgresStore.open(postgres.address(name, proxy.port))
            await put(store, appended("a"))
            proxy.at, before = at, proxy.commits
            with pytest.raises(FatalError, match="store_failed"):
                await put(store, appended("b", 1))
            assert proxy.commits - before == (at == "after")
            proxy.at = None
            await store.close()
        async with opened(postgres.address(name)) as store:
            assert await store.size(BEIJING) == (2 if at == "after" else 1)

    asyncio.run(test())


def test_a_connection_cut_before_the_commit_only_refuses(postgres, name):
    async def test():
        async with (
            cutter(postgres.port) as proxy,
            opened(postgres.address(name, proxy.port)) as store,
        ):
            await put(store, appended("a"))
            before = proxy.commits

            async def cut_in(*order):
                async with store.transaction() as transaction:
                    for one in order:
                        proxy.cut() if one == "cut" else await transaction.append(appended("b", 1))
                    # Until the driver has seen it: nothing was sent then, so nothing is uncertain.
                    await asyncio.sleep(0.1)

            for order in (("append", "cut"), ("cut", "append"), ("cut",)):
                with pytest.raises(UnavailableError, match="store_unavailable"):
                    await cut_in(*order)
            assert proxy.commits == before
            await put(store, appended("b", 1))
            assert await store.size(BEIJING) == 2

    asyncio.run(test())


def test_a_read_that_is_cut_is_unavailable_and_the_next_one_answers(postgres, name):
    async def test():
        async with (
            cutter(postgres.port) as proxy,
            opened(postgres.address(name, proxy.port)) as store,
        ):
            await put(store, appended("a"))
            assert await store.size(BEIJING) == 1
            proxy.cut()
            with pytest.raises(UnavailableError, match="store_unavailable"):
                await store.size(BEIJING)
            assert await store.size(BEIJING) == 1

    asyncio.run(test())


def test_a_server_that_stops_or_crashes_is_waited_for(second):
    with second.database() as name:

        async def test():
            async with opened(second.address(name)) as store:
                for size, how in enumerate((signal.SIGINT, signal.SIGQUIT)):
                    await put(store, appended(f"a{how}", size))
                    second.stop(how)
                    # The second time nobody listens, which is another way of being away.
                    for told in ("store_unavailable", "no connection"):
                        for work in (put(store, appended("b", size + 1)), store.size(BEIJING)):
                            with pytest.raises(UnavailableError, match=told):
                                await work
                    second.start()
                    assert await store.size(BEIJING) == size + 1

        asyncio.run(test())


def test_a_replica_is_refused_until_it_is_promoted_and_is_another_database_then(second):
    """Promoted after a stall it lacks what was acknowledged; an address may just be moved to it."""

    async def test(name, replica):
        async with cutter(second.port) as proxy:
            async with opened(second.address(name, proxy.port)) as store:
                await put(store, appended("a"))
                replica.copy_of(second)
                replica.start()
                with pytest.raises(FatalError, match="in recovery"):
                    await PostgresStore.open(replica.address(name))
                replica.stop()
                await put(store, appended("b", 1))
                # The first server is lost, the replica goes on from where it stopped.
                second.stop(signal.SIGQUIT)
                replica.start()
                replica.admin("SELECT pg_promote()")
                proxy.target = replica.port
                before = await store.identity()
                with pytest.raises(UnavailableError):
                    await put(store, appended("c", 2))
                with pytest.raises(FatalError, match="store_moved"):
                    await put(store, appended("c", 2))
            async with opened(replica.address(name)) as there:
                now = await there.identity()
                assert await there.size(BEIJING) == 1
        assert now.replace("timeline 2", "timeline 1") == before
        assert now != before

    with second.database() as name, Server.running() as replica:
        try:
            asyncio.run(test(name, replica))
        finally:
            second.start()


def test_two_databases_of_one_server_are_told_apart(postgres, name):
    async def identity(of):
        async with opened(postgres.address(of)) as store:
            return await store.identity()

    with postgres.database() as other:
        first = asyncio.run(identity(name))
        assert first == asyncio.run(identity(name))
        assert first != asyncio.run(identity(other))


def test_a_leader_whose_transaction_does_not_end_is_replaced(postgres, name, monkeypatch):
    """As if its process were stopped there: its session goes, and all that it had not committed."""
    monkeypatch.setattr(module, "_WAIT", "200ms")
    address = postgres.address(name)

    async def test():
        async with opened(address) as first:
            await put(first, appended("a"))

            async def stopped():
                async with first.transaction() as transaction:
                    await transaction.append(appended("b", 1))
                    async with opened(address) as second:
                        await put(second, appended("c", 1))

            with pytest.raises(UnavailableError, match="store_unavailable"):
                await stopped()
            with pytest.raises(FatalError, match="leader_replaced"):
                await put(first, appended("b", 2))
            assert await first.size(BEIJING) == 2

    asyncio.run(test())


def test_a_start_waits_for_a_transaction_under_way(postgres, name):
    address = postgres.address(name)

    async def test():
        async with opened(address) as first:
            async with first.transaction() as transaction:
                await transaction.append(appended("a"))
                starting = asyncio.create_task(PostgresStore.open(address))
                done, _ = await asyncio.wait([starting], timeout=0.5)
                assert not done
            second = await starting
            assert await second.size(BEIJING) == 1
            with pytest.raises(FatalError, match="leader_replaced"):
                await put(first, appended("b", 1))
            await put(second, appended("b", 1))
            await second.close()

    asyncio.run(test())


def test_nodes_that_start_at_once_are_told_apart(postgres, name):
    async def test():
        address = postgres.address(name)
        stores = await asyncio.gather(*(PostgresStore.open(address) for _ in range(6)))
        outcomes = await asyncio.gather(
            *(put(store, appended("a")) for store in stores), return_exceptions=True
        )
        codes = sorted(getattr(one, "code", "led") for one in outcomes)
        assert codes == ["leader_replaced"] * 5 + ["led"]
        for store in stores:
            await store.close()

    asyncio.run(test())


def test_readers_cannot_write(postgres, name):
    async def test():
        async with opened(postgres.address(name)):
            reads = await read_postgres(postgres.address(name))
            for engine in (reads._readers, reads._snapshots):
                async with engine.connect() as connection:
                    with pytest.raises(DBAPIError, match="read-only transaction"):
                        await connection.exec_driver_sql("DELETE FROM meta")
            await reads.close()

    asyncio.run(test())


def test_a_reader_refuses_what_it_does_not_know_and_changes_nothing(postgres, name):
    with pytest.raises(FatalError, match="schema_unknown"):
        asyncio.run(read_postgres(postgres.address(name)))
    rows = postgres.admin("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database=name)
    assert rows == []


@pytest.mark.parametrize("opening", [PostgresStore.open, read_postgres])
def test_a_password_stays_out_of_every_message(postgres, name, tmp_path, caplog, opening):
    wrong = tmp_path / "wrong"
    wrong.write_text("SECRET-CANARY\n")
    wrong.chmod(0o600)
    no_text = tmp_path / "no text"
    no_text.write_bytes(b"\xff CANARY")
    no_text.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    addresses = [
        PostgresAddress(postgres.address(name).url, wrong),
        PostgresAddress(postgres.address(name, port).url, wrong),
        PostgresAddress(postgres.address("absent").url, postgres.password_file),
        PostgresAddress(postgres.address(name).url, tmp_path / "absent"),
        PostgresAddress(postgres.address(name).url, no_text),
    ]
    caplog.set_level(logging.DEBUG)
    for address in addresses:
        with pytest.raises(FatalError, match="store_failed") as refused:
            asyncio.run(opening(address))
        told = f"{refused.value} {refused.value.__cause__!r} {caplog.text}"
        assert "CANARY" not in told
        assert PASSWORD not in told


def test_a_password_that_others_can_read_is_refused(postgres, name, tmp_path):
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    for mode in (0o604, 0o640):
        path.chmod(mode)
        with pytest.raises(FatalError, match="must have mode 0600"):
            asyncio.run(PostgresStore.open(PostgresAddress(postgres.address(name).url, path)))


def test_pgpassfile_is_heeded(postgres, name, tmp_path, monkeypatch):
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:*:*:ledger:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))

    async def test():
        async with opened(PostgresAddress(postgres.address(name).url)) as store:
            assert store.version.startswith("PostgreSQL 1")

    asyncio.run(test())


def test_without_the_extra_the_start_says_what_to_install(postgres, name, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "asyncpg", None)
    with pytest.raises(FatalError, match=r"jjj-ledger\[postgres\]"):
        asyncio.run(postgres_engine._connect(postgres.address(name), {}, None))


def test_a_query_that_is_cancelled_leaves_the_connection_usable(postgres, name):
    async def test():
        async with opened(postgres.address(name)) as store:

            async def slow():
                async with store.transaction() as transaction:
                    await transaction.append(appended("a"))
                    await transaction._connection.exec_driver_sql("SELECT pg_sleep(30)")

            task = asyncio.create_task(slow())
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await store.size(BEIJING) == 0
            await put(store, appended("b"))

    asyncio.run(test())

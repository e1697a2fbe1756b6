"""Who is set aside stays so over a restart, with evidence, until a person re-admits."""

import asyncio

from ledger.chain.standing import KeptStanding, Standing
from ledger.node.world import SystemClock
from ledger.store import SqliteStore

NAMES = ("beijing", "tianjin", "supervisor")


def test_it_stands_over_a_restart_and_is_evidence(tmp_path):
    async def run() -> None:
        clock, file = SystemClock(), tmp_path / "ledger.sqlite"
        store = await SqliteStore.open(file)
        before = clock.now()
        standing = KeptStanding(NAMES, store, clock)
        assert await standing.aside() == frozenset()
        await standing.set_aside("tianjin", "block 7: tianjin says b; others say a")
        assert standing.known == await standing.aside() == {"tianjin"}
        await store.close()

        store = await SqliteStore.open(file)
        again = KeptStanding(NAMES, store, clock)
        assert again.known == frozenset()
        assert await again.aside() == again.known == {"tianjin"}
        ((_, subject, detail, at),) = await store.evidence("chain_node_set_aside")
        assert (subject, detail) == ("tianjin", "block 7: tianjin says b; others say a")
        assert before <= at <= clock.now()
        assert await again.readmit("tianjin")
        assert not await again.readmit("hebei")
        assert await again.aside() == await KeptStanding(NAMES, store, clock).aside() == frozenset()
        await store.close()

    asyncio.run(run())


def test_without_a_database_it_lasts_as_long_as_the_process():
    async def run() -> None:
        standing = Standing()
        await standing.set_aside("hebei", "other root")
        assert await standing.aside() == {"hebei"}
        assert await Standing().aside() == frozenset()

    asyncio.run(run())

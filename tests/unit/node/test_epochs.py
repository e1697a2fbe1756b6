"""A node's start and its later looks at the network file, after an epoch turn."""

import asyncio
import sqlite3
from dataclasses import dataclass

import pytest

from ledger import tree
from ledger.keys.demo import demo_log_key
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.node.epochs import Epochs
from ledger.values import Origin, TreeHead
from tests.unit.sealing.harness import NEXT, MemoryLock, check_receipt, node_on
from tests.unit.store.made_up import BEIJING, statement


@dataclass
class Log:
    """A log as the network file names it, and as it is trusted."""

    origin: Origin
    closed: TreeHead | None = None

    @property
    def key(self):
        name = str(self.origin)
        return VerifierKey(name, LOG_KEY, demo_log_key(name).public_key)


class Book:
    """The network file, as far as epochs ask it."""

    def __init__(self, closing):
        self._own = [Log(BEIJING, closing), Log(NEXT)]
        self.logs = {log.origin: log for log in self._own}

    def own_logs(self):
        return self._own


def epochs(closing):
    return Epochs(Book(closing), lambda origin: demo_log_key(str(origin)))


@pytest.mark.parametrize(("origin", "leading"), [(BEIJING, True), (NEXT, False)])
def test_a_lost_row_of_either_log_never_keeps_a_node_from_starting(tmp_path, origin, leading):
    async def test():
        lock, turned = MemoryLock(), []
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*(statement(f"r{n}") for n in range(5)))
            closing = TreeHead(4, await tree.root(node.store, BEIJING, 4))
            await epochs(closing).turn_if_closed(node.sealer, turned.append)
            await node.submit(*(statement(f"s{n}") for n in range(5)))
            assert await node.store.size(NEXT) == 6
        with sqlite3.connect(tmp_path / "db") as sql:
            gone = sql.execute('DELETE FROM leaf WHERE "index" = 1 AND origin = ?', [str(origin)])
            assert gone.rowcount == 1
        sql.close()
        async with node_on(tmp_path / "db", lock) as node:
            for _ in range(2):
                await epochs(closing).turn_if_closed(node.sealer, turned.append)
            assert node.sealer.origin == NEXT
            assert turned == [NEXT, NEXT]
            assert node.sealer.standing.leading == leading
            if leading:
                [receipt] = await node.submit(statement("next"))
                assert check_receipt(receipt, statement("next")) == 7
            else:
                assert node.sealer.standing.code == "log_unreadable"
                assert lock.heads[NEXT].size == 6

    asyncio.run(test())

"""A copy of a database whose node goes on writing."""

import sqlite3
from contextlib import closing

from ledger.store import backup

STEP = 16
ROWS = 400


class Watched(sqlite3.Connection):
    """Does something after each step of a copy that is made from this connection."""

    between = staticmethod(lambda: None)

    def backup(self, target, *, pages, progress=None, **how):
        assert pages == backup._PAGES
        super().backup(target, pages=pages, progress=lambda *_: self.between(), **how)


def test_a_copy_of_a_database_that_is_written_at_every_step_ends_as_one_moment_shows_it(
    tmp_path, monkeypatch
):
    source, target = tmp_path / "ledger.sqlite", tmp_path / "copy" / "ledger.sqlite"
    with closing(sqlite3.connect(source, isolation_level=None)) as node:
        node.execute("PRAGMA journal_mode=WAL")
        node.execute("CREATE TABLE one (number INTEGER PRIMARY KEY, data BLOB)")
        node.execute("CREATE TABLE two (number INTEGER PRIMARY KEY, data BLOB)")

        def commit(rows):
            node.execute("BEGIN")
            for table in ("one", "two"):
                node.executemany(
                    f"INSERT INTO {table} (data) VALUES (?)",
                    [(bytes(3000),)] * rows,
                )
            node.execute("COMMIT")

        commit(ROWS)
        node.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [whole] = node.execute("PRAGMA page_count").fetchone()
        passes = -(-whole // STEP)
        assert passes > 10
        steps = 0

        def grow():
            nonlocal steps
            steps += 1
            # A copy that begins anew at each commit would never end.
            assert steps <= passes
            commit(1)

        monkeypatch.setattr(Watched, "between", staticmethod(grow))
        monkeypatch.setattr(backup, "_PAGES", STEP)
        connect = sqlite3.connect
        monkeypatch.setattr(
            backup.sqlite3, "connect", lambda *args, **how: connect(*args, factory=Watched, **how)
        )
        backup.copy_sqlite(source, target)
        monkeypatch.undo()
        assert steps == passes
        # Nothing is held of it after that: the writer has its WAL for itself again.
        assert node.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        assert node.execute("SELECT count(*) FROM one").fetchone() == (ROWS + steps,)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table in ("one", "two"):
            query = f"SELECT count(*) FROM {table}"
            assert copy.execute(query).fetchone() == (ROWS,)

"""The head lock: compare-and-swap, what a torn file means, and one leader only."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import FatalError
from ledger.ports import HeadState
from ledger.store import FileHeadLock
from ledger.values import Origin, TreeHead
from tests.unit.store.made_up import BEIJING, digest

ONE = TreeHead(1, digest("one"))
TWO = TreeHead(2, digest("two"))


@pytest.fixture
def lock(tmp_path: Path):
    lock = FileHeadLock.open(tmp_path / "lock")
    yield lock
    lock.close()


def read(lock: FileHeadLock, origin: Origin = BEIJING) -> HeadState:
    return asyncio.run(lock.read(origin))


def swap(lock: FileHeadLock, old: TreeHead | None, new: TreeHead) -> None:
    asyncio.run(lock.swap(BEIJING, old, new))


def file_of(tmp_path: Path) -> Path:
    [path] = (tmp_path / "lock").glob("*.head")
    return path


def test_a_head_moves_only_from_what_the_lock_holds(lock):
    assert read(lock) == HeadState(None)
    swap(lock, None, ONE)
    swap(lock, ONE, TWO)
    for old in (None, ONE, TreeHead(2, digest("other"))):
        with pytest.raises(FatalError, match="head_lock_moved"):
            swap(lock, old, TreeHead(3, digest("three")))
    assert read(lock) == HeadState(TWO)
    assert read(lock, BEIJING.next_epoch()) == HeadState(None)


def test_it_is_read_again_by_the_next_process(lock, tmp_path):
    swap(lock, None, ONE)
    lock.close()
    again = FileHeadLock.open(tmp_path / "lock")
    assert read(again) == HeadState(ONE)
    again.close()


def test_every_torn_or_changed_file_is_recognised(lock, tmp_path):
    swap(lock, None, ONE)
    path = file_of(tmp_path)
    whole = path.read_bytes()
    damaged = [whole[:length] for length in range(len(whole))]
    damaged += [
        whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
        for at in range(len(whole))
        for bit in (1, 0x80)
    ]
    damaged.append(whole + b"\n")
    for content in damaged:
        path.write_bytes(content)
        assert read(lock) == HeadState(None, torn=True), content
        with pytest.raises(FatalError, match="head_lock_moved"):
            swap(lock, None, TWO)
    asyncio.run(lock.adopt(BEIJING, TWO))
    assert read(lock) == HeadState(TWO)


def test_the_file_of_another_log_is_no_head(lock, tmp_path):
    swap(lock, None, ONE)
    path = file_of(tmp_path)
    asyncio.run(lock.adopt(BEIJING.next_epoch(), TWO))
    [other] = set((tmp_path / "lock").glob("*.head")) - {path}
    path.write_bytes(other.read_bytes())
    assert read(lock) == HeadState(None, torn=True)


def test_file_and_folder_are_synced_in_that_order(lock, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "os.fsync", lambda number: calls.append(Path(f"/proc/self/fd/{number}").readlink())
    )
    swap(lock, None, ONE)
    assert [path.suffix for path in calls] == [".new", ""]


def test_a_full_disk_is_fatal(lock, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(FatalError, match="head_lock_failed"):
        swap(lock, None, ONE)
    monkeypatch.undo()
    assert read(lock) == HeadState(None)


def test_two_lockers_cannot_lead(lock, tmp_path):
    with pytest.raises(FatalError, match="head_lock_held"):
        FileHeadLock.open(tmp_path / "lock")
    code = (
        "import sys, pathlib; from ledger.store.headlock import FileHeadLock as L; "
        "L.open(pathlib.Path(sys.argv[1]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "lock")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "head_lock_held" in other.stderr


PRIMARY, PROMOTED = "postgresql 7 timeline 1 database 5", "postgresql 7 timeline 2 database 5"


def beside(tmp_path: Path, *databases: str | None) -> list[bool]:
    """Whether each start of a process, with the database of its turn, finds the lock moved."""
    found = []
    for database in databases:
        lock = FileHeadLock.open(tmp_path / "lock")
        asyncio.run(lock.beside(database))
        found.append(read(lock).moved)
        lock.close()
    return found


@pytest.mark.parametrize("first", [PRIMARY, None])
def test_a_lock_stays_with_the_database_it_first_met(tmp_path, first):
    others = [one for one in (PRIMARY, PROMOTED, None) if one != first]
    assert beside(tmp_path, first, *others, first) == [False, True, True, False]


def test_a_lock_from_before_belongs_to_a_file(lock, tmp_path):
    swap(lock, None, ONE)
    lock.close()
    assert beside(tmp_path, None, PRIMARY) == [False, True]


@pytest.mark.parametrize("length", [0, 20, 70, -1])
def test_a_torn_name_is_no_name(lock, tmp_path, length):
    lock.close()
    beside(tmp_path, PRIMARY)
    path = tmp_path / "lock" / "store"
    path.write_bytes(path.read_bytes()[:length])
    assert beside(tmp_path, PRIMARY, None) == [True, True]


def test_an_adopted_head_makes_the_database_of_today_the_locks_own(lock, tmp_path):
    asyncio.run(lock.beside(PRIMARY))
    swap(lock, None, ONE)
    lock.close()
    again = FileHeadLock.open(tmp_path / "lock")
    asyncio.run(again.beside(PROMOTED))
    assert read(again) == HeadState(ONE, moved=True)
    asyncio.run(again.adopt(BEIJING, TWO))
    assert read(again) == HeadState(TWO)
    again.close()
    assert beside(tmp_path, PROMOTED, PRIMARY) == [False, True]

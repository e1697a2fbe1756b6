"""Whom a lock's holders follow, and how a copy of a lock folder gives itself away."""

import asyncio
import shutil
from pathlib import Path

import pytest

from ledger.errors import FatalError
from ledger.ports import LeaderToken
from ledger.store import FileHeadLock, lockleader
from ledger.values import Origin, TreeHead
from tests.unit.store.made_up import BEIJING, digest

ONE = LeaderToken(1, b"\x01" * 8, b"\x0a" * 16)
TWO = LeaderToken(2, b"\x02" * 8, b"\x0a" * 16)
NAME = b"\x0c" * 16


@pytest.fixture
def lock(tmp_path: Path):
    lock = FileHeadLock.open(tmp_path / "lock")
    yield lock
    lock.close()


def followed(lock, origin=BEIJING):
    return asyncio.run(lock.leader(origin))


def test_the_leader_followed_last_is_remembered_for_all_logs_of_the_region(lock, tmp_path):
    assert followed(lock) is None
    asyncio.run(lock.follow(BEIJING, ONE))
    asyncio.run(lock.follow(BEIJING.next_epoch(), TWO))
    lock.close()
    again = FileHeadLock.open(tmp_path / "lock")
    assert followed(again) == TWO
    for other in (Origin(BEIJING.network, "hebei", 1), Origin("demo-ffffffff", "beijing", 1)):
        assert followed(again, other) is None
    again.close()


def test_a_torn_leader_is_none(lock, tmp_path):
    asyncio.run(lock.follow(BEIJING, ONE))
    [path] = (tmp_path / "lock").glob("*.leader")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert followed(lock) is None
    path.write_bytes(whole.replace(b"\n1\n", b"\n9\n"))
    assert followed(lock) is None


def test_a_lock_is_its_own_once_claimed_and_its_copy_is_not(lock, tmp_path):
    assert asyncio.run(lock.identity()) is None
    asyncio.run(lock.claim(NAME))
    asyncio.run(lock.follow(BEIJING, ONE))
    asyncio.run(lock.swap(BEIJING, None, TreeHead(1, digest("one"))))
    assert asyncio.run(lock.identity()) == NAME
    lock.close()
    shutil.copytree(tmp_path / "lock", tmp_path / "copy")
    copy = FileHeadLock.open(tmp_path / "copy")
    assert asyncio.run(copy.identity()) is None
    # All else was copied: only the name tells the two apart.
    assert followed(copy) == ONE
    assert asyncio.run(copy.read(BEIJING)).head == TreeHead(1, digest("one"))
    asyncio.run(copy.claim(b"\x0d" * 16))
    assert asyncio.run(copy.identity()) == b"\x0d" * 16
    copy.close()
    again = FileHeadLock.open(tmp_path / "lock")
    assert asyncio.run(again.identity()) == NAME
    again.close()


def test_on_another_machine_the_same_folder_is_not_the_lock(lock, monkeypatch, tmp_path):
    asyncio.run(lock.claim(NAME))
    machine = tmp_path / "machine-id"
    monkeypatch.setattr(lockleader, "_MACHINE", machine)
    assert asyncio.run(lock.identity()) is None
    asyncio.run(lock.claim(NAME))
    machine.write_text("another\n")
    assert asyncio.run(lock.identity()) is None


def test_a_torn_name_is_none(lock, tmp_path):
    asyncio.run(lock.claim(NAME))
    path = tmp_path / "lock" / "instance"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert asyncio.run(lock.identity()) is None
    path.write_bytes(whole.replace(b"0c0c", b"0c0d"))
    assert asyncio.run(lock.identity()) is None


def test_what_the_disk_does_not_take_is_fatal(lock, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(FatalError, match="head_lock_failed"):
        asyncio.run(lock.follow(BEIJING, ONE))
    with pytest.raises(FatalError, match="head_lock_failed"):
        asyncio.run(lock.claim(NAME))
    monkeypatch.undo()
    assert followed(lock) is None
    assert asyncio.run(lock.identity()) is None

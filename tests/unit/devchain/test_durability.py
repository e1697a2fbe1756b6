import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPException
from itertools import count
from pathlib import Path

import pytest

from ledger.chain.accounts import Account
from ledger.devchain.genesis import CHAIN_ID
from ledger.devchain.serving import bind, serving
from ledger.errors import FatalError, UnavailableError
from ledger.node.world import AsyncioTasks
from tests.unit.devchain.chainkit import Direct, genesis

ROOT = Path(__file__).resolve().parents[3]


def ask(url: str, method: str, *params: object):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["result"]


def test_a_reopened_chain_is_the_same_chain(tmp_path):
    path = tmp_path / "chain"
    chain = Direct(path)
    sent = [chain.pay(n) for n in range(1, 20)]
    head = chain("eth_getBlockByNumber", "latest", True)
    receipts = [chain("eth_getTransactionReceipt", each) for each in sent]
    chain.backend.close()
    # Another seed and other funds: a chain that exists keeps its own beginning.
    again = Direct(path, seed=50, funded=(b"\x07" * 20,))
    assert again("eth_getBlockByNumber", "latest", True) == head
    assert [again("eth_getTransactionReceipt", each) for each in sent] == receipts
    assert again("eth_getBalance", "0x" + "07" * 20) == "0x0"
    again.pay()
    assert int(again("eth_blockNumber"), 16) == 20
    again.backend.close()


def test_going_back_survives_a_restart_too(tmp_path):
    path = tmp_path / "chain"
    chain = Direct(path)
    chain.pay()
    start = chain("evm_snapshot")
    lost = [chain.pay(n) for n in range(2, 5)]
    chain("evm_revert", start)
    chain.backend.close()
    again = Direct(path)
    assert again("eth_blockNumber") == "0x1"
    assert [again("eth_getTransactionReceipt", each) for each in lost] == [None] * 3
    for _ in range(4):
        again("evm_mine")
    assert again("eth_blockNumber") == "0x5"
    again.backend.close()


def test_a_transaction_that_may_not_be_mined_leaves_no_trace(tmp_path):
    chain = Direct(tmp_path / "chain")
    chain.pay()
    much = {"from": chain.account(0), "to": chain.account(1), "value": hex(10**30), "gas": "0x5208"}
    before = chain("eth_getBlockByNumber", "latest")
    assert "balance" in chain.fault("eth_sendTransaction", much).message
    assert chain("eth_getBlockByNumber", "latest") == before
    chain.pay()
    assert chain("eth_blockNumber") == "0x2"
    chain.backend.close()


@pytest.mark.parametrize("step", ["entropy", "commit"])
def test_a_block_that_broke_off_is_not_found_by_the_next(tmp_path, monkeypatch, step):
    chain = Direct(tmp_path / "chain")
    chain.pay(1)

    def fail(*_):
        raise RuntimeError(step)

    if step == "entropy":
        broken = replace(chain.backend._genesis, entropy=fail)
        monkeypatch.setattr(chain.backend, "_genesis", broken)
    else:
        monkeypatch.setattr(chain.backend._db, "commit", fail)
    with pytest.raises(RuntimeError):
        chain.pay(2)
    monkeypatch.undo()
    assert chain("eth_blockNumber") == "0x1"
    sent = chain.pay(3)
    assert chain("eth_getBlockByNumber", "0x2")["transactions"] == [sent]
    chain.backend.close()


def test_one_file_has_one_chain_at_a_time(tmp_path):
    chain = Direct(tmp_path / "chain")
    with pytest.raises(UnavailableError) as refused:
        Direct(tmp_path / "chain")
    assert refused.value.code == "devchain_in_use"
    chain.backend.close()
    Direct(tmp_path / "chain").backend.close()


def test_another_chain_id_is_refused(tmp_path):
    Direct(tmp_path / "chain").backend.close()
    with pytest.raises(FatalError) as refused:
        Direct(tmp_path / "chain", chain_id=5)
    assert refused.value.code == "devchain_mismatch"


def test_receipts_and_logs_do_not_slow_down_with_height(tmp_path):
    chain = Direct(tmp_path / "chain")
    first = chain.pay()
    for _ in range(150):
        chain("evm_mine")
    reads = []
    backend = chain.backend
    database = type(backend._db)
    original = database.__getitem__
    database.__getitem__ = lambda self, key: (reads.append(key), original(self, key))[1]
    try:
        chain("eth_getTransactionReceipt", first)
        old = len(reads)
        reads.clear()
        chain("eth_getTransactionReceipt", "0x" + "22" * 32)
        unknown = len(reads)
    finally:
        database.__getitem__ = original
    # A scan would read at least one row for each of the 150 blocks.
    assert old < 30
    assert unknown < 5
    backend.close()


@contextmanager
def child(path: Path, *command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The dev chain as a process of its own, and its URL; it is killed at the end."""
    started = subprocess.Popen(
        [sys.executable, *command, "--port", "0", "--path", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert started.stdout is not None
    try:
        url = started.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        yield started, url
    finally:
        started.kill()
        assert started.wait(timeout=60) == -signal.SIGKILL
        started.stdout.close()


SERVE = ("-m", "ledger.devchain")
# Ends itself by kill -9 before or after the commit of that number.
SUICIDE = """
import os, signal
from ledger.devchain.__main__ import main
from ledger.devchain.database import SqliteDB

commit, commits = SqliteDB.commit, []

def struck(database):
    commits.append(database)
    if len(commits) == {at} and "{moment}" == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    commit(database)
    if len(commits) == {at} and "{moment}" == "after":
        os.kill(os.getpid(), signal.SIGKILL)

SqliteDB.commit = struck
main()
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill_9_during_a_transaction_leaves_all_of_it_or_nothing(tmp_path, moment):
    path = tmp_path / "chain"
    payer = Account(bytes(31) + b"\1")
    call = {"to": "0x" + "22" * 20, "value": 5, "gas": 21000, "gasPrice": 0, "chainId": CHAIN_ID}
    sent = [payer.sign({**call, "nonce": nonce}) for nonce in range(3)]
    # The first commit is that of the beginning.
    with child(path, "-c", SUICIDE.format(at=4, moment=moment)) as (_, url):
        for each in sent[:2]:
            ask(url, "eth_sendRawTransaction", "0x" + each.raw.hex())
        head = ask(url, "eth_getBlockByNumber", "latest", True)
        with pytest.raises((OSError, HTTPException)):
            ask(url, "eth_sendRawTransaction", "0x" + sent[2].raw.hex())
    last = Direct(path)
    lost = "0x" + sent[2].hash.hex()
    if moment == "before":
        assert last("eth_getBlockByNumber", "latest", True) == head
        assert last("eth_getTransactionReceipt", lost) is None
        assert last("eth_sendRawTransaction", "0x" + sent[2].raw.hex()) == lost
    else:
        assert (
            "already known"
            in last.fault("eth_sendRawTransaction", "0x" + sent[2].raw.hex()).message
        )
    assert last("eth_blockNumber") == "0x3"
    assert last("eth_getBlockByNumber", "0x2", True) == head
    for each in sent:
        assert last("eth_getTransactionReceipt", "0x" + each.hash.hex())["status"] == "0x1"
    assert last("eth_getBalance", call["to"]) == "0xf"
    last.backend.close()


def test_what_was_answered_before_kill_9_is_there_after_it(tmp_path):
    """Killed from outside while it is being used, each time at another moment of a transaction."""
    path = tmp_path / "chain"
    answered: list[str] = []
    heads: list[dict] = []
    for part in (0.3, 0.8):
        with child(path, *SERVE) as (process, url):
            for each in answered:
                assert ask(url, "eth_getTransactionReceipt", each)["status"] == "0x1"
            for head in heads:
                assert ask(url, "eth_getBlockByNumber", head["number"], True) == head
            who, whom = ask(url, "eth_accounts")[:2]
            pay = {"from": who, "to": whom, "value": "0x1", "gas": "0x5208"}
            start = time.monotonic()
            for _ in range(8):
                answered.append(ask(url, "eth_sendTransaction", pay))
                heads.append(ask(url, "eth_getBlockByNumber", "latest", True))
            killer = threading.Timer(part * (time.monotonic() - start) / 8, process.kill)
            killer.start()
            with pytest.raises((OSError, HTTPException)):
                answered.extend(ask(url, "eth_sendTransaction", pay) for _ in count())
            killer.join()
    assert len(set(answered)) == len(answered) >= 16
    last = Direct(path)
    for each in answered:
        assert last("eth_getTransactionReceipt", each)["status"] == "0x1"
    # Each kill may have left one block that was never answered for.
    assert 0 <= int(last("eth_blockNumber"), 16) - len(answered) <= 2
    last.backend.close()


def test_serving_as_a_task_and_again(tmp_path):
    async def run() -> list[str]:
        seen = []
        tasks = AsyncioTasks()
        for _ in range(2):
            async with serving(tmp_path / "chain", genesis(), tasks) as url:
                await asyncio.to_thread(ask, url, "evm_mine")
                seen.append(await asyncio.to_thread(ask, url, "eth_blockNumber"))
        await tasks.stop()
        return seen

    assert asyncio.run(run()) == ["0x1", "0x2"]


def test_it_listens_on_loopback_only():
    listening, url = bind(0)
    with listening:
        host, port = listening.getsockname()
        assert (host, url) == ("127.0.0.1", f"http://127.0.0.1:{port}")

"""The chain as its own process: what it prints, and that nothing of it outlives it."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.consortium.conftest import PLAN
from tests.consortium.looking import ask, children, until
from tests.processes import runs

ROOT = Path(__file__).resolve().parents[2]
AUTHORITIES = [seat.authority for seat in PLAN.seats]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


class Chain:
    """``python -m ledger.consortium`` in a folder: its lines, and the processes of its validators."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "ledger.consortium", "--path", str(folder), "--port", "0",
                "--block-time", "0.25", "--with-parent",
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self.lines = [self.process.stdout.readline().strip() for _ in range(5)]
        self.validators = children(self.process.pid)

    def ended(self) -> int:
        """Its exit status, once it and all its validators have ended."""
        status = self.process.wait(60)
        until(lambda: not any(map(runs, self.validators)), "the validators ended", 10)
        return status


@pytest.fixture
def chain(program, laid_out, tmp_path):
    (tmp_path / "chain").mkdir()
    subprocess.run(["cp", "-a", laid_out / "validators", tmp_path / "chain"], check=True)
    started = Chain(tmp_path / "chain")
    yield started
    started.process.kill()
    started.process.communicate()


def test_it_prints_its_addresses_once_blocks_are_made_and_ends_when_it_is_told(chain, tmp_path):
    first, *others = chain.lines
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first)
    named = dict(line.split(" ") for line in others)
    assert [*named] == AUTHORITIES
    assert named["beijing"] == first
    assert all(int(ask(url, "eth_blockNumber"), 16) >= 1 for url in named.values())
    assert len(chain.validators) == 4
    second = subprocess.run(
        [sys.executable, "-m", "ledger.consortium", "--path", str(tmp_path / "chain"), "--port", "0"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr.startswith("consortium_in_use: another process runs the chain of")
    chain.process.send_signal(signal.SIGTERM)
    assert chain.ended() == 0


def test_a_parent_that_is_killed_leaves_no_validator(chain):
    assert all(map(runs, chain.validators))
    chain.process.kill()
    assert chain.ended() == -signal.SIGKILL


def test_it_ends_with_whoever_holds_its_standard_input(chain):
    chain.process.stdin.close()
    assert chain.ended() == 0
    # For the clean-up, which reads to the end of both.
    chain.process.stdin = None


def control(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "ledger.consortium.background", "--path", str(folder), *words],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip


def joined(folder):
    """The status once each has found the others: blocks are made as soon as three of four have."""
    status = control(folder, "status")
    return status if status.stdout.count("3 peers") == len(AUTHORITIES) else None


def test_in_the_background_it_runs_until_it_is_stopped(program, tmp_path):
    folder = tmp_path / "chain"
    before = control(folder, "status")
    assert (before.returncode, before.stdout) == (1, f"no chain runs in {folder}\n")
    try:
        up = control(folder, "up", "--port", "0", "--block-time", "0.25")
        assert up.returncode == 0, up.stderr
        first, *others = up.stdout.splitlines()
        assert [line.split()[0] for line in others] == AUTHORITIES
        # A second time it is the same chain.
        assert control(folder, "up").stdout == up.stdout
        validators = children(int((folder / "lock").read_text()))
        status = until(lambda: joined(folder), "all are joined", 20)
        assert status.returncode == 0
        for line, other in zip(status.stdout.splitlines(), others, strict=True):
            assert re.fullmatch(r"(\w+ +\S+)  height \d+, 3 peers", line)
            assert line.split()[:2] == other.split()
        assert first == others[0].split()[1]
    finally:
        stopped = control(folder, "stop")
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    assert len(validators) == 4
    assert not any(map(runs, validators))
    assert control(folder, "stop").stdout == f"no chain runs in {folder}\n"
    assert control(folder, "status").returncode == 1


def test_a_chain_that_cannot_start_says_why(program, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        up = control(tmp_path / "chain", "up", "--port", str(port))
    assert up.returncode == 2
    assert f"port_taken: port {port} of 127.0.0.1 is in use" in up.stderr

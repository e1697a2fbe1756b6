"""Starts an engine as its settings say, or reaches one that runs; nothing here knows one from another."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.consortium import tether
from ledger.consortium.binary import is_ready
from ledger.consortium.plan import source_folder
from ledger.settings import cache_folder
from tests.engines.choosing import ROOT, is_foreign
from tests.processes import halt

ANVIL = ROOT / "hardhat-free-local/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"


def missing(settings: dict[str, Any]) -> str | None:
    """Why the engine cannot be started here, or None."""
    command = settings.get("command", ())
    if "{anvil}" in command and not ANVIL.exists():
        return "anvil is not installed: run `npm ci` in hardhat-free-local/anvil"
    if "ledger.consortium" in command and not is_ready(source_folder(), cache_folder()):
        return "the consortium's engine is not built: `scripts/consortium build`"
    return None


@dataclass
class Engine:
    """A chain and the addresses of its nodes."""

    settings: dict[str, Any]
    state: Path
    urls: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    paused: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.urls[0]

    def start(self) -> None:
        if is_foreign(self.settings):
            self.urls = list(self.settings["rpc_urls"])
            return
        words = {
            "python": sys.executable,
            "anvil": str(ANVIL),
            "port": "0",
            "state": str(self.state),
        }
        command = [each.format(**words) for each in self.settings["command"]]
        self.process = subprocess.Popen(
            # However this process ends, no engine stays behind.
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert self.process.stdout is not None
        self.urls = []
        for line in self.process.stdout:
            if found := re.search(self.settings["ready"], line):
                self.urls.append(f"http://127.0.0.1:{found[1]}")
            if len(self.urls) == self.settings.get("nodes", 1):
                # An engine that logs every call would stand still once the pipe is full.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        self.process.stdout.close()
        status = self.process.wait(timeout=20)
        raise AssertionError(f"{self.settings['name']} ended with {status} before it listened")

    def stop(self) -> None:
        """End it as its settings say it may be ended without losing anything that was mined."""
        if self.process is None or self.process.poll() is not None:
            return
        parts = self._parts()
        # Before the others: what is paused hears of no other end, and the others must not go on with it.
        for part in self.paused:
            os.kill(part, signal.SIGKILL)
        self.paused = []
        self.process.send_signal(getattr(signal, self.settings["stop"]))
        self.process.wait(timeout=20)
        _wait_for_end(parts)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def pause(self, count: int) -> None:
        """Pause so many of the processes that the engine is made of, the last ones first."""
        self.paused = self._parts()[-count:]
        for part in self.paused:
            halt(part)

    def resume(self) -> None:
        for part in self.paused:
            os.kill(part, signal.SIGCONT)
        self.paused = []

    def _parts(self) -> list[int]:
        assert self.process is not None
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait_for_end(parts: list[int]) -> None:
    end = time.monotonic() + 20
    for part in parts:
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(part, 0)
                assert time.monotonic() < end, f"process {part} of the engine goes on"
                time.sleep(0.02)

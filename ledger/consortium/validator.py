"""One validator as a process: started, killed, stopped, asked how far it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ledger.consortium import calls, tether
from ledger.consortium.layout import Home
from ledger.consortium.ports import LOOPBACK, Ports

# On the command line: an empty value in the environment counts as none, and it would listen on port 6060.
_START = ("start", "--rpc.pprof_laddr=")
_STOP_SECONDS = 15.0
_WORDS_KEPT = 800


class Validator:
    """One validator: its home, its ports, and its process while it runs."""

    def __init__(self, program: Path, home: Home, ports: Ports) -> None:
        self._program = program
        self.home = home
        self.ports = ports
        self.url = f"http://{LOOPBACK}:{ports.json_rpc}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process, or None where it does not run."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and running else None

    def start(self, settings: Mapping[str, str]) -> None:
        """Start it with these settings of the engine; it dies with the thread that calls this."""
        command = [sys.executable, "-I", "-S", str(tether.__file__), str(os.getpid())]
        with self.home.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the engine that we built
                [*command, str(self._program), *_START],
                env={"HOME": str(self.home.folder), **settings},
                cwd=self.home.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask_to_end(self) -> None:
        """Tell it to end, without waiting for it."""
        if self._process is not None:
            self._process.terminate()

    def wait_for_end(self) -> None:
        """Wait until it has ended; kill it where it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def stop(self) -> None:
        """End it as an operator would."""
        self.ask_to_end()
        self.wait_for_end()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def height(self) -> int | None:
        """Its newest block, or None where it does not answer."""
        return calls.height(self.ports.json_rpc)

    def last_words(self) -> str:
        """The end of what it wrote."""
        text = self.home.log.read_text(encoding="utf-8", errors="replace")
        return text.strip()[-_WORDS_KEPT:]

"""Starts an engine as its settings say; nothing here knows one engine from another."""

import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ROOT / "hardhat-free-local" / "networks"
ANVIL = ROOT / "hardhat-free-local/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"


def settings_of(name: str) -> dict[str, Any]:
    return tomllib.loads((NETWORKS / f"{name}.toml").read_text(encoding="utf-8"))


def missing(settings: dict[str, Any]) -> str | None:
    """Why the engine cannot be started here, or None."""
    if "{anvil}" in settings["command"] and not ANVIL.exists():
        return "anvil is not installed: run `npm ci` in hardhat-free-local/anvil"
    return None


@dataclass
class Engine:
    settings: dict[str, Any]
    state: Path
    url: str = ""
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        words = {
            "python": sys.executable,
            "anvil": str(ANVIL),
            "port": "0",
            "state": str(self.state),
        }
        command = [each.format(**words) for each in self.settings["command"]]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(self.settings["ready"], line):
                self.url = f"http://127.0.0.1:{found[1]}"
                # An engine that logs every call would stand still once the pipe is full.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise AssertionError(f"{self.settings['name']} ended before it listened")

    def stop(self) -> None:
        """End it as its settings say it may be ended without losing anything."""
        assert self.process is not None
        self.process.send_signal(getattr(signal, self.settings["stop"]))
        self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()

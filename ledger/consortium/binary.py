"""The engine's program: built once with Go by module name, kept in a cache by what it was built from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ledger.errors import UnavailableError

PACKAGE = "github.com/cosmos/evm/cmd/evmd"
_GO_PLACES = (Path("/usr/local/go/bin/go"),)
_WORDS_KEPT = 2000
"""Characters of the compiler's last words that an error repeats."""


def find_go() -> Path:
    """The Go command: on the path, or where its own installer puts it.

    Raises:
        UnavailableError: go_missing.
    """
    found = shutil.which("go") or next((str(one) for one in _GO_PLACES if one.is_file()), None)
    if found is None:
        raise UnavailableError(
            "go_missing",
            "Go 1.23.8 or later is not installed; the consortium chain is built with it"
            " (Debian's golang is too old: see https://go.dev/dl)",
        )
    return Path(found)


def place(source: Path, cache: Path) -> Path:
    """Where the program of this source lies once it is built; another source has another place."""
    modules = b"".join((source / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache / "jjj-consortium" / hashlib.sha256(modules).hexdigest()[:16] / "evmd"


def is_ready(source: Path, cache: Path) -> bool:
    """Whether the program is there: then Go is not needed."""
    return place(source, cache).is_file()


def build(source: Path, cache: Path, say: Callable[[str], None]) -> Path:
    """The program, built where it is not there yet: then ``say`` is told, for it takes minutes.

    Whoever asks while another process builds waits for it.

    Raises:
        UnavailableError: go_missing, consortium_build_failed.
    """
    program = place(source, cache)
    if program.is_file():
        return program
    go = find_go()
    program.parent.mkdir(parents=True, exist_ok=True)
    with (program.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.is_file():
            say(
                "building the consortium chain with Go, once: 4 to 6 minutes where nothing is cached"
            )
            _compile(go, source, program)
    return program


def _compile(go: Path, source: Path, program: Path) -> None:
    # Renamed when it is whole: a build that was cut short never looks like a program.
    half = program.with_name("evmd.half")
    # Without debug information: a third of the size, and nobody steps through it.
    command = [str(go), "build", "-mod=readonly", "-ldflags=-s -w", "-o", str(half), PACKAGE]
    done = subprocess.run(  # noqa: S603 - Go, on our own module
        command, cwd=source, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise UnavailableError(
            "consortium_build_failed",
            f"go build ended with {done.returncode}: {done.stderr.strip()[-_WORDS_KEPT:]}",
        )
    os.replace(half, program)  # noqa: PTH105 - atomic, also over a file that is there

"""``scripts/consortium``: the chain built, run in the background, asked how it is, and ended."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ledger.consortium import calls
from ledger.consortium.binary import build
from ledger.consortium.holding import holder
from ledger.consortium.plan import read_plan, source_folder
from ledger.errors import LedgerError, UnavailableError
from ledger.settings import cache_folder

_UP_SECONDS, _DOWN_SECONDS, _LOOK_SECONDS = 180.0, 60.0, 0.1
_CANNOT = 2
_NONE = "no chain runs in {folder}"


def main() -> int:
    """Do what the arguments say; 1 where a validator does not answer, 2 where it cannot be done."""
    arguments = _arguments()
    try:
        said, status = _do(arguments, arguments.path.resolve())
    except LedgerError as error:
        said, status = str(error), _CANNOT
    print(said, file=sys.stderr if status == _CANNOT else sys.stdout)
    return status


def _do(arguments: argparse.Namespace, folder: Path) -> tuple[str, int]:
    if arguments.do == "build":
        return str(_build()), 0
    if arguments.do == "up":
        return _up(folder, arguments), 0
    return _stop(folder) if arguments.do == "stop" else _status(folder)


def _build() -> Path:
    # Told at once: it takes minutes.
    return build(source_folder(), cache_folder(), lambda text: print(text, file=sys.stderr))  # noqa: T201


def _up(folder: Path, arguments: argparse.Namespace) -> str:
    """Start it unless it runs; its addresses, once all its validators make blocks."""
    process = None
    if holder(folder) is None:
        _build()
        process = _start(folder, arguments)
    lines = 1 + len(read_plan(source_folder()).seats)
    deadline = time.monotonic() + _UP_SECONDS
    while (told := _addresses(folder)).count("\n") < lines:
        ended = holder(folder) is None if process is None else process.poll() is not None
        if ended or time.monotonic() > deadline:
            log = (folder / "log").read_text(encoding="utf-8").strip()
            raise UnavailableError("consortium_not_started", log[log.rfind("\n") + 1 :])
        time.sleep(_LOOK_SECONDS)
    return told.rstrip()


def _start(folder: Path, arguments: argparse.Namespace) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ledger.consortium", "--path", str(folder)]
    command += ["--port", str(arguments.port)]
    if arguments.block_time is not None:
        command += ["--block-time", str(arguments.block_time)]
    with (folder / "addresses").open("w") as told, (folder / "log").open("w") as log:
        return subprocess.Popen(  # noqa: S603 - a module of ours
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=log, start_new_session=True
        )


def _stop(folder: Path) -> tuple[str, int]:
    pid = holder(folder)
    if pid is None:
        return _NONE.format(folder=folder), 0
    # It ends its validators, and they end with it in any case.
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    while holder(folder) == pid:
        if time.monotonic() > deadline:
            raise UnavailableError("consortium_not_stopped", f"process {pid} does not end")
        time.sleep(_LOOK_SECONDS)
    return "stopped", 0


def _status(folder: Path) -> tuple[str, int]:
    if holder(folder) is None:
        return _NONE.format(folder=folder), 1
    lines = []
    for line in _addresses(folder).splitlines()[1:]:
        authority, url = line.split()
        port = int(url.rpartition(":")[2])
        height, peers = calls.height(port), calls.peers(port)
        state = "silent" if height is None else f"height {height}, {peers} peers"
        lines.append(f"{authority:<12}{url}  {state}")
    return "\n".join(lines) or "starting", int(not lines or any("silent" in one for one in lines))


def _addresses(folder: Path) -> str:
    file = folder / "addresses"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/consortium", description=__doc__)
    parser.add_argument("--path", type=Path, default=Path(".state/consortium"), help="its folder")
    doing = parser.add_subparsers(dest="do", required=True)
    doing.add_parser("build", help="build the engine with Go, and print where it is")
    up = doing.add_parser("up", help="run the chain in the background; prints its addresses")
    up.add_argument("--port", type=int, default=8545, help="of the first JSON-RPC, others behind")
    up.add_argument("--block-time", type=float, metavar="SECONDS")
    doing.add_parser("status", help="height and peers of each validator")
    doing.add_parser("stop", help="end the chain; what it holds goes on with the next up")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""``python -m ledger.consortium``: four validators on this machine, until the process is told to end.

Prints, when all four make blocks, the JSON-RPC address of the first validator on a line of its own, then
one line ``<authority> <address>`` for each. Ends with 2, and says why, where the chain cannot be had.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from ledger.consortium.binary import build
from ledger.consortium.holding import held
from ledger.consortium.layout import lay_out
from ledger.consortium.plan import read_plan, source_folder
from ledger.consortium.validators import Consortium, consortium
from ledger.errors import LedgerError
from ledger.settings import cache_folder

_CANNOT = 2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Read the arguments and run the chain."""
    arguments = _arguments()
    for number in _SIGNALS:
        signal.signal(number, _end)
    if arguments.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _run(arguments)
    except LedgerError as error:
        print(error, file=sys.stderr)
        return _CANNOT
    except KeyboardInterrupt:
        return 0


def _run(arguments: argparse.Namespace) -> NoReturn:
    source = source_folder()
    plan = read_plan(source)
    program = build(source, cache_folder(), lambda text: print(text, file=sys.stderr, flush=True))
    folder: Path = arguments.path.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        homes = lay_out(folder, program, plan, arguments.fund)
        with consortium(
            program, homes, plan, block_time=arguments.block_time, first_port=arguments.port
        ) as running:
            running.start()
            running.wait_for_blocks()
            _tell(running)
            while True:
                signal.pause()


def _tell(running: Consortium) -> None:
    first, *_ = running.validators.values()
    lines = [f"{authority} {one.url}" for authority, one in running.validators.items()]
    print(first.url, *lines, sep="\n", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ledger.consortium", description=__doc__)
    parser.add_argument(
        "--path", type=Path, required=True, help="folder of the chain; what it holds goes on"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8545,
        help="of the first JSON-RPC, the others behind; 0: free ones",
    )
    parser.add_argument("--block-time", type=float, metavar="SECONDS")
    parser.add_argument(
        "--fund", action="append", default=[], type=_address, metavar="ADDRESS",
        help="account of the first block",
    )  # fmt: skip
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    return parser.parse_args()


def _address(text: str) -> bytes:
    address = bytes.fromhex(text.removeprefix("0x"))
    if len(address) != 20:
        raise argparse.ArgumentTypeError("an address has 20 bytes")
    return address


def _end(*_: object) -> NoReturn:
    # Once: a second signal would break off the ending.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    # The parent holds the other end and never writes: it is read to its end when the parent has ended.
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())

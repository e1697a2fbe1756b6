"""``python -m ledger.devchain``: the dev chain as its own process."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
import time
from pathlib import Path

from ledger.devchain.genesis import CHAIN_ID, Genesis
from ledger.devchain.serving import serve_forever
from ledger.values import Millis


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m ledger.devchain", description=__doc__)
    parser.add_argument("--path", type=Path, help="SQLite file; without it the chain is in memory")
    parser.add_argument("--port", type=int, default=8545, help="0 takes a free one")
    parser.add_argument("--chain-id", type=int, default=CHAIN_ID)
    parser.add_argument(
        "--fund", action="append", default=[], metavar="ADDRESS", help="account of the first block"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    arguments = parser.parse_args()
    if arguments.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    genesis = Genesis(
        now=lambda: Millis(time.time_ns() // 1_000_000),
        entropy=secrets.token_bytes,
        funded=tuple(bytes.fromhex(each.removeprefix("0x")) for each in arguments.fund),
        chain_id=arguments.chain_id,
    )
    serve_forever(arguments.path, genesis, arguments.port)


def _end_with_parent() -> None:
    # The parent holds the other end and never writes: it is read to its end when the parent has ended. At
    # once, as by kill -9, which the chain outlives: whoever starts next wants the file that is held here.
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()

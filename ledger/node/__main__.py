"""``python -m ledger.node --config FILE``: one region's node as a process, without the rest of ``jjj``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial
from pathlib import Path

from ledger.errors import LedgerError
from ledger.node.running import load_settings, run_node


def main() -> int:
    """Serve until told to end; 0 then, 1 with the reason on stderr after an error."""
    parser = argparse.ArgumentParser(prog="python -m ledger.node", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="settings, a TOML file")
    try:
        settings = load_settings(parser.parse_args().config)
        asyncio.run(run_node(settings, partial(print, flush=True)))
    except (LedgerError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``jjj``: the entry point; ``jjj verify`` never waits for the rest of the commands to load."""

from __future__ import annotations

import sys

# What only the command tree can answer; everything else of `verify` is the offline verifier's own.
_TREE_ONLY = ("--rpc", "--help")


def main() -> None:
    """Run one command and end the process with its status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["verify"] and not any(one.startswith(_TREE_ONLY) for one in arguments):
        from ledger.cli.offline import verify

        sys.exit(verify(arguments[1:]))
    from ledger.cli.commands import app

    app(prog_name="jjj")

"""What the forked processes do: the product's own entry points, and founding a network before them."""

import asyncio
import importlib
import sys
from pathlib import Path

from tests.faults import wrongclock

_LAZY = (
    "aiosqlite",
    "anyio._backends._asyncio",
    "coincurve",
    "eth_hash.backends.pycryptodome",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
)


def preload() -> None:
    """Import all that the jobs need, and what they would import and read at their first request.

    That is more than half of the work of a start; a process that is started by exec does it all itself.
    """
    import ledger.devchain.__main__
    import ledger.node.__main__
    import ledger.testing.founding  # noqa: F401
    from ledger.client.http import Http

    Http("http://127.0.0.1", silence="unused")
    for name in _LAZY:
        importlib.import_module(name)


def node(config: str) -> int:
    from ledger.node.__main__ import main

    sys.argv = ["ledger.node", "--config", config]
    return main()


def wrong_clock(config: str, clock: str) -> int:
    """The same, its wall time moved by the seconds that stand in the file."""
    wrongclock.go_by(Path(clock))
    return node(config)


def chain(path: str, port: int, funded: list[str]) -> None:
    from ledger.devchain.__main__ import main

    sys.argv = command("chain", {"path": path, "port": port, "funded": funded})[1:]
    main()


def found(folder: str, rpc: str, urls: dict[str, str]) -> None:
    """Deploy, write network.json, and each region's keys into a folder only its owner can read."""
    from ledger.keys.account import write_account_key
    from ledger.keys.demo import demo_account, demo_log_key
    from ledger.node.world import AsyncioTasks
    from ledger.testing.founding import DEV_CHAIN, REGIONS, found_network

    async def work() -> str:
        file = Path(folder) / "network.json"
        return (await found_network(file, rpc, urls, AsyncioTasks(), DEV_CHAIN)).name

    name = asyncio.run(work())
    for region in REGIONS:
        keys = Path(folder) / "keys" / region
        for use, file in (("1", "log-1"), ("witness", "witness"), ("peer", "peer")):
            demo_log_key(f"{name}/{region}/{use}").save(keys / f"{file}.key")
        write_account_key(keys / "anchor.key", demo_account(f"{region}/anchor"))


def accounts(file: str) -> None:
    """Write the addresses of the demo's accounts, one a line, to be funded by the first block."""
    from ledger.testing.founding import demo_accounts

    Path(file).write_text("".join(f"{one.hex()}\n" for one in demo_accounts().values()))


def readmit(config: str, authority: str) -> None:
    """The operator's command."""
    from ledger.cli.app import main

    sys.argv = ["jjj", "node", "readmit", "--config", config, "--authority", authority]
    main()


JOBS = {
    "node": node,
    "wrong_clock": wrong_clock,
    "chain": chain,
    "found": found,
    "accounts": accounts,
    "readmit": readmit,
}


def command(job: str, arguments: dict) -> list[str]:
    """The same job for a process of its own: ``python`` with these arguments."""
    if job == "node":
        return ["-m", "ledger.node", "--config", arguments["config"]]
    funded = [part for one in arguments["funded"] for part in ("--fund", one)]
    place = ["--path", arguments["path"], "--port", str(arguments["port"])]
    return ["-m", "ledger.devchain", *place, *funded]

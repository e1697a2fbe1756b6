"""``jjj chain``: the dev chain, and deploying a network onto any chain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson, GasPrice, Out, Rpc
from ledger.cli.output import answer, guarded

app = typer.Typer(no_args_is_help=True, help="Run the dev chain; deploy a network.")


@app.command()
@guarded
def run(
    path: Annotated[
        Path | None, typer.Option(help="SQLite file of its state; without it, memory only.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")
    ] = 8545,
    fund: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Account of the first block with money; repeatable."),
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option(min=1, help="Chain id of a new chain (default: eth-tester's).")
    ] = None,
) -> None:
    """Run the dev chain until it is stopped; prints its address. For development only."""
    from ledger.devchain import CHAIN_ID, Genesis, serve_forever
    from ledger.node.world import SystemClock, SystemRandom

    genesis = Genesis(
        now=SystemClock().now,
        entropy=SystemRandom().bytes,
        funded=tuple(_address(text) for text in fund or []),
        chain_id=chain_id or CHAIN_ID,
    )
    serve_forever(path, genesis, port)


@app.command()
@guarded
def deploy(
    plan: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The plan, a TOML file.")
    ],
    rpc: Rpc,
    out: Out = Path("network.json"),
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Deploy the contracts, register each region's first log, write the network file.

    Keys that the plan's folders lack are made there.
    """
    from ledger.chain.network import write_network
    from ledger.cli.deploying import found
    from ledger.cli.plan import read_plan
    from ledger.errors import InputError

    if out.exists():
        # It is the only place that says which contracts are ours.
        raise InputError("network_exists", f"{out} is not overwritten")
    network = asyncio.run(found(read_plan(plan), rpc, gas_price))
    write_network(out, network)
    made = {
        "file": str(out),
        "network": network.name,
        "ledger": network.chain.address.hex(),
        "registry": network.registry.hex(),
    }
    answer(made, "\n".join(f"{name}: {value}" for name, value in made.items()), as_json=as_json)


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise typer.BadParameter(f"{text!r} is no address of 20 bytes")
    return address

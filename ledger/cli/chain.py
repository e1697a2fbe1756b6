"""``jjj chain``: the dev chain, and deploying a network onto any chain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.options import NETWORK_FILE, AsJson, GasPrice, NetworkFile, Out, Rpc
from ledger.cli.output import answer_members, guarded
from ledger.cli.plan import WEEK_SECONDS, read_plan

if TYPE_CHECKING:
    from ledger.chain.network import Network

app = typer.Typer(no_args_is_help=True, help="Run the dev chain; deploy a network, move it.")


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
    from ledger.cli.deploying import found

    _refuse_existing(out)
    _write(out, asyncio.run(found(read_plan(plan), rpc, gas_price)), as_json=as_json)


@app.command()
@guarded
def move(
    rpc: Rpc,
    anchor: Annotated[
        list[str],
        typer.Option(metavar="REGION=ADDRESS", help="A region's new anchor account; for each one."),
    ],
    out: Out,
    network: NetworkFile = NETWORK_FILE,
    deployer: Annotated[
        Path, typer.Option(dir_okay=False, help="Account key that pays; made where there is none.")
    ] = Path("deployer.key"),
    delay_seconds: Annotated[
        int, typer.Option(min=0, help="Before a key can be replaced without its region.")
    ] = WEEK_SECONDS,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Deploy a network again on another chain because its own will not come back.

    Name, logs and keys stay. Afterwards each authority runs `jjj registry restate` with the file written
    here, and each node is started with it and its new anchor key.
    """
    from ledger.chain.network import read_network
    from ledger.cli.moving import move as moved

    _refuse_existing(out)
    anchors = dict(_named_address(text) for text in anchor)
    made = asyncio.run(
        moved(read_network(network), rpc, deployer, anchors, gas_price, delay_seconds)
    )
    _write(out, made, as_json=as_json)


def _refuse_existing(out: Path) -> None:
    from ledger.errors import InputError

    if out.exists():
        # It is the only place that says which contracts are ours.
        raise InputError("network_exists", f"{out} is not overwritten")


def _write(out: Path, network: Network, *, as_json: bool) -> None:
    from ledger.chain.network import write_network

    write_network(out, network)
    made = {
        "file": str(out),
        "network": network.name,
        "ledger": network.chain.address.hex(),
        "registry": network.registry.hex(),
    }
    answer_members(made, as_json=as_json)


def _named_address(text: str) -> tuple[str, bytes]:
    region, _, address = text.partition("=")
    return region, _address(address)


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise typer.BadParameter(f"{text!r} is no address of 20 bytes")
    return address

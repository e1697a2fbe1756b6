"""``jjj node``: one region's node, and getting it going again after its head lock was lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import answer, emit, guarded, say

app = typer.Typer(no_args_is_help=True, help="Run one region's node.")

Config = Annotated[
    Path, typer.Option(exists=True, dir_okay=False, help="The node's settings, a TOML file.")
]


@app.command()
@guarded
def run(config: Config, as_json: AsJson = False) -> None:
    """Run the node until SIGINT or SIGTERM; prints its address once it answers."""
    from ledger.node.running import load_settings, run_node

    settings = load_settings(config)

    def told(url: str) -> None:
        if as_json:
            emit({"region": settings.region, "url": url})
        else:
            say(url)

    asyncio.run(run_node(settings, told))


@app.command("adopt-head")
@guarded
def adopt_head(config: Config, as_json: AsJson = False) -> None:
    """Put a lost head lock back; refused unless chain and both mirrors agree with the log."""
    from ledger.cli.adopting import adopt_head as adopt
    from ledger.node.running import load_settings

    settings = load_settings(config)
    head = asyncio.run(adopt(settings))
    answer(
        {"region": settings.region, "size": head.size, "root": head.root.hex()},
        f"{settings.region} leads again at {head.size} leaves, root {head.root.hex()}",
        as_json=as_json,
    )


@app.command()
@guarded
def readmit(
    config: Config,
    authority: Annotated[str, typer.Option(help="Whose node of the chain is believed again.")],
    as_json: AsJson = False,
) -> None:
    """Ask a node of the chain again that was set aside; the region's node must not run."""
    from ledger.cli.readmitting import readmit as readmit_node
    from ledger.node.running import load_settings

    settings = load_settings(config)
    asyncio.run(readmit_node(settings, authority))
    answer(
        {"region": settings.region, "authority": authority},
        f"the node of {authority} is asked again",
        as_json=as_json,
    )


@app.command("open-sealed")
@guarded
def open_sealed(
    config: Config,
    recovery: Annotated[
        Path, typer.Option(dir_okay=False, help="The region's offline recovery key, a PEM file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Open the fields that came back from the mirrors sealed; the node must not run.

    Ends with 1 where some could not be opened.
    """
    from ledger.cli.unsealing import open_all
    from ledger.node.running import load_settings

    told = asyncio.run(open_all(load_settings(config), recovery))
    emitted = {"opened": told.opened, "absent": told.absent, "failed": told.failed}
    named = [f"{one}: {why}" for one, why in told.failed.items()]
    named += [f"{one}: closed, and nothing sealed is held of it" for one in told.absent]
    answer(emitted, "\n".join([f"{told.opened} records opened", *named]), as_json=as_json)
    if named:
        raise typer.Exit(1)

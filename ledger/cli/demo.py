"""`jjj demo`: the whole thing on one machine, with one command."""

from __future__ import annotations

import gc
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.output import REFUSED, guarded


class OnChain(StrEnum):
    """The chains that the demo runs on."""

    DEVCHAIN = "devchain"
    CONSORTIUM = "consortium"


@guarded
def command(
    data: Annotated[Path | None, typer.Option(help="Keep state in this folder.")] = None,
    network: Annotated[
        OnChain, typer.Option(help="The chain: embedded, or four validators (needs Go).")
    ] = OnChain.DEVCHAIN,
    once: Annotated[bool, typer.Option(help="Run the story and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page.")] = True,
) -> None:
    """Run three regions, a chain and a gateway, and show a shipment proven and tampered with."""
    from ledger.cli.beside import chain_beside, consortium_beside, demo_folder, gateway_beside

    # As Ctrl-C, until the running loop takes both over: folder and processes go with us from here on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run_chain = consortium_beside if network is OnChain.CONSORTIUM else chain_beside
    with (
        demo_folder(data) as folder,
        run_chain(folder) as chain,
        gateway_beside(folder / "network.json") as gateway,
    ):
        # Nothing that loading makes is garbage; looking for some costs a tenth of the start.
        gc.disable()
        from ledger.cli.showing import show

        gc.enable()
        good = show(folder, chain, gateway, once=once, as_json=as_json, open_page=open_page)
    if not good:
        raise typer.Exit(REFUSED)


if __name__ == "__main__":
    typer.run(command)

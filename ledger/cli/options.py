"""Options that several commands share: one name, one meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Machine output: one JSON value a line.")]
NetworkFile = Annotated[
    Path,
    typer.Option(
        "--network", envvar="JJJ_NETWORK", exists=True, dir_okay=False, help="The network file."
    ),
]
AuthorKeyFile = Annotated[
    Path,
    typer.Option(
        "--key",
        envvar="JJJ_KEY",
        exists=True,
        dir_okay=False,
        help="The author's key; its certificate lies beside it as <name>.crt.",
    ),
]
OptionalKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="JJJ_KEY",
        exists=True,
        dir_okay=False,
        help="Read with the rights of this author's key; without it, what is public.",
    ),
]
Region = Annotated[str, typer.Option("--region", help="Name of the region.")]
OptionalRegion = Annotated[
    str | None, typer.Option("--region", help="Only this region; without it, all of them.")
]
NodeUrl = Annotated[
    str | None,
    typer.Option(
        "--node", help="Address of the region's node, where it is not the network file's."
    ),
]
GatewayUrl = Annotated[
    str | None, typer.Option("--gateway", envvar="JJJ_GATEWAY", help="Address of a gateway.")
]
Rpc = Annotated[str, typer.Option("--rpc", envvar="JJJ_RPC_URL", help="JSON-RPC of the chain.")]
GasPrice = Annotated[
    int, typer.Option("--gas-price", min=0, help="Wei per gas; 0 where gas is free.")
]
Out = Annotated[Path, typer.Option("--out", dir_okay=False, help="The file to write.")]
Receipts = Annotated[
    Path | None,
    typer.Option(
        "--receipts",
        dir_okay=False,
        help="Where receipts are kept, and beside it what was signed but not answered "
        "(default: jjj.receipts; submit: <PATH>.receipts).",
    ),
]
NETWORK_FILE = Path("network.json")

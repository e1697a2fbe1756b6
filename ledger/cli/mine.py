"""``jjj mine``: an author's own records and what has become of them."""

from __future__ import annotations

import asyncio

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    AuthorKeyFile,
    NetworkFile,
    NodeUrl,
    OptionalRegion,
)
from ledger.cli.output import CANNOT_TELL, error_line, guarded, message, status_of_error


@guarded
def mine(
    key: AuthorKeyFile,
    network: NetworkFile = NETWORK_FILE,
    region: OptionalRegion = None,
    node: NodeUrl = None,
    as_json: AsJson = False,
) -> None:
    """List your records with their status: accepted, anchored or witnessed."""
    from ledger.cli.access import Door
    from ledger.cli.own import own_records
    from ledger.cli.views import show_views

    door = Door.open(network, key, node)
    regions = door.regions(region)
    own = asyncio.run(own_records(door, regions))
    show_views(own.views.values(), as_json=as_json)
    for name, error in own.silent.items():
        message(f"{name}: {error_line(error)}")
    if len(own.silent) == len(regions):
        raise typer.Exit(max(status_of_error(error) for error in own.silent.values()))
    # A region that does not know the key has no records of it; one that is silent may have.
    if any(status_of_error(error) == CANNOT_TELL for error in own.silent.values()):
        raise typer.Exit(CANNOT_TELL)

"""``jjj search``: records that carry a number, through a gateway or from the regions themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    GatewayUrl,
    NodeUrl,
    OptionalKeyFile,
    OptionalRegion,
)
from ledger.cli.output import CANNOT_TELL, emit, error_line, guarded, message, say

if TYPE_CHECKING:
    from ledger.cli.access import Door
    from ledger.cli.own import Own

_PAGE = 200
_NOTHING = "no record found"


@guarded
def search(
    value: Annotated[str, typer.Argument(help="Any number of the shipment, as it is known.")],
    gateway: GatewayUrl = None,
    network: Annotated[
        Path, typer.Option(envvar="JJJ_NETWORK", help="The network file, without a gateway.")
    ] = NETWORK_FILE,
    region: OptionalRegion = None,
    node: NodeUrl = None,
    key: OptionalKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Find records by a container, bill, invoice, declaration or other number, or by business key."""
    if gateway is not None:
        _through_gateway(gateway, value, as_json=as_json)
        return
    from ledger.cli.access import Door
    from ledger.cli.views import show_views

    _tell_faults(value)
    door = Door.open(network, key, node)
    found = asyncio.run(_find(door, door.regions(region), value))
    show_views(found.views.values(), as_json=as_json)
    if not found.views:
        message(_NOTHING)
    for name, error in found.silent.items():
        message(f"{name}: {error_line(error)}")
    if found.silent:
        raise typer.Exit(CANNOT_TELL)


async def _find(door: Door, regions: list[str], value: str) -> Own:
    from ledger.cli.own import Own
    from ledger.errors import LedgerError

    found = Own()
    for name in regions:
        try:
            async with door.node(name) as node:
                cursor: str | None = None
                while True:
                    page = await node.search(value, "", cursor, _PAGE)
                    for view in page.results:
                        found.add(view)
                    if (cursor := page.next) is None:
                        break
        except LedgerError as error:
            found.silent[name] = error
    return found


def _tell_faults(value: str) -> None:
    from ledger.records.identifiers.recognise import recognise

    for one in recognise(value):
        if one.problem is not None:
            right = f"; {one.expected} would be right" if one.expected else ""
            message(f"as {one.type}: {one.problem}{right}")


def _through_gateway(url: str, value: str, *, as_json: bool) -> None:
    pages = asyncio.run(_pages(url, value))
    # Of any page: a region that falls silent on a later one lets records out of it.
    silent = {one["region"] for page in pages for one in page["regions"] if not one["answered"]}
    if as_json:
        for page in pages:
            emit(page)
    else:
        for one in pages[0]["read_as"]:
            if one["problem"]:
                right = f"; {one['expected']} would be right" if one["expected"] else ""
                message(f"as {one['type']}: {one['problem']}{right}")
        for page in pages:
            for record in page["records"]:
                say(
                    f"{record['id']}  {record['status']:<9}  {record['region']}  "
                    f"{record['kind']} v{record['version']}  {record['key'] or '?'}"
                )
    if not any(page["records"] for page in pages):
        message(_NOTHING)
    if silent:
        message(f"no answer from {', '.join(sorted(silent))}")
        raise typer.Exit(CANNOT_TELL)


async def _pages(url: str, value: str) -> list[dict[str, Any]]:
    from ledger.client import GatewayClient

    client = GatewayClient(url)
    try:
        pages = [await client.search(value, limit=_PAGE)]
        while pages[-1]["next"] is not None:
            pages.append(await client.search(value, pages[-1]["next"], _PAGE))
    finally:
        await client.close()
    return pages

"""``jjj bundle``: the evidence of a record or of a whole dossier, as a file to carry away."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    GatewayUrl,
    NodeUrl,
    OptionalKeyFile,
    OptionalRegion,
    Out,
)
from ledger.cli.output import answer, guarded

if TYPE_CHECKING:
    from ledger.cli.access import Door

_ID = re.compile(r"[0-9a-f]{64}")


@guarded
def bundle(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="Id of the record; with --dossier any number.")
    ],
    out: Out,
    dossier: Annotated[
        bool, typer.Option("--dossier", help="All records of the consignment; needs a gateway.")
    ] = False,
    of: Annotated[
        str, typer.Option(help="With --dossier: id of a record of the one that is meant.")
    ] = "",
    gateway: GatewayUrl = None,
    network: Annotated[
        Path, typer.Option(envvar="JJJ_NETWORK", help="The network file, without a gateway.")
    ] = NETWORK_FILE,
    region: OptionalRegion = None,
    node: NodeUrl = None,
    key: OptionalKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Download evidence that anyone can verify offline, as far as you may see the records."""
    from ledger.cli.files import write_file

    _check_call(record, gateway, dossier=dossier)
    if gateway is not None:
        data = asyncio.run(_from_gateway(gateway, record, of, dossier=dossier))
    else:
        from ledger.cli.access import Door

        door = Door.open(network, key, node)
        data = asyncio.run(_from_nodes(door, door.regions(region), record))
    write_file(out, data)
    answer(
        {"file": str(out), "bytes": len(data)},
        f"{out}: {len(data)} bytes; check it with: jjj verify {out}",
        as_json=as_json,
    )


def _check_call(record: str, gateway: str | None, *, dossier: bool) -> None:
    if dossier and gateway is None:
        raise typer.BadParameter("a dossier is gathered by a gateway: name one with --gateway")
    if not dossier and not _ID.fullmatch(record):
        raise typer.BadParameter("an id has 64 hex digits; a number needs --dossier")


async def _from_gateway(url: str, record: str, of: str, *, dossier: bool) -> bytes:
    from ledger.bundle import encode_bundle
    from ledger.client import GatewayClient

    client = GatewayClient(url)
    try:
        if dossier:
            return encode_bundle(await client.dossier_bundle(record, of))
        return encode_bundle(await client.bundle(record))
    finally:
        await client.close()


async def _from_nodes(door: Door, regions: list[str], record: str) -> bytes:
    """From the record's home region where it answers, else from a mirror.

    A mirror may hold fewer disclosures than its home, so it is only the second choice.
    """
    from ledger.errors import InputError, LedgerError

    mirrored: bytes | None = None
    failed: LedgerError | None = None
    for name in regions:
        try:
            async with door.node(name) as node:
                view = await node.record(record)
                data = await node.bundle_bytes(record)
        except LedgerError as error:
            if error.code != "record_unknown":
                failed = error
            continue
        if not view.mirror:
            return data
        mirrored = data
    if mirrored is not None:
        return mirrored
    raise failed or InputError("record_unknown", "no region holds this record")

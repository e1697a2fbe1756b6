"""``jjj audit``, ``backup``, ``restore``, ``drill``: showing that nothing was lost, and bringing it back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import CANNOT_TELL, REFUSED, answer, guarded
from ledger.values import Origin, TreeHead

Config = Annotated[
    Path, typer.Option(exists=True, dir_okay=False, help="The node's settings, a TOML file.")
]

Backup = Annotated[
    Path, typer.Option(exists=True, file_okay=False, help="The folder that `jjj backup` made.")
]


@guarded
def audit(config: Config, as_json: AsJson = False) -> None:
    """Derive everything again from storage, chain and mirrors, and name each difference.

    Changes nothing and may run beside the node. Ends with 1 where something differs, with 2 where nothing
    does and not everybody answered. A clean audit leaves its time and the logs' sizes in the data folder.
    """
    from ledger.cli.auditing import audit as run
    from ledger.cli.auditing import told
    from ledger.node.running import load_settings

    report = asyncio.run(run(load_settings(config)))
    answer(report.as_json(), told(report), as_json=as_json)
    if not report.clean:
        raise typer.Exit(REFUSED if report.differences else CANNOT_TELL)


@guarded
def backup(
    config: Config,
    out: Annotated[Path, typer.Option(file_okay=False, help="A new folder for the backup.")],
    as_json: AsJson = False,
) -> None:
    """Copy the database while the node runs, with a manifest of each log's size and root. Never the lock."""
    from ledger.cli.backing import back_up
    from ledger.node.running import load_settings

    manifest = asyncio.run(back_up(load_settings(config), out))
    answer(manifest.as_json(), f"{out}: {_sizes(manifest.heads)}", as_json=as_json)


@guarded
def restore(config: Config, source: Backup, as_json: AsJson = False) -> None:
    """Put a backup back where there is no database; the node then fetches what came after it."""
    from ledger.cli.backing import restore as put_back
    from ledger.node.running import load_settings

    manifest = asyncio.run(put_back(load_settings(config), source))
    answer(manifest.as_json(), f"restored: {_sizes(manifest.heads)}", as_json=as_json)


@guarded
def drill(
    config: Config,
    source: Backup,
    recovery: Annotated[
        Path, typer.Option(dir_okay=False, help="The region's offline recovery key, a PEM file.")
    ],
    samples: Annotated[
        int, typer.Option(min=1, help="Records of each log opened from each mirror.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a scratch folder, derive its trees, open what mirrors keep sealed.

    Says what a real recovery would lack; ends with 1 if anything.
    """
    from ledger.cli.drilling import drill as run
    from ledger.node.running import load_settings

    told = asyncio.run(run(load_settings(config), source, recovery, samples))
    lines = [*told.lacks, f"{told.leaves} leaves derived, {told.opened} sealed records opened"]
    answer(told.as_json(), "\n".join(lines), as_json=as_json)
    if told.lacks:
        raise typer.Exit(REFUSED)


def _sizes(heads: Mapping[Origin, TreeHead]) -> str:
    return ", ".join(f"{origin} {head.size} leaves" for origin, head in heads.items())

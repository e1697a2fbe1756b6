"""Backups of a region's database: taken, checked, put back. The head lock is never part of one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ledger import tree
from ledger.chain.network import read_network
from ledger.cli.files import read_file, read_object, write_file
from ledger.errors import ConflictError, InputError
from ledger.node.world import SystemClock
from ledger.ports import Store
from ledger.settings import NodeSettings
from ledger.store import open_reads
from ledger.store.backup import copy_sqlite
from ledger.values import Millis, Origin, TreeHead

DATABASE = "ledger.sqlite"
MANIFEST = "manifest.json"
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: whose, from when, the file's SHA-256, and each log's head."""

    network: str
    region: str
    at: Millis
    digest: str
    heads: dict[Origin, TreeHead]

    def as_json(self) -> dict[str, Any]:
        """The members of the manifest file."""
        logs = {
            str(origin): {"size": head.size, "root": head.root.hex()}
            for origin, head in self.heads.items()
        }
        return {
            "v": 1,
            "network": self.network,
            "region": self.region,
            "at": self.at,
            "sha256": self.digest,
            "logs": logs,
        }


async def back_up(settings: NodeSettings, folder: Path) -> Manifest:
    """Copy the database into a folder, beside a manifest; the node may run.

    Raises:
        InputError: backup_postgresql.
        ConflictError: backup_exists.
        FatalError: store_failed.
    """
    _check_sqlite(settings)
    at = SystemClock().now()
    copy_sqlite(settings.data_dir / DATABASE, folder / DATABASE)
    manifest = Manifest(
        read_network(settings.network_file).name,
        settings.region,
        at,
        _digest(folder / DATABASE),
        await heads_in(folder),
    )
    # Last: a backup without its manifest is one that was never finished.
    text = json.dumps(manifest.as_json(), indent=1, sort_keys=True)
    write_file(folder / MANIFEST, text.encode() + b"\n")
    return manifest


async def restore(settings: NodeSettings, folder: Path) -> Manifest:
    """Put a backup where the node looks for its database; the head lock stays as it is.

    Raises:
        InputError: backup_postgresql, backup_malformed, backup_altered.
        ConflictError: restore_refused, if there is a database, or the backup is of another region.
    """
    _check_sqlite(settings)
    manifest = await checked(folder)
    network = read_network(settings.network_file).name
    if (manifest.network, manifest.region) != (network, settings.region):
        raise ConflictError(
            "restore_refused", f"a backup of {manifest.region} in {manifest.network}"
        )
    there = sorted(path.name for path in settings.data_dir.glob(f"{DATABASE}*"))
    if any(not name.endswith((".lock", ".part")) for name in there):
        raise ConflictError(
            "restore_refused", f"{settings.data_dir} holds {', '.join(there)}: move it away first"
        )
    copy_sqlite(folder / DATABASE, settings.data_dir / DATABASE)
    return manifest


async def checked(folder: Path) -> Manifest:
    """The manifest of a backup that is whole.

    Raises:
        InputError: backup_malformed, backup_altered.
    """
    manifest = read_manifest(folder / MANIFEST)
    if _digest(folder / DATABASE) != manifest.digest:
        raise InputError("backup_altered", f"{folder / DATABASE} is not what the manifest says")
    if await heads_in(folder) != manifest.heads:
        raise InputError("backup_altered", f"{folder} holds other logs than its manifest says")
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; raises InputError(backup_malformed)."""
    value = read_object(read_file(path))
    try:
        heads = {
            Origin.parse(log): TreeHead(int(head["size"]), bytes.fromhex(head["root"]))
            for log, head in value["logs"].items()
        }
        return Manifest(
            str(value["network"]),
            str(value["region"]),
            Millis(int(value["at"])),
            str(value["sha256"]),
            heads,
        )
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError("backup_malformed", f"{path} is no manifest of a backup") from error


async def heads_in(folder: Path) -> dict[Origin, TreeHead]:
    """Size and root of every log in a database."""
    reads = await open_reads(folder, "", None)
    try:
        # Nothing here writes; the port has both halves.
        store = cast("Store", reads)
        heads = {}
        for origin in await reads.origins():
            size = await reads.size(origin)
            heads[origin] = TreeHead(size, await tree.root(store, origin, size))
        return heads
    finally:
        await reads.close()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_sqlite(settings: NodeSettings) -> None:
    if settings.database:
        raise InputError(
            "backup_postgresql", "back up and restore PostgreSQL with its own tools", "/database"
        )

"""An audit of one region's database beside its node, or without one."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from ledger.audit import Auditor, AuditReport, Difference
from ledger.audit.report import LastClean
from ledger.cli.files import read_object, write_file
from ledger.client import PeerClient, ReadTokens
from ledger.errors import FatalError, InputError
from ledger.node.book import NetworkBook
from ledger.node.chains import open_chain
from ledger.node.keys import NodeKeys
from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.ports import Store
from ledger.settings import NodeSettings
from ledger.store import FileHeadLock, open_reads
from ledger.values import Millis, TreeHead

_MARK = "audit.json"


async def audit(settings: NodeSettings) -> AuditReport:
    """Audit everything; a clean audit leaves its mark in the data folder.

    Raises:
        InputError: audit_mark_malformed, network_malformed, key_missing.
        FatalError: store_failed, schema_unknown.
    """
    book = NetworkBook(settings.network_file, settings.region)
    keys = NodeKeys.load(settings.keys_dir, book.network.name)
    mark, clock = settings.data_dir / _MARK, SystemClock()
    last = read_mark(mark)
    async with AsyncExitStack() as opened:
        tasks = AsyncioTasks()
        opened.push_async_callback(tasks.stop)
        reads = await open_reads(
            settings.data_dir, settings.database, settings.database_password_file
        )
        opened.push_async_callback(reads.close)
        chain = open_chain(settings, book.network.chain, keys.anchor)
        opened.callback(chain.close)
        peers = peers_of(book, keys, settings.region, clock)
        for peer in peers:
            opened.push_async_callback(peer.close)
        report = await Auditor(
            region=settings.region,
            # Nothing of an audit writes; the port has both halves.
            store=cast("Store", reads),
            chain=chain,
            peers=peers,
            head_lock=_free_lock(settings.lock_dir, opened),
            logs=book.logs,
            cas=book.network.cas,
            certificates=book.network.certificates,
            deployed=book.network.chain.deploy_block_number,
            last=last,
            clock=clock,
            tasks=tasks,
        ).run()
    if report.clean:
        write_file(mark, json.dumps(report.mark(), sort_keys=True).encode() + b"\n")
    return report


def read_mark(path: Path) -> LastClean:
    """What the last clean audit left; raises InputError(audit_mark_malformed)."""
    if not path.exists():
        return LastClean()
    try:
        value = read_object(path.read_bytes())
        heads = {
            str(log): TreeHead(int(head["size"]), bytes.fromhex(head["root"]))
            for log, head in value["logs"].items()
        }
        return LastClean(Millis(int(value["at"])), heads)
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("audit_mark_malformed", f"{path} is no mark of an audit") from error


def told(report: AuditReport) -> str:
    """The report for people."""
    lines = [_line(one) for one in report.differences]
    lines += [f"{one} does not answer: not compared" for one in report.silent]
    leaves = sum(head.size for head in report.heads.values())
    lines.append(
        f"{len(report.heads)} logs, {leaves} leaves, {len(report.differences)} differences"
    )
    return "\n".join(lines)


def _line(one: Difference) -> str:
    place = one.log if one.index is None else f"{one.log} leaf {one.index}"
    record = f" record {one.record}" if one.record else ""
    since = "never clean before" if one.since is None else f"clean at {one.since}"
    return f"{place}{record}: {one.field}: {one.detail} ({since})"


def peers_of(book: NetworkBook, keys: NodeKeys, own: str, clock: SystemClock) -> list[PeerClient]:
    """The other regions' nodes, under our peer key; whoever asks closes them."""
    name = book.network.name
    return [
        PeerClient(
            region.name,
            region.url,
            ReadTokens.of_peer(f"{name}/{region.name}", keys.peer, clock, SystemRandom()),
        )
        for region in book.network.regions
        if region.name != own
    ]


def _free_lock(folder: Path, opened: AsyncExitStack) -> FileHeadLock | None:
    """The head lock, unless a running node has it: that one holds it against the log all the time."""
    try:
        lock = FileHeadLock.open(folder)
    except FatalError as error:
        if error.code != "head_lock_held":
            raise
        return None
    opened.callback(lock.close)
    return lock

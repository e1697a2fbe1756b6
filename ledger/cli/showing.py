"""What `jjj demo` does: three regions, a chain and a gateway; a shipment posted, proven, tampered with."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from ledger.bundle import encode_bundle
from ledger.cli.beside import PATIENCE, Beside
from ledger.cli.outcome import Outcome, outcome_json
from ledger.cli.telling import (
    CARRIED_AWAY,
    POLICY,
    TAMPERED,
    greet,
    page_of,
    tell_tampering,
    tell_verdicts,
    tell_what_to_try,
)
from ledger.client import GatewayClient
from ledger.ports import Tasks
from ledger.testing.founding import ChainChoice
from ledger.testing.local import LocalNetwork, local_network
from ledger.testing.story import BILL, post_story, tamper
from ledger.verify.policy import encode_policy
from ledger.verify.report import State

PORTS = {"beijing": 8101, "tianjin": 8102, "hebei": 8103}
LOOPBACK = "127.0.0.1"


def show(
    folder: Path, chain: Beside, gateway: Beside, *, once: bool, as_json: bool, open_page: bool
) -> bool:
    """Run the demo; whether it showed what it should."""
    console = Console(stderr=as_json)
    told: list[Outcome] = []
    try:
        asyncio.run(
            _run(
                folder,
                chain,
                gateway,
                console,
                told,
                once=once,
                as_json=as_json,
                open_page=open_page,
            )
        )
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Whoever ends a demo that stays up did not fail it; one that should run to its end did not.
        return all(one.as_expected for one in told) and (bool(told) or not once)
    return told[0].as_expected


async def _run(
    folder: Path,
    chain: Beside,
    gateway: Beside,
    console: Console,
    told: list[Outcome],
    *,
    once: bool,
    as_json: bool,
    open_page: bool,
) -> None:
    end_on_sigterm()
    async with local_network(folder, ports=_ports(), chain=_at(chain)) as local:
        url = gateway.url()
        greet(console, local, url)
        if open_page and not once and sys.stdout.isatty():
            webbrowser.open(page_of(url))
        outcome = await _tell(local, url, folder, console)
        told.append(outcome)
        if as_json:
            print(json.dumps(outcome_json(outcome, local, url)))  # noqa: T201 - the answer itself
        if not once:
            tell_what_to_try(console, folder, url, outcome)
            console.print("\nCtrl-C stops everything. · 按 Ctrl-C 结束。")
            await local.workers.failed


def end_on_sigterm() -> None:
    """Let SIGTERM cancel the running task, so that folder, regions and gateway go with it as by Ctrl-C.

    By the loop: an exception raised wherever we are just then may land in a request, whose server takes
    it for that request's own.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))


def _at(chain: Beside) -> ChainChoice:
    """The chain of that process, to run the network on."""

    @asynccontextmanager
    async def running(folder: Path, tasks: Tasks) -> AsyncIterator[str]:  # noqa: ARG001 - of every chain
        yield chain.url()

    return ChainChoice(running, nodes=chain.nodes)


def _ports() -> dict[str, int]:
    """The fixed ports of the demo, or free ones where another program has one of them."""
    try:
        for port in PORTS.values():
            socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return {}
    return PORTS


async def _tell(local: LocalNetwork, url: str, folder: Path, console: Console) -> Outcome:
    gateway = GatewayClient(url, seconds=3 * PATIENCE)
    try:
        with console.status("posting …"):
            posted = [one async for one in post_story(local)]
        with console.status("anchoring and witnessing …"):
            await local.settle()
        (folder / POLICY).write_bytes(encode_policy(local.policy))
        before = await gateway.dossier_bundle(BILL)
        report = local.verify(before)
        # In a folder kept from an earlier run, the file carried away then is the good one.
        if report.verdict is State.PASSED:
            (folder / CARRIED_AWAY).write_bytes(encode_bundle(before))
        tell_verdicts(console, posted, report)
        tampering = await tamper(local, posted)
        after = await gateway.dossier_bundle(BILL)
        (folder / TAMPERED).write_bytes(encode_bundle(after))
        outcome = Outcome(tuple(posted), report, tampering, local.verify(after))
    finally:
        await gateway.close()
    tell_tampering(console, outcome)
    return outcome

"""The local network for ordinary, synchronous code: it runs in a thread of its own."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ledger.bundle import Bundle
from ledger.client import Receipt
from ledger.testing.local import LocalNetwork, local_network
from ledger.testing.scenarios import Party, parties, scenario
from ledger.verify.report import Report

T = TypeVar("T")


class RunningNetwork:
    """A running local network; every method blocks until it is done.

    Attributes:
        local: the network itself, for asynchronous code on its loop.
    """

    def __init__(self, local: LocalNetwork, loop: asyncio.AbstractEventLoop) -> None:
        self.local = local
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the network's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def party(self, name: str) -> Party:
        """A demo firm by its label, such as ``importer_bj``."""
        return parties()[name]

    def post(
        self,
        party: Party,
        region: str,
        kind: str,
        fields: Mapping[str, Any],
        version: int = 1,
        prev: str | None = None,
    ) -> Receipt:
        """Sign as the party and post; raises what the region refuses."""
        return self.run(self.local.post(party.id, region, kind, fields, version, prev))

    def settle(self) -> None:
        """Wait until everything logged is anchored and cosigned."""
        self.run(self.local.settle())

    def bundle(self, statement: str) -> Bundle:
        """The evidence of a record, as anyone may carry it away."""
        return self.run(self.local.bundle(statement))

    def verify(self, bundle: Bundle) -> Report:
        """Check a bundle offline under the network's policy."""
        return self.local.verify(bundle)


@contextmanager
def running_network(folder: Path | None = None) -> Iterator[RunningNetwork]:
    """Run three regions and a chain in this process; demo parties may post at once."""
    with tempfile.TemporaryDirectory(prefix="jjj-") as made:
        started: Future[RunningNetwork] = Future()
        stop = threading.Event()
        thread = threading.Thread(
            target=lambda: asyncio.run(_live(folder or Path(made), started, stop)), daemon=True
        )
        thread.start()
        try:
            yield started.result()
        finally:
            stop.set()
            thread.join()


async def _live(folder: Path, started: Future[RunningNetwork], stop: threading.Event) -> None:
    try:
        async with local_network(folder) as local:
            await local.register_parties()
            started.set_result(RunningNetwork(local, asyncio.get_running_loop()))
            await asyncio.to_thread(stop.wait)
    except BaseException as error:
        # Whoever waits for the start must hear of it; later errors end the thread with a trace.
        if started.done():
            raise
        started.set_exception(error)


def example_invoice() -> dict[str, Any]:
    """Kind and fields of the sea import's invoice, as ``post`` takes them."""
    step = scenario("S1")[0]
    return {"kind": step.kind, "fields": dict(step.fields)}

"""Serving the dev chain on loopback: as a task of this process, or until the process ends."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from ledger.devchain.asgi import DevChainApp, app
from ledger.devchain.genesis import Genesis
from ledger.listening import listen
from ledger.ports import Tasks

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """uvicorn over a chain; stops when the chain has failed."""

    def __init__(self, served: DevChainApp) -> None:
        super().__init__(
            uvicorn.Config(
                served,
                lifespan="off",
                log_config=None,
                access_log=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._served = served
        served.on_failure = self.stop

    def stop(self) -> None:
        """End the serving soon."""
        self.should_exit = True

    async def serve_quietly(self, listening: socket.socket) -> None:
        """Serve without touching signals, so that it can be one task among others."""
        await self._serve(sockets=[listening])
        self.close()

    def close(self) -> None:
        """Release the file; raises what the chain failed with."""
        self._served.close()
        if self._served.failed is not None:
            raise self._served.failed


def bind(port: int) -> tuple[socket.socket, str]:
    """A socket that listens on loopback (port 0: any free one) and its URL.

    Never on another address: everyone who reaches a dev chain may spend from its accounts.
    """
    listening = listen(LOOPBACK, port)
    return listening, f"http://{LOOPBACK}:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(
    path: Path | None, genesis: Genesis, tasks: Tasks, port: int = 0
) -> AsyncIterator[str]:
    """Serve the chain as a task while the block runs; gives its URL.

    Raises UnavailableError(devchain_in_use), FatalError(devchain_mismatch).
    """
    server = _Server(app(path, genesis))
    listening, url = bind(port)
    done = False

    async def run() -> None:
        nonlocal done
        try:
            await server.serve_quietly(listening)
        finally:
            done = True

    tasks.spawn("devchain", run())
    try:
        yield url
    finally:
        server.stop()
        while not done:
            await tasks.sleep(0.01)


def serve_forever(path: Path | None, genesis: Genesis, port: int) -> None:
    """Serve until the process is told to stop; prints the URL once it listens."""
    server = _Server(app(path, genesis))
    listening, url = bind(port)
    print(url, flush=True)  # noqa: T201  # the caller's way to learn a port it left open
    server.run(sockets=[listening])
    server.close()

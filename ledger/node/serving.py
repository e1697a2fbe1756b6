"""Serving a node over HTTP, as one task among others or as a process of its own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from ledger.listening import BoundedConnection, listen
from ledger.ports import Tasks


def bind(host: str, port: int) -> tuple[socket.socket, str]:
    """A listening socket (port 0: any free one) and its URL."""
    listening = listen(host, port)
    return listening, f"http://{host}:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(app: FastAPI, listening: socket.socket, tasks: Tasks) -> AsyncIterator[None]:
    """Serve the app on a bound socket while the block runs."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=BoundedConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    done = False

    async def run() -> None:
        nonlocal done
        try:
            # Without uvicorn's signal handling: the process may hold several nodes.
            await server._serve(sockets=[listening])  # noqa: SLF001 - no public way without signals
        finally:
            done = True

    tasks.spawn("http", run())
    while not server.started and not done:
        await tasks.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        while not done:
            await tasks.sleep(0.01)

"""Loopback servers of which nothing is left open: whoever they serve is hung up on when they end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

Carry = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Serving:
    """Any number of servers that end together."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._running: set[asyncio.Task[None]] = set()

    async def listen(self, carry: Carry, held: socket.socket | None = None) -> str:
        """Have each connection carried, on a free port or that of a bound socket; the URL."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await carry(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                # One side has gone, or all end; Python 3.11 logs a cancelled server task.
                pass
            finally:
                self._running.discard(task)
                writer.close()

        place = {"host": "127.0.0.1", "port": 0} if held is None else {"sock": held}
        server = await asyncio.start_server(serve, **place)
        self._servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """May listen again afterwards."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for task in [*self._running]:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

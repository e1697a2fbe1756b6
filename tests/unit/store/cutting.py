"""A TCP proxy before a PostgreSQL server that cuts a connection at a chosen moment of a commit."""

import asyncio
import contextlib

_COMMIT = b"COMMIT;\0"


class Cutter:
    """Forwards to ``port`` on loopback; make it with ``cutter``.

    Attributes:
        port: where it listens.
        target: port of the server behind it, which may be changed for connections to come.
        at: ``before`` cuts as a COMMIT comes, which the server never sees; ``after`` lets it pass and cuts
            before the answer goes back; None cuts nothing.
        commits: how many COMMITs reached the server.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.at: str | None = None
        self.commits = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Cut every connection now."""
        for writer in list(self._open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        ends = {writer, back}
        self._open |= ends
        answered = asyncio.Event()
        ways = [
            asyncio.create_task(self._up(reader, back, answered)),
            asyncio.create_task(self._down(there, writer, answered)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.transport.abort()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._open -= ends

    async def _up(self, reader, back, answered) -> None:
        while data := await reader.read(1 << 16):
            if _COMMIT in data:
                if self.at == "before":
                    return
                self.commits += 1
                if self.at == "after":
                    answered.clear()
                    back.write(data)
                    await answered.wait()
                    return
            back.write(data)

    async def _down(self, there, writer, answered) -> None:
        while data := await there.read(1 << 16):
            answered.set()
            if self.at == "after" and b"COMMIT\0" in data:
                return
            writer.write(data)


@contextlib.asynccontextmanager
async def cutter(target: int):
    """A running proxy."""
    made = Cutter(target)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()

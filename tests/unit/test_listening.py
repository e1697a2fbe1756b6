import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ledger import listening
from ledger.listening import listen
from ledger.node.serving import bind, serving
from ledger.node.world import AsyncioTasks

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
# Far above what the connections of this machine buffer by themselves.
LARGE = 64 << 20


def test_connections_send_small_answers_at_once():
    with listen("127.0.0.1", 0) as listened:
        address = listened.getsockname()
        with socket.create_connection(address), listened.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def echo(request):
    return PlainTextResponse(f"{len(await request.body())}\n")


async def large(_request):
    return PlainTextResponse(bytes(LARGE))


@asynccontextmanager
async def served():
    """A function that connects to a small server behind bounded connections."""
    tasks = AsyncioTasks()
    app = Starlette(
        routes=[Route("/", echo, methods=["GET", "POST"]), Route("/large", large, methods=["GET"])]
    )
    socket_, _ = bind("127.0.0.1", 0)
    port = socket_.getsockname()[1]
    opened = []

    async def connect(data):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        writer.write(data)
        return reader, writer

    async with serving(app, socket_, tasks):
        yield connect
        for writer in opened:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    await tasks.stop()


async def answer_to(*parts):
    """The status that these bytes are answered with, or None where the connection just ends."""
    async with served() as connect, asyncio.timeout(20):
        reader, writer = await connect(b"")
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            line = await reader.readline()
        except ConnectionError:
            return None
        return int(line.split()[1]) if line else None


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([GET, b"\r\n"], 200),
        ([POST, b"Content-Length: 200000\r\n\r\n", bytes(200_000)], 200),
        ([POST, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 50_000, b"0\r\n\r\n"], 200),
        ([GET, b"X: " + b"a" * 30_000 + b"\r\n\r\n"], 200),
        ([GET, b"X: " + b"a" * 40_000], 431),
        ([b"GET /" + b"a" * 40_000], 431),
        ([GET, b"".join(b"x%d: y\r\n" % n for n in range(5_000))], 431),
    ],
)
def test_a_head_has_an_end(parts, status):
    assert asyncio.run(answer_to(*parts)) == status


def test_what_stands_behind_a_body_has_an_end_too():
    trailers = [b"0\r\n"] + [b"a: " + b"b" * 60_000 + b"\r\n"] * 20
    parts = [POST, b"Transfer-Encoding: chunked\r\n\r\n", *trailers]
    assert asyncio.run(answer_to(*parts)) is None


@pytest.mark.parametrize("parts", [b"", GET, b"\r\n", POST + b"Content-Length: 9\r\n\r\nabc"])
def test_nobody_is_waited_for_for_ever(monkeypatch, parts):
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(listening, "BODY_SECONDS", 0.1)
    assert asyncio.run(answer_to(parts)) is None


def test_an_answer_that_nobody_fetches_is_dropped(monkeypatch):
    monkeypatch.setattr(listening, "UNSENT_SECONDS", 0.1)

    async def test():
        async with served() as connect, asyncio.timeout(20):
            reader, _ = await connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(1)
            fetched = 0
            while part := await reader.read(1 << 20):
                fetched += len(part)
            assert fetched < LARGE

    asyncio.run(test())


def test_where_too_many_connect_the_longest_silent_goes(monkeypatch):
    monkeypatch.setattr(listening, "MOST_CONNECTIONS", 3)

    async def test():
        async with served() as connect, asyncio.timeout(20):
            silent, _ = await connect(GET)
            await asyncio.sleep(0.05)
            for _ in range(3):
                reader, _ = await connect(GET + b"\r\n")
                assert (await reader.readline()).split()[1] == b"200"
            assert await silent.read() == b""

    asyncio.run(test())

import asyncio

import pytest
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from ledger.api import bodies, problems, room
from ledger.api.bodies import BodyLimit
from ledger.api.room import FullError, Room


def test_places_are_given_in_order_and_never_more_than_there_is():
    async def test():
        space, held, most, order = Room(10), 0, 0, []

        async def one(number, size):
            nonlocal held, most
            async with space(size):
                held += size
                most = max(most, held)
                order.append(number)
                await asyncio.sleep(0.001)
                held -= size

        await asyncio.gather(*(one(n, size) for n, size in enumerate((6, 6, 1, 10, 3, 3, 3, 3))))
        assert order == list(range(8))
        assert most == 10

    asyncio.run(test())


def test_who_gives_up_waiting_leaves_the_line():
    async def test():
        space = Room(10)
        async with space(10):
            waiting = [asyncio.create_task(space(10).__aenter__()) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            waiting[1].cancel()
        async with asyncio.timeout(5):
            place = await waiting[2]
        assert place.size == 10

    asyncio.run(test())


def test_too_many_do_not_wait(monkeypatch):
    monkeypatch.setattr(room, "MOST_WAITING", 1)

    async def test():
        space = Room(10)
        async with space(10):
            waiting = asyncio.create_task(space(1).__aenter__())
            await asyncio.sleep(0)
            with pytest.raises(FullError):
                await space(1).__aenter__()
            waiting.cancel()

    asyncio.run(test())


def app_of_one_body() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.post("/")
    async def post(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(BodyLimit, most=10, between_nodes={})
    return app


async def dribble():
    yield b"a"
    await asyncio.sleep(3600)


def test_whoever_dawdles_gives_way_to_those_who_wait(monkeypatch):
    monkeypatch.setattr(bodies, "SMALL", 2)
    monkeypatch.setattr(bodies, "_ROOM", 10)
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    monkeypatch.setattr(room, "_LOOK", 0.05)

    async def test():
        transport = ASGITransport(app_of_one_body())
        async with AsyncClient(transport=transport, base_url="http://node") as client:
            slow = asyncio.create_task(client.post("/", content=dribble()))
            await asyncio.sleep(0.01)
            small = await client.post("/", content=b"a")
            assert (small.status_code, small.json()) == (200, 1)
            async with asyncio.timeout(5):
                body = b"abcdefghij"
                waited = await asyncio.gather(*(client.post("/", content=body) for _ in range(9)))
                late = await slow
            assert {(one.status_code, one.json()) for one in waited} == {(200, 10)}
            assert (late.status_code, late.json()["code"]) == (408, "body_too_slow")

    asyncio.run(test())


def test_where_too_many_wait_already_one_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(bodies, "SMALL", 2)
    monkeypatch.setattr(bodies, "_ROOM", 10)
    monkeypatch.setattr(room, "MOST_WAITING", 0)

    async def test():
        transport = ASGITransport(app_of_one_body())
        async with AsyncClient(transport=transport, base_url="http://node") as client:
            slow = asyncio.create_task(client.post("/", content=dribble()))
            await asyncio.sleep(0.01)
            busy = await client.post("/", content=b"abcdefghij")
            assert (busy.status_code, busy.json()["code"]) == (429, "too_many_bodies")
            assert busy.headers["retry-after"] == "1"
            slow.cancel()

    asyncio.run(test())

"""The doors for holding: only a region's own peer key, once, for the very body that it signed."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import httpx2
import pytest

from ledger.api.app import NodeServices, create_app
from ledger.client import PeerClient, ReadTokens
from ledger.client.http import Body
from ledger.client.wire import JSON, LINES, read_holding, write_hold, write_lead
from ledger.errors import ConflictError, ForbiddenError, InputError
from ledger.merkle.note import LOG_KEY
from ledger.mirroring.batches import MOST_BYTES
from ledger.ports import Hold, LeaderToken
from ledger.sharing import Reader
from ledger.testing.kit import NoteKey
from tests.unit.anchoring.support import NETWORK
from tests.unit.mirroring.holding import HOME, SeededRandom, first_row, rows, town_in
from tests.unit.mirroring.regions import policies

LEADER = LeaderToken(1, b"\x01" * 8, b"\x02" * 16)
PATH = "/logs/beijing/1"


class Door:
    """Hebei's node behind its HTTP face, and who may knock at it."""

    def __init__(self, town, mirror) -> None:
        self.town, self.mirror = town, mirror
        keys = [NoteKey(f"{NETWORK}/{name}/peer") for name in ("beijing", "tianjin", "hebei")]
        reader = Reader(
            network=NETWORK,
            region="hebei",
            store=mirror.store,
            clock=town.clock,
            logs=policies(),
            certificates=[],
            peers={key.name: key.vkey(LOG_KEY) for key in keys},
            newest_signed=lambda _: None,
        )
        unused = SimpleNamespace()
        app = create_app(
            NodeServices(
                network=NETWORK, region="hebei", network_json=lambda: b"{}", readiness=dict,
                intake=unused, sealer=unused, reader=reader, witness=unused, keeper=mirror.keeper,
                store=mirror.store, clock=self.town.clock, random=SeededRandom("requests"),
                limits=SimpleNamespace(max_body_bytes=1024, max_batch_lines=9),
            )
        )  # fmt: skip
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, raise_app_exceptions=False), base_url="http://hebei"
        )

    def tokens(self, region: str) -> ReadTokens:
        key = NoteKey(f"{NETWORK}/{region}/peer")
        random = SeededRandom(f"tokens {region}")
        return ReadTokens.of_peer(f"{NETWORK}/hebei", key, self.town.clock, random)

    def peer(self, region: str = "beijing") -> PeerClient:
        return PeerClient("hebei", "http://hebei", self.tokens(region), self.http)

    async def send(self, method: str, path: str, body: bytes, token: str | None):
        headers = {"Content-Type": LINES} | ({} if token is None else {"Authorization": token})
        return await self.http.request(method, path, content=body, headers=headers)


@asynccontextmanager
async def door_in(folder):
    async with town_in(folder) as town:
        door = Door(town, town.mirrors["hebei"])
        yield door
        await door.http.aclose()


@pytest.fixture
def door(tmp_path):
    def run(test):
        async def whole():
            async with door_in(tmp_path) as made:
                await test(made)

        asyncio.run(whole())

    return run


async def a_step(door, count=2):
    """A hold of the first leaves of a home log, as the home node would hand it over."""
    home = await door.town.led()
    await home.submit(first_row(), *rows(count - 1))
    fed = await home.feed.read(HOME, 0, count)
    head = home.sealer.signed.head
    for mirror in door.town.mirrors.values():
        mirror.down = True
    await home.stop()
    return Hold(LEADER, None, head, 0, tuple(fed))


async def forget(door) -> None:
    """Make the mirror's lock one that never held anything."""
    for path in (door.town.folder / "hebei" / "lock").iterdir():
        if path.suffix in {".head", ".leader"}:
            path.unlink()
    door.mirror.keeper._followed.clear()


def test_a_hold_over_http_is_durable_and_told_again(door):
    async def test(d):
        step = await a_step(d)
        await forget(d)
        peer = d.peer()
        followed = await peer.lead(HOME, LEADER)
        assert (followed.head, followed.leader) == (None, LEADER)
        held = await peer.hold(HOME, step)
        assert (held.head, held.stored) == (step.new, step.new)
        assert await peer.held(HOME) == held
        # Any region may ask; only the region itself may write.
        assert await d.peer("tianjin").held(HOME) == held
        # A second time it changes nothing.
        assert await peer.hold(HOME, step) == held

    door(test)


@pytest.mark.parametrize("region", ["tianjin", "hebei"])
def test_another_region_s_key_holds_nothing(door, region):
    async def test(d):
        peer = d.peer(region)
        with pytest.raises(ForbiddenError, match="home_only"):
            await peer.lead(HOME, LEADER)
        with pytest.raises(ForbiddenError, match="home_only"):
            await peer.hold(HOME, Hold(LEADER, None, (await d.peer().held(HOME)).stored, 0, ()))
        assert await d.mirror.lock.leader(HOME) is None

    door(test)


def test_a_node_holds_no_log_of_its_own_region(door):
    async def test(d):
        own = replace(HOME, region="hebei")
        with pytest.raises(InputError, match="log_unknown"):
            await d.peer("hebei").lead(own, LEADER)
        with pytest.raises(InputError, match="log_unknown"):
            await d.peer().lead(replace(HOME, epoch=7), LEADER)

    door(test)


def test_a_token_counts_once_and_for_its_own_body_only(door):
    async def test(d):
        body, other = write_lead(LEADER), write_lead(replace(LEADER, number=9))
        tokens = d.tokens("beijing")

        async def refused(sent, token, path=PATH + "/lead", method="POST"):
            answer = await d.send(method, path, sent, token)
            return answer.status_code, answer.json()["code"]

        token = tokens.header("POST", PATH + "/lead", body)
        assert await refused(other, token) == (401, "token_invalid")
        # It was spent on the changed body: the true one does not come through with it either.
        assert await refused(body, token) == (401, "token_invalid")
        good = tokens.header("POST", PATH + "/lead", body)
        assert (await d.send("POST", PATH + "/lead", body, good)).status_code == 200
        assert await refused(body, good) == (401, "token_invalid")
        # Without a body of its own, for another address, or none at all.
        reading = tokens.header("POST", PATH + "/lead")
        assert await refused(body, reading) == (401, "token_invalid")
        elsewhere = tokens.header("POST", PATH + "/hold", body)
        assert await refused(body, elsewhere) == (401, "token_invalid")
        assert await refused(body, None) == (401, "token_missing")
        writing = tokens.header("GET", PATH + "/held", b"")
        assert await refused(b"", writing, PATH + "/held", "GET") == (401, "token_invalid")
        assert await refused(b"", None, PATH + "/held", "GET") == (403, "peer_only")
        assert (await d.mirror.lock.leader(HOME)) == LEADER

    door(test)


def test_a_body_that_is_no_hold_is_named(door):
    async def test(d):
        peer = d.peer()
        empty = (await peer.held(HOME)).stored
        whole = write_hold(Hold(LEADER, None, empty, 0, ()))
        for body in (b"", b"{}", whole[:-30]):
            with pytest.raises(InputError, match="hold_malformed"):
                await peer._write(PATH + "/hold", Body(body, LINES, True))
        with pytest.raises(InputError, match="hold_malformed"):
            await peer._write(PATH + "/lead", Body(b"[]", JSON, True))
        assert await d.mirror.lock.leader(HOME) is None

    door(test)


def test_what_other_nodes_send_has_a_bound_of_its_own(door):
    """This region's setting is a kilobyte."""

    async def test(d):
        step = await a_step(d)
        await forget(d)
        assert len(write_hold(step)) > 1024
        assert (await d.peer().hold(HOME, step)).head == step.new
        answer = await d.send("POST", PATH + "/hold", b" " * (2 * MOST_BYTES + 1), None)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        answer = await d.send("POST", "/records", b" " * 1025, None)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    door(test)


def test_conflicts_arrive_as_what_they_are(door):
    async def test(d):
        step = await a_step(d)
        await forget(d)
        peer = d.peer()
        later = replace(LEADER, number=5)
        await peer.lead(HOME, later)
        for asked in (peer.lead(HOME, LEADER), peer.hold(HOME, step)):
            with pytest.raises(ConflictError) as refused:
                await asked
            assert refused.value.code == "leader_replaced"
        await peer.hold(HOME, replace(step, leader=later))
        other = replace(step.new, root=bytes(32))
        with pytest.raises(ConflictError) as refused:
            await peer.hold(HOME, replace(step, leader=later, old=other, new=other))
        assert refused.value.code == "head_moved"
        holding = read_holding(
            (
                await d.send(
                    "GET", PATH + "/held", b"", d.tokens("tianjin").header("GET", PATH + "/held")
                )
            ).content
        )
        assert holding.leader == later

    door(test)

"""One region's node lies to the gateway over HTTP; the others do not. What the gateway then shows is judged.

The node signs nothing here that it did not sign before: it answers with true records in the wrong places,
or keeps them back. ``run`` starts a network of its own.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.texts import EN
from gateway.view import view_of
from ledger.client import NodeClient
from ledger.errors import LedgerError
from ledger.testing import running_network
from ledger.testing.story import post_story
from ledger.values import Millis
from ledger.verify import State, verify_bundle

NUMBER = "DEMU0000016"
Ask = Callable[[str, str, bytes], Awaitable[Any]]


@dataclass
class Asked:
    """A question to the lying node, its true answer, and a way to ask the node something else."""

    dice: random.Random
    path: str
    body: Any
    answer: Any
    ask: Callable[[str, str, Any], Awaitable[Any]]
    ids: list[str]

    @property
    def for_bundles(self) -> bool:
        return self.path == "/bundles"

    async def evidence_of(self, id_: str) -> dict[str, Any]:
        bundle = await self.ask("POST", "/bundles", {"ids": [id_]})
        return bundle["records"][0]

    def views(self) -> list[dict[str, Any]]:
        """The records of a search's answer."""
        return self.answer.get("results", []) if "search" in self.path else []


class UnknownError(Exception):
    """The node says that it holds no such record."""


# --- lies: each changes the answer, and tells whether it could


async def evidence_of_another_record(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    at = a.dice.randrange(len(a.body["ids"]))
    other = a.dice.choice([one for one in a.ids if one != a.body["ids"][at]])
    a.answer["records"][at] = await a.evidence_of(other)
    return True


async def evidence_exchanged(a: Asked) -> bool:
    if not a.for_bundles or len(a.body["ids"]) < 2:
        return False
    one, two = a.dice.sample(range(len(a.body["ids"])), 2)
    records = a.answer["records"]
    records[one], records[two] = records[two], records[one]
    return True


async def evidence_of_one_for_all(a: Asked) -> bool:
    if not a.for_bundles or len(a.body["ids"]) < 2:
        return False
    records = a.answer["records"]
    records[:] = [a.dice.choice(records)] * len(records)
    return True


async def evidence_left_out(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    a.answer["records"].pop(a.dice.randrange(len(a.body["ids"])))
    return True


async def evidence_more_than_asked(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    a.answer["records"].append(copy.deepcopy(a.answer["records"][0]))
    return True


async def evidence_denied(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    raise UnknownError


async def place_of_another_record(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    at = a.dice.randrange(len(a.body["ids"]))
    other = await a.evidence_of(a.dice.choice([one for one in a.ids if one != a.body["ids"][at]]))
    for name in ("leaf", "proof", "anchor"):
        a.answer["records"][at][name] = other[name]
    return True


async def witnesses_kept_back(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    one = a.dice.choice(a.answer["records"])
    lines = one["proof"].splitlines(keepends=True)
    one["proof"] = "".join(line for line in lines if "/witness " not in line)
    return True


async def disclosure_of_another_record(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    one = a.dice.choice(a.answer["records"])
    other = await a.evidence_of(a.dice.choice(a.ids))
    theirs = other["statement"].split("~")[1:-1]
    mine = one["statement"].split("~")
    if len(mine) < 3 or not theirs or other["statement"] == one["statement"]:
        return False
    mine[a.dice.randrange(1, len(mine) - 1)] = a.dice.choice(theirs)
    one["statement"] = "~".join(mine)
    return True


async def registrations_kept_back(a: Asked) -> bool:
    if not a.for_bundles:
        return False
    a.answer["operators"] = []
    return True


async def records_kept_back(a: Asked) -> bool:
    if not a.views():
        return False
    a.answer["results"] = a.dice.sample(a.views(), a.dice.randrange(len(a.views())))
    return True


async def records_exchanged(a: Asked) -> bool:
    """Each of two records under the other one's id."""
    if len(a.views()) < 2:
        return False
    one, two = a.dice.sample(a.views(), 2)
    one["id"], two["id"] = two["id"], one["id"]
    return True


async def statements_exchanged(a: Asked) -> bool:
    if len(a.views()) < 2:
        return False
    one, two = a.dice.sample(a.views(), 2)
    one["statement"], two["statement"] = two["statement"], one["statement"]
    return True


async def home_restated(a: Asked) -> bool:
    """The node says that it is the home of another region's records."""
    if not a.views():
        return False
    for view in a.views():
        view["mirror"] = a.dice.random() < 0.3
        view["region"] = a.dice.choice(["beijing", "tianjin", "hebei"])
    return True


async def record_invented(a: Asked) -> bool:
    """An id that names nothing, with a true statement."""
    if not a.views():
        return False
    invented = copy.deepcopy(a.dice.choice(a.views()))
    invented["id"] = a.dice.randbytes(32).hex()
    a.views().append(invented)
    return True


LIES = (
    evidence_of_another_record,
    evidence_exchanged,
    evidence_of_one_for_all,
    evidence_left_out,
    evidence_more_than_asked,
    evidence_denied,
    place_of_another_record,
    witnesses_kept_back,
    disclosure_of_another_record,
    registrations_kept_back,
    records_kept_back,
    records_exchanged,
    statements_exchanged,
    home_restated,
    record_invented,
)
NAMES = tuple(lie.__name__ for lie in LIES)


# --- the node that lies


@dataclass
class Liar:
    """What the lying node does now: one lie, told at every question it fits."""

    region: str = ""
    lie: Callable[[Asked], Awaitable[bool]] | None = None
    dice: random.Random = field(default_factory=random.Random)
    ids: list[str] = field(default_factory=list)
    told: int = 0


class LyingTransport(httpx2.AsyncBaseTransport):
    """Between the gateway and a node: passes on, and changes answers where its region lies now."""

    def __init__(self, region: str, liar: Liar) -> None:
        self._region = region
        self._liar = liar
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        liar = self._liar
        await request.aread()
        response = await self._inner.handle_async_request(request)
        content = await _read(response)
        if liar.region != self._region or liar.lie is None or response.status_code != 200:
            return httpx2.Response(response.status_code, headers=_kept(response), content=content)

        async def ask(method: str, path: str, body: Any) -> Any:
            other = httpx2.Request(method, request.url.join(path), json=body)
            return json.loads(await _read(await self._inner.handle_async_request(other)))

        body = json.loads(request.content) if request.content else None
        asked = Asked(liar.dice, request.url.path, body, json.loads(content), ask, liar.ids)
        try:
            liar.told += await liar.lie(asked)
        except UnknownError:
            liar.told += 1
            problem = {
                "type": "about:blank",
                "title": "no",
                "status": 404,
                "code": "record_unknown",
            }
            return httpx2.Response(
                404, headers={"content-type": "application/problem+json"}, json=problem
            )
        return httpx2.Response(200, headers=_kept(response), json=asked.answer)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _read(response: httpx2.Response) -> bytes:
    try:
        return await response.aread()
    finally:
        await response.aclose()


def _kept(response: httpx2.Response) -> dict[str, str]:
    return {"content-type": response.headers.get("content-type", "application/json")}


# --- what the gateway shows of it


class Place:
    """A gateway in front of a network with the whole import, and a liar between them."""

    def __init__(self, network: Any, ids: list[str]) -> None:
        self.network = network
        self.liar = Liar(ids=ids)
        self.clients: list[httpx2.AsyncClient] = []
        settings = GatewaySettings(
            network_file=network.local.network_file, examples=[NUMBER], node_timeout=30
        )
        self.app = create_app(settings, self._connect)
        self.truth = self._look()
        assert self.truth.verdict == "passed", self.truth

    def _connect(self, region: str, url: str) -> NodeClient:
        http = httpx2.AsyncClient(transport=LyingTransport(region, self.liar), timeout=30)
        self.clients.append(http)
        return NodeClient(url, http, region=region)

    def close(self) -> None:
        for http in self.clients:
            self.network.run(http.aclose())

    def play(self, seed: int) -> tuple[str, list[str]]:
        """Tell one lie once; its name ('' where there was no occasion) and what was believed."""
        dice = random.Random(seed)
        liar, lie = self.liar, LIES[seed % len(LIES)]
        liar.region, liar.lie, liar.dice = dice.choice(["beijing", "tianjin", "hebei"]), lie, dice
        liar.told = 0
        try:
            shown = self._look()
            alone = self._alone(dice.choice(liar.ids))
        finally:
            told, liar.lie = liar.told, None
        if not told:
            return "", []
        name = f"seed {seed}: {lie.__name__} by {liar.region}"
        return lie.__name__, [f"believed: {name}: {one}" for one in (*self._judge(shown), *alone)]

    def _judge(self, shown: Shown) -> Iterator[str]:
        if shown.verdict == "passed" and shown.cards != self.truth.cards:
            yield f"passed as a whole, and is not: {_apart(shown.cards, self.truth.cards)}"
        for id_, card in shown.cards.items():
            if card.verdict == "passed" and card != self.truth.cards.get(id_):
                yield f"{id_[:8]} passed as {card}, and is {self.truth.cards.get(id_)}"
        yield from shown.misplaced

    def _alone(self, id_: str) -> list[str]:
        """The bundle of one record, as a reader carries it away."""
        door = self.app.state.door()
        try:
            bundle = self.network.run(door.evidencer.record(id_))
        except LedgerError:
            return []
        report = verify_bundle(bundle, door.policy, at=Millis(0))
        if report.verdict is State.PASSED and [one.id for one in report.records] != [id_]:
            return [f"{id_[:8]} was asked for, {report.records[0].id[:8]} was handed out"]
        return []

    def _look(self) -> Shown:
        door = self.app.state.door()

        async def look() -> Shown:
            findings = await door.finder.find(NUMBER)
            dossier = findings.dossiers[0] if findings.dossiers else None
            if dossier is None:
                return Shown("nothing", {}, ())
            judged = await door.evidencer.dossier(findings, dossier)
            judged = await door.evidencer.with_mirrors(findings, judged)
            view = view_of(findings, dossier, judged, EN)
            cards = {
                one.id: Card(one.verdict, one.kind, one.key, one.version, one.region, one.fields)
                for one in (*view.records, *view.documents)
            }
            misplaced = [
                f"{wanted[:8]} has the evidence of {record.id[:8]}"
                for wanted, record in zip(judged.ids, judged.report.records, strict=True)
                if record.id != wanted and record.verdict is not State.FAILED
            ]
            misplaced += [
                f"{wanted[:8]} is said to be {mirrored.report.id[:8]} at {mirrored.region}"
                for wanted, copies in judged.mirrored.items()
                for mirrored in copies
                if mirrored.report.id != wanted and mirrored.report.verdict is State.PASSED
            ]
            # A region that did not answer is named above the verdict of what is there.
            verdict = "silent" if findings.silent else view.verdict
            return Shown(verdict, cards, tuple(misplaced))

        return self.network.run(look())


@dataclass(frozen=True)
class Card:
    """What a page shows of one record."""

    verdict: str
    kind: str
    key: str
    version: int
    region: str
    fields: tuple[Any, ...]


@dataclass(frozen=True)
class Shown:
    """What a page shows of a dossier."""

    verdict: str
    cards: dict[str, Card]
    misplaced: tuple[str, ...]


def _apart(one: dict[str, Card], two: dict[str, Card]) -> str:
    lacking, more = two.keys() - one.keys(), one.keys() - two.keys()
    return f"lacks {[id_[:8] for id_ in lacking]}, has {[id_[:8] for id_ in more]} more"


@contextmanager
def place() -> Iterator[Place]:
    """A network of its own with the whole import."""
    with running_network() as network:

        async def post() -> list[Any]:
            posted = [one async for one in post_story(network.local)]
            await network.local.settle()
            return posted

        made = Place(network, [one.receipt.id for one in network.run(post())])
        try:
            yield made
        finally:
            made.close()


def run(seed: int, cases: int) -> tuple[Counter[str], list[str]]:
    """How often each lie was told, and what the gateway believed of them."""
    told: Counter[str] = Counter()
    findings: list[str] = []
    with place() as made:
        for case in range(seed * cases, (seed + 1) * cases):
            name, believed = made.play(case)
            told[name] += 1
            findings += believed
    del told[""]
    return told, findings


def untold(told: Mapping[str, int], cases: int) -> list[str]:
    """Lies for which there was no occasion, once there were cases enough for every one."""
    return [name for name in NAMES if not told.get(name)] if cases >= 4 * len(NAMES) else []

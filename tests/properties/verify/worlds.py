"""The good bundles that the mutation test starts from, and what to swap parts of them with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ledger.bundle import Asked, Bundle, Evidence, encode_bundle
from ledger.statement.issuing import Slotted
from ledger.testing.kit import Posted, World
from ledger.verify import ChainReading, Policy

DECLARATION: dict[str, Any] = {
    "key": "DEC:220220261000000001",
    "time": "2026-03-06T10:00:00+08:00",
    "status": "final",
    "containers": ["DEMU0000016", "DEMU0000021"],
    "price": "99.10",
    "gross_kg": "1200.5",
    "origin": "DE",
    "net_kg": "1100",
    "lines": [Slotted({"hs10": "8708999990", "qty": 7, "marks": ["A", "B"]}), "one more"],
}
CLOSED = {"price", "origin"}


@dataclass
class Base:
    """A good bundle as JSON values, and material for mutations."""

    name: str
    value: dict[str, Any]
    policy: Policy
    reading: ChainReading | None
    proofs: list[str]
    statements: list[str]
    evidences: list[dict[str, Any]]


def fewer(now: Any, base: Any) -> bool:
    """Whether a displayed value is the base's, or less of it."""
    if now is None or now == base:
        return True
    if isinstance(now, dict) and isinstance(base, dict):
        return all(name in base and fewer(value, base[name]) for name, value in now.items())
    if isinstance(now, list) and isinstance(base, list):
        return len(now) == len(base) and all(map(fewer, now, base))
    return False


def public(path: tuple[str | int, ...]) -> bool:
    return path[0] not in CLOSED


class Scene:
    """Three regions after a while: a declaration in two versions, an event, a document, and strangers."""

    def __init__(self) -> None:
        self.world = world = World()
        self.broker = world.firm("Broker", 1)
        self.terminal = world.firm("Terminal", 2, "Ed25519")
        self.operators = [
            world.register("tianjin", self.broker, ["import_declaration", "document"]),
            world.register("hebei", self.terminal, ["equipment_event"]),
            world.register("beijing", self.broker, ["document"]),
        ]
        world.fill("tianjin", 3)
        post = world.post
        self.first = post("tianjin", self.broker, "import_declaration", DECLARATION)
        second = {**DECLARATION, "net_kg": "1101", "change": "amended", "reason": "typing error"}
        self.second = post("tianjin", self.broker, "import_declaration", second, before=self.first)
        event = {"key": "EV:DISC:1", "time": "2026-03-06T00:00:00Z", "container": "DEMU0000016"}
        self.event = post("hebei", self.terminal, "equipment_event", event)
        file = {
            "key": "DOC:" + "ab" * 32,
            "time": "2026-03-06T00:00:00Z",
            "sha256": "ab" * 32,
            "size": 1234,
            "media_type": "application/pdf",
            "title": "invoice",
        }
        self.document = post("beijing", self.broker, "document", file)
        for region in ("tianjin", "hebei", "beijing"):
            world.fill(region, 9)

    def base(self, name: str, bundle: Bundle, *, chain: bool = False, **more: Any) -> Base:
        """The base, and parts to swap in: none of them alone may be worth more than the base."""
        world = self.world
        posted = [self.first, self.second, self.event, self.document, *self.operators]
        one = {"beijing": 1_772_500_000}
        stale = [
            world.evidence(item, size=size, cosigned=one).proof
            for item in posted
            for size in (8, 12)
        ]
        unseen = [world.evidence(item, cosigned={}).proof for item in posted]
        stranger = World(world.network)
        # The same names under other keys: a network that somebody made up.
        stranger.authority = type(stranger.authority)("Stranger CA")
        fake = stranger.post(
            "tianjin", stranger.firm("Faker", 7), "import_declaration", DECLARATION
        )
        stranger.fill("tianjin", 4)
        foreign = [stranger.evidence(fake).proof]
        whole = [Bundle((world.evidence(item, **more),), (), ()) for item in posted]
        evidences = [json.loads(encode_bundle(one))["records"][0] for one in whole]
        return Base(
            name,
            json.loads(encode_bundle(bundle)),
            world.policy(),
            world.reading() if chain else None,
            stale + unseen + foreign,
            [item.compact for item in posted] + [fake.compact],
            evidences,
        )

    def shown(self, posted: Posted, **more: Any) -> Evidence:
        return self.world.evidence(posted, wanted=public, **more)

    def registrations(self, *numbers: int) -> list[Evidence]:
        return [self.world.evidence(self.operators[n]) for n in numbers]

    def record(self) -> Base:
        bundle = self.world.bundle([self.shown(self.first)], self.registrations(0))
        return self.base("record", bundle, chain=True)

    def dossier(self) -> Base:
        posted = [self.first, self.second, self.event]
        asked = Asked("DEMU0000016", tuple((name, True) for name in self.world.logs))
        bundle = self.world.bundle(
            [self.shown(item) for item in posted], self.registrations(0, 1), asked=asked
        )
        return self.base("dossier", bundle)

    def file(self) -> Base:
        bundle = self.world.bundle([self.world.evidence(self.document)], self.registrations(2))
        return self.base("document", bundle)

    def pending(self) -> Base:
        # Nothing in this base has its quorum, so no swap can lend one.
        less: dict[str, Any] = {"cosigned": {"beijing": 1_772_500_000}, "anchored": False}
        operator = self.world.evidence(self.operators[0], **less)
        bundle = self.world.bundle([self.shown(self.first, **less)], [operator])
        return self.base("pending", bundle, **less)

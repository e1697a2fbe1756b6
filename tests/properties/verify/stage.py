"""Three regions after a while, by seed: what honest people signed there, and no more than that.

A liar may hand on anything that stands here. What a liar signs itself is made in the modules of the lies.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.bundle import Asked, Bundle, Evidence
from ledger.testing.kit import KitLog, Posted, World
from ledger.values import AnchorFacts, Millis
from ledger.verify import ChainReading, Policy

KIND = "import_declaration"
RPC = "http://127.0.0.1:8545"


@dataclass(frozen=True)
class Chance:
    """The dice, with the words in which lies are told."""

    dice: random.Random

    def one(self, items: Any) -> Any:
        return self.dice.choice(list(items))

    def two(self, items: Any) -> list[Any]:
        """Two different ones, in any order."""
        return self.dice.sample(list(items), 2)

    def number(self, low: int, high: int) -> int:
        return self.dice.randint(low, high)

    def heads(self) -> bool:
        return self.dice.random() < 0.5


class Stage:
    """Tianjin, whose node lies; Hebei and Beijing, whose nodes do not. Beijing has closed its first log."""

    def __init__(self, seed: int) -> None:
        self.dice = dice = random.Random(seed)
        self.world = world = World(f"demo-{seed % 2**32:08x}")
        self.broker = world.firm("Broker", 1, dice.choice(["ES256", "Ed25519"]))
        self.terminal = world.firm("Terminal", 2, dice.choice(["ES256", "Ed25519"]))
        self.number = 0
        self.anchored: dict[str, list[int]] = {}
        self._tianjin()
        self._hebei()
        self._beijing()
        self.policy: Policy = world.policy()
        self.chain = ChainReading(RPC, world.identity, self.events())

    # --- how it came about

    def _tianjin(self) -> None:
        world, dice = self.world, self.dice
        self.log = world.log("tianjin")
        world.fill("tianjin", dice.randint(0, 3))
        self.operator = world.register("tianjin", self.broker, [KIND, "document"])
        self.records: list[Posted] = []
        for _ in range(dice.randint(3, 8)):
            world.fill("tianjin", dice.randint(0, 4))
            self.records.append(self.declare())
        self.first = dice.choice(self.records)
        self.second = self.declare(self.first, change="amended")
        world.fill("tianjin", dice.randint(0, 4))
        self.last = self.declare(self.second, change="withdrawn")
        self._suspended()
        world.fill("tianjin", dice.randint(1, 9))
        self._anchor(self.log)

    def _suspended(self) -> None:
        """A firm that was registered and suspended; its node takes what it posts all the same."""
        world = self.world
        self.gone = world.firm("Gone", 3)
        self.admitted = world.register("tianjin", self.gone, [KIND])
        self.before = self.declare(author=self.gone)
        self.suspension = world.register(
            "tianjin", self.gone, [KIND], status="suspended", before=self.admitted
        )
        self.after = self.declare(author=self.gone)

    def _hebei(self) -> None:
        world, dice = self.world, self.dice
        self.operator_hebei = world.register("hebei", self.terminal, ["equipment_event"])
        self.events_hebei = []
        for number in range(dice.randint(2, 5)):
            world.fill("hebei", dice.randint(0, 4))
            fields = {"key": f"EV:DISC:{number}", "time": "2026-03-06T00:00:00Z", "seal": "S1"}
            self.events_hebei.append(world.post("hebei", self.terminal, "equipment_event", fields))
        world.fill("hebei", dice.randint(1, 9))
        self._anchor(world.log("hebei"))

    def _beijing(self) -> None:
        world, dice = self.world, self.dice
        self.old = world.log("beijing")
        self.operator_beijing = world.register("beijing", self.broker, [KIND])
        self.closed = [self.declare(region="beijing") for _ in range(dice.randint(1, 4))]
        world.fill("beijing", dice.randint(1, 5))
        self._anchor(self.old)
        self.new = world.close("beijing", len(self.old.leaves))
        world.fill("beijing", dice.randint(0, 3))
        self.open = [self.declare(region="beijing") for _ in range(dice.randint(1, 4))]
        self.newcomer = world.firm("Newcomer", 4)
        self.operator_newcomer = world.register("beijing", self.newcomer, [KIND])
        world.fill("beijing", dice.randint(1, 5))
        self._anchor(self.new)

    def _anchor(self, log: KitLog) -> None:
        """Some sizes, and the one at which it ends: only these are cosigned, and on the chain."""
        whole = len(log.leaves)
        fewer = self.dice.sample(range(1, whole - 1), min(4, whole - 2))
        self.anchored[str(log.origin)] = sorted({*fewer, whole})

    def declare(
        self, before: Posted | None = None, *, region: str = "tianjin", **more: Any
    ) -> Posted:
        """A declaration, honest or not, in that region's open log."""
        author, log = more.pop("author", self.broker), more.pop("log", None)
        self.number += 1
        fields: dict[str, Any] = {
            "key": f"DEC:{self.number}",
            "time": "2026-03-06T10:00:00+08:00",
            "price": f"{self.dice.randint(1, 9999)}.10",
            "gross_kg": str(self.dice.randint(1000, 99999)),
            "net_kg": str(self.dice.randint(100, 999)),
            **more,
        }
        if before is not None:
            fields |= {"reason": "typing error"}
        return self.world.post(region, author, KIND, fields, before=before, log=log)

    # --- what is handed out

    def events(self) -> dict[tuple[bytes, int], AnchorFacts | None]:
        """What the chain shows."""
        found: dict[tuple[bytes, int], AnchorFacts | None] = {}
        for log in self.logs():
            for size in self.anchored[str(log.origin)]:
                facts = log.facts(size, Millis((1_772_600_000 + size * 600) * 1000))
                found[facts.transaction, facts.log_index] = facts
        return found

    def logs(self) -> list[KitLog]:
        return [log for epochs in self.world.logs.values() for log in epochs]

    def sizes(self, posted: Posted) -> list[int]:
        """Anchored sizes that hold the record."""
        return [one for one in self.anchored[str(posted.log.origin)] if one > posted.index]

    def shown(self, posted: Posted, size: int | None = None, **more: Any) -> Evidence:
        """Evidence under the first anchored head that covers the record, as a node hands it out."""
        return self.world.evidence(posted, size=size or self.sizes(posted)[0], **more)

    @cached_property
    def registrations(self) -> tuple[Evidence, ...]:
        """Every registration that stands, so that no lie is found out by the lack of one."""
        posted = (
            self.operator, self.operator_hebei, self.operator_beijing, self.operator_newcomer,
            self.admitted, self.suspension,
        )  # fmt: skip
        return tuple(self.shown(one) for one in posted)

    def bundle(
        self,
        *records: Evidence,
        operators: Sequence[Evidence] | None = None,
        asked: Mapping[str, bool] | None = None,
    ) -> Bundle:
        given = self.registrations if operators is None else operators
        answered = Asked("DEC:1", tuple(asked.items())) if asked is not None else None
        return self.world.bundle(records, given, asked=answered)

    def honest(self) -> list[Posted]:
        """Every record that is true and good; what a liar has to pass for."""
        tianjin = [*self.records, self.second, self.last, self.before]
        return [*tianjin, *self.events_hebei, *self.closed, *self.open, self.operator]

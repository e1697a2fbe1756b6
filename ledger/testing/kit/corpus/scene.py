"""The small shipment that the corpus is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.bundle import Evidence, encode_bundle
from ledger.statement import base64url
from ledger.statement.sdjwt import Path
from ledger.testing.kit.world import Posted, World

PLAIN = b"Example invoice 2026-001\n"
CLOSED_SIZE = 5
_CLOSED = frozenset({"price", "origin"})


@dataclass(frozen=True)
class Example:
    """One file of the corpus; ``says`` is one sentence for a reader, ``policy`` names its judge.

    ``due`` is what it must come to, said by whoever made it and not by the verifier: the verdict, and after
    it every check that is to blame, ``failed leaf inclusion``.
    """

    name: str
    says: str
    due: str
    data: bytes
    policy: str = "policy"


def public(path: Path) -> bool:
    """What a reader without rights sees of the corpus's records."""
    return path[0] not in _CLOSED


class Scene:
    """A broker and a terminal, their registrations, four records; the same bytes in every run."""

    def __init__(self) -> None:
        self.world = world = World("demo-c0ffee00")
        self.broker = world.firm("Example Broker", 1)
        self.terminal = world.firm("Example Terminal", 2, "Ed25519")
        self.broker_tianjin = world.register(
            "tianjin", self.broker, ["import_declaration", "document"]
        )
        self.terminal_hebei = world.register("hebei", self.terminal, ["equipment_event"])
        world.fill("tianjin", 2)
        self.first = world.post("tianjin", self.broker, "import_declaration", self.fields())
        later = {**self.fields(), "net_kg": "1101", "change": "amended", "reason": "typing error"}
        later["case_code"] = "EX-1"
        self.second = world.post(
            "tianjin", self.broker, "import_declaration", later, before=self.first
        )
        self.event = world.post("hebei", self.terminal, "equipment_event", self.event_fields())
        self.document = world.post("tianjin", self.broker, "document", self.document_fields())
        for region in world.logs:
            world.fill(region, 5)

    @staticmethod
    def fields() -> dict[str, Any]:
        """A declaration, as much of it as the corpus needs."""
        return {
            "key": "220220261000000001",
            "time": "2026-03-06T10:00:00+08:00",
            "status": "final",
            "containers": ["DEMU0000016", "DEMU0000021"],
            "gross_kg": "1200.5",
            "net_kg": "1100",
            "origin": "DE",
            "price": "99.10",
        }

    @staticmethod
    def event_fields() -> dict[str, Any]:
        """A container's discharge."""
        return {
            "key": "EV:DISC:DEMU0000016:20260306T000000Z",
            "time": "2026-03-06T08:00:00+08:00",
            "container": "DEMU0000016",
        }

    @staticmethod
    def document_fields() -> dict[str, Any]:
        """The fingerprint of ``plain.txt``."""
        digest = hashlib.sha256(PLAIN).hexdigest()
        return {
            "key": f"DOC:{digest}",
            "time": "2026-03-06T08:00:00+08:00",
            "sha256": digest,
            "size": len(PLAIN),
            "media_type": "text/plain",
            "document_type": "invoice",
        }

    def shown(
        self,
        posted: Posted,
        *,
        size: int | None = None,
        cosigned: Mapping[str, int] | None = None,
        anchored: bool = True,
    ) -> Evidence:
        """Evidence as the public sees it; the rest as ``World.evidence`` takes it."""
        return self.world.evidence(
            posted, size=size, cosigned=cosigned, wanted=public, anchored=anchored
        )

    def one(self, *records: Evidence, operators: tuple[Posted, ...] | None = None) -> bytes:
        """A bundle file with the broker's registration."""
        chosen = (self.broker_tianjin,) if operators is None else operators
        bundle = self.world.bundle(records, [self.world.evidence(item) for item in chosen])
        return encode_bundle(bundle)

    def with_operators(self, record: Evidence, *operators: Evidence) -> bytes:
        """A bundle file of one record with registrations as they are given."""
        return encode_bundle(self.world.bundle([record], operators))


def disclosure(salt: str, value: object) -> str:
    """A disclosure that nobody signed."""
    return base64url.encode(json.dumps([salt, value], separators=(",", ":")).encode())

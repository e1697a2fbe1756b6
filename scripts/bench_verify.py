#!/usr/bin/env python3
"""Time what it costs to check one bundle of a 25-field record, per core (CPU time, best of five)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger.bundle import decode_bundle, encode_bundle
from ledger.statement import sdjwt
from ledger.testing.kit import World
from ledger.values import Millis
from ledger.verify import Verifier, verify_bundle

AT = Millis(1_780_000_000_000)
KIND = "import_declaration"


def measure(name: str, work: Callable[[], object], count: int, per: int = 1) -> None:
    """Print how often a second the work is done."""
    work()
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(count):
            work()
        best = min(best, (time.process_time() - start) / count / per)
    print(f"{name:58} {1 / best:9,.0f}/s {best * 1e6:9,.0f} µs")


def main() -> None:
    """Build the bundles and time each step."""
    world = World()
    broker = world.firm("Broker", 1)
    operator = world.register("tianjin", broker, [KIND])
    fields = {"key": "D", "time": "2026-03-06T10:00:00Z"} | {
        f"f{n}": f"value {n}" for n in range(23)
    }
    posted = [world.post("tianjin", broker, KIND, fields) for _ in range(200)]
    world.fill("tianjin", 800)
    registration = [world.evidence(operator)]
    one = world.bundle([world.evidence(posted[0])], registration)
    many = world.bundle([world.evidence(item) for item in posted], registration)
    data, policy = encode_bundle(one), world.policy()
    verifier = Verifier(policy)
    print(f"bundle of one record with its registration: {len(data):,} bytes")
    measure("read the file's shape", lambda: decode_bundle(data), 300)
    measure(
        "check a bundle anew (3 author, 3 log and witness signatures)",
        lambda: verify_bundle(one, policy, at=AT),
        100,
    )
    measure(
        "check a bundle, its checkpoint and registration known",
        lambda: verifier.verify(one, at=AT),
        300,
    )
    measure("a record in a bundle of 200", lambda: verifier.verify(many, at=AT), 2, per=200)
    compact = posted[0].compact
    statement = sdjwt.parse(compact)
    measure("  of it: parse and open 25 slots", lambda: sdjwt.open_slots(sdjwt.parse(compact)), 500)
    measure(
        "  of it: the author's signature",
        lambda: sdjwt.check_signature(statement, broker.certificate),
        500,
    )


if __name__ == "__main__":
    main()

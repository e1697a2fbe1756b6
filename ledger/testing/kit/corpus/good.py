"""Bundles that pass, or that wait for what only time or a fuller file can bring."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.bundle import Asked, encode_bundle
from ledger.testing.kit.corpus.scene import CLOSED_SIZE, Example, Scene
from ledger.testing.kit.world import START


def good(scene: Scene) -> Iterator[Example]:
    """Every example in which nothing was tampered with."""
    first = scene.shown(scene.first)
    yield Example("record", "A declaration with two fields kept back.", "passed", scene.one(first))
    yield Example(
        "record-full",
        "The same, all fields open.",
        "passed",
        scene.one(scene.world.evidence(scene.first)),
    )
    both = (first, scene.shown(scene.second))
    yield Example(
        "versions", "Two versions of a record; the second is newer.", "passed", scene.one(*both)
    )
    yield Example(
        "ed25519",
        "An author with an Ed25519 key.",
        "passed",
        scene.one(scene.shown(scene.event), operators=(scene.terminal_hebei,)),
    )
    yield Example("document", "Names plain.txt.", "passed", scene.one(scene.shown(scene.document)))
    yield Example(
        "dossier", "Three records of two regions; all regions answered.", "passed", _dossier(scene)
    )
    yield Example(
        "dossier-silent",
        "The same, but Hebei did not answer.",
        "unknown regions",
        _dossier(scene, silent="hebei"),
    )
    waiting = scene.shown(scene.first, cosigned={"hebei": START + 100_000}, anchored=False)
    yield Example(
        "pending",
        "One of two witnesses has signed.",
        "pending certificate quorum",
        scene.one(waiting),
    )
    yield Example(
        "operator-missing",
        "No registration inside.",
        "unknown signature certificate authorised",
        scene.one(first, operators=()),
    )
    closed = scene.shown(scene.first, size=CLOSED_SIZE)
    bundle = scene.world.bundle(
        [closed], [scene.world.evidence(scene.broker_tianjin, size=CLOSED_SIZE)]
    )
    yield Example(
        "closed-log",
        f"The log was closed at size {CLOSED_SIZE}.",
        "passed",
        encode_bundle(bundle),
        "policy-closed",
    )


def _dossier(scene: Scene, silent: str = "") -> bytes:
    world = scene.world
    asked = Asked("DEMU0000016", tuple((name, name != silent) for name in world.logs))
    records = [scene.shown(item) for item in (scene.first, scene.second, scene.event)]
    operators = [world.evidence(item) for item in (scene.broker_tianjin, scene.terminal_hebei)]
    return encode_bundle(world.bundle(records, operators, asked=asked))

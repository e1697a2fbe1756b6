"""Bundles whose author had no right to post."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ledger.testing.kit.corpus.scene import Example, Scene
from ledger.testing.kit.people import Authority, uscc_of
from ledger.testing.kit.world import Posted

Maker: TypeAlias = Callable[[Scene], tuple[Posted, tuple[Posted, ...]]]


def bad_authority(scene: Scene) -> Iterator[Example]:
    """Records whose author had no right to post them."""
    world = scene.world
    log = world.log("tianjin")
    size = len(log.leaves)

    def case(name: str, says: str, make: Maker, due: str = "failed authorised") -> Example:
        posted, operators = make(scene)
        data = scene.one(world.evidence(posted), operators=operators)
        del log.leaves[size:]
        return Example(name, says, due, data)

    yield case("kind-not-listed", "A kind the author is not registered for.", _other_kind)
    yield case("suspended", "The author had been suspended.", _suspended)
    yield case("registered-late", "Registered after the record.", _late)
    yield case("registrar-unlisted", "Registered by no registrar.", _false_registrar)
    yield case("ca-unknown", "A certificate of another CA.", _other_ca, "failed certificate")
    hebei = world.log("hebei")
    count = len(hebei.leaves)
    moved = world.append(scene.first.compact, hebei)
    data = scene.one(world.evidence(moved))
    del hebei.leaves[count:]
    yield Example(
        "region-other", "Logged in a region it was not meant for.", "failed authorised", data
    )


def _other_kind(scene: Scene) -> tuple[Posted, tuple[Posted, ...]]:
    fields = {"key": "REL:1", "time": "2026-03-06T08:00:00+08:00"}
    posted = scene.world.post("tianjin", scene.broker, "release", fields)
    return posted, (scene.broker_tianjin,)


def _suspended(scene: Scene) -> tuple[Posted, tuple[Posted, ...]]:
    suspended = scene.world.register(
        "tianjin",
        scene.broker,
        ["import_declaration"],
        status="suspended",
        before=scene.broker_tianjin,
    )
    return _post_again(scene), (scene.broker_tianjin, suspended)


def _post_again(scene: Scene) -> Posted:
    fields = {**scene.fields(), "key": "220220261000000002"}
    return scene.world.post("tianjin", scene.broker, "import_declaration", fields)


def _late(scene: Scene) -> tuple[Posted, tuple[Posted, ...]]:
    firm = scene.world.firm("Hasty", 3)
    posted = scene.world.post("tianjin", firm, "import_declaration", scene.fields())
    return posted, (scene.world.register("tianjin", firm, ["import_declaration"]),)


def _false_registrar(scene: Scene) -> tuple[Posted, tuple[Posted, ...]]:
    firm = scene.world.firm("Friend", 4)
    beijing = scene.world.registrars["beijing"]
    operator = scene.world.register("tianjin", firm, ["import_declaration"], registrar=beijing)
    return scene.world.post("tianjin", firm, "import_declaration", scene.fields()), (operator,)


def _other_ca(scene: Scene) -> tuple[Posted, tuple[Posted, ...]]:
    firm = Authority("Somebody's CA").admit("Forger", uscc_of(5))
    operator = scene.world.register("tianjin", firm, ["import_declaration"])
    return scene.world.post("tianjin", firm, "import_declaration", scene.fields()), (operator,)

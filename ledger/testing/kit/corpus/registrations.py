"""Who had registered the author, when and how: suspended, restored, unreadable, in another epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from ledger.bundle import encode_bundle
from ledger.testing.kit.corpus.scene import Example, Scene
from ledger.testing.kit.corpus.unreadable import KIND, post, register, registration
from ledger.testing.kit.world import START

Row: TypeAlias = tuple[str, str, str, bytes]


def registrations(scene: Scene) -> Iterator[Example]:
    """Examples in Tianjin's one log; it forgets each of them."""
    log = scene.world.log("tianjin")
    count = len(log.leaves)
    for make in (_changing, _waiting, _broken, _operators):
        yield from (Example(*row) for row in make(scene))
        del log.leaves[count:]


def epochs(scene: Scene) -> Iterator[Example]:
    """Examples for ``policy-epochs``, which has Tianjin's log closed and a second one open."""
    world = scene.world
    size = len(world.log("tianjin").leaves)
    world.close("tianjin", size)
    old, open_ = world.logs["tianjin"]
    later = {
        **scene.fields(),
        "net_kg": "1102",
        "change": "amended",
        "reason": "x",
        "case_code": "E",
    }
    record = world.post("tianjin", scene.broker, KIND, later, before=scene.second)
    world.fill("tianjin", 2)
    registered = world.evidence(scene.broker_tianjin, size=size)
    data = encode_bundle(world.bundle([world.evidence(record)], [registered]))
    says = "Version 3 of a record of the closed log, in the next epoch."
    yield Example("epoch-next", says, "passed", data, "policy-epochs")
    firm = world.firm("Latecomer", 60)
    late = world.register("tianjin", firm, [KIND])
    early = world.post("tianjin", firm, KIND, scene.fields(), log=old)
    data = encode_bundle(
        world.bundle([world.evidence(early, size=size + 1)], [world.evidence(late)])
    )
    del old.leaves[size:]
    says = "A leaf behind the closing head, registered in the next epoch."
    yield Example("epoch-behind", says, "failed authorised log_signature", data, "policy-epochs")
    del open_.leaves[:]


def _changing(scene: Scene) -> Iterator[Row]:
    world, broker, first = scene.world, scene.broker, scene.broker_tianjin
    ended = world.register("tianjin", broker, [KIND], status="suspended", before=first)
    data = scene.one(world.evidence(scene.first), operators=(first, ended))
    yield "suspended-later", "Suspended after the record.", "passed", data
    back = world.register("tianjin", broker, [KIND], before=ended)
    record = post(scene, broker)
    data = scene.one(world.evidence(record), operators=(back, first, ended))
    yield "restored", "Suspended, and restored before the record.", "passed", data
    data = scene.one(world.evidence(record), operators=(first, ended))
    yield "restored-missing", "The restoration is left out.", "failed authorised", data
    withdrawn = {
        **registration(world, broker, "tianjin"),
        "change": "withdrawn",
        "reason": "x",
        "case_code": "E",
    }
    gone = world.post("tianjin", world.registrars["tianjin"], "operator", withdrawn, before=back)
    record = post(scene, broker)
    data = scene.one(world.evidence(record), operators=(first, back, gone))
    yield (
        "registration-withdrawn",
        "The registration was withdrawn before.",
        "failed authorised",
        data,
    )
    narrow = world.register("tianjin", broker, ["release"], before=gone)
    record = post(scene, broker)
    data = scene.one(world.evidence(record), operators=(first, narrow))
    yield (
        "registration-narrowed",
        "The last registration lists other kinds.",
        "failed authorised",
        data,
    )


def _waiting(scene: Scene) -> Iterator[Row]:
    world, broker, first = scene.world, scene.broker, scene.broker_tianjin
    one = {"hebei": START + 200_000}
    record = world.evidence(scene.first)
    data = scene.with_operators(record, world.evidence(first, cosigned=one))
    yield "registration-waits", "The registration waits for a witness.", "pending authorised", data
    ended = world.register("tianjin", broker, [KIND], status="suspended", before=first)
    posted = post(scene, broker)
    waiting = world.evidence(ended, size=ended.index + 1, cosigned=one)
    data = scene.with_operators(world.evidence(posted), world.evidence(first), waiting)
    yield "suspension-waits", "A suspension counts while it waits.", "failed authorised", data
    again = world.register("tianjin", broker, [KIND, "release"], before=first)
    posted = post(scene, broker)
    waiting = world.evidence(again, size=again.index + 1, cosigned=one)
    data = scene.with_operators(world.evidence(posted), world.evidence(first), waiting)
    yield "renewal-waits", "An older registration that passed stands in.", "passed", data


def _broken(scene: Scene) -> Iterator[Row]:
    world, first = scene.world, scene.broker_tianjin
    record, good = world.evidence(scene.first), world.evidence(first)
    other = replace(good, leaf=record.leaf)
    yield (
        "registration-leaf",
        "Its leaf names another.",
        "failed authorised",
        scene.with_operators(record, other),
    )
    lost = replace(good, proof="")
    data = scene.with_operators(record, lost)
    yield "registration-proof", "It has no proof, so it stands nowhere.", "unknown authorised", data
    bundle = world.bundle([record], [good])
    data = encode_bundle(replace(bundle, certificates=()))
    yield "registrar-missing", "Its registrar's certificate is absent.", "unknown authorised", data
    abroad = scene.world.register("hebei", scene.broker, [KIND])
    data = scene.one(record, operators=(abroad,))
    del world.log("hebei").leaves[abroad.index :]
    yield "registration-abroad", "Registered in another region only.", "unknown authorised", data
    meant = register(scene, scene.broker, region="hebei")
    record = world.evidence(post(scene, scene.broker))
    data = scene.one(record, operators=(meant,))
    says = "Registered by a record meant for another region."
    yield "registration-other-region", says, "failed authorised", data


def _operators(scene: Scene) -> Iterator[Row]:
    """Operator records as records of the bundle."""
    world = scene.world
    operator = world.evidence(scene.broker_tianjin)
    yield "operator", "A registration is a record too.", "passed", scene.one(operator, operators=())
    both = scene.one(operator, world.evidence(scene.first))
    yield "operator-both", "It stands among the records and the registrations.", "passed", both
    false = world.register("tianjin", scene.terminal, [KIND], registrar=scene.broker)
    data = scene.one(world.evidence(false))
    yield "operator-false", "A firm registers another.", "failed authorised", data
    moved = world.append(scene.terminal_hebei.compact, world.log("tianjin"))
    data = scene.one(world.evidence(moved), operators=())
    yield "operator-moved", "A registration logged in another region.", "failed authorised", data

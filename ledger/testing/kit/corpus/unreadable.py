"""Registrations that cannot be read as one, though a registrar signed just that."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ledger.statement import base64url
from ledger.statement.issuing import Value
from ledger.statement.jws import sign_key_proof
from ledger.testing.kit.corpus.forging import opened
from ledger.testing.kit.corpus.scene import Example, Scene
from ledger.testing.kit.people import Firm
from ledger.testing.kit.world import START, Posted, World

KIND = "import_declaration"
UNREADABLE = "unknown signature certificate authorised"
Fields: TypeAlias = dict[str, Value]


def unreadable_registrations(scene: Scene) -> Iterator[Example]:
    """One example for each rule on what an operator record holds."""
    log = scene.world.log("tianjin")
    count = len(log.leaves)
    firm = scene.terminal
    for name, says, changes in [*_fields(scene), *_key_proofs(scene)]:
        operator = register(scene, firm, changes=changes)
        data = scene.one(scene.world.evidence(post(scene, firm)), operators=(operator,))
        del log.leaves[count:]
        yield Example(f"registration-{name}", says, UNREADABLE, data)
    yield from _carried(scene)


def register(
    scene: Scene,
    firm: Firm,
    *,
    region: str = "tianjin",
    kind: str = "operator",
    changes: Mapping[str, Value | None] | None = None,
) -> Posted:
    """A registration meant for ``region``, signed by Tianjin's registrar, in Tianjin's log.

    A change to None leaves the field out.
    """
    world = scene.world
    all_ = {**registration(world, firm, region), **(changes or {})}
    fields = {name: value for name, value in all_.items() if value is not None}
    registrar = world.registrars["tianjin"]
    return world.post(region, registrar, kind, fields, log=world.log("tianjin"))


def registration(world: World, firm: Firm, region: str) -> Fields:
    """The fields of a good registration."""
    return {
        "key": f"OP:{firm.kid_hex}",
        "time": "2026-03-02T08:00:00+08:00",
        "uscc": firm.uscc,
        "name": firm.name,
        "status": "active",
        "kinds": [KIND],
        "certificate": base64.b64encode(firm.certificate).decode(),
        "key_proof": sign_key_proof(firm, f"{world.network}/{region}", START),
    }


def post(scene: Scene, firm: Firm) -> Posted:
    """One more record of a firm in Tianjin."""
    fields: Mapping[str, Value] = {**scene.fields(), "key": "220220261000000003"}
    return scene.world.post("tianjin", firm, KIND, fields)


def _fields(scene: Scene) -> Sequence[tuple[str, str, Mapping[str, Value | None]]]:
    broker = scene.broker
    der = base64.b64encode(scene.terminal.certificate).decode()
    return (
        ("key", "Its key names another certificate.", {"key": f"OP:{broker.kid_hex}"}),
        ("uscc", "Its USCC is another firm's.", {"uscc": broker.uscc}),
        ("status", "A status outside the list.", {"status": "closed"}),
        ("name", "A name that is no text.", {"name": 5}),
        ("kinds", "A kind listed twice.", {"kinds": [KIND, KIND]}),
        ("kinds-text", "Kinds that are no list.", {"kinds": f"{KIND} and more"}),
        ("kinds-name", "A kind that is no name.", {"kinds": [KIND, "Release"]}),
        ("more", "A field more.", {"note": "x"}),
        ("less", "A field less.", {"name": None}),
        ("change-first", "A change in version 1.", {"change": "amended"}),
        ("certificate", "A certificate in a second spelling.", {"certificate": der + "\n"}),
    )


def _key_proofs(scene: Scene) -> Iterator[tuple[str, str, Mapping[str, Value | None]]]:
    firm, broker, network = scene.terminal, scene.broker, scene.world.network
    head = {"alg": firm.alg, "typ": "customs-key+jwt", "kid": firm.kid}
    body = {"aud": f"{network}/tianjin", "iat": START, "kid": firm.kid}
    long = {**body, "iat": START, "pad": "x" * 8192}
    for name, says, header, payload, author in (
        ("aud", "for another region", head, {**body, "aud": f"{network}/hebei"}, firm),
        ("iat", "with a time that is text", head, {**body, "iat": "1"}, firm),
        ("kid", "for another key", head, {**body, "kid": broker.kid}, firm),
        ("header-kid", "under another key's name", {**head, "kid": broker.kid}, body, firm),
        ("typ", "of another type", {**head, "typ": "customs-read+jwt"}, body, firm),
        ("alg", "under another algorithm", {**head, "alg": "ES256"}, body, firm),
        ("header-member", "with a member more in its header", {**head, "crit": []}, body, firm),
        ("member", "with a member more", head, {**body, "exp": START}, firm),
        ("long", "of more than 8,192 characters", head, long, firm),
        ("signature", "signed by another key", {**head, "alg": "Ed25519"}, body, broker),
    ):
        proof = _jws(header, payload, author)
        yield f"proof-{name}", f"A key proof {says}.", {"key_proof": proof}


def _jws(header: object, payload: object, author: Firm) -> str:
    head, body = (base64url.encode(json.dumps(part).encode()) for part in (header, payload))
    return f"{head}.{body}.{base64url.encode(author.sign(f'{head}.{body}'.encode()))}"


def _carried(scene: Scene) -> Iterator[Example]:
    """Registrations that stand in the log as they should, and come cut, changed or as another kind."""
    world, first = scene.world, scene.broker_tianjin
    record, good = world.evidence(scene.first), world.evidence(first)
    stray = replace(good, statement=f"{good.statement}{opened('x')}~")
    changed = replace(good, statement=good.statement.replace("~WyJ", "~XyJ", 1))
    closed = world.evidence(first, wanted=lambda path: path[0] != "name")
    cut = world.evidence(first, wanted=lambda path: path != ("kinds", 1))
    for name, says, operator in (
        ("stray", "A disclosure more than it has slots.", stray),
        ("value", "A value in it was changed.", changed),
        ("closed", "A field of it is kept back.", closed),
        ("cut", "A kind of its list is kept back.", cut),
    ):
        data = scene.with_operators(record, operator)
        yield Example(f"registration-{name}", says, UNREADABLE, data)
    log = world.log("tianjin")
    count = len(log.leaves)
    other = register(scene, scene.terminal, kind="release")
    record = world.evidence(post(scene, scene.terminal))
    data = scene.with_operators(record, world.evidence(other))
    del log.leaves[count:]
    yield Example("registration-kind", "A record of another kind.", UNREADABLE, data)

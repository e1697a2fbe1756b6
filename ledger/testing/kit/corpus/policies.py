"""The policies that the examples are judged by, and policies that every verifier must refuse."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.testing.kit.corpus.scene import CLOSED_SIZE, Example, Scene
from ledger.testing.kit.logs import NoteKey
from ledger.testing.kit.world import START
from ledger.values import witness_name
from ledger.verify import Policy, encode_policy

Edit = Callable[[dict[str, Any]], object]


def judges(scene: Scene) -> dict[str, Policy]:
    """The policies by name."""
    policy = scene.world.policy()
    log = scene.world.log("tianjin")
    closed = tuple(
        replace(item, closed=log.head(CLOSED_SIZE)) if item.origin == log.origin else item
        for item in policy.logs
    )
    turned = Scene()
    turned.world.close("tianjin", len(log.leaves))
    return {
        "policy": policy,
        "policy-closed": replace(policy, logs=closed),
        "policy-epochs": turned.world.policy(),
        "policy-one": scene.world.policy(quorum=1),
        "policy-some": replace(policy, required=("signature", "slots")),
        "policy-chain": replace(policy, required=(*policy.required, "chain")),
    }


def requirements(scene: Scene) -> Iterator[Example]:
    """What a policy does not require may wait, but not fail."""
    waits = scene.one(scene.shown(scene.first, cosigned={"hebei": START + 100_000}))
    says = "The quorum waits, and is not required."
    yield Example("required-some", says, "passed", waits, "policy-some")
    absent = scene.one(scene.shown(scene.first), operators=())
    says = "No certificate, and the signature is required."
    yield Example("required-absent", says, "unknown signature", absent, "policy-some")
    good = scene.shown(scene.first)
    broken = scene.one(replace(good, leaf=scene.shown(scene.second).leaf))
    says = "A check that is not required fails."
    yield Example("required-failed", says, "failed leaf inclusion", broken, "policy-some")
    says = "The chain is required, and nobody asked it."
    yield Example("required-chain", says, "unknown chain", scene.one(good), "policy-chain")


def refused(scene: Scene) -> Iterator[tuple[str, str, bytes]]:
    """Name, sentence and bytes of policies by which nothing may be judged."""
    data = encode_policy(scene.world.policy())
    value = json.loads(data)
    for name, says, edit in _edits(scene):
        changed = copy.deepcopy(value)
        edit(changed)
        yield name, says, json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode()
    twice = data.replace(b'"quorum":2', b'"quorum":2,"quorum":1', 1)
    yield "member-twice", "A member twice.", twice
    yield (
        "float",
        "A number that is not an integer.",
        data.replace(b'"quorum":2', b'"quorum":2.0', 1),
    )
    yield "trailing", "Something after the object.", data + b"x"


def _edits(scene: Scene) -> Iterator[tuple[str, str, Edit]]:
    yield from _witness_edits(scene)
    yield from _log_edits(scene)
    for name, says, members in (
        ("log-none", "No log.", {"logs": []}),
        ("network", "Logs of another network.", {"network": "demo-other"}),
        ("required-none", "Nothing is required.", {"required": []}),
        ("required-latest", "What no bundle can show is required.", {"required": ["latest"]}),
        ("required-unknown", "A check that is none.", {"required": ["taste"]}),
        ("cas-none", "No CA.", {"cas": []}),
        ("v", "Another version of the format.", {"v": 2}),
        ("member", "A member beyond the format.", {"note": "x"}),
    ):
        yield name, says, _put(members)
    yield "log-twice", "A log twice.", lambda value: value["logs"].append(value["logs"][0])
    yield "chain", "A chain without its code hash.", lambda value: value["chain"].pop("code_hash")


def _witness_edits(scene: Scene) -> Iterator[tuple[str, str, Edit]]:
    log = scene.world.log("beijing")
    hebei = witness_name(scene.world.network, "hebei")
    good = log.witness_vkey("hebei")
    own, tianjin = log.witness_vkey("beijing"), log.witness_vkey("tianjin")
    nobody = NoteKey(f"{scene.world.network}/hebei/mirror").vkey(COSIGNATURE_KEY)
    # y = 0 is a point whose order is 4: a signature under it holds for many messages.
    material = bytes([COSIGNATURE_KEY]) + bytes(32)
    # And y = 2^255 - 17 is y = 2 once more.
    again = bytes([COSIGNATURE_KEY]) + (2**255 - 17).to_bytes(32, "little")
    unfit = good.text().replace(good.key_hash.hex(), "00000000")
    for name, says, vkey in (
        ("own-witness", "A log's own region among its witnesses.", own.text()),
        ("own-log-key", "The log's own key under another region's name.", _named(hebei, log.vkey)),
        ("own-witness-key", "The own region's witness key under another name.", _named(hebei, own)),
        ("witness-type", "A witness with a log's type of key.", _named(hebei, good, LOG_KEY)),
        ("witness-name", "A witness that is not named as one.", nobody.text()),
        ("witness-key-id", "A key id that does not fit.", unfit),
        ("witness-small-order", "A key of small order.", _raw(hebei, material)),
        ("witness-spelling", "A key in a second spelling.", _raw(hebei, again)),
        ("witness-twice", "One witness twice.", tianjin.text()),
        ("witness-key-twice", "One key as two witnesses.", _named(hebei, tianjin)),
    ):
        yield name, says, _put({"witnesses": [tianjin.text(), vkey]}, "logs", 0)


def _log_edits(scene: Scene) -> Iterator[tuple[str, str, Edit]]:
    network = scene.world.network
    own = scene.world.log("beijing").vkey
    for name, says, members in (
        ("quorum-zero", "No witness needed.", {"quorum": 0}),
        ("quorum-three", "More witnesses needed than there are.", {"quorum": 3}),
        ("log-key", "The key of another log.", {"key": scene.world.log("tianjin").vkey.text()}),
        ("log-key-type", "A cosigner's type.", {"key": _named(own.name, own, COSIGNATURE_KEY)}),
        ("log-origin", "An origin that is none.", {"origin": f"{network}/beijing"}),
        ("log-epoch", "An epoch with a zero before it.", {"origin": f"{network}/beijing/01"}),
        ("registrar", "A registrar that is no kid.", {"registrars": ["00"]}),
        ("closed", "A closing head without its root.", {"closed": {"size": 5}}),
    ):
        yield name, says, _put(members, "logs", 0)


def _raw(name: str, material: bytes) -> str:
    """A vkey over any bytes."""
    key_id = hashlib.sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(material).decode()}"


def _named(name: str, key: VerifierKey, algorithm: int = COSIGNATURE_KEY) -> str:
    """That key as a vkey under another name, or of another type."""
    return VerifierKey(name, algorithm, key.public_key).text()


def _put(members: Mapping[str, object], *path: str | int) -> Edit:
    """Set members of the object at the path."""

    def edit(value: dict[str, Any]) -> None:
        spot: Any = value
        for step in path:
            spot = spot[step]
        spot.update(members)

    return edit

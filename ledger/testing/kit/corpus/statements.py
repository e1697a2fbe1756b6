"""Bundles whose statement fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from ledger.statement import base64url
from ledger.statement.jose import write_header
from ledger.statement.limits import TYP
from ledger.statement.sdjwt import join, parse
from ledger.statement.signing import P256_ORDER
from ledger.statement.slots import digest_of
from ledger.testing.kit.corpus.scene import Example, Scene, disclosure


def bad_statements(scene: Scene) -> Iterator[Example]:
    """Statements changed after signing, and one that the author signed to cheat."""
    first = scene.shown(scene.first)
    signed, *disclosures, _ = first.statement.split("~")

    def with_(signed: str, disclosures: list[str]) -> bytes:
        return scene.one(replace(first, statement="~".join([signed, *disclosures, ""])))

    changed = [*disclosures]
    salt = json.loads(base64url.decode(changed[5]))[0]
    changed[5] = disclosure(salt, "9999.9")
    yield Example(
        "value-changed",
        "The value of gross_kg was changed.",
        "failed slots",
        with_(signed, changed),
    )
    foreign = scene.shown(scene.event).statement.split("~")[1]
    yield Example(
        "value-foreign",
        "A value of another record put in.",
        "failed slots",
        with_(signed, [*disclosures, foreign]),
    )
    head, _, signature = signed.rpartition(".")
    raw = base64url.decode(signature)
    high = (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = f"{head}.{base64url.encode(raw[:32] + high)}"
    yield Example(
        "signature-high-s",
        "The high-S twin of a signature.",
        "failed signature",
        with_(twin, disclosures),
    )
    header = write_header("Ed25519", TYP, scene.broker.kid)
    other = f"{header}.{signed.split('.', 1)[1]}"
    yield Example(
        "alg-other",
        "The header names another algorithm.",
        "failed signature leaf",
        with_(other, disclosures),
    )
    payload = signed.split(".")[1]
    claims = base64url.decode(payload).replace(b'"iat":17', b'"iat":18')
    forged = signed.replace(payload, base64url.encode(claims))
    yield Example(
        "claim-changed", "A claim changed.", "failed signature leaf", with_(forged, disclosures)
    )
    yield Example(
        "two-values",
        "The author signed two values for one field.",
        "failed slots",
        _two_values(scene),
    )


def _two_values(scene: Scene) -> bytes:
    one, two = disclosure("A" * 22, "100"), disclosure("B" * 21 + "A", "999")
    compact = parse(scene.first.compact)
    claims = json.loads(base64url.decode(compact.signed.decode().split(".")[1]))
    claims["fields"] = {"net_kg": [{"...": digest_of(one)}, {"...": digest_of(two)}]}
    text = json.dumps(claims, separators=(",", ":")).encode()
    head = f"{write_header('ES256', TYP, scene.broker.kid)}.{base64url.encode(text)}"
    signed = f"{head}.{base64url.encode(scene.broker.sign(head.encode()))}"
    return scene.one(replace(scene.shown(scene.first), statement=join(signed.encode(), [one])))

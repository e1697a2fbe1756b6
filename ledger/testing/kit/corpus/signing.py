"""Statements whose signed part is not of the format, though the author signed just that."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ledger.statement import base64url
from ledger.statement.signing import P256_ORDER
from ledger.testing.kit.corpus.forging import (
    compact_of,
    header,
    logged,
    opened,
    payload,
    signed,
    slot,
    statement,
)
from ledger.testing.kit.corpus.scene import Example, Scene

_ONE = opened("1200.5")
_FIELDS = {"gross_kg": slot(_ONE)}


def bad_signed_parts(scene: Scene) -> Iterator[Example]:
    """One example for each rule on header, claims and signature."""
    yield from _headers(scene)
    yield from _claims(scene)
    yield from _texts(scene)
    yield from _signatures(scene)


def _headers(scene: Scene) -> Iterator[Example]:
    author = scene.broker
    body = payload(scene, author, _FIELDS)
    for name, says, head in (
        ("header-member", "The header has a member more.", header(author, jwk={"kty": "EC"})),
        ("header-typ", "The header is of another type.", header(author, typ="dc+sd-jwt")),
        ("header-alg", "The header names an algorithm outside the format.", header(author, alg="EdDSA")),
        ("header-twice", "The header has a member twice.", header(author)[:-1] + ',"alg":"ES256"}'),
        ("header-long", "A header of more than 1,024 bytes.", header(author) + " " * 1024),
        ("header-kid-empty", "A header that names nobody.", header(author, kid="")),
        ("header-kid-number", "A kid that is no text.", header(author, kid=7)),
    ):  # fmt: skip
        evidence = logged(scene, compact_of(author, body, [_ONE], head))
        yield Example(name, says, "failed signature", scene.one(evidence))
    evidence = logged(scene, compact_of(author, body, [_ONE], header(author, kid="somebody")))
    due = "unknown signature certificate authorised"
    yield Example("kid-unknown", "A kid that names no certificate.", due, scene.one(evidence))
    yield _other_name_of_ed25519(scene)


def _other_name_of_ed25519(scene: Scene) -> Example:
    """``EdDSA`` is what libraries call Ed25519 that do not know RFC 9864."""
    world, author = scene.world, scene.terminal
    log = world.log("tianjin")
    operator = world.register("tianjin", author, ["import_declaration"])
    head = header(author, alg="EdDSA")
    evidence = logged(scene, compact_of(author, payload(scene, author, _FIELDS), [_ONE], head))
    data = scene.with_operators(evidence, world.evidence(operator))
    log.leaves.pop()
    return Example("header-eddsa", "Ed25519 by its older name.", "failed signature", data)


def _claims(scene: Scene) -> Iterator[Example]:
    uscc = scene.broker.uscc
    source = {"system": "kit", "method": "typed", "basis": "example"}
    for name, says, changes in (
        ("claim-more", "A claim beyond the format.", {"exp": 1_900_000_000}),
        ("claim-missing", "A claim is missing.", {"source": None}),
        ("claim-sd", "A list of digests beside the fields.", {"_sd": []}),
        ("claim-sd-alg", "Another hash function.", {"_sd_alg": "sha-512"}),
        ("claim-iss", "A USCC with a letter it never has.", {"iss": f"urn:uscc:{uscc[:-1]}I"}),
        ("claim-aud", "A region that is no name.", {"aud": f"{scene.world.network}/Tianjin"}),
        ("claim-jti", "A jti of 15 bytes.", {"jti": "AAECAwQFBgcICQoLDA0O"}),
        ("claim-jti-tail", "A jti whose tail bits are set.", {"jti": "AAECAwQFBgcICQoLDA0ODz"}),
        ("claim-iat", "A time before 1970.", {"iat": -1}),
        ("claim-iat-true", "A boolean for a number.", {"iat": True}),
        ("claim-kind", "A kind that is no name.", {"kind": "Import", "schema": "Import/1"}),
        ("claim-schema", "The schema of another kind.", {"schema": "release/1"}),
        ("claim-schema-zero", "A schema number with a zero before it.", {"schema": "import_declaration/01"}),
        ("claim-version", "Versions count from 1.", {"version": 0, "prev": "00" * 32}),
        ("claim-version-true", "A boolean for the version.", {"version": True}),
        ("claim-prev-first", "Version 1 has none before it.", {"prev": "00" * 32}),
        ("claim-prev-missing", "Version 2 names none before it.", {"version": 2}),
        ("claim-prev-upper", "An id in upper case.", {"version": 2, "prev": "AB" * 32}),
        ("claim-source", "A source with a member more.", {"source": {**source, "note": "x"}}),
        ("claim-source-text", "A source with a number.", {"source": {**source, "basis": 1}}),
        ("claim-method", "A method outside the list.", {"source": {**source, "method": "scanned"}}),
        ("claim-not-nfc", "A claim that is not in NFC.", {"source": {**source, "basis": "e\u0301"}}),
    ):  # fmt: skip
        evidence = statement(scene, _FIELDS, [_ONE], **changes)
        yield Example(name, says, "failed signature", scene.one(evidence))


def _texts(scene: Scene) -> Iterator[Example]:
    good = payload(scene, scene.broker, _FIELDS)
    basis = '"basis":"example"'
    for name, says, body in (
        ("claim-twice", "A claim stands twice.", good.replace('"version":1', '"version":1,"version":1')),
        ("claim-float", "A float for an integer.", good.replace('"version":1', '"version":1.0')),
        ("claim-null", "Null for a claim.", good.replace(basis, '"basis":null')),
        ("claim-surrogate", "A lone surrogate, escaped.", good.replace(basis, '"basis":"\\ud800"')),
        ("payload-array", "A payload that is no object.", f"[{good}]"),
        ("claim-bom", "A byte order mark.", "\ufeff" + good),
        ("claim-not-utf8", "Bytes that are not UTF-8.", good.encode().replace(b"example", b"ex\xffmple")),
    ):  # fmt: skip
        evidence = logged(scene, compact_of(scene.broker, body, [_ONE]))
        yield Example(name, says, "failed signature", scene.one(evidence))
    spaced = json.dumps(json.loads(good), indent=1)
    evidence = logged(scene, compact_of(scene.broker, spaced, [_ONE]))
    says = "White space between the tokens of a payload."
    yield Example("payload-spaced", says, "passed", scene.one(evidence))


def _signatures(scene: Scene) -> Iterator[Example]:
    body = payload(scene, scene.broker, _FIELDS)
    good = signed(scene.broker, header(scene.broker), body)
    head, _, signature = good.rpartition(".")
    raw = base64url.decode(signature)
    other = scene.terminal.sign(head.encode())
    order = base64url.encode(raw[:32] + P256_ORDER.to_bytes(32, "big"))
    for name, says, text in (
        ("signature-foreign", "Signed by another firm.", base64url.encode(other)),
        ("signature-short", "A signature of 63 bytes.", base64url.encode(raw[:63])),
        ("signature-padded", "A signature with padding.", signature + "=="),
        ("signature-tail", "The same signature in a second spelling.", _respelled(signature)),
        ("signature-zero", "A signature of zeros.", base64url.encode(bytes(64))),
        ("signature-s-order", "s beyond the order of the curve.", order),
    ):  # fmt: skip
        evidence = logged(scene, f"{head}.{text}~{_ONE}~")
        yield Example(name, says, "failed signature", scene.one(evidence))
    evidence = logged(scene, f"{head}~{_ONE}~")
    yield Example(
        "signature-missing",
        "Two parts in place of three.",
        "failed signature",
        scene.one(evidence),
    )


def _respelled(text: str) -> str:
    """Set a tail bit that carries nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]

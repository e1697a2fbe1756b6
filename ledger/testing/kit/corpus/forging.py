"""Statements that an author signed and a region logged although the format forbids them.

All else about them is in order, so that only the check that is meant for the fault can refuse them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.bundle import Evidence
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.statement import base64url
from ledger.statement.limits import TYP
from ledger.statement.slots import digest_of
from ledger.testing.kit.corpus.scene import Scene, disclosure
from ledger.testing.kit.people import Firm
from ledger.testing.kit.world import START, Posted

RECEIVED = (START + 7200) * 1000


def salt(number: int) -> str:
    """A salt of 16 bytes."""
    return base64url.encode(bytes([number]) * 16)


def opened(value: object, number: int = 1) -> str:
    """A disclosure of that value."""
    return disclosure(salt(number), value)


def slot(text: str) -> list[dict[str, str]]:
    """The slot that a disclosure opens."""
    return [{"...": digest_of(text)}]


def header(author: Firm, **changes: object) -> str:
    """A statement's header as JSON text; a change to None leaves the member out."""
    return _text({"alg": author.alg, "typ": TYP, "kid": author.kid}, changes)


def payload(scene: Scene, author: Firm, fields: object, **changes: object) -> str:
    """A payload as JSON text; a change to None leaves the member out."""
    claims: dict[str, Any] = {
        "iss": author.iss,
        "aud": f"{scene.world.network}/tianjin",
        "jti": "AAECAwQFBgcICQoLDA0ODw",
        "iat": START + 7200,
        "kind": "import_declaration",
        "schema": "import_declaration/1",
        "version": 1,
        "source": {"system": "kit", "method": "typed", "basis": "example"},
        "_sd_alg": "sha-256",
        "fields": fields,
    }
    return _text(claims, changes)


def signed(author: Firm, head: str, body: str | bytes) -> str:
    """The signed part over a header and a payload, whatever they say."""
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    signing_input = f"{base64url.encode(head.encode())}.{base64url.encode(content)}"
    return f"{signing_input}.{base64url.encode(author.sign(signing_input.encode()))}"


def logged(scene: Scene, compact: str, *, line: bytes | None = None, prev: int = -1) -> Evidence:
    """Evidence of a statement in the next place of Tianjin's log, which then forgets it.

    ``line`` stands in the log in place of the statement's leaf; ``prev`` goes into that.
    """
    log = scene.world.log("tianjin")
    count = len(log.leaves)
    signing_input = compact.partition("~")[0].rpartition(".")[0]
    id_ = hashlib.sha256(signing_input.encode()).digest()
    log.leaves.append(line if line is not None else encode_leaf(Leaf(id_, RECEIVED, prev)))
    try:
        return scene.world.evidence(Posted(log, count, compact))
    finally:
        del log.leaves[count:]


def statement(
    scene: Scene, fields: object, disclosures: Sequence[str] = (), **changes: object
) -> Evidence:
    """A statement of the broker with these ``fields``, logged."""
    body = payload(scene, scene.broker, fields, **changes)
    return logged(scene, compact_of(scene.broker, body, disclosures))


def compact_of(
    author: Firm, body: str | bytes, disclosures: Sequence[str] = (), head: str | None = None
) -> str:
    """A statement in compact form."""
    return "~".join([signed(author, head or header(author), body), *disclosures, ""])


def _text(members: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in {**members, **changes}.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

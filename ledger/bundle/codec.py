"""Bundle files to bytes and back; one spelling of the members, nothing ignored."""

from __future__ import annotations

import base64
from typing import Any

from ledger.bundle.model import Anchor, Asked, Bundle, Evidence
from ledger.bundle.shape import Shape
from ledger.statement import strictjson

MAX_BYTES = 64 * 2**20
MAX_RECORDS = 4096
MAX_OPERATORS = 1024
MAX_CERTIFICATES = 256
MAX_REGIONS = 64
_MAX_DEPTH = 8

_shape = Shape("bundle_malformed")


def encode_bundle(bundle: Bundle) -> bytes:
    """Write a bundle as compact UTF-8 JSON (formats.md section 4)."""
    asked = bundle.asked
    return strictjson.dumps(
        {
            "v": 1,
            "records": [_evidence_json(item) for item in bundle.records],
            "operators": [_evidence_json(item) for item in bundle.operators],
            "certificates": [base64.b64encode(der).decode() for der in bundle.certificates],
            "asked": None
            if asked is None
            else {
                "query": asked.query,
                "regions": [
                    {"region": name, "answered": answered} for name, answered in asked.regions
                ],
            },
        }
    )


def decode_bundle(data: bytes) -> Bundle:
    """Read a bundle file; checks its shape only, believes nothing in it.

    Raises VerificationError: bundle_malformed or bundle_repeats with the JSON Pointer of the
    member, or the strict JSON reader's own codes.
    """
    value = strictjson.loads(data, max_bytes=MAX_BYTES, max_depth=_MAX_DEPTH, allow_null=True)
    top = _shape.members(value, ("v", "records", "operators", "certificates", "asked"), "")
    if _shape.number(top["v"], "/v") != 1:
        raise _shape.refuse("is not 1, the only version of the format", "/v")
    records = _read_all(top["records"], "/records", 1, MAX_RECORDS)
    operators = _read_all(top["operators"], "/operators", 0, MAX_OPERATORS)
    certificates = _shape.items(top["certificates"], "/certificates", 0, MAX_CERTIFICATES)
    return Bundle(
        records,
        operators,
        tuple(_shape.base64(der, f"/certificates/{i}") for i, der in enumerate(certificates)),
        _read_asked(top["asked"]),
    )


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    anchor = evidence.anchor
    return {
        "statement": evidence.statement,
        "leaf": evidence.leaf,
        "proof": evidence.proof,
        "anchor": None
        if anchor is None
        else {
            "block_number": anchor.block_number,
            "block_hash": anchor.block_hash.hex(),
            "transaction": anchor.transaction.hex(),
            "log_index": anchor.log_index,
        },
    }


def _read_all(value: object, path: str, least: int, most: int) -> tuple[Evidence, ...]:
    items = _shape.items(value, path, least, most)
    found = tuple(_read_evidence(item, f"{path}/{i}") for i, item in enumerate(items))
    seen: set[str] = set()
    for i, evidence in enumerate(found):
        # Twins of one statement would look like two independent records to a reader who counts.
        signing_input = ".".join(evidence.statement.split(".", 2)[:2])
        if signing_input in seen:
            raise Shape("bundle_repeats").refuse("repeats a statement given before", f"{path}/{i}")
        seen.add(signing_input)
    return found


def _read_evidence(value: object, path: str) -> Evidence:
    item = _shape.members(value, ("statement", "leaf", "proof", "anchor"), path)
    return Evidence(
        _shape.text(item["statement"], f"{path}/statement"),
        _shape.text(item["leaf"], f"{path}/leaf"),
        _shape.text(item["proof"], f"{path}/proof"),
        _read_anchor(item["anchor"], f"{path}/anchor"),
    )


def _read_anchor(value: object, path: str) -> Anchor | None:
    if value is None:
        return None
    item = _shape.members(value, ("block_number", "block_hash", "transaction", "log_index"), path)
    return Anchor(
        _shape.number(item["block_number"], f"{path}/block_number"),
        _shape.hexadecimal(item["block_hash"], f"{path}/block_hash", 32),
        _shape.hexadecimal(item["transaction"], f"{path}/transaction", 32),
        _shape.number(item["log_index"], f"{path}/log_index"),
    )


def _read_asked(value: object) -> Asked | None:
    if value is None:
        return None
    item = _shape.members(value, ("query", "regions"), "/asked")
    regions: list[tuple[str, bool]] = []
    for i, entry in enumerate(_shape.items(item["regions"], "/asked/regions", 0, MAX_REGIONS)):
        path = f"/asked/regions/{i}"
        answer = _shape.members(entry, ("region", "answered"), path)
        regions.append(
            (
                _shape.text(answer["region"], f"{path}/region"),
                _shape.flag(answer["answered"], f"{path}/answered"),
            )
        )
    return Asked(_shape.text(item["query"], "/asked/query"), tuple(regions))

"""The file around the evidence: JSON with two meanings, other shapes, what was asked."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from ledger.statement import base64url
from ledger.statement.signing import P256_ORDER
from ledger.testing.kit.corpus.scene import Example, Scene

Edit = Callable[[dict[str, Any]], object]
_ANCHOR = ("records", 0, "anchor")


def wrappings(scene: Scene) -> Iterator[Example]:
    """One example for each rule on the file as a whole."""
    data = scene.one(scene.shown(scene.first))
    yield from _texts(data)
    yield from _shapes(json.loads(data))
    yield from _accepted(json.loads(data))
    yield from _asked(json.loads(data))


def _texts(data: bytes) -> Iterator[Example]:
    def put(old: str, new: str) -> bytes:
        return data.replace(old.encode(), new.encode(), 1)

    first, none = '{"v":1,', '"asked":null'
    index, number = '"log_index":', '"log_index":4'
    for name, says, changed in (
        ("file-bom", "A byte order mark.", b"\xef\xbb\xbf" + data),
        ("file-trailing", "Something after the object.", data + b"{}"),
        ("file-cut", "The end is missing.", data[:-1]),
        ("file-not-utf8", "Bytes that are not UTF-8.", data.replace(b"null", b'"\xff"')),
        ("file-empty", "Nothing.", b""),
        ("file-twice", "A member twice.", put(first, first + '"v":1,')),
        ("file-inside-twice", "A member of an anchor twice.", put(index, f"{index}0,{index}")),
        ("file-exponent", "A number with an exponent.", put(first, '{"v":1e0,')),
        ("file-minus-zero", "Minus zero.", put(number, f"{index}-0")),
        ("file-large", "An integer of 2^53.", put(number, f"{index}{2**53}")),
        ("file-not-nfc", "Text that is not in NFC.", put(none, _asking("e\u0301"))),
        ("file-surrogate", "A lone surrogate, escaped.", put(none, _asking("\\ud800"))),
        ("file-control", "A line feed inside a string.", put("\\nindex", "\nindex")),
    ):
        yield Example(name, says, "failed bundle", changed)


def _shapes(whole: dict[str, Any]) -> Iterator[Example]:
    beijing = {"region": "beijing"}
    for name, says, edit in (
        ("v", "Another version of the format.", _put(v=2)),
        ("v-true", "A boolean for a number.", _put(v=True)),
        ("missing", "A member is missing.", lambda value: value.pop("asked")),
        ("no-records", "No record.", _put(records=[])),
        ("null", "Null where an array stands.", _put(certificates=None)),
        ("evidence", "Evidence with a member more.", _put("records", 0, note="x")),
        ("leaf", "A leaf that is no text.", _put("records", 0, leaf={})),
        ("hex-upper", "A hash in upper case.", _put(*_ANCHOR, block_hash="AB" * 32)),
        ("hex-short", "A hash of 31 bytes.", _put(*_ANCHOR, transaction="00" * 31)),
        ("hex-prefix", "A hash with 0x.", _put(*_ANCHOR, transaction="0x" + "00" * 31)),
        ("negative", "A negative number.", _put(*_ANCHOR, block_number=-1)),
        ("base64", "A certificate without its padding.", _put(certificates=["AA"])),
        ("base64-tail", "A certificate in a second spelling.", _put(certificates=["AB=="])),
        ("twin", "One statement twice, the second time with the other s.", _twin),
        ("operator-twice", "One registration twice.", _put(operators=whole["operators"] * 2)),
        ("asked", "A region without its answer.", _put(asked=_asked_of(beijing))),
        ("answered", "No boolean.", _put(asked=_asked_of({**beijing, "answered": 1}))),
    ):
        yield Example(f"shape-{name}", says, "failed bundle", _edited(whole, edit))


def _accepted(whole: dict[str, Any]) -> Iterator[Example]:
    turned = dict(reversed(list(whole.items())))
    spaced = json.dumps(turned, ensure_ascii=True, indent=1).encode() + b"\n"
    says = "White space, other order of members, escapes."
    yield Example("file-spaced", says, "passed", spaced)
    junk = _edited(whole, lambda value: value["certificates"].append("anVuaw=="))
    yield Example("certificate-junk", "A certificate that is none, and not needed.", "passed", junk)
    bare = _edited(whole, _put("records", 0, anchor=None))
    yield Example("anchor-none", "Cosigned, and no anchor named.", "passed", bare)
    empty = _edited(
        whole, lambda value: value["records"][0].update(statement="", leaf="", proof="")
    )
    yield Example(
        "evidence-empty", "Evidence of empty texts.", "failed signature leaf inclusion", empty
    )


def _asked(whole: dict[str, Any]) -> Iterator[Example]:
    regions = [{"region": name, "answered": True} for name in ("hebei", "beijing", "tianjin")]

    def asked(*answers: dict[str, Any]) -> bytes:
        return _edited(whole, _put(asked=_asked_of(*answers)))

    says = "A region of the policy is not mentioned."
    yield Example("asked-unmentioned", says, "unknown regions", asked(*regions[:2]))
    says = "A region that the policy does not know did not answer."
    more = {"region": "nowhere", "answered": False}
    yield Example("asked-elsewhere", says, "unknown regions", asked(*regions, more))
    yield Example("asked-nobody", "Nobody was asked.", "unknown regions", asked())
    says = "A region is named twice, and answered once."
    yield Example("asked-twice", says, "passed", asked({**regions[0], "answered": False}, *regions))


def _asking(query: str) -> str:
    return f'"asked":{{"query":"{query}","regions":[]}}'


def _asked_of(*regions: dict[str, Any]) -> dict[str, Any]:
    return {"query": "", "regions": list(regions)}


def _put(*path: str | int, **members: object) -> Edit:
    """Set members of the object at the path."""

    def edit(value: dict[str, Any]) -> None:
        spot: Any = value
        for step in path:
            spot = spot[step]
        spot.update(members)

    return edit


def _edited(whole: dict[str, Any], edit: Edit) -> bytes:
    value = copy.deepcopy(whole)
    edit(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _twin(value: dict[str, Any]) -> None:
    record = copy.deepcopy(value["records"][0])
    signed, _, rest = record["statement"].partition("~")
    head, _, signature = signed.rpartition(".")
    raw = base64url.decode(signature)
    other = (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    record["statement"] = f"{head}.{base64url.encode(raw[:32] + other)}~{rest}"
    value["records"].append(record)

"""Statements whose fields or disclosures are not of the format, though the author signed just that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ledger.statement import base64url
from ledger.testing.kit.corpus.forging import (
    compact_of,
    logged,
    opened,
    payload,
    salt,
    slot,
    statement,
)
from ledger.testing.kit.corpus.scene import Example, Scene

_ONE, _TWO = opened("100", 1), opened("999", 2)
_Case = tuple[str, str, Any, Sequence[str]]


def bad_fields(scene: Scene) -> Iterator[Example]:
    """One example for each rule on slots, disclosures and values."""
    for name, says, fields, disclosures in [*_shapes(), *_inside(), *_values(), *_limits()]:
        evidence = statement(scene, fields, disclosures)
        yield Example(name, says, "failed slots", scene.one(evidence))
    yield from _carried(scene)


def good_fields(scene: Scene) -> Iterator[Example]:
    """Slots within slots, lists, and a value as deep as it may be."""
    inner = [opened("10", 3), opened(True, 4), opened(-7, 5)]
    line = {"net_kg": slot(inner[0]), "tags": [slot(inner[1]), slot(inner[2])], "plain": [1, ["a"]]}
    outer = opened(line, 6)
    deep: Any = "bottom"
    for _ in range(8):
        deep = [deep]
    whole = opened(deep, 7)
    fields = {
        "lines": [slot(outer), slot(_TWO)],
        "deep": slot(whole),
        "none": [],
        "key": slot(_ONE),
    }
    evidence = statement(scene, fields, [_ONE, inner[2], outer, whole, inner[0]])
    says = "Slots inside a value, some closed; disclosures in another order than the slots."
    yield Example("nested", says, "passed", scene.one(evidence))
    none = statement(scene, {})
    yield Example("no-fields", "A statement without a field.", "passed", scene.one(none))


def _shapes() -> Iterator[_Case]:
    one, two = slot(_ONE), slot(_TWO)
    twins = [one[0], two[0]]
    yield (
        "two-values-logged",
        "Two values for one field, signed and logged.",
        {"net_kg": twins},
        [_ONE],
    )
    yield "fields-sd", "Fields hidden in a list of digests.", {"_sd": [one[0]["..."]]}, []
    yield "fields-plain", "A field in clear.", {"net_kg": "100"}, []
    yield "fields-object", "A field that is an object of slots.", {"line": {"net_kg": one}}, [_ONE]
    yield "fields-name", "A name of another form.", {"Net": one}, [_ONE]
    yield (
        "fields-list-value",
        "A value in clear within a list of slots.",
        {"tags": [one, "100"]},
        [_ONE],
    )
    yield "fields-list-twins", "Two values for one element of a list.", {"tags": [twins]}, [_ONE]
    yield "fields-array", "Fields that are an array.", [one], [_ONE]
    yield "slot-member", "A slot with a member more.", {"net_kg": [{**one[0], "x": 1}]}, [_ONE]
    yield "slot-beside", "A value in clear beside a slot.", {"net_kg": [one[0], "100"]}, [_ONE]
    yield (
        "digest-short",
        "A digest of 31 bytes.",
        {"net_kg": [{"...": base64url.encode(bytes(31))}]},
        [],
    )
    yield "digest-number", "A digest that is no text.", {"net_kg": [{"...": 1}]}, []
    yield (
        "digest-twice-closed",
        "One digest in two closed slots.",
        {"net_kg": one, "tags": [one]},
        [],
    )
    yield "digest-twice", "One digest in two slots.", {"net_kg": one, "gross_kg": one}, [_ONE]


def _inside() -> Iterator[_Case]:
    twins = opened({"net_kg": [slot(_ONE)[0], slot(_TWO)[0]]}, 3)
    yield (
        "inside-two-values",
        "Two values for one field inside a value.",
        {"line": slot(twins)},
        [twins, _ONE],
    )
    hidden = opened({"_sd": [slot(_ONE)[0]["..."]]}, 3)
    yield "inside-sd", "A list of digests inside a value.", {"line": slot(hidden)}, [hidden]
    bare = opened(slot(_ONE), 3)
    yield "inside-bare", "A slot that is a value itself.", {"line": slot(bare)}, [bare]
    array = opened([slot(_ONE)], 3)
    yield (
        "inside-array",
        "A slot within an array that is no member.",
        {"line": slot(array)},
        [array],
    )
    again = opened({"net_kg": slot(_ONE)}, 3)
    fields = {"line": slot(again), "net_kg": slot(_ONE)}
    yield "inside-digest-twice", "A digest inside a value and outside.", fields, [again, _ONE]
    says = "A digest inside a value and outside, both closed."
    yield "inside-digest-twice-closed", says, fields, [again]
    name = opened({"Net": "100"}, 3)
    yield "inside-name", "A name of another form inside a value.", {"line": slot(name)}, [name]


def _values() -> Iterator[_Case]:
    texts = (
        ("value-float", "A float.", '["%s",1.5]'),
        ("value-exponent", "A number with an exponent.", '["%s",1e3]'),
        ("value-null", "Null.", '["%s",null]'),
        ("value-minus-zero", "Minus zero.", '["%s",-0]'),
        ("value-large", "An integer of 2^53.", '["%s",9007199254740992]'),
        ("value-nan", "Not a number.", '["%s",NaN]'),
        ("value-twice", "A member twice.", '["%s",{"a":1,"a":1}]'),
        ("value-not-nfc", "Text that is not in NFC.", '["%s","e\u0301"]'),
        ("value-surrogate", "A lone surrogate, escaped.", '["%s","\\ud800"]'),
        ("disclosure-three", "Three elements, as for a member of an object.", '["%s","net_kg","100"]'),
        ("disclosure-object", "No array.", '{"salt":"%s"}'),
        ("disclosure-trailing", "More than one JSON text.", '["%s","100"]x'),
        ("disclosure-bom", "A byte order mark.", '\ufeff["%s","100"]'),
    )  # fmt: skip
    for name, says, text in texts:
        made = base64url.encode((text % salt(1)).encode())
        yield name, says, {"net_kg": slot(made)}, [made]
    latin = b'["%b","\xff"]' % salt(1).encode()
    for name, says, made in (
        ("salt-short", "A salt of 15 bytes.", _salted(base64url.encode(bytes(15)))),
        ("salt-tail", "A salt whose tail bits are set.", _salted(salt(1)[:-1] + "R")),
        ("disclosure-padded", "A disclosure with padding.", _ONE + "="),
        ("disclosure-not-utf8", "Bytes that are not UTF-8.", base64url.encode(latin)),
    ):  # fmt: skip
        yield name, says, {"net_kg": slot(made)}, [made]
    same = [opened("100", 1), opened("999", 1)]
    yield "salt-twice", "One salt for two values.", {"a": slot(same[0]), "b": slot(same[1])}, same


def _limits() -> Iterator[_Case]:
    deep: Any = "bottom"
    for _ in range(9):
        deep = [deep]
    made = opened(deep)
    yield "value-deep", "A value nested 9 deep.", {"deep": slot(made)}, [made]
    made = opened({"a": [[[[[[["bottom"]]]]]]]})
    yield "value-deep-list", "8 deep, and in a list of slots.", {"lines": [slot(made)]}, [made]
    numbered = [[{"...": base64url.encode(n.to_bytes(32, "big"))}] for n in range(2049)]
    yield "list-long", "A list of 257 slots.", {"tags": numbered[:257]}, []
    many = {f"list_{n}": numbered[n * 256 : (n + 1) * 256] for n in range(9)}
    yield "slots-many", "2,049 slots.", many, []
    long = opened("x" * 200_000)
    yield "statement-long", "More than 262,144 characters.", {"text": slot(long)}, [long]


def _carried(scene: Scene) -> Iterator[Example]:
    """Whole and sound signed parts, with something wrong behind them."""
    body = payload(scene, scene.broker, {"net_kg": slot(_ONE)})
    good = compact_of(scene.broker, body, [_ONE])
    for name, says, compact in (
        ("disclosure-repeated", "One disclosure carried twice.", f"{good}{_ONE}~"),
        ("disclosure-stray", "A disclosure that no slot refers to.", f"{good}{_TWO}~"),
        ("disclosure-empty", "An empty disclosure.", f"{good}~"),
        ("disclosure-respelled", "A value in a second spelling of its JSON.", good.replace(_ONE, _loose())),
        ("key-binding", "Something after the last tilde.", f"{good}e30.e30.AA"),
        ("no-tilde", "No tilde at the end.", good.removesuffix("~")),
    ):  # fmt: skip
        yield Example(name, says, "failed slots", scene.one(logged(scene, compact)))


def _salted(text: str) -> str:
    return base64url.encode(f'["{text}","100"]'.encode())


def _loose() -> str:
    return base64url.encode(f'["{salt(1)}", "100"]'.encode())

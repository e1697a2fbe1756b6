"""Bytes from strangers against every parser: read and written back the same, or refused; never anything else.

``run`` draws cases from a seed: a good sample of some format, changed at random, spliced with another one, or
noise. Whatever a parser takes must come back from its writer byte for byte, and where another implementation
of the format exists the two must agree.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rfc8785

from ledger.bundle import decode_bundle, encode_bundle
from ledger.errors import InputError, VerificationError
from ledger.merkle.checkpoint import format_checkpoint, parse_checkpoint
from ledger.merkle.entries import decode_entries, encode_entries
from ledger.merkle.leaf import Leaf, encode_leaf, parse_leaf
from ledger.merkle.note import format_note, parse_note
from ledger.merkle.proof import format_proof, parse_proof
from ledger.merkle.tilepath import (
    TileId,
    entries_path,
    parse_entries_path,
    parse_tile_path,
)
from ledger.merkle.verifierkey import VerifierKey
from ledger.records.identifiers.recognise import recognise
from ledger.statement import base64url, strictjson
from ledger.statement.sdjwt import join, open_slots, parse
from tests.properties.verify.mutations import change_bytes
from tests.properties.verify.worlds import Scene

REFUSED = (VerificationError, InputError)


@dataclass(frozen=True)
class Target:
    """A parser: good samples, and what must hold of bytes that it takes."""

    name: str
    samples: tuple[bytes, ...]
    check: Callable[[bytes], None]


def text(data: bytes) -> str:
    """Text as it comes over the wire; bytes that are no UTF-8 stay visible as such."""
    return data.decode("utf-8", "surrogateescape")


def back(data: bytes) -> Callable[[str], None]:
    def check(written: str) -> None:
        assert written == text(data)

    return check


def check_leaf(data: bytes) -> None:
    leaf = parse_leaf(data)
    assert encode_leaf(leaf) == data
    assert rfc8785.dumps(json.loads(data)) == data


def check_entries(data: bytes) -> None:
    assert encode_entries(decode_entries(data)) == data


def check_note(data: bytes) -> None:
    back(data)(format_note(parse_note(text(data))))


def check_checkpoint(data: bytes) -> None:
    back(data)(format_checkpoint(parse_checkpoint(text(data))))


def check_proof(data: bytes) -> None:
    back(data)(format_proof(parse_proof(text(data))))


def check_tile_path(data: bytes) -> None:
    back(data)(parse_tile_path(text(data)).path)


def check_entries_path(data: bytes) -> None:
    tile = parse_entries_path(text(data))
    back(data)(entries_path(tile.index, tile.width))


def check_key(data: bytes) -> None:
    back(data)(VerifierKey.parse(text(data)).text())


def check_base64url(data: bytes) -> None:
    decoded = base64url.decode(text(data))
    back(data)(base64url.encode(decoded))
    assert base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4)) == decoded


def no_floats(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(no_floats, value.values()))
    if isinstance(value, list):
        return all(map(no_floats, value))
    return not isinstance(value, float)


def check_json(data: bytes) -> None:
    value = strictjson.loads(data, allow_null=True)
    assert value == json.loads(data)
    assert no_floats(value)
    assert strictjson.loads(strictjson.dumps(value), allow_null=True) == value


def check_statement(data: bytes) -> None:
    statement = parse(text(data))
    opened = open_slots(statement)
    shown = data.split(b"~")[1:-1]
    assert join(statement.signed, [text(one) for one in shown]) == text(data)
    assert set(opened.shown) <= {text(one) for one in shown}


def check_bundle(data: bytes) -> None:
    bundle = decode_bundle(data)
    assert decode_bundle(encode_bundle(bundle)) == bundle


def check_identifier(data: bytes) -> None:
    for found in recognise(text(data)):
        assert found.type
        assert found.value


def targets() -> list[Target]:
    """Every parser with samples taken from a small network of three regions."""
    base = Scene().dossier()
    proofs = [item["proof"].encode() for item in base.evidences] + [
        one.encode() for one in base.proofs
    ]
    notes = [proof.partition(b"\n\n")[2] for proof in proofs]
    bodies = [note.partition(b"\n\n")[0] + b"\n" for note in notes]
    statements = [one.encode() for one in base.statements]
    statements += [item["statement"].encode() for item in base.value["records"]]
    leaves = [encode_leaf(Leaf(bytes([n]) * 32, 1_772_500_000_000 + n, n - 1)) for n in range(9)]
    tiles = [TileId(0, 0, 1), TileId(1, 3, 256), TileId(5, 1_234_067, 17)]
    keys = [key.text() for log in base.policy.logs for key in (log.key, *log.witnesses)]
    bundle = json.dumps(base.value, ensure_ascii=False).encode()
    plain = [b'{"a":[1,"x",{"b":null}],"c":true}', bundle[:4000] + b'"}]}', *leaves[:2]]
    numbers = (b"DEMU0000016", b"DEC:220220261000000001", b"8517.13", b"CNTXG", b"160-12345675")
    return [
        Target("leaf", tuple(leaves), check_leaf),
        Target("entries", (encode_entries(leaves), encode_entries(leaves[:1]), b""), check_entries),
        Target("note", tuple(notes), check_note),
        Target("checkpoint", tuple(bodies), check_checkpoint),
        Target("proof", tuple(proofs), check_proof),
        Target("tile path", tuple(tile.path.encode() for tile in tiles), check_tile_path),
        Target(
            "entries path",
            tuple(entries_path(at, 9).encode() for at in (0, 999, 1000, 5_000_001)),
            check_entries_path,
        ),
        Target("verifier key", tuple(key.encode() for key in keys), check_key),
        Target("base64url", (b"", b"AA", b"AAA", b"AAAA", b"-_-_", b"YWJjZGU"), check_base64url),
        Target("strict JSON", tuple(plain), check_json),
        Target("statement", tuple(statements), check_statement),
        Target("bundle", (bundle,), check_bundle),
        Target("identifier", numbers, check_identifier),
    ]


def changed(rng: random.Random, samples: tuple[bytes, ...]) -> bytes:
    """A sample with one to four changes, two samples spliced, a piece repeated, padding, or noise."""
    data = rng.choice(samples)
    way = rng.randrange(12)
    if way == 0:
        return rng.randbytes(rng.randrange(64))
    if way == 1:
        other = rng.choice(samples)
        return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    if way == 2:
        start, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        return data[:end] + data[start:end] * rng.randrange(1, 4) + data[end:]
    if way == 3:
        return data.replace(*rng.choice(ODD), 1)
    if way == 4:
        pad = rng.choice((b" ", b"\n", b"\t", b"\0", b"\xef\xbb\xbf"))
        return rng.choice((data + pad, pad + data, data + b"\n" + data))
    for _ in range(rng.randrange(1, 5)):
        data = change_bytes(rng, data)
    return data


ODD = (
    (b":1", b":1.0"), (b":", b":NaN,"), (b"1", b"1e400"), (b"1", b"01"), (b"0", b"-0"), (b"\n", b"\r\n"),
    (b'"', b'"\\ud800'), (b"{", b'{"v":1,"v":1,'), (b"=", b"=="), (b"A", b"\xd9\xa1"), (b"a", b"e\xcc\x81"),
    (b"[", b"[" * 3000), (b"1", b"9" * 5000), (b"/", b"//"), (b"x", b"X"), (b"~", b"~~"), (b".", b".."),
)  # fmt: skip


def run(seed: int, count: int) -> Counter[str]:
    """Try ``count`` cases; counts of taken and refused ones by parser. An AssertionError names the case."""
    rng = random.Random(seed)
    every = targets()
    seen: Counter[str] = Counter()
    for number in range(count):
        target = every[number % len(every)]
        data = changed(rng, target.samples)
        try:
            target.check(data)
        except REFUSED:
            seen[f"{target.name} refused"] += 1
        except Exception as error:
            raise AssertionError(
                f"{target.name}, case {number} of seed {seed}: {data[:300]!r}"
            ) from error
        else:
            seen[f"{target.name} taken"] += 1
    return seen

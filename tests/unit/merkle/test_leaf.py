"""The leaf line: one text for one leaf, nothing beside it."""

from __future__ import annotations

import pytest

from ledger.errors import VerificationError
from ledger.merkle.leaf import Leaf, encode_leaf, parse_leaf

LINE = b'{"prev":-1,"received":1772409600000,"statement":"' + b"ab" * 32 + b'","v":1}'


def test_the_documented_line() -> None:
    leaf = Leaf(b"\xab" * 32, 1772409600000, -1)
    assert encode_leaf(leaf) == LINE
    assert parse_leaf(LINE) == leaf


@pytest.mark.parametrize(
    "line",
    [
        LINE + b"\n",
        LINE.replace(b":", b": "),
        LINE.replace(b"-1", b"-2"),
        LINE.replace(b"-1", b"01"),
        LINE.replace(b"-1", b"-0"),
        LINE.replace(b"-1", b"1.0"),
        LINE.replace(b"1772409600000", b"9007199254740992"),
        LINE.replace(b"ab", b"AB"),
        LINE.replace(b'"v":1', b'"v":2'),
        LINE.replace(b'"v":1', b'"v":1,"v":1'),
        LINE[:-1],
        b"",
        b"\xff",
    ],
)
def test_lines_that_are_no_leaf(line: bytes) -> None:
    with pytest.raises(VerificationError, match="leaf_malformed"):
        parse_leaf(line)


@pytest.mark.parametrize(
    ("statement", "received", "prev"),
    [(b"short", 0, -1), (bytes(32), -1, -1), (bytes(32), 2**53, -1), (bytes(32), 0, -2)],
)
def test_leaves_without_a_line(statement: bytes, received: int, prev: int) -> None:
    with pytest.raises(VerificationError, match="leaf_malformed"):
        Leaf(statement, received, prev)

"""What nodes hand to each other: written and read back, and refused where it is of another shape."""

import json

import pytest

from ledger.client import wire
from ledger.errors import VerificationError
from ledger.ports import FedStatement, Hold, Holding, LeaderToken
from ledger.values import Sealed, TreeHead

LEADER = LeaderToken(7, b"\x01" * 8, b"\x02" * 16)
HEAD = TreeHead(3, b"\x03" * 32)
SEALED = Sealed(b"\x04" * 32, 5, b"\x00\xff~", b"\x06" * 64)
FED = FedStatement(b'{"leaf":1}', b"a.b.c", ("x", "y"), SEALED)
HOLD = Hold(LEADER, None, HEAD, 1, (FED, FedStatement(b"leaf", b"d.e.f", ())))


def test_a_hold_is_read_as_it_was_written():
    assert wire.read_hold(wire.write_hold(HOLD), 2) == HOLD
    moved = Hold(LEADER, TreeHead(1, b"\x09" * 32), HEAD, 1, ())
    assert wire.read_hold(wire.write_hold(moved), 2) == moved


def test_a_feed_is_read_as_it_was_written_with_and_without_sealed_disclosures():
    text = b"".join(map(wire.write_fed, HOLD.leaves))
    assert wire.read_feed(text) == list(HOLD.leaves)
    before = json.loads(wire.write_fed(FED))
    del before["sealed"]
    assert wire.read_feed(json.dumps(before).encode())[0].sealed is None
    assert wire.read_feed(b"") == []


@pytest.mark.parametrize("leader", [None, LEADER])
@pytest.mark.parametrize("head", [None, HEAD])
def test_a_holding_is_read_as_it_was_written(head, leader):
    holding = Holding(head, HEAD, leader)
    assert wire.read_holding(wire.write_holding(holding)) == holding


def test_a_lead_is_read_as_it_was_written():
    assert wire.read_lead(wire.write_lead(LEADER)) == LEADER


def changed(body: bytes, **members) -> bytes:
    """The body with members of its first line changed, or taken out (...)."""
    first, _, rest = body.partition(b"\n")
    value = json.loads(first) | members
    left = {name: one for name, one in value.items() if one is not ...}
    return json.dumps(left).encode() + b"\n" + rest


ODD = {
    "empty": b"",
    "no json": b"{\n",
    "deep": b"[" * 100_000,
    "an array": b"[]\n",
    "another version": changed(wire.write_hold(HOLD), v=2),
    "a version that is true": changed(wire.write_hold(HOLD), v=True),
    "no new head": changed(wire.write_hold(HOLD), new=None),
    "a member too many": changed(wire.write_hold(HOLD), more=1),
    "a member too few": changed(wire.write_hold(HOLD), start=...),
    "a negative start": changed(wire.write_hold(HOLD), start=-1),
    "a short root": changed(wire.write_hold(HOLD), new={"size": 3, "root": "00"}),
    "a short mark": changed(wire.write_hold(HOLD), leader={"number": 1, "mark": "", "lock": ""}),
    "too many leaves": wire.write_hold(HOLD) + wire.write_fed(FED),
    "a leaf that is none": wire.write_hold(HOLD).replace(b'"a.b.c"', b"5"),
    "a sealed part of another shape": wire.write_hold(HOLD).replace(b'"seq":5', b'"seq":"5"'),
    "a ciphertext in another spelling": wire.write_hold(HOLD).replace(b"AP9+", b"AP9\\n+"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_hold_of_another_shape_is_refused(name):
    with pytest.raises(VerificationError, match="hold_malformed"):
        wire.read_hold(ODD[name], 2)


@pytest.mark.parametrize("text", [b"{}", b"5", b'{"head":null,"stored":null,"leader":null}'])
def test_an_answer_of_another_shape_is_refused(text):
    with pytest.raises(VerificationError, match="bad_answer"):
        wire.read_holding(text)
    with pytest.raises(VerificationError, match="bad_answer"):
        wire.read_feed(text)
    with pytest.raises(VerificationError, match="hold_malformed"):
        wire.read_lead(text)


def test_what_is_no_ascii_names_no_statement():
    line = wire.write_fed(FED).replace(b"a.b.c", "é".encode())
    assert wire.read_feed(line)[0].signed == b"?"

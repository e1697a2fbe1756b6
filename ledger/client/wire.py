"""What nodes hand to each other as JSON, both ways: fed statements, holds, what a mirror holds.

docs/protocol/copies.md says it byte by byte.
"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from ledger.bundle.shape import Shape
from ledger.ports import FedStatement, Hold, Holding, LeaderToken
from ledger.values import Sealed, TreeHead

LINES = "application/x-ndjson"
JSON = "application/json"
_HOLD = ("v", "leader", "old", "new", "start")
_LEADER = ("number", "mark", "lock")
_SEALED = ("enc", "seq", "ciphertext", "signature")
_MOST_DISCLOSURES = 4096
_answer = Shape("bad_answer")
_asked = Shape("hold_malformed")


def write_fed(fed: FedStatement) -> bytes:
    """One line of a feed or hold, with its line feed."""
    line = {
        "leaf": fed.leaf.decode("utf-8", "replace"),
        "signed": fed.signed.decode("utf-8", "replace"),
        "disclosures": list(fed.disclosures),
        "sealed": None if fed.sealed is None else _sealed_json(fed.sealed),
    }
    return orjson.dumps(line) + b"\n"


def read_feed(text: bytes) -> list[FedStatement]:
    """The lines of a feed; raises VerificationError(bad_answer)."""
    return [_fed(line, _answer, f"/{n}") for n, line in enumerate(_lines(text))]


def write_hold(step: Hold) -> bytes:
    """The body of a hold: a line that says what it is about, then a line for each leaf."""
    head = {
        "v": 1,
        "leader": _leader_json(step.leader),
        "old": _head_json(step.old),
        "new": _head_json(step.new),
        "start": step.start,
    }
    return orjson.dumps(head) + b"\n" + b"".join(map(write_fed, step.leaves))


def read_hold(body: bytes, most: int) -> Hold:
    """Read the body of a hold of at most so many leaves; raises VerificationError(hold_malformed)."""
    lines = _lines(body)
    if not 1 <= len(lines) <= most + 1:
        raise _asked.refuse(f"has not 1 to {most + 1} lines", "")
    head = _asked.members(_decode(lines[0], _asked, "/0"), _HOLD, "/0")
    _check_version(head)
    new = _read_head(head["new"], _asked, "/0/new")
    if new is None:
        raise _asked.refuse("is missing", "/0/new")
    return Hold(
        leader=_read_leader(head["leader"], _asked, "/0/leader"),
        old=_read_head(head["old"], _asked, "/0/old"),
        new=new,
        start=_asked.number(head["start"], "/0/start"),
        leaves=tuple(_fed(line, _asked, f"/{n}") for n, line in enumerate(lines[1:], start=1)),
    )


def write_lead(leader: LeaderToken) -> bytes:
    """The body of a request to follow a leader."""
    return orjson.dumps({"v": 1, "leader": _leader_json(leader)})


def read_lead(body: bytes) -> LeaderToken:
    """Read such a body; raises VerificationError(hold_malformed)."""
    value = _asked.members(_decode(body, _asked, ""), ("v", "leader"), "")
    _check_version(value)
    return _read_leader(value["leader"], _asked, "/leader")


def write_holding(holding: Holding) -> bytes:
    """What a mirror answers to held, lead and hold."""
    leader = None if holding.leader is None else _leader_json(holding.leader)
    stored = _head_json(holding.stored)
    return orjson.dumps({"head": _head_json(holding.head), "stored": stored, "leader": leader})


def read_holding(text: bytes) -> Holding:
    """Read such an answer; raises VerificationError(bad_answer)."""
    value = _answer.members(_decode(text, _answer, ""), ("head", "stored", "leader"), "")
    stored = _read_head(value["stored"], _answer, "/stored")
    if stored is None:
        raise _answer.refuse("is missing", "/stored")
    leader = value["leader"]
    return Holding(
        _read_head(value["head"], _answer, "/head"),
        stored,
        None if leader is None else _read_leader(leader, _answer, "/leader"),
    )


def _lines(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\n") if line]


def _decode(text: bytes, shape: Shape, path: str) -> Any:  # noqa: ANN401 - every caller narrows it
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise shape.refuse("is not JSON", path) from error


def _check_version(value: dict[str, Any]) -> None:
    if _asked.number(value["v"], "/v") != 1:
        raise _asked.refuse("is not 1, the only version of the format", "/v")


def _fed(line: bytes, shape: Shape, path: str) -> FedStatement:
    value = _decode(line, shape, path)
    if not isinstance(value, dict):
        raise shape.refuse("is not an object", path)
    # A node that seals nothing yet leaves the last member out.
    item = shape.members(
        {"sealed": None} | value, ("leaf", "signed", "disclosures", "sealed"), path
    )
    shown = shape.items(item["disclosures"], f"{path}/disclosures", 0, _MOST_DISCLOSURES)
    sealed = item["sealed"]
    # What is not ASCII becomes bytes that no id can name: the statement counts as not given.
    return FedStatement(
        shape.text(item["leaf"], f"{path}/leaf").encode("utf-8", "replace"),
        shape.text(item["signed"], f"{path}/signed").encode("ascii", "replace"),
        tuple(shape.text(one, f"{path}/disclosures") for one in shown),
        None if sealed is None else _read_sealed(sealed, shape, f"{path}/sealed"),
    )


def _sealed_json(sealed: Sealed) -> dict[str, Any]:
    return {
        "enc": sealed.enc.hex(),
        "seq": sealed.seq,
        "ciphertext": base64.b64encode(sealed.ciphertext).decode(),
        "signature": base64.b64encode(sealed.signature).decode(),
    }


def _read_sealed(value: object, shape: Shape, path: str) -> Sealed:
    item = shape.members(value, _SEALED, path)
    return Sealed(
        shape.hexadecimal(item["enc"], f"{path}/enc", 32),
        shape.number(item["seq"], f"{path}/seq"),
        shape.base64(item["ciphertext"], f"{path}/ciphertext"),
        shape.base64(item["signature"], f"{path}/signature"),
    )


def _leader_json(leader: LeaderToken) -> dict[str, Any]:
    return {"number": leader.number, "mark": leader.mark.hex(), "lock": leader.lock.hex()}


def _read_leader(value: object, shape: Shape, path: str) -> LeaderToken:
    item = shape.members(value, _LEADER, path)
    return LeaderToken(
        shape.number(item["number"], f"{path}/number"),
        shape.hexadecimal(item["mark"], f"{path}/mark", 8),
        shape.hexadecimal(item["lock"], f"{path}/lock", 16),
    )


def _head_json(head: TreeHead | None) -> dict[str, Any] | None:
    return None if head is None else {"size": head.size, "root": head.root.hex()}


def _read_head(value: object, shape: Shape, path: str) -> TreeHead | None:
    if value is None:
        return None
    item = shape.members(value, ("size", "root"), path)
    return TreeHead(
        shape.number(item["size"], f"{path}/size"),
        shape.hexadecimal(item["root"], f"{path}/root", 32),
    )

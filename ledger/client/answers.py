"""What nodes answer, typed; an answer of another shape is refused, never guessed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from ledger.errors import LedgerError, VerificationError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed promise for one statement: ``id`` in hex, ``received`` in ms, ``proof`` a tlog-proof."""

    id: str
    origin: str
    index: int
    received: int
    leaf: str
    proof: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as far as the reader may see it; ``statement`` is the compact SD-JWT, ``id`` hex.

    ``sealed`` names closed fields (JSON Pointers) that its region holds, but cannot open for now.
    """

    id: str
    region: str
    origin: str
    index: int
    received: int
    kind: str
    version: int
    status: str
    statement: str
    closed: int
    mirror: bool
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records, and the cursor of the next page (None: at the end)."""

    results: tuple[RecordView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What became of one statement of a batch: the receipt or the error.

    ``line`` is its place in what was handed in, from 0.
    """

    line: int
    receipt: Receipt | None
    error: LedgerError | None


def bad_answer(detail: str) -> VerificationError:
    """Make the error for an answer that no node of ours would give; the caller raises it."""
    return VerificationError("bad_answer", detail)


def read_receipt(value: object) -> Receipt:
    """Read a RECEIPT object; raises VerificationError(bad_answer)."""
    body = members(value)
    return Receipt(
        id=_of(body, "id", str),
        origin=_of(body, "origin", str),
        index=_of(body, "index", int),
        received=_of(body, "received", int),
        leaf=_of(body, "leaf", str),
        proof=_of(body, "proof", str),
    )


def read_view(value: object) -> RecordView:
    """Read a VIEW object; raises VerificationError(bad_answer)."""
    body = members(value)
    return RecordView(
        id=_of(body, "id", str),
        region=_of(body, "region", str),
        origin=_of(body, "origin", str),
        index=_of(body, "index", int),
        received=_of(body, "received", int),
        kind=_of(body, "kind", str),
        version=_of(body, "version", int),
        status=_of(body, "status", str),
        statement=_of(body, "statement", str),
        closed=_of(body, "closed", int),
        mirror=_of(body, "mirror", bool),
        sealed=_sealed(body),
    )


def _sealed(body: dict[str, Any]) -> tuple[str, ...]:
    """Nodes of an earlier release say nothing of it."""
    named = _of(body, "sealed", list) if "sealed" in body else []
    if not all(isinstance(one, str) for one in named):
        raise bad_answer("sealed is not a list of texts")
    return tuple(named)


def read_page(value: object) -> RecordPage:
    """Read a page of VIEWs; raises VerificationError(bad_answer)."""
    body = members(value)
    following = body.get("next")
    if following is not None and not isinstance(following, str):
        raise bad_answer("next is neither text nor null")
    return RecordPage(tuple(read_view(one) for one in _of(body, "results", list)), following)


def members(value: object) -> dict[str, Any]:
    """Read an object; raises VerificationError(bad_answer)."""
    if not isinstance(value, dict):
        raise bad_answer("not an object")
    return value


def _of(body: dict[str, Any], name: str, kind: type[_T]) -> _T:
    value = body.get(name)
    # Exactly: a boolean would pass for an integer.
    if type(value) is not kind:
        raise bad_answer(f"{name} is no {kind.__name__}")
    return value

"""The scenarios that ship with the ledger: who posts what where, in order, ready to be signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any


@dataclass(frozen=True, slots=True)
class Party:
    """An invented firm or office; ``uscc`` is '' for a foreign one, ``region`` its home region or ''."""

    id: str
    name: str
    uscc: str
    region: str


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a scenario: who posts it, in which region, and the fields of its statement."""

    number: int
    party: Party
    region: str
    kind: str
    version: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TradeDocument:
    """A file of the demo: its bytes, and what its `document` record says of it."""

    file_name: str
    media_type: str
    document_type: str
    content: bytes


def parties() -> dict[str, Party]:
    """Every invented party by its id."""
    found = _load("parties.json")
    return {
        id_: Party(id_, one["name"], one.get("uscc", ""), one.get("region", "").lower())
        for id_, one in found.items()
    }


def scenario(name: str = "S1") -> tuple[Step, ...]:
    """The steps of a scenario in order; raises FileNotFoundError for one that is not packaged."""
    known = parties()
    return tuple(_step(given, known) for given in _load(f"{name}.json")["steps"])


def operators(steps: tuple[Step, ...]) -> dict[tuple[str, str], frozenset[str]]:
    """The kinds each party must be registered for, by (region, party id); every one may post files."""
    needed: dict[tuple[str, str], set[str]] = {}
    for step in steps:
        needed.setdefault((step.region, step.party.id), {"document"}).add(step.kind)
    return {place: frozenset(kinds) for place, kinds in needed.items()}


def trade_documents() -> Iterator[TradeDocument]:
    """The twelve trade documents, by file name."""
    for file in sorted(_data().joinpath("trace").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            yield TradeDocument(
                file.name, "application/json", _document_type(file.name), file.read_bytes()
            )


def _step(given: Mapping[str, Any], known: Mapping[str, Party]) -> Step:
    added = given.get("added", {})
    names = added.get("names", {})
    fields = {"key": added.get("key", given["business_key"]), "time": given["event_time"]}
    for name, value in given["payload"].items():
        if names.get(name, name):
            fields[names.get(name, name)] = _resolved(value, known)
    fields.update(added.get("fields", {}))
    return Step(
        number=given["step"],
        party=known[given["posted_by"]],
        region=given["region"].lower(),
        kind=added.get("kind", given["record_type"]),
        version=added.get("version", 1),
        fields=fields,
    )


def _resolved(value: object, known: Mapping[str, Party]) -> object:
    """A party's id in a payload stands for its USCC."""
    return known[value].uscc if isinstance(value, str) and value in known else value


def _document_type(file_name: str) -> str:
    stem = file_name.removesuffix(".json").removesuffix("Credential")
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in _spelled(stem))
    return words.strip("_")


def _spelled(stem: str) -> str:
    # Runs of capitals are one word: CBP3461Entry is cbp3461_entry, PGAShipment is pga_shipment.
    for run in ("CBP", "PGA"):
        stem = stem.replace(run, run.capitalize())
    return stem


def _load(name: str) -> Any:  # noqa: ANN401 - JSON of this package, of a known shape
    return json.loads(_data().joinpath(name).read_text(encoding="utf-8"))


def _data() -> Traversable:
    return files("ledger.testing").joinpath("data")

"""From any number a reader knows to the dossiers that carry it, over all regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from gateway.regions import Answer, Regions
from ledger.client import NodeClient, RecordView
from ledger.dossier.item import Dossier, Item, item_of
from ledger.dossier.link import MAX_ROUNDS, gather, next_identifiers
from ledger.errors import VerificationError
from ledger.records.identifiers.recognise import Recognised, recognise
from ledger.records.read import glance
from ledger.records.record import STRONG, Identifier
from ledger.statement.sdjwt import open_slots, parse

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Held:
    """A record some region answered with, and which regions hold it.

    ``item`` is None where no copy so far says what it is: then it cannot be grouped.
    """

    view: RecordView
    item: Item | None
    holders: frozenset[str]


@dataclass(slots=True)
class Findings:
    """What a search brought: what the text was read as, who answered, and the dossiers.

    Attributes:
        candidates: what the text may be; the first is the likeliest.
        silent: regions that did not answer at least one question.
        held: records by id (hex).
        asked: whether the text was fit to be asked for at all.
    """

    query: str
    candidates: Sequence[Recognised]
    regions: tuple[str, ...]
    silent: set[str] = field(default_factory=set)
    held: dict[str, Held] = field(default_factory=dict)
    dossiers: tuple[Dossier, ...] = ()
    asked: bool = False

    def answers(self) -> list[tuple[str, bool]]:
        """Every region that was asked and whether it answered; [] where the text asks for nothing."""
        return [(name, name not in self.silent) for name in self.regions if self.asked]

    def items(self) -> list[Item]:
        """What can be grouped of the records held."""
        return [held.item for held in self.held.values() if held.item is not None]

    def dossier_with(self, statement: str) -> Dossier | None:
        """The dossier that holds this record."""
        return next((d for d in self.dossiers if any(i.id == statement for i in d.items)), None)


class Finder:
    """Asks the regions round by round until no record names a number that was not asked for."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions

    async def find(self, query: str) -> Findings:
        """Search for a text; an unrecognised or misspelt one gives no records."""
        candidates = recognise(query)
        good = [one for one in candidates if one.problem is None]
        findings = Findings(query, candidates, self._regions.names, asked=bool(good))
        start = [Identifier(one.type, one.value, one.type in STRONG) for one in good]
        await self._first_round(findings, start)
        await self._further_rounds(findings, start)
        items = findings.items()
        findings.dossiers = gather(_starts(start, items, query), items)
        return findings

    async def _first_round(self, findings: Findings, start: Sequence[Identifier]) -> None:
        for one in start:
            if one.type == "statement":
                answers = await self._regions.ask(partial(_record, one.value))
                _take(findings, ((answer, [answer.value]) for answer in answers))
        await self._ask(findings, [one for one in start if one.type != "statement"])

    async def _further_rounds(self, findings: Findings, start: Sequence[Identifier]) -> None:
        asked = {one for one in start if one.type != "statement"}
        for _ in range(MAX_ROUNDS):
            items = findings.items()
            begin = _starts(start, items, findings.query)
            wanted = [
                one for one in next_identifiers(begin, items, asked) if one.type != "statement"
            ]
            if not wanted:
                return
            await self._ask(findings, wanted)
            asked.update(wanted)

    async def _ask(self, findings: Findings, wanted: Sequence[Identifier]) -> None:
        if wanted:
            pairs = [(one.type, one.value) for one in wanted]
            answers = await self._regions.ask(lambda node: node.search_many(pairs))
            _take(findings, ((answer, answer.value or []) for answer in answers))


async def _record(statement: str, node: NodeClient) -> RecordView:
    return await node.record(statement)


def _starts(
    start: Iterable[Identifier], items: Iterable[Item], query: str
) -> tuple[Identifier, ...]:
    """The start identifiers; for a record asked for by its id, those that it carries."""
    wanted = tuple(one for one in start if one.type != "statement")
    named = query.strip().lower()
    carried = (one for item in items if item.id == named for one in item.identifiers if one.follow)
    return (*wanted, *carried)


def _take(
    findings: Findings, answers: Iterable[tuple[Answer[Any], Iterable[RecordView | None]]]
) -> None:
    for answer, views in answers:
        if not answer.answered:
            findings.silent.add(answer.region)
        for view in views:
            if view is not None:
                _hold(findings, view, answer.region)


def _hold(findings: Findings, view: RecordView, region: str) -> None:
    known = findings.held.get(view.id)
    if known is None:
        findings.held[view.id] = Held(view, _item(view), frozenset({region}))
        return
    # The home region's own copy is the one to judge; where it was spoilt, a mirror's still tells what it is.
    first, second = (known.view, view) if view.mirror else (view, known.view)
    item = _item(first) or _item(second)
    findings.held[view.id] = Held(first, item, known.holders | {region})


def _item(view: RecordView) -> Item | None:
    return _item_of(view.id, view.statement)


@lru_cache(maxsize=_REMEMBERED)
def _item_of(id_: str, compact: str) -> Item | None:
    """What a statement says of itself; None for one that says nothing we can group by.

    Remembered by its text: every region gives its own copy, in every round.
    """
    try:
        statement = parse(compact)
        opened = open_slots(statement)
    except VerificationError:
        return None
    claims = statement.claims
    record = glance(claims.kind, opened.fields)
    if record is None or statement.id.hex() != id_:
        return None
    return item_of(id_, record, issuer=claims.iss, version=claims.version, prev=claims.prev)

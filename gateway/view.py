"""From a verified bundle to what a page shows: the answer, the journey, findings, records; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.cards import RecordCard, card_of
from gateway.clock import clock
from gateway.confirming import ROLES, Fact, facts_of, roles_shown
from gateway.drawing import Drawing, drawing_of
from gateway.evidence import Judged
from gateway.finding import Findings
from gateway.journey import journey_of
from gateway.names import operator_names, region_title
from gateway.ownfile import OwnFile, digest_of, own_file
from gateway.remarks import Remark, remarks_of
from gateway.texts import Texts
from gateway.versions import Shown, notes
from ledger.dossier.item import Dossier, Item
from ledger.verify.report import RecordReport, State

_ORDER = ("passed", "pending", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Count:
    """How many records stand in a state."""

    state: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class DossierView:
    """A dossier's page: the answer first, then journey, who says so, findings, records, files.

    ``roles``: the columns of the facts, by their place in ``Fact.roles``, with their titles.
    """

    verdict: str
    headline: str
    advice: str
    explanation: str
    counts: tuple[Count, ...]
    drawing: Drawing | None
    facts: tuple[Fact, ...]
    roles: tuple[tuple[int, str], ...]
    remarks: tuple[Remark, ...]
    file: OwnFile | None
    records: tuple[RecordCard, ...]
    documents: tuple[RecordCard, ...]
    documents_counts: tuple[Count, ...]
    documents_open: bool
    span: str
    bundle_url: str
    json_url: str


def view_of(findings: Findings, dossier: Dossier, judged: Judged, texts: Texts) -> DossierView:
    """The page of one dossier in one language."""
    pairs = _pairs(dossier, judged)
    versions = [
        Shown(record.id, item.kind, item.key, item.version, record.fields) for record, item in pairs
    ]
    cards = _cards(findings.query, pairs, judged, versions, texts)
    documents = tuple(one for one in cards if one.kind == "document")
    counts = _counts(cards, texts)
    file = own_file(findings.query, documents, dossier.bills, texts)
    facts = facts_of(judged.report.records, dossier.newest, texts)
    query = urlencode({"q": findings.query, "of": dossier.items[0].id})
    return DossierView(
        verdict=judged.report.verdict.value,
        headline=_headline(cards, findings, texts),
        advice=_advice(counts, texts),
        explanation=texts.explanation.format(time=clock(judged.report.at)),
        counts=counts,
        drawing=drawing_of(journey_of(judged.report.records, texts), texts),
        facts=facts,
        roles=tuple((i, texts.roles[ROLES[i]]) for i in roles_shown(facts)),
        remarks=remarks_of(judged, cards, versions, texts),
        file=file,
        records=tuple(one for one in cards if one.kind != "document"),
        documents=documents,
        documents_counts=tuple(one for one in _counts(documents, texts) if one.number),
        documents_open=file is not None or any(one.verdict == "failed" for one in documents),
        span=_span(cards),
        bundle_url=f"/api/dossier/bundle?{query}",
        json_url=f"/api/dossier?{query}",
    )


def _pairs(dossier: Dossier, judged: Judged) -> list[tuple[RecordReport, Item]]:
    proven = frozenset(judged.ids)
    items = [item for item in dossier.items if item.id in proven]
    return list(zip(judged.report.records, items, strict=True))


def _cards(
    query: str,
    pairs: Sequence[tuple[RecordReport, Item]],
    judged: Judged,
    versions: Sequence[Shown],
    texts: Texts,
) -> tuple[RecordCard, ...]:
    names = operator_names(judged.bundle.operators)
    said = notes(versions, texts)
    # The record that was asked for by its id or its file's digest is shown open.
    wanted = digest_of(query)
    return tuple(
        card_of(
            record,
            item,
            names,
            said.get(record.id, ""),
            texts,
            opened=record.verdict is State.FAILED
            or (bool(wanted) and wanted in {item.id, record.fields.get("sha256")}),
        )
        for record, item in pairs
    )


def _counts(cards: Sequence[RecordCard], texts: Texts) -> tuple[Count, ...]:
    numbers = {state: sum(card.verdict == state for card in cards) for state in _ORDER}
    return tuple(
        Count(state, texts.states[state], number)
        for state, number in numbers.items()
        if number or state != "unknown"
    )


def _headline(cards: Sequence[RecordCard], findings: Findings, texts: Texts) -> str:
    number = {state: sum(card.verdict == state for card in cards) for state in _ORDER}
    if number["failed"]:
        what = next(card.wrong for card in cards if card.wrong)
        line = texts.headline_one if number["failed"] == 1 else texts.headline_failed
        return line.format(failed=number["failed"], what=what)
    if number["pending"]:
        return texts.headline_pending.format(**number)
    if number["unknown"]:
        return texts.headline_unknown.format(**number)
    if findings.silent:
        regions = texts.list_joint.join(
            region_title(name, texts) for name in sorted(findings.silent)
        )
        return texts.headline_silent.format(passed=number["passed"], regions=regions)
    return texts.headline_passed.format(**number)


def _advice(counts: Sequence[Count], texts: Texts) -> str:
    """What to do about the worst of it, and how the others stand; '' where all is well."""
    found = {count.state for count in counts if count.number}
    for state, advice in (
        ("failed", texts.advice_failed),
        ("pending", texts.advice_pending),
        ("unknown", texts.advice_unknown),
    ):
        if state in found:
            others = [f"{c.number} {c.label}" for c in counts if c.number and c.state != state]
            said = texts.others.format(counts=texts.list_joint.join(others)) if others else ""
            return texts.sentence_joint.join(filter(None, (advice, said)))
    return ""


def _span(cards: Sequence[RecordCard]) -> str:
    days = sorted(card.when.day for card in cards if card.when.day)
    return f"{days[0]} – {days[-1]}" if days else ""
